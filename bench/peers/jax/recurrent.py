"""Recurrent layers in JAX: scans over time, time first."""

from typing import Any

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp

from .. import Array, Variant


def _step(cell: str, state: Any, a: Any, r: Any) -> Any:
    """The next state. a, r: the gates' pre-activations of input and of state."""
    if cell == "rnn":
        return (jnp.tanh(a + r),)
    if cell == "lstm":
        i, f, g, o = jnp.split(a + r, 4, -1)
        c = jax.nn.sigmoid(f) * state[1] + jax.nn.sigmoid(i) * jnp.tanh(g)
        return jax.nn.sigmoid(o) * jnp.tanh(c), c
    az, ar, an = jnp.split(a, 3, -1)
    rz, rr, rn = jnp.split(r, 3, -1)
    z = jax.nn.sigmoid(az + rz)
    return (z * state[0] + (1 - z) * jnp.tanh(an + jax.nn.sigmoid(ar + rr) * rn),)


def _forward(cell: str, x: Any, kernel: Any, recurrent_kernel: Any, bias: Any) -> Any:
    first, second = bias if bias.ndim == 2 else (bias, 0)
    state = (jnp.zeros((x.shape[1], len(recurrent_kernel))),) * (2 if cell == "lstm" else 1)

    def body(state: Any, a: Any) -> Any:
        state = _step(cell, state, a, state[0] @ recurrent_kernel + second)
        return state, state[0]

    return lax.scan(body, state, x @ kernel + first)[1]


def _time_first(x: Array) -> Any:
    return jnp.asarray(np.ascontiguousarray(x.swapaxes(0, 1)))


def _batch_first(y: Any) -> Array:
    return np.asarray(y).swapaxes(0, 1)


def recurrent_inference(cell: str, x: Array, **weights: Array) -> list[Variant]:
    compiled = jax.jit(lambda *arrays: _forward(cell, *arrays))
    arrays = (_time_first(x), *(jnp.asarray(w) for w in weights.values()))
    return [Variant(lambda: compiled(*arrays).block_until_ready(), lambda y: [_batch_first(y)])]


def recurrent_train(cell: str, x: Array, dy: Array, **weights: Array) -> list[Variant]:
    @jax.jit
    def both(dy: Any, *arrays: Any) -> Any:
        y, backward = jax.vjp(lambda *arrays: _forward(cell, *arrays), *arrays)
        return y, *backward(dy)

    def to_arrays(result: Any) -> list[Array]:
        y, dx, *gradients = result
        return [_batch_first(y), _batch_first(dx), *(np.asarray(g) for g in gradients)]

    arrays = (_time_first(dy), _time_first(x), *(jnp.asarray(w) for w in weights.values()))
    return [Variant(lambda: jax.block_until_ready(both(*arrays)), to_arrays)]
