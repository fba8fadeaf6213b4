"""Normalization of axis arguments to non-negative integers."""

from __future__ import annotations

import operator
from typing import Any

from ..base.errors import ShapeError


def axis_of(op: str, axis: Any, ndim: int, name: str = "axis") -> int:
    """One axis as a non-negative integer. TypeError if it is no integer, ShapeError if it is out of range."""
    if not hasattr(axis, "__index__") or isinstance(axis, bool):
        raise TypeError(f"[{op}] {name}: expected an integer, got {axis!r}")
    number = operator.index(axis)
    if not -ndim <= number < ndim:
        raise ShapeError(f"[{op}] {name}: expected an axis of a tensor with {ndim} axes, got {axis!r}")
    return number % ndim


def axes_of(op: str, axis: Any, ndim: int) -> list[int]:
    """Axes as non-negative integers, sorted; None means all."""
    given = range(ndim) if axis is None else axis if isinstance(axis, list | tuple) else (axis,)
    if not all(hasattr(a, "__index__") for a in given):
        raise TypeError(f"[{op}] axis: expected an integer, a tuple of integers or None, got {axis!r}")
    axes = sorted({int(a) + ndim if a < 0 else int(a) for a in given})
    if len(axes) < len(given) or any(not 0 <= a < ndim for a in axes):
        raise ShapeError(f"[{op}] axis: expected different axes of a tensor with {ndim} axes, got {axis!r}")
    return axes
