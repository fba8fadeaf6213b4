"""Layers that pad, crop and upsample images."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError, as_integer
from ..ops.window import pair
from .image import ImageLayer
from .layer import Shape

__all__ = ["Cropping2D", "UpSampling2D", "ZeroPadding2D"]

Margins = tuple[tuple[int, int], tuple[int, int]]  # (top, bottom), (left, right)


def margins(layer: str, name: str, value: Any) -> Margins:
    """1, (rows, columns) or ((top, bottom), (left, right)) in the last form. ValueError for other values."""
    rows, columns = value if isinstance(value, list | tuple) and len(value) == 2 else (value, value)
    both = [tuple(v) if isinstance(v, list | tuple) else (v, v) for v in (rows, columns)]
    numbers = [as_integer(n) for side in both for n in side]
    if (
        len(numbers) != 4
        or not all(len(side) == 2 for side in both)
        or not all(n is not None and 0 <= n < 2**31 for n in numbers)
    ):
        raise ValueError(f"[{layer}] {name}: expected pixels, for rows and columns or for each side, got {value!r}")
    (top, bottom), (left, right) = both
    return (int(top), int(bottom)), (int(left), int(right))


class ZeroPadding2D(ImageLayer):
    """Zeros around each image.

    Args:
        padding: Rows and columns to add: one integer for all sides, (rows, columns), or ((top, bottom), (left, right)).
        data_format: "channels_last" (N, H, W, C), the default, or "channels_first" (N, C, H, W).
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (N, H, W, C), or (N, C, H, W) for channels_first. Other dtypes are cast to the layer's dtype.

    Output shape:
        (N, top + H + bottom, left + W + right, C), or the like for channels_first, in the layer's dtype.

    Raises:
        ValueError: padding is none of these, or has a negative size; or data_format is unknown.
        ShapeError: The input does not have 4 axes.

    Example:
        >>> layer = pydl.layers.ZeroPadding2D(((1, 2), (0, 3)))
        >>> layer(np.zeros((1, 4, 4, 1))).shape
        (1, 7, 7, 1)
    """

    _recordable = True

    def __init__(self, padding: Any = ((1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.padding = margins(self.name, "padding", padding)

    def _image_call(self, x: Tensor) -> Tensor:
        return ops.pad(x, [(0, 0), *self.padding, (0, 0)])

    def _image_output_shape(self, shape: Shape) -> Shape:
        rows, columns = [n if n is None else n + sum(m) for n, m in zip(shape[1:3], self.padding, strict=True)]
        return shape[0], rows, columns, shape[3]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "padding": self.padding}


class Cropping2D(ImageLayer):
    """Each image without its edges.

    Args:
        cropping: Rows and columns to cut off: one integer for all sides, (rows, columns), or ((top, bottom), (left,
            right)).
        data_format: "channels_last" (N, H, W, C), the default, or "channels_first" (N, C, H, W).
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (N, H, W, C), or (N, C, H, W) for channels_first. Other dtypes are cast to the layer's dtype.

    Output shape:
        (N, H - top - bottom, W - left - right, C), or the like for channels_first, in the layer's dtype.

    Raises:
        ValueError: cropping is none of these, or has a negative size; or data_format is unknown.
        ShapeError: The input does not have 4 axes, or nothing is left of it.

    Example:
        >>> layer = pydl.layers.Cropping2D((1, 0))
        >>> layer(np.zeros((1, 4, 4, 1))).shape
        (1, 2, 4, 1)
    """

    _recordable = True

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.cropping = margins(self.name, "cropping", cropping)

    def _image_call(self, x: Tensor) -> Tensor:
        self._image_output_shape(x.shape)
        (top, bottom), (left, right) = self.cropping
        return ops.pad(x, [(0, 0), (-top, -bottom), (-left, -right), (0, 0)])

    def _image_output_shape(self, shape: Shape) -> Shape:
        rows, columns = [n if n is None else n - sum(m) for n, m in zip(shape[1:3], self.cropping, strict=True)]
        if any(n is not None and n <= 0 for n in (rows, columns)):
            raise ShapeError(
                f"[{self.name}] inputs: expected an image larger than cropping={self.cropping}, got {tuple(shape)}"
            )
        return shape[0], rows, columns, shape[3]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cropping": self.cropping}


class UpSampling2D(ImageLayer):
    """Each image enlarged by whole factors.

    Args:
        size: Factors of rows and columns: one integer or two.
        data_format: "channels_last" (N, H, W, C), the default, or "channels_first" (N, C, H, W).
        interpolation: "nearest" repeats pixels, "bilinear" interpolates between them.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (N, H, W, C), or (N, C, H, W) for channels_first. Other dtypes are cast to the layer's dtype.

    Output shape:
        (N, size[0] * H, size[1] * W, C), or the like for channels_first, in the layer's dtype.

    Raises:
        ValueError: A factor is not a positive integer, or a name is unknown.
        ShapeError: The input does not have 4 axes.

    Example:
        >>> layer = pydl.layers.UpSampling2D((1, 2))
        >>> layer(np.array([[[[1.0], [2.0]]]])).numpy().ravel()
        array([1., 1., 2., 2.], dtype=float32)
    """

    _recordable = True

    def __init__(
        self, size: Any = (2, 2), data_format: str | None = None, interpolation: str = "nearest", **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.size = pair(self.name, "size", size)
        if interpolation not in ("nearest", "bilinear"):
            raise ValueError(f"[{self.name}] interpolation: expected nearest or bilinear, got {interpolation!r}")
        self.interpolation = interpolation

    def _image_call(self, x: Tensor) -> Tensor:
        return ops.upsample(x, self.size, self.interpolation)

    def _image_output_shape(self, shape: Shape) -> Shape:
        rows, columns = [n if n is None else n * f for n, f in zip(shape[1:3], self.size, strict=True)]
        return shape[0], rows, columns, shape[3]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size, "interpolation": self.interpolation}
