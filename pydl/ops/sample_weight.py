"""Weights and masks of samples and steps, as weights of the values of a loss. They get no gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.tape import Array
from ..autograd.tensor import as_array
from ..base.errors import ShapeError

Shape = tuple[int, ...]


def spread(what: str, weight: Array, shape: Shape) -> Array:
    """A weight per sample (or step, …) broadcast to one per value: over further axes, and along axes of 1."""
    if weight.ndim == len(shape) + 1 and weight.shape[-1] == 1:
        weight = weight[..., 0]
    leading = shape[: weight.ndim]
    repeats = all(n in (1, m) for n, m in zip(weight.shape, shape, strict=False)) and (
        weight.ndim == len(shape) or (weight.ndim < len(shape) and weight.shape[0] == shape[0])
    )
    if weight.shape != leading and not repeats:
        raise ShapeError(f"[{what}] sample_weight: expected shape {shape} or its first axes, got {weight.shape}")
    weight = weight.reshape(weight.shape + (1,) * (len(shape) - weight.ndim))
    return weight if weight.shape == shape else np.ascontiguousarray(np.broadcast_to(weight, shape))


def value_weights(mask: Array | None, weight: Array | None, shape: Shape, dtype: Any) -> Array:
    """The weight of each value; 0 if it is masked."""
    weights = np.ones(shape, dtype)
    for each in (mask, weight):
        if each is not None:
            weights *= spread("loss", as_array(each, dtype), shape)
    return weights


def is_zero(weights: Array) -> Array:
    return np.asarray(weights == 0)


def sum_of(weights: Array) -> float:
    """Their sum, made in float64."""
    return float(weights.sum(dtype=np.float64))


def both(a: Array | None, b: Array | None) -> Array | None:
    """The intersection of two masks."""
    if a is None or b is None:
        return b if a is None else a
    return a & b if a.shape == b.shape else b & spread("loss", a, b.shape)
