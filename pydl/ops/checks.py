"""Checks of values on the host, which decide what happens next: each waits for the values."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.tape import Array
from ..autograd.tensor import Tensor


def array_of(values: Array | Tensor) -> Array:
    return values.array if isinstance(values, Tensor) else values


def any_nonzero(values: Array | Tensor) -> bool:
    return bool(array_of(values).any())


def all_finite(values: Array | Tensor, rows: Array) -> bool:
    """Whether the values are finite in these rows, or everywhere if the rows do not fit their shape."""
    array = array_of(values)
    own = array[rows] if rows.shape == array.shape[: rows.ndim] else array
    return array.dtype.kind != "f" or bool(np.isfinite(own).all())


def first_outside(ids: Array | Tensor, end: int) -> tuple[tuple[int, ...], int | float] | None:
    """The place and the value of the first id outside [0, end); None if there is none."""
    array = array_of(ids)
    wrong = np.asarray(~((array >= 0) & (array < end)))
    if not wrong.any():
        return None
    first = tuple(np.argwhere(wrong)[0])
    return first, array[first]


def span(values: Array | Tensor) -> tuple[Any, Any]:
    """The smallest and the largest value."""
    array = array_of(values)
    return array.min(), array.max()
