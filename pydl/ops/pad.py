"""Padding and cropping of tensors."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_array, as_tensor, record
from ..base.errors import ShapeError, shown
from .arrays import in_kernels
from .axes import at_most_64
from .manipulation import getitem

__all__ = ["pad"]

Widths = list[tuple[int, int]]


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Tensor:
    """x with a border, or without a part of its own.

    Args:
        x: Tensor or array of any shape and dtype.
        pad_width: (before, after) for each axis, one pair for all, or one integer, as np.pad takes them. Negative
            numbers cut off, in mode "constant" only.
        mode: "constant"; "reflect", where the border mirrors x without its outermost elements; "symmetric", with them.
        constant_values: The number in the border, for mode "constant" only; None: 0.

    Returns:
        Tensor of the dtype of x, with the sum of its size and both widths along each axis.

    Raises:
        ShapeError: If the widths do not fit, or more is cut off than there is.
        ValueError: For another mode, or for `constant_values` where it has no use.

    Example:
        >>> pydl.ops.pad([1, 2, 3], (1, 2)).numpy()
        array([0, 1, 2, 3, 0, 0], dtype=int32)
        >>> pydl.ops.pad([1, 2, 3], 1, mode="reflect").numpy()
        array([2, 1, 2, 3, 2], dtype=int32)
    """
    x = as_tensor(x)
    widths = _widths(x, pad_width)
    if mode in ("reflect", "symmetric"):
        if constant_values is not None:
            raise ValueError(
                f"[pad] constant_values: expected None with mode {shown(mode)}, got {shown(constant_values)}"
            )
        if any(width < 0 for pair in widths for width in pair):
            raise ShapeError(
                f"[pad] pad_width: expected no negative widths with mode {shown(mode)}, got {shown(pad_width)}"
            )
        indices = [_mirrored(n, pair, mode) for n, pair in zip(x.shape, widths, strict=True)]
        return getitem(x, np.ix_(*indices)) if indices else x
    if mode != "constant":
        raise ValueError(f"[pad] mode: expected 'constant', 'reflect' or 'symmetric', got {shown(mode)}")
    value = as_array(0 if constant_values is None else constant_values).astype(x.dtype)
    if value.ndim:
        raise ShapeError(f"[pad] constant_values: expected one number, got {shown(constant_values)}")

    def backward(dy: Array) -> tuple[Array]:
        return (_constant_border(dy, [(-before, -after) for before, after in widths], np.zeros((), dy.dtype)),)

    return record(_constant_border(x.array, widths, value), (x,), backward)


def _mirrored(size: int, width: tuple[int, int], mode: Any) -> Array:
    """The indices of one axis with its mirrored border."""
    return np.pad(np.arange(size), width, mode)


def _widths(x: Tensor, pad_width: Any) -> Widths:
    """(before, after) for each axis of x."""
    try:
        requested = np.array(at_most_64("pad", "pad_width", pad_width), dtype=object)
        pairs = np.broadcast_to(requested, (x.ndim, 2)).tolist()
        widths = [(operator.index(before), operator.index(after)) for before, after in pairs]
    except (TypeError, ValueError):
        raise ShapeError(
            f"[pad] pad_width: expected an integer, a pair, or {x.ndim} pairs for a tensor of shape {x.shape}, "
            f"got {shown(pad_width)}"
        ) from None
    if any(n + min(before, 0) + min(after, 0) < 0 for n, (before, after) in zip(x.shape, widths, strict=True)):
        raise ShapeError(f"[pad] pad_width: expected to crop at most shape {x.shape}, got {shown(pad_width)}")
    return widths


def _constant_border(array: Array, widths: Widths, value: Array) -> Array:
    """The array with a border of `value`, by the kernel if possible."""
    if in_kernels(array) and not value:
        return _core.pad(array, [before for before, _ in widths], [after for _, after in widths])
    inner = tuple(
        [slice(max(-before, 0), n - max(-after, 0)) for n, (before, after) in zip(array.shape, widths, strict=False)]
    )
    outside = [(max(before, 0), max(after, 0)) for before, after in widths]
    return np.ascontiguousarray(np.pad(array[inner], outside, constant_values=value)) if widths else array
