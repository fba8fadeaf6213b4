"""Batch normalisation along the last axis, in float64; the gradients by the chain rule, statistic by statistic."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def normalize(x: Array, mean: Array, variance: Array, gamma: Array, beta: Array, epsilon: float) -> Array:
    return (x - mean) / np.sqrt(variance + epsilon) * gamma + beta


def gradients(
    x: Array, dy: Array, mean: Array, variance: Array, gamma: Array, epsilon: float, axes: tuple[int, ...]
) -> tuple[Array, Array]:
    """dx through y, the variance and the mean (kept dimensions), which are statistics along `axes`; and dy / d gamma.

    Ioffe and Szegedy 2015, the equations after section 3.
    """
    count = np.prod([x.shape[a] for a in axes])
    normalized = (x - mean) / np.sqrt(variance + epsilon)
    d_normalized = dy * gamma
    d_variance = (d_normalized * (x - mean) * -0.5 * (variance + epsilon) ** -1.5).sum(axes, keepdims=True)
    d_mean = -(d_normalized / np.sqrt(variance + epsilon)).sum(axes, keepdims=True)
    d_mean = d_mean + d_variance * -2 * (x - mean).mean(axes, keepdims=True)
    dx = d_normalized / np.sqrt(variance + epsilon) + d_variance * 2 * (x - mean) / count + d_mean / count
    return dx, dy * normalized
