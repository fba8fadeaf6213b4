"""Recurrent layers in NumPy, step by step: baseline and reference."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cases.recurrent_layers import steps_that_count
from . import Way, as_arrays

Array = NDArray[Any]
State = tuple[Array, ...]  # h; for lstm h and c


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


# A step takes the input's part and the recurrent part of all gates; it gives the new state and what its gradient needs.
# The gradient gives that of the two parts and, without the way through the recurrent kernel, that of the old state.


def _rnn(a: Array, r: Array, state: State) -> tuple[State, State]:
    h = np.tanh(a + r)
    return (h,), (h,)


def _rnn_gradient(note: State, dstate: State) -> tuple[Array, Array, State]:
    da = dstate[0] * (1 - note[0] ** 2)
    return da, da, (np.zeros_like(da),)


def _lstm(a: Array, r: Array, state: State) -> tuple[State, State]:
    i, f, g, o = np.split(a + r, 4, -1)
    i, f, g, o = _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)
    c = f * state[1] + i * g
    t = np.tanh(c)
    return (o * t, c), (i, f, g, o, t, state[1])


def _lstm_gradient(note: State, dstate: State) -> tuple[Array, Array, State]:
    i, f, g, o, t, c = note
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


def _gru_gradient(note: State, dstate: State) -> tuple[Array, Array, State]:
    z, reset, n, rn, h = note
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
    outputs, notes = [], []
    for t in range(x.shape[1]):
        before = state[0]
        state, note = STEPS[cell][0](inputs[:, t], before @ recurrent_kernel + second, state)
        outputs.append(state[0])
        notes.append((before, note))
    return np.stack(outputs, 1), notes


def sequence_train(cell: str, x: Array, kernel: Array, recurrent_kernel: Array, bias: Array, dy: Array) -> list[Array]:
    y, notes = sequence_forward(cell, x, kernel, recurrent_kernel, bias)
    dinputs, drecurrent = np.empty((*x.shape[:2], kernel.shape[1]), x.dtype), np.zeros_like(recurrent_kernel)
    dstate: State = (np.zeros_like(dy[:, 0]),) * (2 if cell == "lstm" else 1)
    dsecond = np.zeros_like(bias[-1])
    for t in reversed(range(x.shape[1])):
        before, note = notes[t]
        dinputs[:, t], dr, dstate = STEPS[cell][1](note, (dstate[0] + dy[:, t], *dstate[1:]))
        dstate = (dstate[0] + dr @ recurrent_kernel.T, *dstate[1:])
        drecurrent += before.T @ dr
        dsecond = dsecond + dr.sum(0)
    dfirst = dinputs.sum((0, 1))
    dkernel = x.reshape(-1, x.shape[2]).T @ dinputs.reshape(-1, kernel.shape[1])
    return [y, dinputs @ kernel.T, dkernel, drecurrent, np.stack((dfirst, dsecond)) if bias.ndim == 2 else dfirst]


def recurrent_inference(**arguments: Any) -> list[Way]:
    return [Way(lambda: sequence_forward(**arguments)[0], as_arrays)]


def recurrent_train(**arguments: Any) -> list[Way]:
    return [Way(partial(sequence_train, **arguments), as_arrays)]


def bidirectional_inference(cell: str, x: Array, directions: list[list[Array]]) -> list[Way]:
    def call() -> Array:
        there, back = (sequence_forward(cell, x[:, ::way], *w)[0] for way, w in zip((1, -1), directions, strict=True))
        return np.concatenate((there, back[:, ::-1]), -1)

    return [Way(call, as_arrays)]


def bidirectional_train(cell: str, x: Array, directions: list[list[Array]], dy: Array) -> list[Way]:
    def call() -> list[Array]:
        dys = np.split(dy, 2, -1)
        (y, dx, *there), (z, dz, *back) = (
            sequence_train(cell, x[:, ::way], *weights, dy_of_one[:, ::way])
            for way, weights, dy_of_one in zip((1, -1), directions, dys, strict=True)
        )
        return [np.concatenate((y, z[:, ::-1]), -1), dx + dz[:, ::-1], *there, *back]

    return [Way(call, as_arrays)]


# Layers with options that change nothing but the way, and with lengths, whose padding has no gradients.


def layer_inference(option: str, **arguments: Any) -> list[Way]:
    return recurrent_inference(**arguments)


def layer_train(option: str, **arguments: Any) -> list[Way]:
    return recurrent_train(**arguments)


def lengths_inference(lengths: Array, **arguments: Any) -> list[Way]:
    counts = steps_that_count(arguments["x"], lengths)
    return [Way(lambda: sequence_forward(**arguments)[0], lambda y: [y * counts[:, :, None]])]


def lengths_train(lengths: Array, **arguments: Any) -> list[Way]:
    counts = steps_that_count(arguments["x"], lengths)
    return [Way(partial(sequence_train, **arguments), lambda result: [result[0] * counts[:, :, None], *result[1:]])]


layer_step = recurrent_inference
