"""JAX functions that kernels and networks share."""

from collections.abc import Callable
from typing import Any

import jax
from jax import lax
from jax import numpy as jnp

from .. import Pair, Variant, as_arrays


def variant(function: Callable[..., Any], *arguments: Any, to_arrays: Any = as_arrays) -> Variant:
    """The compiled function. A call waits for the results, because JAX computes asynchronously."""
    compiled = jax.jit(function)
    inputs = [jnp.asarray(array) for array in arguments]
    return Variant(lambda: jax.block_until_ready(compiled(*inputs)), to_arrays)


def conv(x: Any, w: Any, strides: Pair, padding: Any, groups: int = 1) -> Any:
    layouts = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, w, strides, padding, dimension_numbers=layouts, feature_group_count=groups)


def max_pool(x: Any, size: Pair, strides: Pair) -> Any:
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, *size, 1), (1, *strides, 1), "VALID")


def cross_entropy(logits: Any, labels: Any) -> Any:
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1)[:, 0]
