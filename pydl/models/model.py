"""Model: a layer with training, weight files and a summary; made from a graph of layers, or a subclass."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import ops
from ..autograd.plan import PlanCache
from ..autograd.tape import state
from ..autograd.tensor import Tensor
from ..base.argument_names import checks_names
from ..base.tree import flatten, map_structure, pack_sequence_as
from ..layers import RNN, Layer
from ..layers.attributes import OfGraph, SetByInit, replaceable
from ..layers.call_arguments import shape_of
from ..layers.shapes_on_zeros import shapes_on_zeros
from ..layers.symbolic import SymbolicTensor, is_symbolic
from ..ops.arrays import array_in
from ..optimizers import Optimizer
from ..saving.npz import load_arrays, save_arrays
from ..saving.paths import named_weights
from ..training.trainer import Trainer
from .graph import Graph
from .input_shapes import with_last_axis
from .input_spec import CallInputs, GraphInputs
from .serialization import GRAPH_KEYS, graph_config, graph_from_config, made_from
from .summary import Described


class Model(Trainer, Described, Layer):
    """A layer with `compile`, `fit`, `evaluate` and `predict`.

    There are two ways to create one. `Model(inputs=x, outputs=y)` is the graph of layers between symbolic tensors: x
    from `Input()`, y from calling layers on it. Or a subclass creates layers in `__init__` and uses them in
    `call(self, x, training=None)`.

    Called without a tape (training not True, outside of `with pydl.GradientTape()`, x without `requires_grad`) the
    model replays an inference plan, and the result has no history; otherwise its ops are recorded.

    Args:
        inputs: Symbolic tensors of shape (batch, ...) from `Input()`: one, or a list or dict of them; None for a
            subclass with a `call`.
        outputs: Symbolic tensors that layers gave: one, or a list or dict of them.
        **kwargs: `name`, `trainable` and `dtype` (float32 or float64), as for `layers.Layer`.

    Raises:
        TypeError: If only one of inputs and outputs is passed, or they are not symbolic tensors.
        ValueError: If the outputs do not come from the inputs.

    Input shape:
        (batch, ...), as declared by the Input or known from the first call; a list or dict for several inputs.

    Output shape:
        (batch, ...), what the last layer gives; in the structure of `outputs`.

    Example:
        >>> x = pydl.Input((4,))
        >>> y = pydl.layers.Dense(3, activation="softmax")(x)
        >>> model = pydl.Model(inputs=x, outputs=y)
        >>> model(np.zeros((2, 4))).shape
        (2, 3)
        >>> class Residual(pydl.Model):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.dense = pydl.layers.Dense(4, activation="relu")
        ...     def call(self, x, training=None):
        ...         return x + self.dense(x)
        >>> Residual()(np.zeros((2, 4))).shape
        (2, 4)
    """

    _recordable = True
    autocast = False  # its layers cast; an embedding needs integers
    _unwatched = Layer._unwatched | {"_step_cache", "_warned"}
    input, output = OfGraph("input"), OfGraph("output")
    if not TYPE_CHECKING:
        _plans = _graph = _spec = SetByInit()

    def __init__(self, inputs: Any = None, outputs: Any = None, **kwargs: Any) -> None:
        Layer.__init__(self, **kwargs)
        Trainer.__init__(self)
        self._plans = PlanCache()
        self._graph: Graph | None = None
        self._spec: Any = CallInputs(self.dtype, self.autocast)
        if inputs is not None or outputs is not None:
            if inputs is None or outputs is None:
                raise TypeError(f"[{self.name}] inputs, outputs: expected both or neither, got one")
            self._graph = Graph(self.name, inputs, outputs)
            self.dtype = flatten(outputs)[0].dtype
            self._spec = GraphInputs(self.name, self._graph, self.dtype)
            self.built = True

    def __call__(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """The outputs for inputs: by a replayed plan, or recorded (see the class).

        Args:
            *args: The inputs, arrays or tensors (batch, ...), or symbolic tensors; a list or dict for several.
            training: Whether layers such as Dropout act as in training; None: as the layer around it, else not.
            **kwargs: What else `call` of a subclass takes.

        Returns:
            A tensor (batch, ...), or a structure of them as `call` gives it.

        Raises:
            ShapeError: If the inputs do not fit.
        """
        latest = self._plans.latest
        if latest is not None and len(args) == 1 and not (training or kwargs):
            try:
                y = latest.replay(args[0])  # the fast path: an equal input has passed all checks before
            except ValueError:  # a bad id; the layers raise an error that says which and where
                y = None
            if y is not None:
                return y
        if len(args) == 1:
            return self._checked_call(args[0], training, kwargs)
        inputs, kwargs = self._signature.bind(self.name, args, kwargs)
        return self._checked_call(inputs, kwargs.pop("training", training), kwargs)

    def _checked_call(self, inputs: Any, training: bool | None, kwargs: dict[str, Any]) -> Any:
        if not Layer._losses_exist:
            return self._run(inputs, training, kwargs)
        if state.layer_depth == 0:
            self._clear_losses()
        y = self._run(inputs, training, kwargs)
        if self._with_losses():
            self._plans.latest = None  # so that the next call clears the losses
        return y

    def _run(self, inputs: Any, training: bool | None, kwargs: dict[str, Any]) -> Any:
        if not isinstance(inputs, np.ndarray | Tensor) and is_symbolic(inputs):
            return Layer.__call__(self, self._symbols_as_declared(inputs), training=training, **kwargs)
        recorded = training or state.layer_depth or state.tape_depth or kwargs
        x = self._spec.tensors(inputs)
        if isinstance(x, Tensor):
            if recorded or x.requires_grad or x.mask is not None:
                return Layer.__call__(self, self._cast_tensor(x, 0), training=training, **kwargs)
            array = array_in(x, self._spec.input_dtype(x, 0))
            if not self.built:
                self._build_once(shape_of(array))
            return self._plans.run(self._infer, array, self)
        tensors = flatten(x)
        if recorded or any([t.requires_grad or t.mask is not None for t in tensors]):
            cast = [self._cast_tensor(t, index) for index, t in enumerate(tensors)]
            return Layer.__call__(self, pack_sequence_as(x, cast), training=training, **kwargs)
        if not self.built:
            self._build_once(map_structure(shape_of, x))
        arrays = tuple([array_in(t, self._spec.input_dtype(t, index)) for index, t in enumerate(tensors)])
        nesting = map_structure(lambda _: "", x)  # not None: a tuple of None is taken for a shape
        return self._plans.run(lambda xs: self._infer(pack_sequence_as(nesting, xs)), arrays, self, repr(nesting))

    def _symbols_as_declared(self, inputs: Any) -> Any:
        """Symbolic inputs, with a last axis of 1 added or removed where needed."""
        given, declared = flatten(inputs), self._spec.shapes
        if isinstance(inputs, dict) or len(given) != len(declared) or not all(hasattr(x, "shape") for x in given):
            return inputs
        pairs = zip(declared, given, strict=True)
        return pack_sequence_as(inputs, [with_last_axis(shape, x) for shape, x in pairs])

    def _cast_tensor(self, x: Tensor, index: int) -> Tensor:
        """Casts an input of a recorded call like that of a plan; a subclass with its own call() casts itself."""
        if not self._spec.casts_recorded:
            return x
        dtype = self._spec.input_dtype(x, index)
        if x.dtype == dtype or x.dtype.kind == dtype.kind == "f":
            return x
        cast = ops.cast(x, dtype)
        cast.mask = x.mask
        return cast

    def call(self, inputs: Any) -> Any:
        """What the graph computes; a subclass without a graph defines its own.

        Args:
            inputs: A tensor (batch, ...), or a list or dict of them, of floats or integers.
        """
        return Layer.call(self, inputs) if self._graph is None else self._graph.run(inputs)

    def _infer(self, x: Any) -> Any:
        return Layer.__call__(self, x, training=False)

    def __getstate__(self) -> dict[str, Any]:  # a copy computes its own
        return Layer.__getstate__(self) | {"_step_cache": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if isinstance(optimizer := state.get("optimizer"), Optimizer):
            optimizer._state.settle()

    def _plan_parts(self) -> list[Any]:
        """Layers, variables (which may be frozen), and the losses of a training step."""
        return [*Layer._plan_parts(self), *self.weights, *(self._loss.parts() if self._loss else ())]

    def _with_losses(self) -> list[Layer]:
        return [layer for layer in (self, *self._cached_step().layers) if layer._losses]

    def _children(self) -> Iterator[Layer]:
        yield from self._graph.layers if self._graph is not None else ()
        yield from Layer._children(self)

    @property
    def layers(self) -> list[Layer]:
        """The layers of this model, in the order in which they were called or made; not those inside of them."""
        return list(self._children()) if self._graph is None else list(self._graph.layers)

    @replaceable
    def inputs(self) -> list[SymbolicTensor]:
        """The symbolic tensors that a functional model begins with, a list. AttributeError for another one."""
        return flatten(self._functional("inputs").inputs)

    @replaceable
    def outputs(self) -> list[SymbolicTensor]:
        """The symbolic tensors that a functional model ends with, a list. AttributeError for another one."""
        return flatten(self._functional("outputs").outputs)

    def _functional(self, what: str) -> Graph:
        if self._graph is None:
            raise AttributeError(
                f"[{self.name}] {what}: expected a functional model or a built Sequential, got a model without a graph"
            )
        return self._graph

    @replaceable
    def input_shape(self) -> Any:
        """The shape of the input, with None for the batch; a list or dict of shapes for several inputs."""
        return map_structure(lambda t: t.shape, self._functional("input_shape").inputs)

    @replaceable
    def output_shape(self) -> Any:
        """The shape of the output, with None for the batch; a list or dict of shapes for several outputs."""
        return map_structure(lambda t: t.shape, self._functional("output_shape").outputs)

    # -- weights in files

    @checks_names
    def save_weights(self, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Writes all weights into an .npz file, atomically.

        Args:
            filepath: The file.
            overwrite: Whether an old file may be replaced.

        Raises:
            FileExistsError: If there is an old file and `overwrite` is False.
            FileNotFoundError: If there is no such folder.
            RuntimeError: If the model has no weights yet.
            ValueError: If the path has the ending of another format.

        Example:
            >>> model = pydl.Sequential([pydl.Input((4,)), pydl.layers.Dense(3)])
            >>> model.save_weights("weights.npz")
            >>> other = pydl.Sequential([pydl.Input((4,)), pydl.layers.Dense(3)])
            >>> other.load_weights("weights.npz")
            >>> bool((other.get_weights()[0] == model.get_weights()[0]).all())
            True
        """
        if not self.built:
            raise RuntimeError(
                f"[save_weights] model: expected a built model, but {self.name} has no weights yet; call it on data, "
                "fit it or give it an Input"
            )
        save_arrays(filepath, named_weights(self), overwrite)

    @checks_names
    def load_weights(self, filepath: str | os.PathLike[str]) -> None:
        """Reads what `save_weights` wrote, bit by bit.

        Args:
            filepath: The file.

        Raises:
            FileNotFoundError: If there is no such file.
            RuntimeError: If the model has no weights yet.
            ValueError: If the file does not fit or is damaged; then no weight has changed.

        Example:
            >>> model = pydl.Sequential([pydl.Input((4,)), pydl.layers.Dense(3)])
            >>> model.save_weights("weights.npz")
            >>> model.load_weights("weights.npz")
        """
        if not self.built:
            raise RuntimeError(
                f"[load_weights] model: expected a built model, but {self.name} has no weights yet; call it on data, "
                "fit it or give it an Input"
            )
        own = named_weights(self)
        for weight, array in zip(own, load_arrays(filepath, own), strict=True):
            weight.variable.assign(array)

    def reset_state(self) -> None:
        """Resets the states of stateful recurrent layers to zeros.

        Example:
            >>> layer = pydl.layers.LSTM(2, stateful=True)
            >>> model = pydl.Sequential([pydl.Input((5, 3), batch_size=4), layer])
            >>> _ = model(np.ones((4, 5, 3)))
            >>> model.reset_state()
            >>> layer.states[0].numpy().any().item()
            False
        """
        for layer in self._all_layers():
            if isinstance(layer, RNN) and layer.stateful:
                layer.reset_state()

    reset_states = reset_state

    # -- description

    def get_config(self) -> dict[str, Any]:
        """Name, layers and their calls, without the weights: what `from_config` makes the model from.

        Returns:
            A dict of plain values.

        Raises:
            NotImplementedError: For a subclass without a graph that does not define it.
        """
        if self._graph is not None:
            return {"name": self.name, "trainable": self.trainable, **graph_config(self._graph)}
        raise NotImplementedError(
            f"[{self.name}] get_config: expected {type(self).__name__}, as a subclass of Model, to define it; "
            "return the constructor's arguments"
        )

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, type[Layer]] | None = None) -> Any:
        """The model that `get_config` describes, with new weights.

        What `get_config` of a subclass adds goes to its constructor: beside inputs and outputs if that takes them.

        Args:
            config: A dict from `get_config`.
            custom_objects: The classes of layers that are not pydl's, by name.

        Returns:
            A new model of this class.

        Raises:
            ValueError: If a class is missing.

        Example:
            >>> x = pydl.Input((4,))
            >>> model = pydl.Model(x, pydl.layers.Dense(3)(x))
            >>> pydl.Model.from_config(model.get_config()).output_shape
            (None, 3)
        """
        if "calls" not in config:
            return cls(**config)
        graph = dict(zip(("inputs", "outputs"), graph_from_config(config, custom_objects), strict=True))
        own = {key: value for key, value in config.items() if key not in GRAPH_KEYS}
        return made_from(cls, own, graph)

    def count_params(self) -> int:
        """The number of elements of all weights, trained or not.

        Returns:
            An integer.

        Raises:
            RuntimeError: If the model is not built.
        """
        if not self.built:
            raise RuntimeError(
                f"[count_params] model: expected a built model, but {self.name} is not built; call it on data, fit it "
                "or give it an Input"
            )
        return Layer.count_params(self)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the output for one of the input; without a graph it is found by calling the model on zeros.

        Args:
            input_shape: A shape with the batch, which may be None; a list or dict of shapes for several inputs.
        """
        if self._graph is not None:
            return self._graph.output_shapes(input_shape)
        return shapes_on_zeros(self, lambda x: self(x, training=False), input_shape)
