"""Input and InputLayer: the inputs of models."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base.argument_names import checks_names
from ..base.errors import as_integer
from .layer import Layer, Shape
from .symbolic import Call, SymbolicTensor

__all__ = ["Input", "InputLayer"]


class InputLayer(Layer):
    """Entry of a model: passes its input on. Its attribute `output` is the symbolic tensor that `Input` returns.

    Args:
        shape: Shape of a sample, without the batch axis; None for an axis of any size.
        batch_size: Size of the batch axis; None for any size.
        dtype: Dtype of the input, floating, integer or bool; None is "float32".
        name: Name of the layer; None makes a unique one.

    Input shape:
        (batch_size, *shape).

    Output shape:
        That of the input, in the same dtype.

    Raises:
        ValueError: shape is missing, is no tuple or has a size that is no integer of at least 0; or dtype is not
            numeric.

    Example:
        >>> layer = pydl.layers.InputLayer((28, 28, 1))
        >>> layer.batch_shape, layer.output.shape
        ((None, 28, 28, 1), (None, 28, 28, 1))
    """

    _recordable = True
    _keeps_integers = False

    def __init__(
        self, shape: Any = None, batch_size: int | None = None, dtype: Any = None, name: str | None = None
    ) -> None:
        super().__init__(name=name)
        try:
            self.dtype = np.dtype(dtype or "float32")
        except TypeError:
            raise ValueError(f"[{self.name}] dtype: expected a dtype such as 'float32', got {dtype!r}") from None
        if self.dtype.kind not in "fiub":
            raise ValueError(f"[{self.name}] dtype: expected numbers, got {dtype!r}")
        if shape is None or isinstance(shape, int):
            meant = "" if shape is None else f"; did you mean ({shape},)?"
            raise ValueError(f"[{self.name}] shape: expected a tuple without the batch axis, got {shape!r}{meant}")
        self.shape: Shape = tuple(shape)
        numbers = [0 if size is None else as_integer(size) for size in self.shape]
        if any(size is None or size < 0 for size in numbers):
            raise ValueError(f"[{self.name}] shape: expected sizes, or None for any size, got {shape!r}")
        self.batch_size = batch_size
        self.built = True
        self._begin()

    def _begin(self) -> SymbolicTensor:
        """The symbolic tensor of this input; a copy of the layer, which is in no model yet, makes a new one."""
        call = self._only_call
        if call is None:
            call = Call(self, (), {})
            call.make_outputs(self.batch_shape, self.dtype)
            self._called(call)
        tensor: SymbolicTensor = call.outputs
        return tensor

    @property
    def batch_shape(self) -> Shape:
        """Shape of the input with the batch axis."""
        return (self.batch_size, *self.shape)

    def call(self, inputs: Any) -> Any:
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {"shape": self.shape, "batch_size": self.batch_size, "dtype": self.dtype.name, "name": self.name}


@checks_names
def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    name: str | None = None,
    batch_shape: Any = None,
) -> SymbolicTensor:
    """Symbolic tensor that a functional model starts from, or first element of a `Sequential`.

    Args:
        shape: Shape of a sample, without the batch axis; None for an axis of any size.
        batch_size: Size of the batch axis; None for any size.
        dtype: Dtype of the input, floating, integer or bool; None is "float32".
        name: Name of the input; None makes a unique one.
        batch_shape: Shape with the batch axis, in place of shape and batch_size.

    Returns:
        A symbolic tensor (batch_size, *shape) of this dtype. Calls of layers and ops on it are recorded, not computed.

    Raises:
        ValueError: shape is missing, is no tuple or has a size that is no integer of at least 0; or dtype is not
            numeric.

    Example:
        >>> x = pydl.Input((4,))
        >>> model = pydl.Model(x, pydl.layers.Dense(2)(x))
        >>> model(np.zeros((3, 4))).shape
        (3, 2)
    """
    if batch_shape is not None:
        batch_size, *shape = batch_shape
    return InputLayer(shape, batch_size, dtype, name)._begin()
