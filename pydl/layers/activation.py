"""Activation functions as layers."""

from __future__ import annotations

from typing import Any, SupportsFloat

from .. import activations, constraints, initializers, ops, regularizers
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError, positive_integer
from ..ops.axes import axes_of
from .layer import Layer, Shape


class _Elementwise(Layer):
    _keeps_integers = False

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


def _at_least_zero(layer: str, name: str, value: Any) -> Any:
    if not isinstance(value, SupportsFloat) or not float(value) >= 0:
        raise ValueError(f"[{layer}] {name}: expected a number of at least 0, got {value!r}")
    return value


class Activation(_Elementwise):
    """Any function from `pydl.activations`, by name or itself."""

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self._keeps_integers = self._passes_dtype = self.activation is activations.linear

    def call(self, inputs: Tensor) -> Tensor:
        return self.activation(inputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activation": activations.serialize(self.activation)}


class ReLU(_Elementwise):
    """x above `threshold`, at most `max_value`; below it, negative_slope · (x - threshold)."""

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.max_value = None if max_value is None else _at_least_zero(self.name, "max_value", max_value)
        self.negative_slope = _at_least_zero(self.name, "negative_slope", negative_slope)
        self.threshold = _at_least_zero(self.name, "threshold", threshold)

    def call(self, inputs: Tensor) -> Tensor:
        return ops.relu(inputs, self.negative_slope, self.max_value, self.threshold)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }


class LeakyReLU(_Elementwise):
    """x, times `negative_slope` where it is negative (Maas et al. 2013)."""

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        negative_slope = kwargs.pop("alpha", negative_slope)  # what it was called in Keras 2
        super().__init__(**kwargs)
        self.negative_slope = _at_least_zero(self.name, "negative_slope", negative_slope)

    def call(self, inputs: Tensor) -> Tensor:
        return ops.leaky_relu(inputs, self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "negative_slope": self.negative_slope}


class ELU(_Elementwise):
    """x where positive, else alpha (exp(x) - 1) (Clevert et al. 2015)."""

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = _at_least_zero(self.name, "alpha", alpha)

    def call(self, inputs: Tensor) -> Tensor:
        return ops.elu(inputs, self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": self.alpha}


class PReLU(_Elementwise):
    """x, times a trained alpha where it is negative (He et al. 2015).

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: as in Keras.
        shared_axes: axes along which one alpha serves all, such as [1, 2] for one per channel of an image.

    Weights: alpha, of the shape of a sample with 1 for the shared axes.
    """

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        axes = [] if shared_axes is None else shared_axes if isinstance(shared_axes, list | tuple) else [shared_axes]
        self.shared_axes = [positive_integer(self.name, "shared_axes", axis) for axis in axes]

    def build(self, input_shape: Shape) -> None:
        if any(axis >= len(input_shape) for axis in self.shared_axes):
            raise ShapeError(f"[{self.name}] inputs: shape {input_shape} does not have the axes {self.shared_axes}")
        self.alpha = self.add_weight(
            [1 if axis in self.shared_axes else n for axis, n in enumerate(input_shape) if axis > 0],
            self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
            name="alpha",
        )

    def call(self, inputs: Tensor) -> Tensor:
        return ops.prelu(inputs, self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": constraints.serialize(self.alpha_constraint),
            "shared_axes": self.shared_axes or None,
        }


class Softmax(_Elementwise):
    """exp(x) / Σ exp(x) along `axis` (an integer, or several at once).

    Call argument `mask`: bools that broadcast to the inputs; where it is False, the result is zero. A mask of steps
    that comes with the inputs says nothing about the features of a step, and leaves them alone.
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Tensor, mask: Any = None) -> Tensor:
        own: Any = inputs.mask
        if mask is None or (own is mask and own.ndim < inputs.ndim):
            return ops.softmax(inputs, self.axis)
        if mask.ndim > inputs.ndim or any(
            m not in (1, n) for m, n in zip(mask.shape[::-1], inputs.shape[::-1], strict=False)
        ):
            raise ShapeError(
                f"[{self.name}] mask: expected a shape that broadcasts to {inputs.shape}, got {mask.shape}"
            )
        y = ops.softmax(ops.where(mask, inputs, -1.7e38), self.axis)
        return ops.where(mask, y, 0.0)  # also where nothing is left

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        try:
            axes_of(self.name, self.axis, len(input_shape))
        except ShapeError as error:
            raise ShapeError(
                f"[{self.name}] inputs: shape {tuple(input_shape)} does not have axis {self.axis}"
            ) from error
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}
