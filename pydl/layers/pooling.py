"""Pooling layers."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.tensor import Tensor
from ..ops.window import check_padding, output_size, pair
from .image import ImageLayer
from .layer import Shape

__all__ = [
    "AveragePooling2D", "AvgPool2D", "GlobalAveragePooling2D", "GlobalAvgPool2D", "GlobalMaxPool2D",
    "GlobalMaxPooling2D", "MaxPool2D", "MaxPooling2D",
]  # fmt: skip


class _Pooling2D(ImageLayer):
    """Windows of `pool_size`, every `strides` pixels (None: pool_size), padding "valid" or "same"."""

    def __init__(
        self,
        pool_size: Any = (2, 2),
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, name=name, **kwargs)
        self.pool_size = pair(self.name, "pool_size", pool_size)
        self.strides = self.pool_size if strides is None else pair(self.name, "strides", strides)
        self.padding = check_padding(self.name, padding)

    def _image_output_shape(self, shape: Shape) -> Shape:
        rows, columns = (
            output_size(shape[i + 1], self.pool_size[i], self.strides[i], 1, self.padding) for i in range(2)
        )
        return shape[0], rows, columns, shape[3]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
        }


class MaxPooling2D(_Pooling2D):
    """Largest element of each window of each channel.

    Args:
        pool_size: Rows and columns of a window: one integer or two.
        strides: Distance between windows in rows and columns: one integer or two; None is pool_size.
        padding: "valid" for whole windows only, or "same" for windows that cover the input and reach over its edges.
        data_format: "channels_last" (N, H, W, C), the default, or "channels_first" (N, C, H, W).
        name: Name of the layer; None makes a unique one.
        **kwargs: Further arguments of `Layer`, such as dtype.

    Input shape:
        (N, H, W, C), or (N, C, H, W) for channels_first. Other dtypes are cast to the layer's dtype.

    Output shape:
        (N, OH, OW, C), or (N, C, OH, OW) for channels_first, in the layer's dtype. OH is ceil(H / stride) for "same"
        and floor((H - pool_size) / stride) + 1 for "valid"; OW likewise.

    Raises:
        ValueError: A size is not a positive integer, a name is unknown, or a "valid" window is larger than the input.
        ShapeError: The input does not have 4 axes.

    Example:
        >>> layer = pydl.layers.MaxPooling2D(2)
        >>> layer(np.arange(16.0).reshape(1, 4, 4, 1)).numpy()[0, :, :, 0]
        array([[ 5.,  7.],
               [13., 15.]], dtype=float32)
    """

    _recordable = True

    def _image_call(self, x: Tensor) -> Tensor:
        return ops.max_pool(x, self.pool_size, self.strides, self.padding)


class AveragePooling2D(_Pooling2D):
    """Mean of each window of each channel; padding does not count.

    Args:
        pool_size: Rows and columns of a window: one integer or two.
        strides: Distance between windows in rows and columns: one integer or two; None is pool_size.
        padding: "valid" for whole windows only, or "same" for windows that cover the input and reach over its edges.
        data_format: "channels_last" (N, H, W, C), the default, or "channels_first" (N, C, H, W).
        name: Name of the layer; None makes a unique one.
        **kwargs: Further arguments of `Layer`, such as dtype.

    Input shape:
        (N, H, W, C), or (N, C, H, W) for channels_first. Other dtypes are cast to the layer's dtype.

    Output shape:
        (N, OH, OW, C), or (N, C, OH, OW) for channels_first, in the layer's dtype. OH is ceil(H / stride) for "same"
        and floor((H - pool_size) / stride) + 1 for "valid"; OW likewise.

    Raises:
        ValueError: A size is not a positive integer, a name is unknown, or a "valid" window is larger than the input.
        ShapeError: The input does not have 4 axes.

    Example:
        >>> layer = pydl.layers.AveragePooling2D(2)
        >>> layer(np.arange(16.0).reshape(1, 4, 4, 1)).numpy()[0, :, :, 0]
        array([[ 2.5,  4.5],
               [10.5, 12.5]], dtype=float32)
    """

    _recordable = True

    def _image_call(self, x: Tensor) -> Tensor:
        return ops.average_pool(x, self.pool_size, self.strides, self.padding)


class _GlobalPooling2D(ImageLayer):
    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.keepdims = keepdims

    def _image_output_shape(self, shape: Shape) -> Shape:
        return (shape[0], 1, 1, shape[3]) if self.keepdims else (shape[0], shape[3])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "keepdims": self.keepdims}


class GlobalAveragePooling2D(_GlobalPooling2D):
    """Mean of each channel over rows and columns.

    Args:
        data_format: "channels_last" (N, H, W, C), the default, or "channels_first" (N, C, H, W).
        keepdims: Whether rows and columns stay as axes of size 1.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (N, H, W, C), or (N, C, H, W) for channels_first. Other dtypes are cast to the layer's dtype.

    Output shape:
        (N, C) in the layer's dtype; with keepdims (N, 1, 1, C), or (N, C, 1, 1) for channels_first.

    Raises:
        ValueError: data_format is unknown.
        ShapeError: The input does not have 4 axes.

    Example:
        >>> layer = pydl.layers.GlobalAveragePooling2D()
        >>> layer(np.arange(8.0).reshape(1, 2, 2, 2)).numpy()
        array([[3., 4.]], dtype=float32)
    """

    _recordable = True

    def _image_call(self, x: Tensor) -> Tensor:
        return ops.global_average_pool(x, self.keepdims)


class GlobalMaxPooling2D(_GlobalPooling2D):
    """Largest element of each channel over rows and columns.

    Args:
        data_format: "channels_last" (N, H, W, C), the default, or "channels_first" (N, C, H, W).
        keepdims: Whether rows and columns stay as axes of size 1.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (N, H, W, C), or (N, C, H, W) for channels_first. Other dtypes are cast to the layer's dtype.

    Output shape:
        (N, C) in the layer's dtype; with keepdims (N, 1, 1, C), or (N, C, 1, 1) for channels_first.

    Raises:
        ValueError: data_format is unknown.
        ShapeError: The input does not have 4 axes.

    Example:
        >>> layer = pydl.layers.GlobalMaxPooling2D()
        >>> layer(np.arange(8.0).reshape(1, 2, 2, 2)).numpy()
        array([[6., 7.]], dtype=float32)
    """

    _recordable = True

    def _image_call(self, x: Tensor) -> Tensor:
        return ops.global_max_pool(x, self.keepdims)


MaxPool2D, AvgPool2D = MaxPooling2D, AveragePooling2D  # Keras's short names
GlobalMaxPool2D, GlobalAvgPool2D = GlobalMaxPooling2D, GlobalAveragePooling2D
