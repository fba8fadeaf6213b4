"""Recurrent layers as plain loops over sequences and steps, in float64, with gradients by hand, gate by gate."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

ACTIVATIONS: dict[str, tuple[Any, Any]] = {  # f(x), and its derivative from y = f(x)
    "linear": (lambda x: x, lambda y: np.ones_like(y)),
    "relu": (lambda x: np.maximum(x, 0), lambda y: (y > 0).astype(float)),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), lambda y: y * (1 - y)),
    "tanh": (np.tanh, lambda y: 1 - y**2),
    "hard_sigmoid": (lambda x: np.clip(x / 6 + 0.5, 0, 1), lambda y: ((y > 0) & (y < 1)) / 6),
}


def steps_of(length: int, mask: Array | None, go_backwards: bool) -> list[int]:
    """The time steps in the order of processing."""
    times = range(length - 1, -1, -1) if go_backwards else range(length)
    return [t for t in times if mask is None or mask[t]]


class Sequence:
    """A cell over one sequence of the batch: forward saves what backward needs."""

    def __init__(self, cell: Any, weights: dict[str, Array], x: Array, state: list[Array], **options: Any) -> None:
        self.cell, self.weights, self.x = cell, weights, x
        self.mask, self.backwards = options.get("mask"), options.get("go_backwards", False)
        one = np.ones(1)
        self.dropout = one if options.get("dropout_mask") is None else options["dropout_mask"]
        self.recurrent = one if options.get("recurrent_dropout_mask") is None else options["recurrent_dropout_mask"]
        self.notes: list[Any] = []
        self.outputs = np.zeros((len(x), len(state[0])))
        output = np.zeros_like(state[0])
        for place in range(len(x)):
            t = len(x) - 1 - place if self.backwards else place
            if self.mask is None or self.mask[t]:
                state, note = cell.forward(weights, x[t] * self.dropout, state, self.recurrent)
                output = state[0]
                self.notes.append(note)
            self.outputs[place] = output
        self.state = state

    def backward(self, dy: Array, dstate: list[Array]) -> tuple[Array, list[Array], dict[str, Array]]:
        dx, total = np.zeros_like(self.x), {name: np.zeros_like(w) for name, w in self.weights.items()}
        waiting = np.zeros_like(dstate[0])  # gradients of outputs of masked steps, which repeat the previous output
        for place in reversed(range(len(self.x))):
            t = len(self.x) - 1 - place if self.backwards else place
            waiting = waiting + dy[place]
            if self.mask is None or self.mask[t]:
                dstate = [dstate[0] + waiting, *dstate[1:]]
                waiting = np.zeros_like(waiting)
                note = self.notes.pop()
                dxt, dstate, dw = self.cell.backward(self.weights, note, dstate, self.recurrent)
                dx[t] = dxt * self.dropout
                for name in total:
                    total[name] += dw[name]
        return dx, dstate, total


def run(
    cell: Any, weights: dict[str, Array], x: Array, state: list[Array], dy: Array, dstate: list[Array], **options: Any
) -> dict[str, Any]:
    """Forward and backward of a batch: y, state, dx, dstate, and a gradient per weight."""
    batch = {name: options.pop(name, None) for name in ("mask", "dropout_mask", "recurrent_dropout_mask")}
    found: dict[str, Any] = {"y": [], "state": [], "dx": [], "dstate": []}
    total = {name: np.zeros_like(w) for name, w in weights.items()}
    for b in range(len(x)):
        own = {name: None if v is None else v[b] for name, v in batch.items()}
        sequence = Sequence(cell, weights, x[b], [s[b] for s in state], **own, **options)
        dx, dinitial, dw = sequence.backward(dy[b], [d[b] for d in dstate])
        for name, value in zip(found, (sequence.outputs, sequence.state, dx, dinitial), strict=True):
            found[name].append(value)
        for name in total:
            total[name] += dw[name]
    units = len(weights["recurrent_kernel"])
    result: dict[str, Any] = {
        "y": np.array(found["y"]).reshape(len(x), x.shape[1], units),
        "dx": np.array(found["dx"]).reshape(x.shape),
    }
    for name in ("state", "dstate"):
        result[name] = [np.array([s[i] for s in found[name]]).reshape(-1, units) for i in range(len(state))]
    return {**result, **total}
