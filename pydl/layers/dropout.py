"""Dropout as a layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..errors import ShapeError, drop_rate
from ..random import Stream
from ..tensor import Tensor
from .layer import Layer, Shape


class Dropout(Layer):
    """In training, zeroes each element with probability `rate` and divides the others by 1 - rate (Srivastava 2014).

    Args:
        rate: 0 <= rate <= 1, ValueError otherwise.
        noise_shape: the shape of the mask, where 1 shares one draw along an axis and None stands for the input's size;
            None draws for each element. ShapeError if it does not fit the input.
        seed: for masks of its own; else `pydl.set_seed` governs them.
    """

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if noise_shape is not None and not isinstance(noise_shape, list | tuple):
            raise TypeError(f"[{self.name}] noise_shape: expected None or a tuple of sizes, got {noise_shape!r}")
        self.rate, self.seed = drop_rate(self.name, rate), seed
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        self._stream = Stream("dropout", seed)

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        if not training:
            return inputs
        if self.noise_shape is None:
            return ops.dropout(inputs, self.rate, self._stream)
        return inputs * ops.dropout(np.ones(self._mask_shape(inputs.shape), inputs.dtype), self.rate, self._stream)

    def _mask_shape(self, shape: Shape) -> Shape:
        """noise_shape with each None filled in."""
        wanted = self.noise_shape or ()
        if len(wanted) != len(shape) or any(m not in (None, 1, n) for m, n in zip(wanted, shape, strict=True)):
            raise ShapeError(f"[{self.name}] inputs: shape {shape} does not fit noise_shape={wanted}")
        return tuple(n if m is None else m for m, n in zip(wanted, shape, strict=True))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "noise_shape": self.noise_shape, "seed": self.seed}
