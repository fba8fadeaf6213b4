"""Transposition, repetition and padding, element by element."""

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def transpose(x: Array, axes: Sequence[int]) -> Array:
    y = np.empty([x.shape[a] for a in axes], x.dtype)
    for place in np.ndindex(x.shape):
        y[tuple(place[a] for a in axes)] = x[place]
    return y


def repeat_to(x: Array, shape: Sequence[int]) -> Array:
    y = np.empty(shape, x.dtype)
    for place in np.ndindex(*shape):
        own = place[len(shape) - x.ndim :]
        y[place] = x[tuple(0 if n == 1 else i for i, n in zip(own, x.shape, strict=True))]
    return y


def pad(x: Array, before: Sequence[int], after: Sequence[int]) -> Array:
    y = np.zeros([n + b + a for n, b, a in zip(x.shape, before, after, strict=True)], x.dtype)
    for place in np.ndindex(y.shape):
        source = tuple(i - b for i, b in zip(place, before, strict=True))
        if all(0 <= i < n for i, n in zip(source, x.shape, strict=True)):
            y[place] = x[source]
    return y
