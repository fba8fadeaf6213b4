"""Batch and layer normalization in NumPy."""

import numpy as np

from .. import Array, Variant, as_arrays


def _normalized(x: Array, axes: tuple[int, ...], epsilon: float) -> tuple[Array, Array]:
    """The normalized values and the standard deviation."""
    deviation = np.sqrt(x.var(axes, keepdims=True) + x.dtype.type(epsilon))
    return (x - x.mean(axes, keepdims=True)) / deviation, deviation


def _norm_gradients(
    x: Array, dy: Array, gamma: Array, axes: tuple[int, ...], epsilon: float
) -> tuple[Array, Array, Array]:
    z, deviation = _normalized(x, axes, epsilon)
    dz, rows = dy * gamma, tuple(range(x.ndim - 1))
    dx = (dz - dz.mean(axes, keepdims=True) - z * (dz * z).mean(axes, keepdims=True)) / deviation
    return dx, (dy * z).sum(rows), dy.sum(rows)


def batch_norm_forward(x: Array, gamma: Array, beta: Array, epsilon: float) -> list[Variant]:
    return [Variant(lambda: _normalized(x, tuple(range(x.ndim - 1)), epsilon)[0] * gamma + beta, as_arrays)]


def batch_norm_forward_backward(x: Array, gamma: Array, beta: Array, epsilon: float, dy: Array) -> list[Variant]:
    forward, axes = batch_norm_forward(x, gamma, beta, epsilon)[0].call, tuple(range(x.ndim - 1))
    return [Variant(lambda: (forward(), *_norm_gradients(x, dy, gamma, axes, epsilon)), as_arrays)]


def layer_norm_forward(x: Array, gamma: Array, beta: Array, epsilon: float) -> list[Variant]:
    return [Variant(lambda: _normalized(x, (-1,), epsilon)[0] * gamma + beta, as_arrays)]


def layer_norm_forward_backward(x: Array, gamma: Array, beta: Array, epsilon: float, dy: Array) -> list[Variant]:
    forward = layer_norm_forward(x, gamma, beta, epsilon)[0].call
    return [Variant(lambda: (forward(), *_norm_gradients(x, dy, gamma, (-1,), epsilon)), as_arrays)]
