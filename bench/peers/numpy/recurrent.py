"""Recurrent layers in NumPy, one time step after the other."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ...cases.recurrent_layers import valid_steps
from .. import Array, Variant, as_arrays

State = tuple[Array, ...]  # h; for lstm h and c


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


# A step takes the gates' pre-activations of input (a) and of state (r). It returns the next state and what backward
# needs. A gradient returns those of a, of r and of the previous state, the last without the part of r.


def _rnn(a: Array, r: Array, state: State) -> tuple[State, State]:
    h = np.tanh(a + r)
    return (h,), (h,)


def _rnn_gradient(saved: State, dstate: State) -> tuple[Array, Array, State]:
    da = dstate[0] * (1 - saved[0] ** 2)
    return da, da, (np.zeros_like(da),)


def _lstm(a: Array, r: Array, state: State) -> tuple[State, State]:
    i, f, g, o = np.split(a + r, 4, -1)
    i, f, g, o = _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)
    c = f * state[1] + i * g
    t = np.tanh(c)
    return (o * t, c), (i, f, g, o, t, state[1])


def _lstm_gradient(saved: State, dstate: State) -> tuple[Array, Array, State]:
    i, f, g, o, t, c = saved
    dh, dc = dstate
    dc = dc + dh * o * (1 - t * t)
    gates = dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g), dh * t * o * (1 - o)
    da = np.concatenate(gates, -1)
    return da, da, (np.zeros_like(dh), dc * f)


def _gru(a: Array, r: Array, state: State) -> tuple[State, State]:
    az, ar, an = np.split(a, 3, -1)
    rz, rr, rn = np.split(r, 3, -1)
    z, reset = _sigmoid(az + rz), _sigmoid(ar + rr)
    n = np.tanh(an + reset * rn)
    return (z * state[0] + (1 - z) * n,), (z, reset, n, rn, state[0])


def _gru_gradient(saved: State, dstate: State) -> tuple[Array, Array, State]:
    z, reset, n, rn, h = saved
    (dh,) = dstate
    dn = dh * (1 - z) * (1 - n * n)
    dz, dreset = dh * (h - n) * z * (1 - z), dn * rn * reset * (1 - reset)
    return np.concatenate((dz, dreset, dn), -1), np.concatenate((dz, dreset, dn * reset), -1), (dh * z,)


STEPS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "rnn": (_rnn, _rnn_gradient),
    "lstm": (_lstm, _lstm_gradient),
    "gru": (_gru, _gru_gradient),
}


def sequence_forward(
    cell: str, x: Array, kernel: Array, recurrent_kernel: Array, bias: Array
) -> tuple[Array, list[Any]]:
    first, second = bias if bias.ndim == 2 else (bias, 0)
    inputs = x @ kernel + first
    state: State = (np.zeros((len(x), len(recurrent_kernel)), x.dtype),) * (2 if cell == "lstm" else 1)
    outputs, saved_of_steps = [], []
    for t in range(x.shape[1]):
        before = state[0]
        state, saved = STEPS[cell][0](inputs[:, t], before @ recurrent_kernel + second, state)
        outputs.append(state[0])
        saved_of_steps.append((before, saved))
    return np.stack(outputs, 1), saved_of_steps


def sequence_train(cell: str, x: Array, kernel: Array, recurrent_kernel: Array, bias: Array, dy: Array) -> list[Array]:
    y, saved_of_steps = sequence_forward(cell, x, kernel, recurrent_kernel, bias)
    dinputs, drecurrent = np.empty((*x.shape[:2], kernel.shape[1]), x.dtype), np.zeros_like(recurrent_kernel)
    dstate: State = (np.zeros_like(dy[:, 0]),) * (2 if cell == "lstm" else 1)
    dsecond = np.zeros_like(bias[-1])
    for t in reversed(range(x.shape[1])):
        before, saved = saved_of_steps[t]
        dinputs[:, t], dr, dstate = STEPS[cell][1](saved, (dstate[0] + dy[:, t], *dstate[1:]))
        dstate = (dstate[0] + dr @ recurrent_kernel.T, *dstate[1:])
        drecurrent += before.T @ dr
        dsecond = dsecond + dr.sum(0)
    dfirst = dinputs.sum((0, 1))
    dkernel = x.reshape(-1, x.shape[2]).T @ dinputs.reshape(-1, kernel.shape[1])
    return [y, dinputs @ kernel.T, dkernel, drecurrent, np.stack((dfirst, dsecond)) if bias.ndim == 2 else dfirst]


def recurrent_inference(**arguments: Any) -> list[Variant]:
    return [Variant(lambda: sequence_forward(**arguments)[0], as_arrays)]


def recurrent_train(**arguments: Any) -> list[Variant]:
    return [Variant(partial(sequence_train, **arguments), as_arrays)]


def bidirectional_inference(cell: str, x: Array, directions: list[list[Array]]) -> list[Variant]:
    def call() -> Array:
        forward, backward = (
            sequence_forward(cell, x[:, ::step], *weights)[0] for step, weights in zip((1, -1), directions, strict=True)
        )
        return np.concatenate((forward, backward[:, ::-1]), -1)

    return [Variant(call, as_arrays)]


def bidirectional_train(cell: str, x: Array, directions: list[list[Array]], dy: Array) -> list[Variant]:
    def call() -> list[Array]:
        dys = np.split(dy, 2, -1)
        (y, dx, *forward), (z, dz, *backward) = (
            sequence_train(cell, x[:, ::step], *weights, dy_of_direction[:, ::step])
            for step, weights, dy_of_direction in zip((1, -1), directions, dys, strict=True)
        )
        return [np.concatenate((y, z[:, ::-1]), -1), dx + dz[:, ::-1], *forward, *backward]

    return [Variant(call, as_arrays)]


# The options of cases/recurrent_layers.py do not change results; padding has no gradients.


def layer_inference(option: str, **arguments: Any) -> list[Variant]:
    return recurrent_inference(**arguments)


def layer_train(option: str, **arguments: Any) -> list[Variant]:
    return recurrent_train(**arguments)


def lengths_inference(lengths: Array, **arguments: Any) -> list[Variant]:
    valid = valid_steps(arguments["x"], lengths)
    return [Variant(lambda: sequence_forward(**arguments)[0], lambda y: [y * valid[:, :, None]])]


def lengths_train(lengths: Array, **arguments: Any) -> list[Variant]:
    valid = valid_steps(arguments["x"], lengths)
    return [Variant(partial(sequence_train, **arguments), lambda result: [result[0] * valid[:, :, None], *result[1:]])]


layer_step = recurrent_inference
