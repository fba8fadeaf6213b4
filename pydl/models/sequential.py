"""Sequential: a model whose layers follow one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ..autograd.tape import Array, state
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError
from ..layers import InputLayer, Layer
from ..layers.attributes import replaceable
from ..layers.call_arguments import TypedShape
from ..layers.shape_errors import explain
from ..layers.symbolic import SymbolicTensor
from ..saving.serialization import deserialize, serialize
from ..training.data_adapters import as_rows, plain
from .input_shapes import check_shape, holds_all, shape_with_last_axis, with_last_axis
from .model import Model
from .serialization import made_from


class Sequential(Model):
    """A stack of layers: Sequential([Input((28, 28, 1)), Conv2D(25, 3, activation="relu"), ...]).

    With an Input the weights are made at once; without, at the first call or fit, when the shape is seen.
    """

    def __init__(
        self, layers: Iterable[Layer | SymbolicTensor] | None = None, trainable: bool = True, name: str | None = None
    ) -> None:
        if isinstance(layers, Layer) or isinstance(trainable, Layer):
            raise TypeError("[Sequential] layers: expected a list of layers, got layers alone; did you mean [...]?")
        super().__init__(trainable=trainable, name=name)
        self._stack: list[Layer] = []
        self._input: InputLayer | None = None
        for layer in layers or ():
            self._append(layer)
        self._build_if_known()

    _declares_input = True
    _separate_inputs = (Tensor,)  # there is one input: a list of arrays is its samples

    @property
    def layers(self) -> list[Layer]:
        """The layers in order, without the Input."""
        return list(self._stack)

    def _children(self) -> Iterator[Layer]:
        yield from self._stack
        yield from super()._children()

    def add(self, layer: Layer | SymbolicTensor) -> None:
        """Appends a layer. TypeError for anything else, ValueError for a name that is taken or a late Input."""
        self._append(layer)
        self._build_if_known()

    def pop(self) -> Layer:
        """Takes the last layer off and returns it. IndexError if there is none."""
        if not self._stack:
            raise IndexError(f"[{self.name}] pop: there are no layers")
        *self._stack, last = self._stack
        return last

    def _append(self, layer: Layer | SymbolicTensor) -> None:
        if isinstance(layer, SymbolicTensor) and layer.call is not None and not layer.call.inputs:
            layer = layer.call.layer  # what Input() has made
        if not isinstance(layer, Layer):
            meant = f"; did you mean {layer.__name__}(...)?" if isinstance(layer, type) else ""
            raise TypeError(f"[{self.name}] layers: expected a Layer, got {layer!r}{meant}")
        if layer is self:
            raise ValueError(f"[{self.name}] layers: a model cannot hold itself")
        if isinstance(layer, InputLayer):
            if self._stack or self._input is not None:
                raise ValueError(f"[{self.name}] layers: an Input comes first and only once")
            self._input = layer
            self._receive(layer.dtype)
            return
        if any(layer.name == other.name for other in self._stack):
            raise ValueError(f"[{self.name}] layers: there is already a layer named {layer.name!r}; names must differ")
        if layer._first_shape is not None and not self._stack and self._input is None:
            self._input = InputLayer(layer._first_shape)
        if self._input is None and not self._stack:
            self._receive(layer.dtype)
        self._stack = [*self._stack, layer]
        self.built = False

    def _receive(self, dtype: np.dtype[Any]) -> None:
        """Floating inputs are cast to what the Input says or else to the first layer's dtype."""
        if dtype.kind == "f":
            self.dtype = dtype

    def _build_if_known(self) -> None:
        if self._input is not None and self._stack:
            self._build_once(TypedShape(self._input.batch_shape, self._input.dtype))

    # -- running

    def build(self, input_shape: Any) -> None:
        """Builds layer after layer, each for the output shape of the one before."""
        shape = input_shape if isinstance(input_shape, tuple) else tuple(input_shape)
        shape = shape_with_last_axis(self.input_shape, shape)
        if self._input is not None:
            check_shape(self.name, "x", self._input.batch_shape, shape)
        else:
            self._seen_shape = (None, *shape[1:])
        for layer in self._stack:
            try:
                layer._build_once(shape)
                shape = layer._typed(shape, layer.compute_output_shape(shape))
            except ValueError as error:
                raise ShapeError(explain(self, input_shape, layer, error)) from error

    def call(self, inputs: Tensor) -> Tensor:
        x, hidden = inputs, state.hidden
        try:
            for layer in self._stack:
                state.hidden = hidden or layer is not self._stack[-1]
                x = layer(x)
        except ShapeError as error:
            raise ShapeError(explain(self, inputs.shape, layer, error)) from error
        finally:
            state.hidden = hidden
        return x

    def _as_declared(self, x: Any) -> Any:
        # What the layers were built for, they get: another shape of as many elements would pass a Flatten unseen.
        x = with_last_axis(self.input_shape, x)
        if self._input is not None:
            check_shape(self.name, "x", self._input.batch_shape, x.shape)
        return x

    def _arranged(self, name: str, data: Any) -> Any:
        """One array: there is one input and one output."""
        if data is None and name != "x":
            return None
        data = plain(data) if type(data) is not np.ndarray else data
        if isinstance(data, dict):
            if name != "x" or self._input is None or self._input.name not in data:
                raise TypeError(
                    f"[data] {name}: expected an array or an iterable of batches, got a dict with {list(data)}; a "
                    "batch is a tuple (x, y), and a dict is x by the name of the Input"
                )
            data = data[self._input.name]
        if type(data) in (list, tuple):  # finding the output's shape may take a trial run: not for every batch
            shape = self.input_shape if name == "x" else self.output_shape
            data = data[0] if holds_all(name, shape, data) else data
        rows = as_rows(name, data)
        if name != "x" or (self._input is not None and len(rows.shape) == len(self._input.shape) + 1):
            return rows
        return with_last_axis(self.input_shape, rows)

    def _declared_shapes(self) -> list[Any]:
        return [self.input_shape]

    @property
    def _input_count(self) -> int:
        return 1

    @property
    def _output_names(self) -> list[str]:
        return [layer.name for layer in self._stack[-1:]]

    # -- configuration

    def get_config(self) -> dict[str, Any]:
        """Name and layers, each as {"class_name", "config"}; without the weights."""
        stack = [self._input, *self._stack] if self._input is not None else self._stack
        return {"name": self.name, "trainable": self.trainable, "layers": [serialize(layer) for layer in stack]}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, type[Layer]] | None = None) -> Sequential:
        """The model that `get_config` describes, with new weights.

        What `get_config` of a subclass adds goes to its constructor. custom_objects: the classes of layers that are
        not pydl's, by name; ValueError if one is missing.
        """
        made = [deserialize(layer, custom_objects) for layer in config["layers"]]
        own = {key: value for key, value in config.items() if key != "layers"}
        model: Sequential = made_from(cls, own, {"layers": made})
        if not model._stack and model._input is None:  # the constructor of a subclass does not take layers
            for layer in made:
                model.add(layer)
        if [type(layer) for layer in model._stack] != [type(la) for la in made if not isinstance(la, InputLayer)]:
            raise ValueError(
                f"[from_config] {cls.__name__}: __init__ makes other layers than the config has; define from_config()"
            )
        return model

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = shape_with_last_axis(self.input_shape, tuple(input_shape))
        for layer in self._stack:
            layer._build_once(shape)
            shape = layer.compute_output_shape(shape)
        return shape

    @replaceable
    def input_shape(self) -> Any:
        """With None for the batch axis; None if nothing has been seen yet."""
        return self._input.batch_shape if self._input is not None else getattr(self, "_seen_shape", None)

    @replaceable
    def output_shape(self) -> Any:
        shapes = self._output_shapes()
        return shapes[-1] if shapes else self.input_shape

    def _output_shapes(self) -> list[Any]:
        shape, shapes = self.input_shape, []
        for layer in self._stack:
            shape = None if shape is None or not self.built else layer.compute_output_shape(shape)
            shapes.append(shape)
        return shapes

    def input_dtype(self, array: Array, place: int = 0) -> np.dtype[Any]:
        """That of the Input; integers stay for an embedding."""
        wanted = self.dtype if self._input is None else self._input.dtype
        stays = wanted.kind == "f" and array.dtype.kind != "f" and not self._casts_integers
        return array.dtype if stays else wanted

    @property
    def _casts_integers(self) -> bool:
        """Whether integer inputs are turned into floats: what the first layer does."""
        return not self._stack or bool(getattr(self._stack[0], "_casts_integers", self._stack[0].autocast))
