"""Pooling layers."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.tensor import Tensor
from ..ops.window import check_padding, output_size, pair
from .image import ImageLayer
from .layer import Shape


class _Pooling2D(ImageLayer):
    """Windows of `pool_size`, every `strides` pixels (None: side by side), padding "valid" or "same"."""

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
    """The greatest element of each window of each channel: (N, H, W, C) to (N, OH, OW, C)."""

    def _image_call(self, x: Tensor) -> Tensor:
        return ops.max_pool(x, self.pool_size, self.strides, self.padding)


class AveragePooling2D(_Pooling2D):
    """The mean of each window of each channel, padding not counted: (N, H, W, C) to (N, OH, OW, C)."""

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
    """The mean of each channel: (N, H, W, C) to (N, C), or (N, 1, 1, C) with keepdims."""

    def _image_call(self, x: Tensor) -> Tensor:
        return ops.global_average_pool(x, self.keepdims)


class GlobalMaxPooling2D(_GlobalPooling2D):
    """The maximum of each channel: (N, H, W, C) to (N, C), or (N, 1, 1, C) with keepdims."""

    def _image_call(self, x: Tensor) -> Tensor:
        return ops.global_max_pool(x, self.keepdims)


MaxPool2D, AvgPool2D = MaxPooling2D, AveragePooling2D  # Keras's short names
GlobalMaxPool2D, GlobalAvgPool2D = GlobalMaxPooling2D, GlobalAveragePooling2D
