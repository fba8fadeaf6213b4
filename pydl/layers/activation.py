"""Activation functions as layers."""

from __future__ import annotations

from typing import Any

from .. import activations, ops
from ..tensor import Tensor
from .layer import Layer, Shape


class _Elementwise(Layer):
    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


class Activation(_Elementwise):
    """Any function from `pydl.activations`, by name or itself."""

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs: Tensor) -> Tensor:
        return self.activation(inputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activation": activations.serialize(self.activation)}


class ReLU(_Elementwise):
    """x from `threshold` up, at most `max_value`; below it, negative_slope · (x - threshold)."""

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if max_value is not None and max_value < 0:
            raise ValueError(f"[{self.name}] max_value: expected None or a number of at least 0, got {max_value}")
        for name, value in (("negative_slope", negative_slope), ("threshold", threshold)):
            if value is None or value < 0:
                raise ValueError(f"[{self.name}] {name}: expected a number of at least 0, got {value}")
        self.max_value, self.negative_slope, self.threshold = max_value, negative_slope, threshold

    def call(self, inputs: Tensor) -> Tensor:
        if self.threshold:
            below = self.negative_slope * (inputs - self.threshold)
            y = ops.where(inputs >= self.threshold, inputs, below)
        elif self.negative_slope:
            y = ops.leaky_relu(inputs, self.negative_slope)
        elif self.max_value == 6:
            return ops.relu6(inputs)
        else:
            y = ops.relu(inputs)
        return y if self.max_value is None else ops.minimum(y, self.max_value)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }


class Softmax(_Elementwise):
    """exp(x) / Σ exp(x) along `axis` (an integer, or several at once)."""

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Tensor) -> Tensor:
        return ops.softmax(inputs, self.axis)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}
