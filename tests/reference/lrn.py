"""Local response normalisation of rows of channels, in float64."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def neighbours(x: Array, radius: int) -> Array:
    """For each channel, the sum over the channels at a distance of at most `radius`."""
    channels = x.shape[1]
    if not channels:
        return x.copy()
    columns = [x[:, max(c - radius, 0) : c + radius + 1].sum(1) for c in range(channels)]
    return np.stack(columns, 1)


def forward(x: Array, radius: int, bias: float, alpha: float, beta: float) -> Array:
    return x * (bias + alpha * neighbours(x * x, radius)) ** -beta


def backward(x: Array, dy: Array, radius: int, bias: float, alpha: float, beta: float) -> Array:
    """Channel by channel: y_k depends on x_c directly if k = c, and through s_k if they are neighbours."""
    s = bias + alpha * neighbours(x * x, radius)
    dx = dy * s**-beta
    for k in range(x.shape[1]):
        for c in range(max(k - radius, 0), min(k + radius + 1, x.shape[1])):
            dx[:, c] += dy[:, k] * x[:, k] * -beta * s[:, k] ** (-beta - 1) * 2 * alpha * x[:, c]
    return dx
