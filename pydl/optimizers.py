"""Optimisers, in order of complexity. Every update of all parameters is one call into the kernels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np

from . import _core, schedules
from .lookup import Registry
from .schedules import LearningRateSchedule
from .tape import Array
from .tensor import Tensor
from .variable import Variable

Gradient: TypeAlias = Array | Tensor | None
LearningRate: TypeAlias = float | LearningRateSchedule


class _Group:
    """Variables of one dtype with their state, as the lists that a kernel takes. Made once, used every step."""

    def __init__(self, members: list[int], variables: list[Variable], state: list[tuple[Array, ...]]) -> None:
        self.members = members  # places in the list of all variables
        self.variables = variables
        self.params = [v.array for v in variables]
        self.state = [list(slot) for slot in zip(*state, strict=True)]
        self.constrained = [v for v in variables if v.constraint is not None]


class Optimizer:
    """Base of all optimisers: learning rate, clipping, and the state that belongs to every variable.

    learning_rate: a number or a schedule, a function of `iterations`, the number of updates made. weight_decay is
    decoupled: each update first takes learning_rate * weight_decay of every weight. At most one of clipnorm (each
    gradient's 2-norm), global_clipnorm (the norm of all together) and clipvalue (each element) may be given.
    Subclasses name their state arrays in `_slots` and override `_update`.
    """

    _slots: tuple[str, ...] = ()

    def __init__(
        self,
        learning_rate: LearningRate,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
    ) -> None:
        self.name = name or type(self).__name__.lower()
        if sum(clip is not None for clip in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise ValueError(f"[{self.name}] expected at most one of clipnorm, clipvalue, global_clipnorm")
        limits = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        self._check(**{key: v for key, v in {"weight_decay": weight_decay, **limits}.items() if v is not None})
        self.learning_rate = learning_rate
        self.weight_decay, self.clipnorm = weight_decay, clipnorm
        self.clipvalue, self.global_clipnorm = clipvalue, global_clipnorm
        self.iterations = 0
        self._state: dict[int, tuple[Variable, tuple[Array, ...]]] = {}  # by id(variable)
        self._groups: dict[tuple[int, ...], list[_Group]] = {}

    # -- the learning rate

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next update. Setting a number replaces a schedule."""
        return self._rate(self.iterations) if isinstance(self._rate, LearningRateSchedule) else float(self._rate)

    @learning_rate.setter
    def learning_rate(self, value: LearningRate) -> None:
        if not isinstance(value, LearningRateSchedule):
            self._check(learning_rate=value)
            value = float(value)
        self._rate: LearningRate = value

    def _check(self, below: float = math.inf, **numbers: Any) -> None:
        """Each a number in [0, below): TypeError for other things, ValueError for other numbers."""
        for key, value in numbers.items():
            if isinstance(value, str) or not hasattr(value, "__float__"):
                raise TypeError(f"[{self.name}] {key}: expected a number, got {value!r}")
            if not 0 <= float(value) < below:
                what = "a finite number of at least 0" if below == math.inf else f"a number in [0, {below:g})"
                raise ValueError(f"[{self.name}] {key}: expected {what}, got {value!r}")

    # -- updates

    def build(self, variables: Iterable[Variable]) -> None:
        """Makes the state of these variables, zeros. Called by `apply` for those that it has not seen."""
        for v in variables:
            if id(v) not in self._state:
                self._state[id(v)] = (v, tuple(np.zeros_like(v.array) for _ in self._slots))

    @property
    def variables(self) -> list[Array]:
        """The state arrays, those of each variable together, in the order the variables were first seen."""
        return [array for _, state in self._state.values() for array in state]

    def apply(self, grads: Sequence[Gradient], trainable_variables: Sequence[Variable]) -> None:
        """One update of every variable by its gradient, of the same shape. Variables whose gradient is None stay.

        ValueError if the numbers differ or no variable has a gradient.
        """
        if len(grads) != len(trainable_variables):
            raise ValueError(
                f"[{self.name}] grads: expected one per variable, "
                f"got {len(grads)} gradients and {len(trainable_variables)} variables"
            )
        if any([g is None for g in grads]):
            pairs = [(g, v) for g, v in zip(grads, trainable_variables, strict=True) if g is not None]
            if not pairs:
                raise ValueError(f"[{self.name}] grads: no variable has a gradient; was backward() called?")
            return self.apply_gradients(pairs)
        arrays = self._clipped([g.array if isinstance(g, Tensor) else np.asarray(g) for g in grads])
        rate, step = self.learning_rate, self.iterations + 1
        for group in self._grouped(trainable_variables):
            own = [np.asarray(arrays[i], group.params[0].dtype, order="C") for i in group.members]
            self._update(group.params, own, group.state, rate, step)
            for v in group.variables:
                v.version.bump()
            for v in group.constrained:
                assert v.constraint is not None
                v.assign(v.constraint(v.array))
        self.iterations = step

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Gradient, Variable]]) -> None:
        """`apply` for pairs (gradient, variable)."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])

    def _update(
        self, params: list[Array], grads: list[Array], state: list[list[Array]], rate: float, step: int
    ) -> None:
        raise NotImplementedError(f"{type(self).__name__} must override _update")

    def _grouped(self, variables: Sequence[Variable]) -> list[_Group]:
        key = tuple(map(id, variables))
        groups = self._groups.get(key)
        if groups is None:
            self.build(variables)
            by_dtype: dict[Any, list[int]] = {}
            for i, v in enumerate(variables):
                by_dtype.setdefault(v.dtype, []).append(i)
            groups = [
                _Group(members, [variables[i] for i in members], [self._state[id(variables[i])][1] for i in members])
                for members in by_dtype.values()
            ]
            self._groups[key] = groups
        return groups

    def _clipped(self, grads: list[Array]) -> list[Array]:
        if self.clipvalue is not None:
            return [np.clip(g, -self.clipvalue, self.clipvalue) for g in grads]
        if self.clipnorm is not None:
            return [g * (self.clipnorm / max(_norm([g]), self.clipnorm)) for g in grads]
        if self.global_clipnorm is not None:
            scale = self.global_clipnorm / max(_norm(grads), self.global_clipnorm)
            return [g * scale for g in grads]
        return grads

    # -- configuration

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; a schedule as {"class_name", "config"}."""
        common = ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "name")
        return {"learning_rate": schedules.serialize(self._rate), **{key: getattr(self, key) for key in common}}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Optimizer:
        """The optimizer that `get_config` describes."""
        return cls(**{**config, "learning_rate": schedules.get(config["learning_rate"])})


