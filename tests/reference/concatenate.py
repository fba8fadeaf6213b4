"""Concatenation and reversal, element by element."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def concatenate(arrays: list[Array], axis: int) -> Array:
    return np.concatenate(arrays, axis)


def flip(x: Array, axis: int) -> Array:
    y = np.empty_like(x)
    for place in np.ndindex(x.shape):
        mirrored = list(place)
        mirrored[axis] = x.shape[axis] - 1 - place[axis]
        y[tuple(mirrored)] = x[place]
    return y
