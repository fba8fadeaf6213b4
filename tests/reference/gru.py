"""The gated recurrent unit, one step of one sequence; the bias has two rows with reset_after."""

from typing import Any

import numpy as np

from .recurrent import ACTIVATIONS

Array = np.ndarray[Any, Any]
Weights = dict[str, Array]


class Gru:
    def __init__(
        self, activation: str = "tanh", recurrent_activation: str = "sigmoid", reset_after: bool = True
    ) -> None:
        self.act, self.slope = ACTIVATIONS[activation]
        self.gate, self.gate_slope = ACTIVATIONS[recurrent_activation]
        self.reset_after = reset_after

    def forward(self, w: Weights, x: Array, state: list[Array], dropout: Array) -> tuple[list[Array], Any]:
        (h,) = state
        fed, units = h * dropout, len(h)
        bias, recurrent_bias = w["bias"] if self.reset_after else (w["bias"], np.zeros(3 * units))
        xz, xr, xn = np.split(x @ w["kernel"] + bias, 3)
        hz, hr, hn = np.split(fed @ w["recurrent_kernel"] + recurrent_bias, 3)
        z, r = self.gate(xz + hz), self.gate(xr + hr)
        if not self.reset_after:
            hn = (r * fed) @ w["recurrent_kernel"][:, 2 * units :]
        n = self.act(xn + (r * hn if self.reset_after else hn))
        return [z * h + (1 - z) * n], (x, h, z, r, n, hn)

    def backward(
        self, w: Weights, note: Any, dstate: list[Array], dropout: Array
    ) -> tuple[Array, list[Array], Weights]:
        x, h, z, r, n, hn = note
        (dh,) = dstate
        fed, units = h * dropout, len(h)
        into_n = w["recurrent_kernel"][:, 2 * units :]
        dz, dn = dh * (h - n) * self.gate_slope(z), dh * (1 - z) * self.slope(n)
        if self.reset_after:
            dr, dhn = dn * hn * self.gate_slope(r), dn * r
            dfed = into_n @ dhn
            dinto_n = np.outer(fed, dhn)
        else:
            drh = into_n @ dn
            dr, dhn = drh * fed * self.gate_slope(r), dn
            dfed = drh * r
            dinto_n = np.outer(r * fed, dn)
        dzr = np.concatenate([dz, dr])
        dfed = dfed + w["recurrent_kernel"][:, : 2 * units] @ dzr
        da = np.concatenate([dzr, dn])
        dbias = np.stack([da, np.concatenate([dzr, dhn])]) if self.reset_after else da
        drecurrent = np.concatenate([np.outer(fed, dzr), dinto_n], axis=1)
        dw = {"kernel": np.outer(x, da), "bias": dbias, "recurrent_kernel": drecurrent}
        return w["kernel"] @ da, [dh * z + dfed * dropout], dw
