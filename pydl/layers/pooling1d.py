"""Pooling along the steps of a sequence."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.tensor import Tensor, as_array
from ..base.errors import positive_integer
from ..ops.window import check_padding, output_size
from .image import ImageLayer
from .layer import Shape

__all__ = [
    "AveragePooling1D", "AvgPool1D", "GlobalAveragePooling1D", "GlobalAvgPool1D", "GlobalMaxPool1D",
    "GlobalMaxPooling1D", "MaxPool1D", "MaxPooling1D",
]  # fmt: skip


class _Pooling1D(ImageLayer):
    """Windows of `pool_size` steps, every `strides` steps (None: pool_size), padding "valid" or "same"."""

    _spatial = ("T",)

    def __init__(
        self,
        pool_size: int = 2,
        strides: int | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.pool_size = _single(self.name, "pool_size", pool_size)
        self.strides = self.pool_size if strides is None else _single(self.name, "strides", strides)
        self.padding = check_padding(self.name, padding)

    def _image_call(self, x: Tensor) -> Tensor:
        n, steps, channels = x.shape
        y = self._pool(ops.reshape(x, (n, 1, steps, channels)), (1, self.pool_size), (1, self.strides))
        return ops.reshape(y, (n, y.shape[2], channels))

    def _pool(self, x: Tensor, window: tuple[int, int], strides: tuple[int, int]) -> Tensor:
        raise NotImplementedError

    def _image_output_shape(self, shape: Shape) -> Shape:
        return shape[0], output_size(shape[1], self.pool_size, self.strides, 1, self.padding), shape[2]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
        }


def _single(layer: str, name: str, value: Any) -> int:
    """2 or (2,) as 2."""
    only = value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
    return positive_integer(layer, name, only, 2**31)


class MaxPooling1D(_Pooling1D):
    """Largest element of each window of steps of each channel.

    Args:
        pool_size: Steps of a window.
        strides: Distance between windows; None is pool_size.
        padding: "valid" for whole windows only, or "same" for windows that cover the input and reach over its ends.
        data_format: "channels_last" (N, T, C), the default, or "channels_first" (N, C, T).
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (N, T, C), or (N, C, T) for channels_first. Other dtypes are cast to the layer's dtype.

    Output shape:
        (N, OT, C), or (N, C, OT) for channels_first, in the layer's dtype. OT is ceil(T / strides) for "same" and
        floor((T - pool_size) / strides) + 1 for "valid".

    Raises:
        ValueError: A size is not a positive integer, a name is unknown, or a "valid" window is larger than the input.
        ShapeError: The input does not have 3 axes.

    Example:
        >>> layer = pydl.layers.MaxPooling1D(2)
        >>> layer(np.arange(4.0).reshape(1, 4, 1)).numpy().ravel()
        array([1., 3.], dtype=float32)
    """

    _recordable = True

    def _pool(self, x: Tensor, window: tuple[int, int], strides: tuple[int, int]) -> Tensor:
        return ops.max_pool(x, window, strides, self.padding)


class AveragePooling1D(_Pooling1D):
    """Mean of each window of steps of each channel; padding does not count.

    Args:
        pool_size: Steps of a window.
        strides: Distance between windows; None is pool_size.
        padding: "valid" for whole windows only, or "same" for windows that cover the input and reach over its ends.
        data_format: "channels_last" (N, T, C), the default, or "channels_first" (N, C, T).
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (N, T, C), or (N, C, T) for channels_first. Other dtypes are cast to the layer's dtype.

    Output shape:
        (N, OT, C), or (N, C, OT) for channels_first, in the layer's dtype. OT is ceil(T / strides) for "same" and
        floor((T - pool_size) / strides) + 1 for "valid".

    Raises:
        ValueError: A size is not a positive integer, a name is unknown, or a "valid" window is larger than the input.
        ShapeError: The input does not have 3 axes.

    Example:
        >>> layer = pydl.layers.AveragePooling1D(2)
        >>> layer(np.arange(4.0).reshape(1, 4, 1)).numpy().ravel()
        array([0.5, 2.5], dtype=float32)
    """

    _recordable = True

    def _pool(self, x: Tensor, window: tuple[int, int], strides: tuple[int, int]) -> Tensor:
        return ops.average_pool(x, window, strides, self.padding)


class _GlobalPooling1D(ImageLayer):
    _spatial = ("T",)

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.keepdims = keepdims

    def _image_output_shape(self, shape: Shape) -> Shape:
        return (shape[0], 1, shape[2]) if self.keepdims else (shape[0], shape[2])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "keepdims": self.keepdims}


class GlobalAveragePooling1D(_GlobalPooling1D):
    """Mean of each channel over the steps.

    Args:
        data_format: "channels_last" (N, T, C), the default, or "channels_first" (N, C, T).
        keepdims: Whether the steps stay as an axis of size 1.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Call arguments:
        inputs: The input. mask: Bools (N, T), True for the steps that count; by default the mask that comes with the
        input.

    Input shape:
        (N, T, C), or (N, C, T) for channels_first. Other dtypes are cast to the layer's dtype.

    Output shape:
        (N, C) in the layer's dtype; with keepdims (N, 1, C), or (N, C, 1) for channels_first.

    Raises:
        ValueError: data_format is unknown.
        ShapeError: The input does not have 3 axes.

    Example:
        >>> layer = pydl.layers.GlobalAveragePooling1D()
        >>> layer(np.array([[[1.0], [3.0], [8.0]]]), mask=np.array([[True, True, False]])).numpy()
        array([[2.]], dtype=float32)
    """

    _recordable = True
    supports_masking = True  # it uses the mask; compute_mask returns None

    def compute_mask(self, inputs: Tensor, mask: Any = None) -> None:
        """None: the means have no steps."""

    def call(self, inputs: Tensor, mask: Any = None) -> Tensor:
        if mask is None:
            return super().call(inputs)
        x = ops.moveaxis(inputs, 1, -1) if self.data_format == "channels_first" else inputs
        mask = as_array(mask)
        count = ops.sum(ops.mask_values(mask, x.dtype), 1, keepdims=True)
        y = ops.sum(ops.apply_mask(x, mask), 1, keepdims=True) / count
        return ops.reshape(y, self.compute_output_shape(inputs.shape))

    def _image_call(self, x: Tensor) -> Tensor:
        return ops.mean(x, 1, self.keepdims)


class GlobalMaxPooling1D(_GlobalPooling1D):
    """Largest element of each channel over the steps. A mask of steps is ignored.

    Args:
        data_format: "channels_last" (N, T, C), the default, or "channels_first" (N, C, T).
        keepdims: Whether the steps stay as an axis of size 1.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (N, T, C), or (N, C, T) for channels_first. Other dtypes are cast to the layer's dtype.

    Output shape:
        (N, C) in the layer's dtype; with keepdims (N, 1, C), or (N, C, 1) for channels_first.

    Raises:
        ValueError: data_format is unknown.
        ShapeError: The input does not have 3 axes.

    Example:
        >>> layer = pydl.layers.GlobalMaxPooling1D()
        >>> layer(np.array([[[1.0], [3.0], [2.0]]])).numpy()
        array([[3.]], dtype=float32)
    """

    _recordable = True

    def _image_call(self, x: Tensor) -> Tensor:
        return ops.max(x, 1, self.keepdims)


MaxPool1D, AvgPool1D = MaxPooling1D, AveragePooling1D  # Keras's short names
GlobalMaxPool1D, GlobalAvgPool1D = GlobalMaxPooling1D, GlobalAveragePooling1D