def _norm(grads: list[Array]) -> float:
    return math.sqrt(sum(float(np.sum(np.square(g, dtype=np.float64))) for g in grads))


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
        self.momentum, self.nesterov = momentum, nesterov
        self._slots = ("momentum",) if momentum else ()

    def _update(
        self, params: list[Array], grads: list[Array], state: list[list[Array]], rate: float, step: int
    ) -> None:
        momenta = state[0] if state else []
        _core.sgd_update(params, grads, momenta, rate, self.momentum, self.nesterov, self.weight_decay or 0.0)

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
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, bool(centered)
        self._slots = ("velocity", *(("momentum",) if momentum else ()), *(("average",) if centered else ()))

    def _update(
        self, params: list[Array], grads: list[Array], state: list[list[Array]], rate: float, step: int
    ) -> None:
        momenta = state[1] if self.momentum else []
        means = state[-1] if self.centered else None
        decay = self.weight_decay or 0.0
        _core.rmsprop_update(
            params, grads, state[0], momenta, rate, self.rho, self.momentum, self.epsilon, decay, means
        )

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
        self.beta_1, self.beta_2, self.epsilon, self.amsgrad = beta_1, beta_2, epsilon, bool(amsgrad)
        self._slots = ("momentum", "velocity", *(("velocity_hat",) if amsgrad else ()))

    def _update(
        self, params: list[Array], grads: list[Array], state: list[list[Array]], rate: float, step: int
    ) -> None:
        largest = state[2] if self.amsgrad else None
        betas, decay = (self.beta_1, self.beta_2), self.weight_decay or 0.0
        _core.adam_update(params, grads, state[0], state[1], step, rate, *betas, self.epsilon, decay, largest)

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
        weight_decay: float | None = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "adamw",
    ) -> None:
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
