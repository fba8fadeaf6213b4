"""JAX, every case one compiled function."""

import os
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp
from numpy.typing import NDArray

from . import Way, as_arrays
from .jax_recurrent import *  # noqa: F403

Array = NDArray[Any]
Pair = tuple[int, int]


def set_threads(n: int) -> None:
    """XLA takes as many threads as there are cores it may run on, and asks when it first runs."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:n])


def versions() -> dict[str, str]:
    return {"jax": jax.__version__}


def way(function: Callable[..., Any], *arguments: Any, answer: Any = as_arrays) -> Way:
    """Waits for the results: JAX returns before they are there."""
    compiled = jax.jit(function)
    inputs = [jnp.asarray(array) for array in arguments]
    return Way(lambda: jax.block_until_ready(compiled(*inputs)), answer)


def matmul(a: Array, b: Array, bias: Array | None, activation: str, transpose_a: bool, transpose_b: bool) -> list[Way]:
    assert bias is None
    return [way(lambda a, b: (a.T if transpose_a else a) @ (b.T if transpose_b else b), a, b)]


def conv(x: Any, w: Any, strides: Pair, padding: Any, groups: int = 1) -> Any:
    layouts = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, w, strides, padding, dimension_numbers=layouts, feature_group_count=groups)


def conv2d_backward_weight(
    x: Array, dy: Array, kernel_shape: Any, strides: Pair, padding: Any, groups: int
) -> list[Way]:
    sides = (padding[:2], padding[2:])

    def gradients(x: Any, dy: Any) -> Any:
        _, backward = jax.vjp(lambda w: conv(x, w, strides, sides, groups), jnp.zeros(kernel_shape))
        return (*backward(dy), dy.sum((0, 1, 2)))

    return [way(gradients, x, dy)]


def max_pool(x: Any, size: Pair, strides: Pair) -> Any:
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, *size, 1), (1, *strides, 1), "VALID")


def max_pool2d_forward(x: Array, pool_size: Pair, strides: Pair) -> list[Way]:
    return [way(lambda x: max_pool(x, pool_size, strides), x)]


def cross_entropy(logits: Any, labels: Any) -> Any:
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1)[:, 0]


def softmax_cross_entropy(logits: Array, labels: Array, dloss: Array) -> list[Way]:
    def both(logits: Any, labels: Any, dloss: Any) -> Any:
        loss, backward = jax.vjp(lambda logits: cross_entropy(logits, labels), logits)
        return (loss, *backward(dloss))

    return [way(both, logits, labels.astype(np.int32), dloss)]


def batch_norm_forward(x: Array, gamma: Array, beta: Array, epsilon: float) -> list[Way]:
    def normalized(x: Any, gamma: Any, beta: Any) -> Any:
        mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
        return (x - mean) * (gamma * lax.rsqrt(variance + epsilon)) + beta

    return [way(normalized, x, gamma, beta)]


def train(**arguments: Any) -> list[Way]:
    from .jax_nets import train_way

    return [train_way(**arguments)]


def fit(**arguments: Any) -> list[Way]:
    from .jax_nets import fit_way

    return [fit_way(**arguments)]


def inference(net: Any, weights: list[Array], x: Array) -> list[Way]:
    from .jax_nets import forward

    parameters = [jnp.asarray(w) for w in weights]
    return [way(lambda x: forward(net, parameters, x), x)]
