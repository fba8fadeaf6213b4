"""Normalization of axis arguments to non-negative integers."""

from __future__ import annotations

from typing import Any

from ..base.errors import ShapeError, as_integer


def axis_of(op: str, axis: Any, ndim: int, name: str = "axis") -> int:
    """One axis as a non-negative integer. TypeError if it is no integer, ShapeError if it is out of range."""
    number = None if isinstance(axis, bool) else as_integer(axis)
    if number is None:
        raise TypeError(f"[{op}] {name}: expected an integer, got {axis!r}")
    if not -ndim <= number < ndim:
        raise ShapeError(f"[{op}] {name}: expected an axis of a tensor with {ndim} axes, got {axis!r}")
    return number % ndim


def axes_of(op: str, axis: Any, ndim: int) -> list[int]:
    """Axes as non-negative integers, sorted; None means all."""
    given = range(ndim) if axis is None else axis if isinstance(axis, list | tuple) else (axis,)
    numbers = [as_integer(a) for a in given]
    if None in numbers:
        raise TypeError(f"[{op}] axis: expected an integer, a tuple of integers or None, got {axis!r}")
    axes = sorted({a + ndim if a < 0 else a for a in numbers if a is not None})
    if len(axes) < len(given) or any(not 0 <= a < ndim for a in axes):
        raise ShapeError(f"[{op}] axis: expected different axes of a tensor with {ndim} axes, got {axis!r}")
    return axes
