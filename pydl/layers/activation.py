"""Activation functions as layers."""

from __future__ import annotations

from typing import Any, SupportsFloat

from .. import activations, ops
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError, positive_integer
from ..ops.axes import axes_of
from .layer import Layer, Shape
from .weight_options import WeightOptions

__all__ = ["ELU", "Activation", "LeakyReLU", "PReLU", "ReLU", "Softmax"]


class _Elementwise(Layer):
    _keeps_integers = False

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


def _at_least_zero(layer: str, name: str, value: Any) -> Any:
    if not isinstance(value, SupportsFloat) or not float(value) >= 0:
        raise ValueError(f"[{layer}] {name}: expected a number of at least 0, got {value!r}")
    return value


class Activation(_Elementwise):
    """Activation function as a layer.

    Args:
        activation: Function, or its name in `pydl.activations`; None is linear.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        Any shape. Other dtypes are cast to the layer's dtype, but for linear, which keeps integers.

    Output shape:
        That of the input.

    Raises:
        ValueError: The name is unknown.

    Example:
        >>> layer = pydl.layers.Activation("relu")
        >>> layer(np.array([-1.0, 2.0])).numpy()
        array([0., 2.], dtype=float32)
    """

    _recordable = True

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self._keeps_integers = self._passes_dtype = self.activation is activations.linear

    def call(self, inputs: Tensor) -> Tensor:
        return self.activation(inputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activation": activations.serialize(self.activation)}


class ReLU(_Elementwise):
    """Rectified linear unit: min(x, max_value) where x > threshold, else negative_slope * (x - threshold).

    Args:
        max_value: Largest output, at least 0; None for no limit.
        negative_slope: Slope below the threshold, at least 0.
        threshold: Where the linear part begins, at least 0.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        Any shape. Other dtypes are cast to the layer's dtype.

    Output shape:
        That of the input, in the layer's dtype.

    Raises:
        ValueError: An argument is not a number of at least 0.

    Example:
        >>> layer = pydl.layers.ReLU(max_value=6, negative_slope=0.5)
        >>> layer(np.array([-2.0, 3.0, 8.0])).numpy()
        array([-1.,  3.,  6.], dtype=float32)
    """

    _recordable = True

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
    """Leaky rectified linear unit: x, times `negative_slope` where x < 0 (Maas et al. 2013).

    Args:
        negative_slope: Slope below 0, at least 0. Keras 2's name for it, alpha, is taken too.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        Any shape. Other dtypes are cast to the layer's dtype.

    Output shape:
        That of the input, in the layer's dtype.

    Raises:
        ValueError: negative_slope is not a number of at least 0.

    Example:
        >>> layer = pydl.layers.LeakyReLU(0.5)
        >>> layer(np.array([-2.0, 3.0])).numpy()
        array([-1.,  3.], dtype=float32)
    """

    _recordable = True

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        negative_slope = kwargs.pop("alpha", negative_slope)  # its name in Keras 2
        super().__init__(**kwargs)
        self.negative_slope = _at_least_zero(self.name, "negative_slope", negative_slope)

    def call(self, inputs: Tensor) -> Tensor:
        return ops.leaky_relu(inputs, self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "negative_slope": self.negative_slope}


class ELU(_Elementwise):
    """Exponential linear unit: x where x > 0, else alpha * (exp(x) - 1) (Clevert et al. 2015).

    Args:
        alpha: Minus the limit for small x, at least 0.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        Any shape. Other dtypes are cast to the layer's dtype.

    Output shape:
        That of the input, in the layer's dtype.

    Raises:
        ValueError: alpha is not a number of at least 0.

    Example:
        >>> layer = pydl.layers.ELU()
        >>> layer(np.array([0.0, 3.0])).numpy()
        array([0., 3.], dtype=float32)
    """

    _recordable = True

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = _at_least_zero(self.name, "alpha", alpha)

    def call(self, inputs: Tensor) -> Tensor:
        return ops.elu(inputs, self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": self.alpha}


class PReLU(_Elementwise):
    """Rectified linear unit with trained slopes: x, times alpha where x < 0 (He et al. 2015).

    Args:
        alpha_initializer: Initializer of alpha, or its name.
        alpha_regularizer: Regularizer of alpha; None for none.
        alpha_constraint: Constraint of alpha after each update; None for none.
        shared_axes: Axes of the input along which one alpha serves all, the batch being axis 0: [1, 2] for one alpha
            per channel of an image. None shares none.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (batch, ...). Other dtypes are cast to the layer's dtype.

    Output shape:
        That of the input, in the layer's dtype.

    Weights:
        alpha, of the shape of a sample, with size 1 for shared axes.

    Raises:
        ValueError: An axis in shared_axes is not a positive integer.
        ShapeError: The input does not have the shared axes, or an axis that is not shared is open.

    Example:
        >>> layer = pydl.layers.PReLU(alpha_initializer="ones", shared_axes=[1, 2])
        >>> layer(np.zeros((1, 8, 8, 3))).shape, layer.alpha.shape
        ((1, 8, 8, 3), (1, 1, 3))
    """

    _recordable = True
    _weight_options = WeightOptions("alpha")

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._weight_options.get(self, locals())
        axes = [] if shared_axes is None else shared_axes if isinstance(shared_axes, list | tuple) else [shared_axes]
        self.shared_axes = [positive_integer(self.name, "shared_axes", axis) for axis in axes]

    def build(self, input_shape: Shape) -> None:
        if any(axis >= len(input_shape) for axis in self.shared_axes):
            raise ShapeError(f"[{self.name}] inputs: expected the axes {self.shared_axes}, got shape {input_shape}")
        shape = [1 if axis in self.shared_axes else n for axis, n in enumerate(input_shape) if axis > 0]
        self.alpha = self._weight_options.add(self, "alpha", tuple(shape))

    def call(self, inputs: Tensor) -> Tensor:
        return ops.prelu(inputs, self.alpha)

    def get_config(self) -> dict[str, Any]:
        own = {"shared_axes": self.shared_axes or None}
        return {**super().get_config(), **self._weight_options.serialize(self), **own}


class Softmax(_Elementwise):
    """Softmax: exp(x) / sum(exp(x)) along `axis`.

    Args:
        axis: Axis, or a list of axes that are normalized together.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Call arguments:
        inputs: The input. mask: Bools that broadcast to the input; where False, the output is 0 and the sum leaves the
        element out. A mask of steps that comes with the input changes nothing.

    Input shape:
        Any shape. Other dtypes are cast to the layer's dtype.

    Output shape:
        That of the input, in the layer's dtype.

    Raises:
        ShapeError: The input does not have the axis, or the mask does not broadcast to it.

    Example:
        >>> layer = pydl.layers.Softmax()
        >>> layer(np.zeros(4)).numpy()
        array([0.25, 0.25, 0.25, 0.25], dtype=float32)
        >>> layer(np.zeros(3), mask=np.array([True, True, False])).numpy()
        array([0.5, 0.5, 0. ], dtype=float32)
    """

    _recordable = True

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
        return ops.where(mask, y, 0.0)  # zeros, too, if everything is masked

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        try:
            axes_of(self.name, self.axis, len(input_shape))
        except ShapeError as error:
            raise ShapeError(
                f"[{self.name}] inputs: expected an axis {self.axis}, got shape {tuple(input_shape)}"
            ) from error
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}
