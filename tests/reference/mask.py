"""Masks of time steps, element by element."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def step_mask(x: Array, value: float) -> Array:
    mask = np.zeros(x.shape[:-1], bool)
    for place in np.ndindex(mask.shape):
        mask[place] = any(feature != value for feature in x[place])
    return mask


def apply_mask(x: Array, mask: Array) -> Array:
    y = x.copy()
    for place in np.ndindex(mask.shape):
        if not mask[place]:
            y[place] = 0
    return y
