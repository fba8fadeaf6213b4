"""Long short-term memory, one step of one sequence."""

from typing import Any

import numpy as np

from .recurrent import ACTIVATIONS

Array = np.ndarray[Any, Any]
Weights = dict[str, Array]


class Lstm:
    def __init__(self, activation: str = "tanh", recurrent_activation: str = "sigmoid") -> None:
        self.act, self.slope = ACTIVATIONS[activation]
        self.gate, self.gate_slope = ACTIVATIONS[recurrent_activation]

    def forward(self, w: Weights, x: Array, state: list[Array], dropout: Array) -> tuple[list[Array], Any]:
        h, c = state
        i, f, g, o = np.split(x @ w["kernel"] + w["bias"] + (h * dropout) @ w["recurrent_kernel"], 4)
        i, f, g, o = self.gate(i), self.gate(f), self.act(g), self.gate(o)
        new_c = f * c + i * g
        a = self.act(new_c)
        return [o * a, new_c], (x, h, c, i, f, g, o, a)

    def backward(
        self, w: Weights, note: Any, dstate: list[Array], dropout: Array
    ) -> tuple[Array, list[Array], Weights]:
        x, h, c, i, f, g, o, a = note
        dh, dc = dstate
        dc = dc + dh * o * self.slope(a)
        slopes = (dc * g * self.gate_slope(i), dc * c * self.gate_slope(f), dc * i * self.slope(g))
        da = np.concatenate([*slopes, dh * a * self.gate_slope(o)])
        dw = {"kernel": np.outer(x, da), "bias": da, "recurrent_kernel": np.outer(h * dropout, da)}
        return w["kernel"] @ da, [w["recurrent_kernel"] @ da * dropout, dc * f], dw
