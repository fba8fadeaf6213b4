"""Elman's network, one step of one sequence; and its gradient for R as the double sum over time."""

from typing import Any

import numpy as np

from .recurrent import ACTIVATIONS

Array = np.ndarray[Any, Any]
Weights = dict[str, Array]


class Rnn:
    def __init__(self, activation: str = "tanh") -> None:
        self.act, self.slope = ACTIVATIONS[activation]

    def forward(self, w: Weights, x: Array, state: list[Array], dropout: Array) -> tuple[list[Array], Any]:
        (h,) = state
        y = self.act(x @ w["kernel"] + w["bias"] + (h * dropout) @ w["recurrent_kernel"])
        return [y], (x, h, y)

    def backward(
        self, w: Weights, note: Any, dstate: list[Array], dropout: Array
    ) -> tuple[Array, list[Array], Weights]:
        x, h, y = note
        da = dstate[0] * self.slope(y)
        dw = {"kernel": np.outer(x, da), "bias": da, "recurrent_kernel": np.outer(h * dropout, da)}
        return w["kernel"] @ da, [w["recurrent_kernel"] @ da * dropout], dw


def double_sum(w: Weights, x: Array, dy: Array) -> Array:
    """dE/dR = sum over t and k <= t of (dE_t/dy_t)(dy_t/ds_t)(ds_t/ds_k)(ds_k/dR), every factor written out.

    s_t is the state, y_t = s_t the output of one sequence x (T, I), and dy (T, U) holds dE_t/dy_t.
    """
    T, U = dy.shape
    s = np.zeros((T + 1, U))  # s[t + 1] is the state after step t
    for t in range(T):
        s[t + 1] = np.tanh(x[t] @ w["kernel"] + w["bias"] + s[t] @ w["recurrent_kernel"])
    total = np.zeros((U, U))
    for t in range(T):
        for k in range(t + 1):
            ds_t_ds_k = np.eye(U)
            for j in range(k + 1, t + 1):  # ds_j/ds_(j-1)
                ds_t_ds_k = np.diag(1 - s[j + 1] ** 2) @ w["recurrent_kernel"].T @ ds_t_ds_k
            for row in range(U):
                for column in range(U):  # the direct part: s_(k-1) is held fixed
                    ds_k_dw = np.zeros(U)
                    ds_k_dw[column] = (1 - s[k + 1, column] ** 2) * s[k, row]
                    total[row, column] += dy[t] @ (ds_t_ds_k @ ds_k_dw)
    return total
