"""Model: a layer that learns, saves its weights and describes itself; from a graph of layers, or a subclass."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import ops
from ..autograd.plan import PlanCache
from ..autograd.tape import Array, state
from ..autograd.tensor import Tensor
from ..base.argument_names import checks_names
from ..base.tree import flatten, is_shape, map_structure, pack_sequence_as
from ..layers import RNN, Layer
from ..layers.attributes import OfGraph, SetByInit, replaceable
from ..layers.call_arguments import shape_of
from ..layers.shapes_on_zeros import shapes_on_zeros
from ..layers.symbolic import SymbolicTensor, is_symbolic
from ..optimizers import Optimizer
from ..saving.npz import load_arrays, save_arrays
from ..saving.paths import places
from ..training.trainer import Trainer
from .graph import Graph
from .input_shapes import with_last_axis
from .input_spec import CallInputs, GraphInputs
from .serialization import GRAPH_KEYS, graph_config, graph_from_config, made_from
from .summary import format_summary


class Model(Trainer, Layer):
    """A layer with `compile`, `fit`, `evaluate` and `predict`.

    Made in one of two ways. `Model(inputs=x, outputs=y)` is the graph of layers between symbolic tensors: x from
    `Input()`, y from calling layers on it; both may be lists or dicts. Or subclasses make layers in `__init__` and use
    them in `call(self, x, training=None)`. Called without a tape (training not True, outside
    `with pydl.GradientTape()`, x without requires_grad) the model replays an inference plan, and the result has no
    history; otherwise its ops are recorded.
    """

    autocast = False  # its layers cast for themselves; an embedding wants integers
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
                raise TypeError(f"[{self.name}] expected both inputs and outputs, or none of them")
            self._graph = Graph(self.name, inputs, outputs)
            self.dtype = flatten(outputs)[0].dtype
            self._spec = GraphInputs(self.name, self._graph, self.dtype)
            self.built = True

    def __call__(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        latest = self._plans.latest
        if latest is not None and len(args) == 1 and not (training or kwargs):
            try:
                y = latest.replay(args[0])  # at once: what it takes has passed all checks before
            except ValueError:  # of an id; the layers say whose, and where it stands
                y = None
            if y is not None:
                return y
        if len(args) == 1:
            return self._checked_call(args[0], training, kwargs)
        inputs, kwargs = self._signature.sorted(self.name, args, kwargs)
        return self._checked_call(inputs, kwargs.pop("training", training), kwargs)

    def _checked_call(self, inputs: Any, training: bool | None, kwargs: dict[str, Any]) -> Any:
        if not Layer._losses_exist:
            return self._run(inputs, training, kwargs)
        if state.depth == 0:
            self._clear_losses()
        y = self._run(inputs, training, kwargs)
        if self._with_losses():
            self._plans.latest = None  # the next call comes here too, and clears them
        return y

    def _run(self, inputs: Any, training: bool | None, kwargs: dict[str, Any]) -> Any:
        if not isinstance(inputs, np.ndarray | Tensor) and is_symbolic(inputs):
            return Layer.__call__(self, self._symbols_as_declared(inputs), training=training, **kwargs)
        recorded = training or state.depth or state.open_tapes or kwargs
        x = self._spec.tensors(inputs)
        if isinstance(x, Tensor):
            if recorded or x.requires_grad or x.mask is not None:
                return Layer.__call__(self, self._cast_tensor(x, 0), training=training, **kwargs)
            array = self._cast(x.array, 0)
            if not self.built:
                self._build_once(shape_of(array))
            return self._plans.run(self._infer, array, self)
        tensors = flatten(x)
        if recorded or any([t.requires_grad or t.mask is not None for t in tensors]):
            cast = [self._cast_tensor(t, place) for place, t in enumerate(tensors)]
            return Layer.__call__(self, pack_sequence_as(x, cast), training=training, **kwargs)
        if not self.built:
            self._build_once(map_structure(shape_of, x))
        arrays = tuple([self._cast(t.array, place) for place, t in enumerate(tensors)])
        form = map_structure(lambda _: "", x)  # not None: a tuple of those is a shape
        return self._plans.run(lambda xs: self._infer(pack_sequence_as(form, xs)), arrays, self, repr(form))

    def _symbols_as_declared(self, inputs: Any) -> Any:
        """Symbolic inputs in their order with the last axis of one that they lack, or without the one too many."""
        given, declared = flatten(inputs), self._spec.shapes
        if isinstance(inputs, dict) or len(given) != len(declared) or not all(hasattr(x, "shape") for x in given):
            return inputs
        pairs = zip(declared, given, strict=True)
        return pack_sequence_as(inputs, [with_last_axis(shape, x) for shape, x in pairs])

    def _cast_tensor(self, x: Tensor, place: int) -> Tensor:
        """What is recorded is cast like what a plan takes; a subclass with a call() of its own casts for itself."""
        if not self._spec.casts_recorded:
            return x
        dtype = self._spec.input_dtype(x.array, place)
        if x.dtype == dtype or x.dtype.kind == dtype.kind == "f":
            return x
        cast = ops.cast(x, dtype)
        cast.mask = x.mask
        return cast

    def _cast(self, array: Array, place: int) -> Array:
        dtype = self._spec.input_dtype(array, place)
        return array if array.dtype == dtype else array.astype(dtype)

    def call(self, inputs: Any) -> Any:
        """What the graph computes; a subclass without one defines its own."""
        return Layer.call(self, inputs) if self._graph is None else self._graph.run(inputs)

    def _infer(self, x: Any) -> Any:
        return Layer.__call__(self, x, training=False)

    def __getstate__(self) -> dict[str, Any]:  # a copy, perhaps in another process, collects for itself
        return Layer.__getstate__(self) | {"_step_cache": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if isinstance(optimizer := state.get("optimizer"), Optimizer):
            optimizer._state.settle()

    def _plan_parts(self) -> list[Any]:
        """Of a training step the variables, which may be frozen, and the losses too."""
        return [*Layer._plan_parts(self), *self.weights, *(self._loss.parts() if self._loss else ())]

    def _with_losses(self) -> list[Layer]:
        return [layer for layer in (self, *self._cached_step().layers) if layer._losses]

    def _children(self) -> Iterator[Layer]:
        yield from self._graph.layers if self._graph is not None else ()
        yield from Layer._children(self)

    @property
    def layers(self) -> list[Layer]:
        """The layers of this model, in the order they were called or made; those inside them not counted."""
        return list(self._children()) if self._graph is None else list(self._graph.layers)

    @replaceable
    def inputs(self) -> list[SymbolicTensor]:
        """The symbolic tensors that a functional model begins with. AttributeError for another one."""
        return flatten(self._functional("inputs").inputs)

    @replaceable
    def outputs(self) -> list[SymbolicTensor]:
        """The symbolic tensors that it ends with."""
        return flatten(self._functional("outputs").outputs)

    def _functional(self, what: str) -> Graph:
        if self._graph is None:
            raise AttributeError(
                f"[{self.name}] {what}: only a model made of symbolic tensors has them, or a built Sequential"
            )
        return self._graph

    @replaceable
    def input_shape(self) -> Any:
        """With None for the batch axis; a list or dict of shapes for several inputs."""
        return map_structure(lambda t: t.shape, self._functional("input_shape").inputs)

    @replaceable
    def output_shape(self) -> Any:
        return map_structure(lambda t: t.shape, self._functional("output_shape").outputs)

    @checks_names
    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of this name, or at this index. ValueError if there is none."""
        if (name is None) == (index is None):
            raise ValueError("[get_layer] expected either a name or an index")
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(f"[get_layer] index: expected below {len(layers)}, got {index}")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(f"[get_layer] name: no layer {name!r}; there are {', '.join(la.name for la in layers)}")

    # -- weights in files

    @checks_names
    def save_weights(self, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Writes all weights as an .npz file, which appears whole or not at all.

        RuntimeError for a model without weights yet, FileExistsError for an old file and overwrite=False, ValueError
        for a path with the ending of another format.
        """
        if not self.built:
            raise RuntimeError(
                f"[save_weights] {self.name} has no weights yet: call it on data, fit it or give an Input"
            )
        save_arrays(filepath, places(self), overwrite)

    @checks_names
    def load_weights(self, filepath: str | os.PathLike[str]) -> None:
        """Reads what `save_weights` wrote, bit by bit. ValueError if it does not fit; then no weight has changed."""
        if not self.built:
            raise RuntimeError(
                f"[load_weights] {self.name} has no weights yet: call it on data, fit it or give an Input"
            )
        own = places(self)
        for place, array in zip(own, load_arrays(filepath, own), strict=True):
            place.variable.assign(array)

    def reset_state(self) -> None:
        """Stateful recurrent layers begin anew."""
        for layer in self._all_layers():
            if isinstance(layer, RNN) and layer.stateful:
                layer.reset_state()

    reset_states = reset_state

    # -- description

    def get_config(self) -> dict[str, Any]:
        """Name, layers and their calls; without the weights. NotImplementedError for a subclass without a graph: only
        its author knows what its constructor was given."""
        if self._graph is not None:
            return {"name": self.name, "trainable": self.trainable, **graph_config(self._graph)}
        raise NotImplementedError(
            f"[{self.name}] get_config: {type(self).__name__} is a subclass of Model; define get_config() to return "
            "its constructor's arguments"
        )

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, type[Layer]] | None = None) -> Any:
        """The model that `get_config` describes, with new weights.

        What `get_config` of a subclass adds goes to its constructor: beside inputs and outputs if that takes them.
        custom_objects: the classes of layers that are not pydl's, by name; ValueError if one is missing.
        """
        if "calls" not in config:
            return cls(**config)
        graph = dict(zip(("inputs", "outputs"), graph_from_config(config, custom_objects), strict=True))
        own = {key: value for key, value in config.items() if key not in GRAPH_KEYS}
        return made_from(cls, own, graph)

    def count_params(self) -> int:
        """The number of weights' elements. RuntimeError before the model is built."""
        if not self.built:
            raise RuntimeError(f"[count_params] {self.name} is not built: call it on data, fit it or give an Input")
        return Layer.count_params(self)

    @checks_names
    def summary(
        self,
        line_length: int | None = None,
        print_fn: Callable[[str], Any] | None = None,
        show_trainable: bool = False,
        expand_nested: bool = False,
    ) -> None:
        """Prints a table of layers, output shapes and parameters.

        line_length: the width, by default that of the terminal; long names wrap, they are never cut. print_fn: gets
        the text instead of print. expand_nested: whether the layers of inner models get rows too.
        """
        width = line_length or shutil.get_terminal_size((100, 24)).columns
        (print_fn or print)(format_summary(self, width, show_trainable, expand_nested))

    def _output_shapes(self) -> list[Any]:
        """The output shape of every layer in `layers`, None where it is not known before a call."""
        if self._graph is None:
            return [_known_shape(layer) for layer in self.layers]
        first = [next(self._graph.calls_of(layer), None) for layer in self.layers]
        return [None if call is None else map_structure(lambda t: t.shape, call.outputs) for call in first]

    def _connections(self) -> list[str] | None:
        """For every layer in `layers` what it is called on, layer by layer; None without a graph."""
        if self._graph is None:
            return None
        calls = [self._graph.calls_of(layer) for layer in self.layers]
        return [", ".join(tensor.name for call in of_layer for tensor in call.inputs) for of_layer in calls]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Found by calling the model on zeros, unless a subclass knows better."""
        if self._graph is not None:
            return self._graph.output_shapes(input_shape)
        return shapes_on_zeros(self, lambda x: self(x, training=False), input_shape)


def _known_shape(layer: Layer) -> Any:
    """The output shape of a layer that was called, for any number of samples; None where it is not known."""
    shape = vars(layer).get("_build_shape")
    if not layer.built or not is_shape(shape) or not shape:
        return None
    try:
        return layer.compute_output_shape((None, *shape[1:]))
    except (ValueError, TypeError, NotImplementedError):  # a layer of the user's own that takes something else
        return None
