"""Normalization of axis arguments to non-negative integers."""

from __future__ import annotations

from itertools import islice
from typing import Any

from ..base.errors import ShapeError, as_integer, shown

_MOST = 64  # axes of a NumPy array


def axis_of(op: str, axis: Any, ndim: int, name: str = "axis") -> int:
    """One axis as a non-negative integer. TypeError if it is no integer, ShapeError if it is out of range."""
    number = None if isinstance(axis, bool) else as_integer(axis)
    if number is None:
        raise TypeError(f"[{op}] {name}: expected an integer, got {shown(axis)}")
    if not -ndim <= number < ndim:
        raise ShapeError(f"[{op}] {name}: expected an axis of a tensor with {ndim} axes, got {shown(axis)}")
    return number % ndim


def at_most_64(op: str, name: str, sizes: Any) -> Any:
    """Sizes, axes or widths as a tuple; a single one as it is. ShapeError for more than an array may have.

    They are not read then: there may be billions.
    """
    if not isinstance(sizes, list | tuple) and not getattr(sizes, "ndim", 0):
        return sizes
    first = tuple(islice(sizes, _MOST + 1))
    if len(first) > _MOST:
        raise ShapeError(f"[{op}] {name}: expected at most {_MOST} axes, got {shown(sizes)}")
    return first


def axes_of(op: str, axis: Any, ndim: int) -> list[int]:
    """Axes as non-negative integers, sorted; None means all."""
    axis = at_most_64(op, "axis", axis) if isinstance(axis, list | tuple) else axis
    given = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    numbers = [as_integer(a) for a in given]
    if None in numbers:
        raise TypeError(f"[{op}] axis: expected an integer, a tuple of integers or None, got {shown(axis)}")
    axes = sorted({a + ndim if a < 0 else a for a in numbers if a is not None})
    if len(axes) < len(given) or any(not 0 <= a < ndim for a in axes):
        raise ShapeError(f"[{op}] axis: expected different axes of a tensor with {ndim} axes, got {shown(axis)}")
    return axes
