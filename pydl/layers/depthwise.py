"""Depthwise and separable convolution layers."""

from __future__ import annotations

from typing import Any

from .. import constraints, initializers, ops, regularizers
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError, positive_integer
from .convolution import Windows
from .dense import kernel_options
from .layer import Shape


class DepthwiseConv2D(Windows):
    """Filters of its own for every channel: (N, H, W, C) to (N, OH, OW, C * depth_multiplier).

    Args:
        kernel_size, strides, dilation_rate: one integer or two (rows, columns).
        padding: "valid" or "same".
        depth_multiplier: the number of filters per channel.
        data_format: "channels_last" or "channels_first".
        activation, use_bias, *_initializer, *_regularizer, *_constraint: as in Keras.

    Weights: kernel (KH, KW, C, depth_multiplier), bias (C * depth_multiplier,).
    """

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
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            **kernel_options(locals(), given="depthwise"),
            **kwargs,
        )
        self.depth_multiplier = positive_integer(self.name, "depth_multiplier", depth_multiplier)

    def build(self, input_shape: Shape) -> None:
        channels = self._image_shape(input_shape)[-1]
        shape = *self.kernel_size, channels, self.depth_multiplier
        self._add_kernel(shape, channels and channels * self.depth_multiplier)

    def _check_channels(self, x: Tensor, channels: int) -> None:
        if x.shape[-1] != channels:
            raise ShapeError(f"[{self.name}] inputs: expected {channels} channels, got shape {x.shape}")

    def _image_call(self, x: Tensor) -> Tensor:
        self._check_channels(x, self.kernel.shape[2])
        options = self.strides, self.padding, self.dilation_rate
        return ops.depthwise_conv2d(x, self.kernel, self.bias, *options, *self._fused())

    def _image_output_shape(self, shape: Shape) -> Shape:
        channels = shape[-1]
        return shape[0], *self._output_sizes(shape), channels and channels * self.depth_multiplier

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "depth_multiplier": self.depth_multiplier}
        for what in ("initializer", "regularizer", "constraint"):
            config[f"depthwise_{what}"] = config.pop(f"kernel_{what}")
        return config


class SeparableConv2D(DepthwiseConv2D):
    """A depthwise convolution, then a 1x1 convolution over its channels: (N, H, W, C) to (N, OH, OW, filters).

    Arguments as for DepthwiseConv2D, in Keras's order, and those of the second kernel.

    Weights: depthwise_kernel (KH, KW, C, depth_multiplier), pointwise_kernel (1, 1, C * depth_multiplier, filters),
    bias (filters,).
    """

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
        super().__init__(
            kernel_size,
            strides,
            padding,
            depth_multiplier,
            data_format,
            dilation_rate,
            **kernel_options(locals(), given="depthwise", wanted="depthwise"),
            **kwargs,
        )
        self.filters = positive_integer(self.name, "filters", filters)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.pointwise_constraint = constraints.get(pointwise_constraint)

    def build(self, input_shape: Shape) -> None:
        channels = self._image_shape(input_shape)[-1]
        self.depthwise_kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="depthwise_kernel",
        )
        self.pointwise_kernel = self.add_weight(
            (1, 1, channels and channels * self.depth_multiplier, self.filters),
            self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
            name="pointwise_kernel",
        )
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
        return {
            **super().get_config(),
            "filters": self.filters,
            "pointwise_initializer": initializers.serialize(self.pointwise_initializer),
            "pointwise_regularizer": regularizers.serialize(self.pointwise_regularizer),
            "pointwise_constraint": constraints.serialize(self.pointwise_constraint),
        }
