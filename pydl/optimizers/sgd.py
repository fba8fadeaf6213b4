"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..autograd.tape import Array
from .optimizer import LearningRate, Optimizer


class SGD(Optimizer):
    """w -= learning_rate * g; with momentum, m = momentum * m - learning_rate * g and w += m.

    With nesterov, w += momentum * m - learning_rate * g (Sutskever et al. 2013).
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "SGD",
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name)
        self._check(momentum=momentum)
        if momentum > 1:
            raise ValueError(f"[{name}] momentum: expected between 0 and 1, got {momentum}")
        self.momentum, self.nesterov = float(momentum), nesterov
        self._slots = ("momentum",) if momentum else ()

    def _update(
        self, params: list[Array], grads: list[Array], state: list[list[Array]], rate: float, step: int
    ) -> None:
        momenta = state[0] if state else []
        _core.sgd_update(params, grads, momenta, rate, self.momentum, self.nesterov, self._decay)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
