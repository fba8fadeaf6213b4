"""Convolution layers."""

from __future__ import annotations

from typing import Any

from .. import activations, ops
from ..errors import ShapeError, positive_integer
from ..ops.window import check_padding, output_size, pair
from ..tensor import Tensor
from .core import Kernel
from .image import ImageLayer
from .layer import Shape


class Conv2D(Kernel, ImageLayer):
    """Convolution over images: (N, H, W, C) to (N, OH, OW, filters).

    Args:
        filters: the number of output channels.
        kernel_size, strides, dilation_rate: one integer or two (rows, columns).
        padding: "valid" or "same".
        data_format: "channels_last" (N, H, W, C) or "channels_first" (N, C, H, W).
        groups: the channels are cut into so many groups, each with its own filters.
        activation, use_bias, *_initializer, *_regularizer, *_constraint: as in Keras.

    Weights: kernel (KH, KW, C / groups, filters), bias (filters,).
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            data_format=data_format,
            **kwargs,
        )
        self.filters = positive_integer(self.name, "filters", filters)
        self.groups = positive_integer(self.name, "groups", groups)
        if filters % groups:
            raise ValueError(f"[{self.name}] filters: expected a multiple of groups={groups}, got {filters}")
        self.kernel_size = pair(self.name, "kernel_size", kernel_size)
        self.strides = pair(self.name, "strides", strides)
        self.padding = check_padding(self.name, padding)
        self.dilation_rate = pair(self.name, "dilation_rate", dilation_rate)

    def build(self, input_shape: Shape) -> None:
        channels = self._image_shape(input_shape)[3]
        if channels is not None and channels % self.groups:
            raise ShapeError(
                f"[{self.name}] inputs: expected a multiple of groups={self.groups} channels, got {channels}"
            )
        self._add_kernel((*self.kernel_size, channels and channels // self.groups, self.filters))

    def _image_call(self, x: Tensor) -> Tensor:
        if x.shape[3] != self.kernel.shape[2] * self.groups:
            raise ShapeError(
                f"[{self.name}] inputs: expected {self.kernel.shape[2] * self.groups} channels, got shape {x.shape}"
            )
        name, alpha, rest = activations.split(self.activation)
        y = ops.conv2d(x, self.kernel, self.bias, self.strides, self.padding, self.dilation_rate, name, alpha)
        return rest(y) if rest else y

    def _image_output_shape(self, shape: Shape) -> Shape:
        rows, columns = (
            output_size(shape[i + 1], self.kernel_size[i], self.strides[i], self.dilation_rate[i], self.padding)
            for i in range(2)
        )
        return shape[0], rows, columns, self.filters

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
        }
