"""Adam, and Adam with decoupled weight decay."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..autograd.tape import Array
from .optimizer import LearningRate, Optimizer


class Adam(Optimizer):
    """Adam (Kingma & Ba 2014), in Keras's form with epsilon outside the bias correction.

    m = beta_1 * m + (1 - beta_1) * g; v = beta_2 * v + (1 - beta_2) * g^2;
    w -= learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon).
    With amsgrad, the largest v so far stands in place of v (Reddi et al. 2018).
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "adam",
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name)
        self._check(beta_1=beta_1, beta_2=beta_2, below=1)
        self._check(epsilon=epsilon)
        self.beta_1, self.beta_2, self.epsilon, self.amsgrad = (
            float(beta_1),
            float(beta_2),
            float(epsilon),
            bool(amsgrad),
        )
        self._slots = ("momentum", "velocity", *(("velocity_hat",) if amsgrad else ()))

    def _update(
        self, params: list[Array], grads: list[Array], state: list[list[Array]], rate: float, step: int
    ) -> None:
        largest = state[2] if self.amsgrad else None
        numbers = (rate, self.beta_1, self.beta_2, self.epsilon, self._decay)
        _core.adam_update(params, grads, state[0], state[1], step, *numbers, largest)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }


class AdamW(Adam):
    """Adam with weight decay that does not go through the moments (Loshchilov & Hutter 2017)."""

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "adamw",
    ) -> None:
        if weight_decay is None:
            raise ValueError(f"[{name}] weight_decay: expected a number, got None; Adam has none")
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, clipnorm, clipvalue, global_clipnorm, name
        )
