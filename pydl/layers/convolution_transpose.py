"""Transposed convolution layers: from small images, or short sequences, to larger ones."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError
from ..ops.window import spread, transposed_size
from .convolution import Convolution
from .layer import Shape


class Conv2DTranspose(Convolution):
    """The gradient of a convolution as a layer: (N, H, W, C) to (N, OH, OW, filters).

    Args:
        filters: the number of output channels.
        kernel_size, strides, dilation_rate: one integer or two (rows, columns).
        padding: "valid", or "same", which gives (H, W) * strides.
        output_padding: rows and columns beyond the smallest output, less than the strides; None: as Keras chooses.
        data_format: "channels_last" or "channels_first".
        arguments: activation, use_bias, *_initializer, *_regularizer, *_constraint, in the order of Conv2D.

    Weights: kernel (KH, KW, filters, C), bias (filters,).
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        *arguments: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(filters, kernel_size, strides, padding, data_format, dilation_rate, 1, *arguments, **kwargs)
        self.output_padding = None if output_padding is None else spread(output_padding, len(self._spatial))
        self._output_sizes((None, *self.kernel_size, None))  # says now what is wrong

    def build(self, input_shape: Shape) -> None:
        self._add_kernel((*self.kernel_size, self.filters, self._image_shape(input_shape)[-1]), self.filters)

    def _image_call(self, x: Tensor) -> Tensor:
        if x.shape[-1] != self.kernel.shape[-1]:
            raise ShapeError(f"[{self.name}] inputs: expected {self.kernel.shape[-1]} channels, got shape {x.shape}")
        op = ops.conv1d_transpose if len(self._spatial) == 1 else ops.conv2d_transpose
        options = self.strides, self.padding, self.output_padding, self.dilation_rate
        return op(x, self.kernel, self.bias, *options, *self._fused())

    def _output_sizes(self, shape: Shape) -> Shape:
        extra = spread(self.output_padding, len(self._spatial))
        return tuple(
            None
            if size is None
            else transposed_size(
                self.name, size, self.kernel_size[i], self.strides[i], self.dilation_rate[i], self.padding, extra[i]
            )[0]
            for i, size in enumerate(shape[1:-1])
        )

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "output_padding": self.output_padding}
        del config["groups"]
        return config


class Conv1DTranspose(Conv2DTranspose):
    """Conv2DTranspose along the steps of sequences: (N, L, C) to (N, OL, filters), with one size each.

    Weights: kernel (K, filters, C), bias (filters,).
    """

    _spatial = ("L",)
