"""Optimisers, in order of complexity. Every update of all parameters is one call into the kernels."""

from __future__ import annotations

from typing import Any

from . import _core
from . import schedules as schedules  # Keras's name for it: optimizers.schedules
from .lookup import Registry
from .optimizer import LearningRate
from .optimizer import Optimizer as Optimizer
from .tape import Array


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


_registry: Registry[Optimizer] = Registry("optimizer", [SGD, RMSprop, Adam, AdamW])


def get(identifier: Any) -> Optimizer:
    """An optimizer from its name, class, config or itself. ValueError lists the names."""
    if isinstance(identifier, Optimizer):
        return identifier
    name = identifier.lower() if isinstance(identifier, str) else identifier
    optimizer = _registry.get(name)
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"[optimizer] identifier: expected a name or an Optimizer, got {identifier!r}")
    return optimizer
