"""Sequential: a linear stack of layers; a functional graph inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from typing import Any

import numpy as np

from ..base.errors import ShapeError
from ..base.tree import flatten, is_nested, is_shape, map_structure, pack_sequence_as
from ..layers import InputLayer, Layer
from ..layers.attributes import replaceable
from ..layers.call_arguments import TypedShape, shape_of
from ..layers.shape_errors import explain_chain
from ..layers.symbolic import Call, SymbolicTensor
from ..saving.serialization import deserialize, serialize
from .graph import Graph
from .input_shapes import check_shape, fits, shape_with_last_axis
from .input_spec import ChainInputs, OneInput
from .model import Model
from .serialization import made_from


class Sequential(Model):
    """A linear stack of layers: each takes the output of the one before.

    With an Input its weights are created immediately; without, at the first call or `fit`, when the shape is known.

    Args:
        layers: The layers in order, an Input perhaps first.
        trainable: Whether `fit` changes the weights.
        name: The name; None for "sequential" and a number.

    Raises:
        ShapeError: If a layer does not fit the one before.
        TypeError: If an element is no layer.
        ValueError: If two layers have the same name, or an Input is not first.

    Input shape:
        (batch, ...), as declared by the Input or known from the first call.

    Output shape:
        (batch, ...), the output of the last layer.

    Example:
        >>> model = pydl.Sequential([
        ...     pydl.Input((28, 28, 1)),
        ...     pydl.layers.Conv2D(4, 3, activation="relu"),
        ...     pydl.layers.Flatten(),
        ...     pydl.layers.Dense(10),
        ... ])
        >>> model(np.zeros((2, 28, 28, 1))).shape
        (2, 10)
    """

    _recordable = True

    def __init__(
        self, layers: Iterable[Layer | SymbolicTensor] | None = None, trainable: bool = True, name: str | None = None
    ) -> None:
        if isinstance(layers, Layer) or isinstance(trainable, Layer):
            raise TypeError("[Sequential] layers: expected a list of layers, got a layer; did you mean [layer]?")
        super().__init__(trainable=trainable, name=name)
        self._stack: list[Layer] = []
        self._input: InputLayer | None = None
        for layer in layers or ():
            self._append(layer)
        self._rebuild()

    @property
    def layers(self) -> list[Layer]:
        """The layers in order, without the Input."""
        return list(self._stack)

    def _children(self) -> Iterator[Layer]:
        yield from self._stack  # all layers of the graph, without the Input
        yield from Layer._children(self)

    def add(self, layer: Layer | SymbolicTensor) -> None:
        """Appends a layer.

        Args:
            layer: A layer, or an Input.

        Raises:
            ShapeError: If it does not fit the one before.
            TypeError: If it is no layer.
            ValueError: If its name is taken, or it is an Input that is not first.

        Example:
            >>> model = pydl.Sequential()
            >>> model.add(pydl.Input((4,)))
            >>> model.add(pydl.layers.Dense(3))
            >>> model.output_shape
            (None, 3)
        """
        self._append(layer)
        self._rebuild()

    def pop(self) -> Layer:
        """Removes the last layer.

        Returns:
            The layer.

        Raises:
            IndexError: If there is none.

        Example:
            >>> model = pydl.Sequential([pydl.Input((4,)), pydl.layers.Dense(3), pydl.layers.ReLU()])
            >>> _ = model.pop()
            >>> len(model.layers)
            1
        """
        if not self._stack:
            raise IndexError(f"[{self.name}] pop: expected at least one layer, got none")
        *self._stack, last = self._stack
        if self._graph is not None and last._only_call in self._graph.calls:
            vars(last)["_only_call"] = None
        self._rebuild()
        return last

    def _append(self, layer: Layer | SymbolicTensor) -> None:
        if isinstance(layer, SymbolicTensor) and layer.call is not None and not layer.call.inputs:
            layer = layer.call.layer  # the InputLayer of Input()
        if not isinstance(layer, Layer):
            meant = f"; did you mean {layer.__name__}(...)?" if isinstance(layer, type) else ""
            raise TypeError(f"[{self.name}] layers: expected a Layer, got {layer!r}{meant}")
        if layer is self:
            raise ValueError(f"[{self.name}] layers: expected another layer, got the model itself")
        if isinstance(layer, InputLayer):
            if self._stack or self._input is not None:
                raise ValueError(f"[{self.name}] layers: expected at most one Input, before all layers, got another")
            self._input = layer
            self._set_dtype(layer.dtype)
            return
        if any(layer.name == other.name for other in (self._input, *self._stack) if other is not None):
            raise ValueError(f"[{self.name}] layers: expected different names, got two layers named {layer.name!r}")
        if layer._first_shape is not None and not self._stack and self._input is None:
            self._input = InputLayer(layer._first_shape)
        if self._input is None and not self._stack:
            self._set_dtype(layer.dtype)
        self._stack = [*self._stack, layer]
        self.built = False

    def _set_dtype(self, dtype: np.dtype[Any]) -> None:
        """Sets the dtype that floating inputs are cast to: that of the Input, else of the first layer."""
        if dtype.kind == "f":
            self.dtype = dtype

    # -- the graph

    def _rebuild(self) -> None:
        """Builds the graph after a change of the layers, if the shape of the input is declared or known from data."""
        if self._graph is not None:
            self.build(map_structure(shape_of, self._graph.inputs))
        elif self._input is not None and self._stack:
            self._build_once(TypedShape(self._input.batch_shape, self._input.dtype))
        else:
            dtype = self.dtype if self._input is None else self._input.dtype
            self._spec = OneInput(dtype, self._casts_integers, self._stack[-1].name if self._stack else None)

    def build(self, input_shape: Any) -> None:
        """Calls each layer on the symbolic output of the one before, which builds it. The model then runs this graph.

        Args:
            input_shape: with the batch axis; for a first layer that takes several inputs, a list or dict of shapes.
        """
        given = shape = _as_shapes(input_shape)
        if not is_nested(shape):
            shape = shape_with_last_axis(self.input_shape, shape)
            if self._input is not None:
                check_shape(self.name, "x", self._input.batch_shape, shape)
        inputs, x, done = self._reused_part(shape)
        shape = map_structure(shape_of, x) if done else shape
        any_batch = flatten(inputs)[0].shape[:1] == (None,)
        calls = []
        for layer in self._stack[done:]:
            calls.append(call := Call(layer, (x,), {}))
            try:  # with the batch size of the data, which a stateful layer needs
                shape = layer._output_shapes_of(_symbols_like(x, shape))
            except ValueError as error:
                raise ShapeError(explain_chain(self.name, self._stack, given, layer, error)) from error
            x = call.make_outputs(map_structure(_of_any_batch, shape) if any_batch else shape, layer.dtype)
        self._graph = _Chain(self.name, inputs, x)
        self._spec = ChainInputs(self.name, self._graph, self.dtype, self._input is not None)
        for call in calls:
            call.layer._called(call, by_sequential=True)

    def _reused_part(self, shape: Any) -> tuple[Any, Any, int]:
        """The symbolic inputs, the output of the layers whose calls are reused, and the number of these layers."""
        graph = self._graph
        if graph is not None and _fit(graph.inputs, shape):
            calls = graph.calls[len(graph.starts) :]
            reused = [call for call, _ in takewhile(_is_call_of, zip(calls, self._stack, strict=False))]
            return graph.inputs, reused[-1].outputs if reused else graph.inputs, len(reused)
        if self._input is not None:
            inputs = self._input._begin()
        else:
            inputs = map_structure(lambda s: InputLayer(s[1:], dtype=getattr(s, "dtype", self.dtype))._begin(), shape)
        return inputs, inputs, 0

    def call(self, inputs: Any) -> Any:
        if not self.built:  # call() without __call__, which builds
            self._build_once(map_structure(shape_of, inputs))
        return super().call(inputs)

    @property
    def _casts_integers(self) -> bool:
        """Whether integer inputs are cast to floats, as by the first layer."""
        return not self._stack or bool(getattr(self._stack[0], "_casts_integers", self._stack[0].autocast))

    def compute_output_shape(self, input_shape: Any) -> Any:
        shapes = _as_shapes(input_shape)
        self._build_once(shapes)
        return super().compute_output_shape(shapes)

    @replaceable
    def input_shape(self) -> Any:
        """The shape of the input, with None for the batch; None if it is not known yet."""
        if self._graph is not None:
            return map_structure(lambda t: t.shape, self._graph.inputs)
        return None if self._input is None else self._input.batch_shape

    @replaceable
    def output_shape(self) -> Any:
        """The shape of the output, with None for the batch; None if it is not known yet."""
        if self._graph is not None:
            return map_structure(lambda t: t.shape, self._graph.outputs)
        return None if self._stack else self.input_shape

    def _connections(self) -> None:
        """None: every layer is called on the one before."""

    # -- configuration

    def get_config(self) -> dict[str, Any]:
        """Name and layers, each as {"class_name", "config"}; without the weights."""
        stack = [self._input, *self._stack] if self._input is not None else self._stack
        return {"name": self.name, "trainable": self.trainable, "layers": [serialize(layer) for layer in stack]}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, type[Layer]] | None = None) -> Sequential:
        """The model that `get_config` describes, with new weights.

        What `get_config` of a subclass adds goes to its constructor.

        Args:
            config: A dict from `get_config`.
            custom_objects: The classes of layers that are not pydl's, by name.

        Returns:
            A new model of this class.

        Raises:
            ValueError: If a class is missing, or the constructor of the subclass makes other layers.
        """
        layers = [deserialize(layer, custom_objects) for layer in config["layers"]]
        own = {key: value for key, value in config.items() if key != "layers"}
        model: Sequential = made_from(cls, own, {"layers": layers})
        if not model._stack and model._input is None:  # the constructor of a subclass does not take layers
            for layer in layers:
                model.add(layer)
        if [type(layer) for layer in model._stack] != [type(la) for la in layers if not isinstance(la, InputLayer)]:
            raise ValueError(
                f"[from_config] {cls.__name__}: expected the layers of the config, got others from __init__; define "
                "from_config()"
            )
        return model


class _Chain(Graph):
    """The graph of a Sequential."""

    by_sequential = True

    def _explained(self, failing: Call, inputs: Any, error: ShapeError) -> str:
        shapes = map_structure(lambda tensor: tensor.shape, inputs)
        return explain_chain(self.name, [step.layer for step in self.steps], shapes, failing.layer, error)


def _as_shapes(shape: Any) -> Any:
    """A list of sizes is one shape, not several."""
    return tuple(shape) if isinstance(shape, list) and is_shape(tuple(shape)) else shape


def _symbols_like(x: Any, shapes: Any) -> Any:
    """Symbolic tensors like x with these shapes."""
    pairs = zip(flatten(x), flatten(shapes), strict=True)
    return pack_sequence_as(x, [SymbolicTensor(shape, tensor.dtype) for tensor, shape in pairs])


def _of_any_batch(shape: Any) -> Any:
    opened = (None, *shape[1:]) if shape else shape
    return TypedShape(opened, shape.dtype) if hasattr(shape, "dtype") else opened


def _fit(inputs: Any, shapes: Any) -> bool:
    """Whether inputs of these shapes fit the symbolic ones."""
    tensors, sizes = flatten(inputs), flatten(shapes)
    return len(tensors) == len(sizes) and all(fits(t.shape, s) for t, s in zip(tensors, sizes, strict=True))


def _is_call_of(pair: tuple[Call, Layer]) -> bool:
    return pair[0].layer is pair[1]
