"""Depthwise and separable convolution layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import ops
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError, positive_integer
from .convolution import _SlidingWindow
from .layer import Shape
from .weight_options import WeightOptions

__all__ = ["DepthwiseConv2D", "SeparableConv2D"]


class _Depthwise(_SlidingWindow):
    """A layer with separate filters for every channel."""

    def _configure(self, arguments: Mapping[str, Any]) -> None:
        super()._configure(arguments)
        self.depth_multiplier = positive_integer(self.name, "depth_multiplier", arguments["depth_multiplier"])

    def _add_depthwise(self, channels: Any, name: str) -> Any:
        shape = *self.kernel_size, channels, self.depth_multiplier
        return self._weight_options.add(self, "depthwise", shape, name=name)

    def _check_channels(self, x: Tensor, channels: int) -> None:
        if x.shape[-1] != channels:
            raise ShapeError(f"[{self.name}] inputs: expected {channels} channels, got shape {x.shape}")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "depth_multiplier": self.depth_multiplier}


class DepthwiseConv2D(_Depthwise):
    """Depthwise convolution of images: every channel has filters of its own, and no sum runs over channels.

    Args:
        kernel_size: Rows and columns of the kernel: one integer or two.
        strides: Step of the kernel in rows and columns: one integer or two.
        padding: "valid" for none, or "same" for zeros such that stride 1 keeps rows and columns.
        depth_multiplier: Number of filters of each channel.
        data_format: "channels_last" (N, H, W, C), the default, or "channels_first" (N, C, H, W).
        dilation_rate: Distance between elements of the kernel in rows and columns: one integer or two.
        activation: Function or its name, see `pydl.activations`; None is linear.
        use_bias: Whether a bias is added.
        depthwise_initializer: Initializer of the depthwise kernel, or its name.
        bias_initializer: Initializer of the bias, or its name.
        depthwise_regularizer: Regularizer of the depthwise kernel; None for none.
        bias_regularizer: Regularizer of the bias; None for none.
        activity_regularizer: Regularizer of the output; None for none.
        depthwise_constraint: Constraint of the depthwise kernel after each update; None for none.
        bias_constraint: Constraint of the bias after each update; None for none.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (N, H, W, C), or (N, C, H, W) for channels_first. Other dtypes are cast to the layer's dtype.

    Output shape:
        (N, OH, OW, C * depth_multiplier), or with the channels second for channels_first, in the layer's dtype; OH and
        OW as of `Conv2D`. The outputs of a channel are side by side.

    Weights:
        kernel (KH, KW, C, depth_multiplier), bias (C * depth_multiplier,).

    Raises:
        ValueError: A size is not a positive integer, a name is unknown, or the kernel is larger than the padded input.
        ShapeError: The input has another rank or other channels.

    Example:
        >>> layer = pydl.layers.DepthwiseConv2D(3, depth_multiplier=2)
        >>> layer(np.zeros((1, 8, 8, 4))).shape
        (1, 6, 6, 8)
        >>> layer.kernel.shape
        (3, 3, 4, 2)
    """

    _recordable = True
    _weight_options = WeightOptions("depthwise", "bias")

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, activity_regularizer=activity_regularizer, **kwargs)
        self._configure(locals())

    def build(self, input_shape: Shape) -> None:
        channels = self._image_shape(input_shape)[-1]
        self.kernel = self._add_depthwise(channels, "kernel")
        self._add_bias(channels and channels * self.depth_multiplier)

    def _image_call(self, x: Tensor) -> Tensor:
        self._check_channels(x, self.kernel.shape[2])
        options = self.strides, self.padding, self.dilation_rate
        return ops.depthwise_conv2d(x, self.kernel, self.bias, *options, *self._fused())

    def _image_output_shape(self, shape: Shape) -> Shape:
        channels = shape[-1]
        return shape[0], *self._output_sizes(shape), channels and channels * self.depth_multiplier


class SeparableConv2D(_Depthwise):
    """Depthwise convolution, then a 1x1 convolution over its outputs (Chollet 2017, "Xception").

    Args:
        filters: Number of output channels.
        kernel_size: Rows and columns of the depthwise kernel: one integer or two.
        strides: Step of the kernel in rows and columns: one integer or two.
        padding: "valid" for none, or "same" for zeros such that stride 1 keeps rows and columns.
        data_format: "channels_last" (N, H, W, C), the default, or "channels_first" (N, C, H, W).
        dilation_rate: Distance between elements of the depthwise kernel in rows and columns: one integer or two.
        depth_multiplier: Number of depthwise filters of each channel.
        activation: Function or its name, see `pydl.activations`; None is linear. It comes last, after the bias.
        use_bias: Whether a bias is added, after the 1x1 convolution.
        depthwise_initializer: Initializer of the depthwise kernel, or its name.
        pointwise_initializer: Initializer of the pointwise kernel, or its name.
        bias_initializer: Initializer of the bias, or its name.
        depthwise_regularizer: Regularizer of the depthwise kernel; None for none.
        pointwise_regularizer: Regularizer of the pointwise kernel; None for none.
        bias_regularizer: Regularizer of the bias; None for none.
        activity_regularizer: Regularizer of the output; None for none.
        depthwise_constraint: Constraint of the depthwise kernel after each update; None for none.
        pointwise_constraint: Constraint of the pointwise kernel after each update; None for none.
        bias_constraint: Constraint of the bias after each update; None for none.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (N, H, W, C), or (N, C, H, W) for channels_first. Other dtypes are cast to the layer's dtype.

    Output shape:
        (N, OH, OW, filters), or (N, filters, OH, OW) for channels_first, in the layer's dtype; OH and OW as of
        `Conv2D`.

    Weights:
        depthwise_kernel (KH, KW, C, depth_multiplier), pointwise_kernel (1, 1, C * depth_multiplier, filters), bias
        (filters,).

    Raises:
        ValueError: A size is not a positive integer, a name is unknown, or the kernel is larger than the padded input.
        ShapeError: The input has another rank or other channels.

    Example:
        >>> layer = pydl.layers.SeparableConv2D(16, 3)
        >>> layer(np.zeros((1, 8, 8, 4))).shape
        (1, 6, 6, 16)
        >>> [weight.shape for weight in layer.weights]
        [(3, 3, 4, 1), (1, 1, 4, 16), (16,)]
    """

    _recordable = True
    _weight_options = WeightOptions("depthwise", "pointwise", "bias")

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, activity_regularizer=activity_regularizer, **kwargs)
        self._configure(locals())
        self.filters = positive_integer(self.name, "filters", filters)

    def build(self, input_shape: Shape) -> None:
        channels = self._image_shape(input_shape)[-1]
        self.depthwise_kernel = self._add_depthwise(channels, "depthwise_kernel")
        shape = 1, 1, channels and channels * self.depth_multiplier, self.filters
        self.pointwise_kernel = self._weight_options.add(self, "pointwise", shape, name="pointwise_kernel")
        self._add_bias(self.filters)

    def _image_call(self, x: Tensor) -> Tensor:
        self._check_channels(x, self.depthwise_kernel.shape[2])
        options = self.strides, self.padding, self.dilation_rate
        return ops.separable_conv2d(
            x, self.depthwise_kernel, self.pointwise_kernel, self.bias, *options, *self._fused()
        )

    def _image_output_shape(self, shape: Shape) -> Shape:
        return shape[0], *self._output_sizes(shape), self.filters

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "filters": self.filters}
