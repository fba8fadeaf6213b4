"""Dropout as a layer."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..errors import drop_rate
from ..random import Stream
from ..tensor import Tensor
from .layer import Layer, Shape


class Dropout(Layer):
    """In training, zeroes each element with probability `rate` and divides the others by 1 - rate (Srivastava 2014).

    Args:
        rate: 0 <= rate < 1, ValueError otherwise.
        seed: for masks of its own; else `pydl.set_seed` governs them.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate, self.seed = drop_rate(self.name, rate), seed
        self._stream = Stream("dropout", seed)

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        return ops.dropout(inputs, self.rate, self._stream) if training else inputs

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
