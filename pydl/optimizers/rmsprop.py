"""RMSprop: steps by the root of a running mean of squared gradients."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..autograd.tape import Array
from .optimizer import LearningRate, Optimizer


class RMSprop(Optimizer):
    """v = rho * v + (1 - rho) * g^2; w -= learning_rate * g / sqrt(v + epsilon) (Tieleman & Hinton 2012).

    With momentum, m = momentum * m + that step, and w -= m. With centered, the variance stands in place of v: v - a^2
    with a = rho * a + (1 - rho) * g (Graves 2013).
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "rmsprop",
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name)
        self._check(rho=rho, below=1)
        self._check(momentum=momentum, epsilon=epsilon)
        self.rho, self.momentum, self.epsilon, self.centered = (
            float(rho),
            float(momentum),
            float(epsilon),
            bool(centered),
        )
        self._slots = ("velocity", *(("momentum",) if momentum else ()), *(("average",) if centered else ()))

    def _update(
        self, params: list[Array], grads: list[Array], state: list[list[Array]], rate: float, step: int
    ) -> None:
        momenta = state[1] if self.momentum else []
        means = state[-1] if self.centered else None
        numbers = (rate, self.rho, self.momentum, self.epsilon, self._decay)
        _core.rmsprop_update(params, grads, state[0], momenta, *numbers, means)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
