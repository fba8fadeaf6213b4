"""Sliding windows: strides, and Keras's padding modes in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..base.errors import as_integer, positive_integer, shown

Pair = tuple[int, int]
Padding = tuple[int, int, int, int]  # top, bottom, left, right


def spread(value: Any, count: int) -> tuple[Any, ...]:
    """One value, or `count` of them, as a tuple."""
    return tuple(value) if hasattr(value, "__len__") and len(value) == count else (value,) * count


def sizes(op: str, name: str, value: Any, count: int) -> tuple[int, ...]:
    """One positive integer, or `count` of them, as a tuple. ValueError otherwise."""
    return tuple(positive_integer(op, name, n, 2**31) for n in spread(value, count))


def pair(op: str, name: str, value: Any) -> Pair:
    """2 or (2, 3) as (rows, columns). ValueError unless positive integers."""
    rows, columns = sizes(op, name, value, 2)
    return rows, columns


def check_padding(op: str, padding: Any) -> str:
    """ "valid" or "same" in lower case; ValueError for other values."""
    name = padding.lower() if isinstance(padding, str) else padding
    if name not in ("valid", "same"):
        raise ValueError(f"[{op}] padding: expected 'valid' or 'same', got {shown(padding)}")
    return str(name)


def _same(size: int, window: int, stride: int) -> Pair:
    """Padding for an output of ceil(size / stride); an odd pixel goes after the image, as in TensorFlow."""
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


def transposed_size(
    op: str, size: int, window: int, stride: int, dilation: int, padding: str, extra: Any
) -> tuple[int, int, int]:
    """Rows of a transposed convolution's output, and the padding before and after of the convolution whose gradient it
    is. `extra` is Keras's output_padding.

    "valid" gives (size - 1) * stride + window + extra, and None what a stride beyond the window leaves;
    "same" gives (size - 1) * stride + window % 2 + extra, and None gives size * stride.
    """
    integer = None if extra is None else as_integer(extra)
    if extra is not None and (integer is None or not 0 <= integer < stride):
        raise ValueError(f"[{op}] output_padding: expected 0 to {stride - 1}, less than strides, got {shown(extra)}")
    span = (window - 1) * dilation + 1
    if check_padding(op, padding) == "valid":
        return (size - 1) * stride + span + (max(stride - span, 0) if extra is None else extra), 0, 0
    total = stride + span - 2 if extra is None else span + span % 2 - 2 + extra  # beyond every stride-th pixel
    before = min(total - total // 2, span - 1)
    return (size - 1) * stride + 2 + total - span, span - 1 - before, max(span - 1 - (total - before), 0)


def output_size(size: Any, window: int, stride: int, dilation: int, padding: str) -> Any:
    """Rows (or columns) of the output for an image of `size` rows; None stays None."""
    if size is None:
        return None
    if padding == "same":
        return -(-size // stride)
    return (size - (window - 1) * dilation - 1) // stride + 1
