"""Masking: later layers skip the steps that hold only a padding value."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.tape import Array
from ..autograd.tensor import Tensor
from .layer import Layer, Shape

__all__ = ["Masking"]


class Masking(Layer):
    """Masks the steps whose features all equal `mask_value`, and sets them to 0.

    Recurrent layers skip masked steps; losses and metrics do not count them.

    Args:
        mask_value: Value of padding.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (batch, steps, features). Other dtypes are cast to the layer's dtype.

    Output shape:
        That of the input, in the layer's dtype, with a mask (batch, steps) of bools, False where a step is masked.

    Raises:
        TypeError: mask_value is not a number.

    Example:
        >>> layer = pydl.layers.Masking()
        >>> layer(np.array([[[1.0, 0.0], [0.0, 0.0]]])).mask
        array([[ True, False]])
    """

    _recordable = True
    _keeps_integers = False

    supports_masking = True

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = float(mask_value)
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        return ops.apply_mask(inputs, ops.step_mask(inputs, self.mask_value))

    def compute_mask(self, inputs: Tensor, mask: Any = None) -> Array:
        return ops.step_mask(inputs, self.mask_value)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mask_value": self.mask_value}
