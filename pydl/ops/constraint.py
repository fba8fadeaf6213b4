"""What constraints make of a weight after an update: arrays in, new arrays of the same dtype out."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.tape import Array

_EPSILON = 1e-7


def non_negative(w: Array) -> Array:
    return np.maximum(w, 0, dtype=w.dtype)


def max_norm(w: Array, axis: Any, largest: float) -> Array:
    norm = _norm(w, axis)
    return np.multiply(w, np.clip(norm, 0, largest) / (_EPSILON + norm), dtype=w.dtype)


def unit_norm(w: Array, axis: Any) -> Array:
    return np.divide(w, _EPSILON + _norm(w, axis), dtype=w.dtype)


def min_max_norm(w: Array, axis: Any, smallest: float, largest: float, rate: float) -> Array:
    norm = _norm(w, axis)
    wanted = rate * np.clip(norm, smallest, largest) + (1 - rate) * norm
    return np.multiply(w, wanted / (_EPSILON + norm), dtype=w.dtype)


def _norm(w: Array, axis: Any) -> Array:
    axis = tuple(axis) if isinstance(axis, list) else axis
    return np.asarray(np.sqrt(np.sum(np.square(w), axis=axis, keepdims=True)))
