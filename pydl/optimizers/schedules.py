"""Learning-rate schedules: functions of the number of updates made."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

from ..base.argument_names import NamesArguments
from ..base.registry import Registry, plain


class LearningRateSchedule(NamesArguments):
    """Base: override __call__(step) -> learning rate and get_config()."""

    def __call__(self, step: int) -> float:
        raise NotImplementedError(f"{type(self).__name__} must override __call__(step)")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return dict(plain(vars(self)))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        return cls(**config)


def _positive_steps(owner: str, decay_steps: int) -> int:
    if decay_steps <= 0:
        raise ValueError(f"[{owner}] decay_steps: expected more than 0, got {decay_steps}")
    return decay_steps


class ExponentialDecay(LearningRateSchedule):
    """initial_learning_rate * decay_rate ** (step / decay_steps); with `staircase`, the exponent is rounded down."""

    def __init__(
        self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
    ) -> None:
        self.initial_learning_rate, self.decay_rate = initial_learning_rate, decay_rate
        self.decay_steps, self.staircase = _positive_steps("ExponentialDecay", decay_steps), staircase

    def __call__(self, step: int) -> float:
        exponent = step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate ** (math.floor(exponent) if self.staircase else exponent)


class InverseTimeDecay(LearningRateSchedule):
    """initial_learning_rate / (1 + decay_rate * step / decay_steps); `staircase` rounds step / decay_steps down."""

    def __init__(
        self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
    ) -> None:
        self.initial_learning_rate, self.decay_rate = initial_learning_rate, decay_rate
        self.decay_steps, self.staircase = _positive_steps("InverseTimeDecay", decay_steps), staircase

    def __call__(self, step: int) -> float:
        time = step / self.decay_steps
        return self.initial_learning_rate / (1 + self.decay_rate * (math.floor(time) if self.staircase else time))


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[0] up to and including step boundaries[0], then values[1] up to boundaries[1], and so on."""

    def __init__(self, boundaries: Sequence[int], values: Sequence[float]) -> None:
        if len(values) != len(boundaries) + 1:
            raise ValueError(
                "[PiecewiseConstantDecay] values: expected one more than boundaries, "
                f"got {len(values)} values and {len(boundaries)} boundaries"
            )
        self.boundaries, self.values = list(boundaries), list(values)

    def __call__(self, step: int) -> float:
        return self.values[sum(step > boundary for boundary in self.boundaries)]


class PolynomialDecay(LearningRateSchedule):
    """From initial_learning_rate to end_learning_rate over decay_steps, along (1 - step / decay_steps) ** power.

    With `cycle`, decay_steps grows to the next multiple whenever it is reached, so that the rate climbs again.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
    ) -> None:
        self.initial_learning_rate, self.decay_steps = (
            initial_learning_rate,
            _positive_steps("PolynomialDecay", decay_steps),
        )
        self.end_learning_rate, self.power, self.cycle = end_learning_rate, power, cycle

    def __call__(self, step: int) -> float:
        if self.cycle:
            whole = self.decay_steps * max(1, math.ceil(step / self.decay_steps))
        else:
            whole, step = self.decay_steps, min(step, self.decay_steps)
        fall = self.initial_learning_rate - self.end_learning_rate
        return float(fall * (1 - step / whole) ** self.power + self.end_learning_rate)


class CosineDecay(LearningRateSchedule):
    """Half a cosine from initial_learning_rate down to alpha times it, over decay_steps (Loshchilov & Hutter 2016).

    With `warmup_target` and `warmup_steps`, a linear climb from initial_learning_rate to warmup_target comes first,
    and the cosine falls from there.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        self.initial_learning_rate, self.decay_steps = (
            initial_learning_rate,
            _positive_steps("CosineDecay", decay_steps),
        )
        self.alpha, self.warmup_target, self.warmup_steps = alpha, warmup_target, warmup_steps

    def __call__(self, step: int) -> float:
        top = self.initial_learning_rate
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return top + (self.warmup_target - top) * step / self.warmup_steps
            top, step = self.warmup_target, step - self.warmup_steps
        cosine = 0.5 * (1 + math.cos(math.pi * min(step, self.decay_steps) / self.decay_steps))
        return top * ((1 - self.alpha) * cosine + self.alpha)


_registry: Registry[LearningRateSchedule] = Registry(
    "schedule", [ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay, CosineDecay]
)


def get(identifier: Any) -> LearningRateSchedule | float:
    """A schedule from its config or itself; a number stays a number."""
    if isinstance(identifier, numbers.Real):
        return float(identifier)
    schedule: LearningRateSchedule = _registry.get(identifier)
    return schedule


def serialize(rate: LearningRateSchedule | float) -> Any:
    """What `get` turns back into the same learning rate."""
    return _registry.serialize(rate) if isinstance(rate, LearningRateSchedule) else rate
