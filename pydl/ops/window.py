"""Sliding windows: Keras's strides and padding in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import positive_integer

Pair = tuple[int, int]
Padding = tuple[int, int, int, int]  # top, bottom, left, right


def pair(op: str, name: str, value: Any) -> Pair:
    """2 or (2, 3) as (rows, columns). ValueError unless positive integers."""
    first, second = value if hasattr(value, "__len__") and len(value) == 2 else (value, value)
    return positive_integer(op, name, first, 2**31), positive_integer(op, name, second, 2**31)


def check_padding(op: str, padding: Any) -> str:
    """ "valid" or "same", whatever the case; ValueError otherwise."""
    name = padding.lower() if isinstance(padding, str) else padding
    if name not in ("valid", "same"):
        raise ValueError(f"[{op}] padding: expected 'valid' or 'same', got {padding!r}")
    return str(name)


def _same(size: int, window: int, stride: int) -> Pair:
    """As much as the output ceil(size / stride) needs; the odd pixel goes after the image, as in TensorFlow."""
    total = max((-(-size // stride) - 1) * stride + window - size, 0)
    return total // 2, total - total // 2


def pixels(
    op: str, padding: Any, image: Sequence[int], window: Sequence[int], strides: Pair, dilation: Pair = (1, 1)
) -> Padding:
    """The padding in pixels; `padding` is "valid", "same", or already (top, bottom, left, right)."""
    if isinstance(padding, tuple):
        return padding
    if check_padding(op, padding) == "valid":
        return 0, 0, 0, 0
    top, bottom = _same(image[0], (window[0] - 1) * dilation[0] + 1, strides[0])
    left, right = _same(image[1], (window[1] - 1) * dilation[1] + 1, strides[1])
    return top, bottom, left, right


def output_size(size: Any, window: int, stride: int, dilation: int, padding: str) -> Any:
    """Rows (or columns) of the output for an image of `size` rows; None stays None."""
    if size is None:
        return None
    if padding == "same":
        return -(-size // stride)
    return (size - (window - 1) * dilation - 1) // stride + 1
