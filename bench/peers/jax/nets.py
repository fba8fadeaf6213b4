"""The networks of cases/nets.py in JAX: a training step is one compiled function with donated buffers."""

from functools import partial
from itertools import cycle
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp

from ...cases.nets import Conv, Dense, Flatten, Net, Pool
from .. import Array, Variant, as_arrays
from .functions import conv, cross_entropy, max_pool, variant

ACTIVATIONS = {"linear": lambda x: x, "relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}


def forward(net: Net, weights: list[Any], x: Any) -> Any:
    parameters = iter(weights)
    for layer in net.layers:
        match layer:
            case Conv(_, _, activation, padding):
                y = conv(x, next(parameters), (1, 1), padding.upper())
                x = ACTIVATIONS[activation](y + next(parameters))
            case Pool(size):
                x = max_pool(x, (size, size), (size, size))
            case Flatten():
                x = x.reshape(len(x), -1)
            case Dense(_, activation):
                x = ACTIVATIONS[activation](x @ next(parameters) + next(parameters))
            case _:
                raise NotImplementedError(f"{layer} in JAX")
    return x


def mean_loss(net: Net, weights: list[Any], x: Any, labels: Any) -> Any:
    y = forward(net, weights, x)
    return ((y - labels) ** 2).mean() if net.loss == "mse" else cross_entropy(y, labels).mean()


@partial(jax.jit, static_argnums=0, donate_argnums=1)
def step(net: Net, state: Any, x: Any, labels: Any) -> tuple[Any, Any]:
    """One training step, with Adam in Keras's form."""
    weights, ms, vs, count = state
    loss, gradients = jax.value_and_grad(lambda weights: mean_loss(net, weights, x, labels))(weights)
    count += 1
    rate = 1e-3 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
    ms = [m + 0.1 * (g - m) for m, g in zip(ms, gradients, strict=True)]
    vs = [v + 0.001 * (g * g - v) for v, g in zip(vs, gradients, strict=True)]
    weights = [w - rate * m / (jnp.sqrt(v) + 1e-7) for w, m, v in zip(weights, ms, vs, strict=True)]
    return (weights, ms, vs, count), loss


@partial(jax.jit, static_argnums=0, donate_argnums=1)
def step_of_rows(net: Net, state: Any, x: Any, labels: Any, rows: Any) -> tuple[Any, Any]:
    return step(net, state, x[rows], labels[rows])


def _initial_state(weights: list[Array]) -> Any:
    return [jnp.asarray(w) for w in weights], *([jnp.zeros_like(w) for w in weights] for _ in range(2)), jnp.float32(0)


def _labels(labels: Array) -> Any:
    return jnp.asarray(labels if labels.dtype == np.float32 else labels.astype(np.int32))


def train(net: Net, weights: list[Array], x: list[Array], labels: list[Array]) -> list[Variant]:
    state = _initial_state(weights)
    batches = cycle([(jnp.asarray(images), _labels(classes)) for images, classes in zip(x, labels, strict=True)])

    def call() -> float:
        nonlocal state
        state, loss = step(net, state, *next(batches))
        jax.block_until_ready(state)
        return float(loss)

    return [Variant(call, as_arrays)]


def fit(net: Net, weights: list[Array], x: Array, labels: Array) -> list[Variant]:
    """A loop over shuffled samples. It waits for results only at its end."""
    state = _initial_state(weights)
    inputs, classes = jnp.asarray(x), _labels(labels)
    rng = np.random.default_rng(0)

    def epoch() -> float:
        nonlocal state
        order, losses = rng.permutation(len(x)), []
        for i in range(0, len(x), net.batch):
            state, loss = step_of_rows(net, state, inputs, classes, order[i : i + net.batch])
            losses.append(loss)
        return float(jnp.stack(losses).mean())

    return [Variant(epoch, as_arrays)]


def inference(net: Net, weights: list[Array], x: Array) -> list[Variant]:
    parameters = [jnp.asarray(w) for w in weights]
    return [variant(lambda x: forward(net, parameters, x), x)]
