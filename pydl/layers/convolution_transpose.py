"""Transposed convolution layers."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError
from ..ops.window import spread, transposed_size
from .convolution import Convolution
from .layer import Shape

__all__ = ["Conv1DTranspose", "Conv2DTranspose"]


class Conv2DTranspose(Convolution):
    """Transposed convolution of images: the gradient of `Conv2D` as a layer, which enlarges by the strides.

    Args:
        filters: Number of output channels.
        kernel_size: Rows and columns of the kernel: one integer or two.
        strides: Distance between input pixels in the output, in rows and columns: one integer or two.
        padding: "valid" for the whole output, or "same" for an output of (H, W) * strides.
        output_padding: Rows and columns to add to the smallest output, less than the strides: one integer or two. None
            adds what "same" needs, and to "valid" what strides larger than the kernel leave.
        data_format: "channels_last" (N, H, W, C), the default, or "channels_first" (N, C, H, W).
        dilation_rate: Distance between elements of the kernel in rows and columns: one integer or two.
        *arguments: The arguments of `Conv2D` from activation on, in its order.
        **kwargs: The same by name, and arguments of `Layer`.

    Input shape:
        (N, H, W, C), or (N, C, H, W) for channels_first. Other dtypes are cast to the layer's dtype.

    Output shape:
        (N, OH, OW, filters), or (N, filters, OH, OW) for channels_first, in the layer's dtype. Without output_padding
        and dilation, OH is H * stride for "same" and H * stride + max(kernel_size - stride, 0) for "valid"; OW
        likewise.

    Weights:
        kernel (KH, KW, filters, C), bias (filters,).

    Raises:
        ValueError: A size is not a positive integer, output_padding is not in [0, stride), or a name is unknown.
        ShapeError: The input has another rank or other channels.

    Example:
        >>> layer = pydl.layers.Conv2DTranspose(8, 3, strides=2, padding="same")
        >>> layer(np.zeros((1, 7, 7, 16))).shape
        (1, 14, 14, 8)
        >>> layer.kernel.shape
        (3, 3, 8, 16)
    """

    _recordable = True

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
        self._output_sizes((None, *self.kernel_size, None))  # checks the options

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
    """Transposed convolution of sequences: the gradient of `Conv1D` as a layer, which lengthens by the strides.

    Args:
        filters: Number of output channels.
        kernel_size: Steps of the kernel.
        strides: Distance between input steps in the output.
        padding: "valid" for the whole output, or "same" for an output of T * strides steps.
        output_padding: Steps to add to the smallest output, less than strides. None adds what "same" needs, and to
            "valid" what strides larger than the kernel leave.
        data_format: "channels_last" (N, T, C), the default, or "channels_first" (N, C, T).
        dilation_rate: Distance between elements of the kernel.
        *arguments: The arguments of `Conv2D` from activation on, in its order.
        **kwargs: The same by name, and arguments of `Layer`.

    Input shape:
        (N, T, C), or (N, C, T) for channels_first. Other dtypes are cast to the layer's dtype.

    Output shape:
        (N, OT, filters), or (N, filters, OT) for channels_first, in the layer's dtype. Without output_padding and
        dilation, OT is T * strides for "same" and T * strides + max(kernel_size - strides, 0) for "valid".

    Weights:
        kernel (kernel_size, filters, C), bias (filters,).

    Raises:
        ValueError: A size is not a positive integer, output_padding is not in [0, strides), or a name is unknown.
        ShapeError: The input has another rank or other channels.

    Example:
        >>> layer = pydl.layers.Conv1DTranspose(1, 2, strides=2, kernel_initializer="ones")
        >>> layer(np.array([[[1.0], [2.0]]])).numpy().ravel()
        array([1., 1., 2., 2.], dtype=float32)
    """

    _recordable = True
    _spatial = ("L",)
