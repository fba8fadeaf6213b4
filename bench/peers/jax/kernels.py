"""Kernels in JAX."""

from typing import Any

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp

from .. import Array, Pair, Variant
from .functions import conv, cross_entropy, max_pool, variant


def matmul(
    a: Array, b: Array, bias: Array | None, activation: str, transpose_a: bool, transpose_b: bool
) -> list[Variant]:
    assert bias is None
    return [variant(lambda a, b: (a.T if transpose_a else a) @ (b.T if transpose_b else b), a, b)]


def conv2d_backward_weight(
    x: Array, dy: Array, kernel_shape: Any, strides: Pair, padding: Any, groups: int
) -> list[Variant]:
    paddings = (padding[:2], padding[2:])

    def gradients(x: Any, dy: Any) -> Any:
        _, backward = jax.vjp(lambda w: conv(x, w, strides, paddings, groups), jnp.zeros(kernel_shape))
        return (*backward(dy), dy.sum((0, 1, 2)))

    return [variant(gradients, x, dy)]


def max_pool2d_forward(x: Array, pool_size: Pair, strides: Pair) -> list[Variant]:
    return [variant(lambda x: max_pool(x, pool_size, strides), x)]


def softmax_cross_entropy(logits: Array, labels: Array, dloss: Array) -> list[Variant]:
    def both(logits: Any, labels: Any, dloss: Any) -> Any:
        loss, backward = jax.vjp(lambda logits: cross_entropy(logits, labels), logits)
        return (loss, *backward(dloss))

    return [variant(both, logits, labels.astype(np.int32), dloss)]


def batch_norm_forward(x: Array, gamma: Array, beta: Array, epsilon: float) -> list[Variant]:
    def normalized(x: Any, gamma: Any, beta: Any) -> Any:
        mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
        return (x - mean) * (gamma * lax.rsqrt(variance + epsilon)) + beta

    return [variant(normalized, x, gamma, beta)]
