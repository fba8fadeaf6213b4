"""Learning-rate schedules: functions of the number of updates."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

from ..base.argument_names import NamesArguments
from ..base.registry import Registry, plain

__all__ = [
    "CosineDecay",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "get",
    "serialize",
]


class LearningRateSchedule(NamesArguments):
    """Base of all schedules: functions from the number of updates made to the learning rate.

    A subclass overrides `__call__`; its attributes are its config.

    Example:
        >>> class Halving(pydl.optimizers.schedules.LearningRateSchedule):
        ...     def __call__(self, step):
        ...         return 0.5**step
        >>> pydl.optimizers.SGD(Halving()).learning_rate
        1.0
    """

    def __call__(self, step: int) -> float:
        """The learning rate of an update.

        Args:
            step: The number of updates made before.

        Returns:
            A float.

        Example:
            >>> pydl.optimizers.schedules.PiecewiseConstantDecay([10], [0.1, 0.01])(0)
            0.1
        """
        raise NotImplementedError(f"{type(self).__name__} must override __call__(step)")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments.

        Returns:
            A dict of plain values.

        Example:
            >>> pydl.optimizers.schedules.PiecewiseConstantDecay([10], [0.1, 0.01]).get_config()
            {'boundaries': [10], 'values': [0.1, 0.01]}
        """
        return dict(plain(vars(self)))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        """The schedule that `get_config` describes.

        Args:
            config: A dict from the names of the constructor's arguments to their values.

        Returns:
            A new schedule of this class.

        Example:
            >>> pydl.optimizers.schedules.CosineDecay.from_config({"initial_learning_rate": 0.1, "decay_steps": 10})(0)
            0.1
        """
        return cls(**config)


def _positive_steps(owner: str, decay_steps: int) -> int:
    if decay_steps <= 0:
        raise ValueError(f"[{owner}] decay_steps: expected a positive number, got {decay_steps}")
    return decay_steps


class ExponentialDecay(LearningRateSchedule):
    """initial_learning_rate · decay_rate ^ (step / decay_steps)

    Args:
        initial_learning_rate: The rate of the first update.
        decay_steps: After how many updates the rate has changed by `decay_rate`.
        decay_rate: The factor.
        staircase: Whether step / decay_steps is rounded down.

    Raises:
        ValueError: If `decay_steps` is not positive.

    Example:
        >>> schedule = pydl.optimizers.schedules.ExponentialDecay(1.0, decay_steps=10, decay_rate=0.5)
        >>> [schedule(step) for step in (0, 10, 20)]
        [1.0, 0.5, 0.25]
    """

    def __init__(
        self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
    ) -> None:
        self.initial_learning_rate, self.decay_rate = initial_learning_rate, decay_rate
        self.decay_steps, self.staircase = _positive_steps("ExponentialDecay", decay_steps), staircase

    def __call__(self, step: int) -> float:
        exponent = step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate ** (math.floor(exponent) if self.staircase else exponent)


class InverseTimeDecay(LearningRateSchedule):
    """initial_learning_rate / (1 + decay_rate · step / decay_steps)

    Args:
        initial_learning_rate: The rate of the first update.
        decay_steps: The unit of time, in updates.
        decay_rate: By how much the divisor grows in `decay_steps` updates.
        staircase: Whether step / decay_steps is rounded down.

    Raises:
        ValueError: If `decay_steps` is not positive.

    Example:
        >>> schedule = pydl.optimizers.schedules.InverseTimeDecay(1.0, decay_steps=10, decay_rate=1.0)
        >>> [schedule(step) for step in (0, 10, 30)]
        [1.0, 0.5, 0.25]
    """

    def __init__(
        self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
    ) -> None:
        self.initial_learning_rate, self.decay_rate = initial_learning_rate, decay_rate
        self.decay_steps, self.staircase = _positive_steps("InverseTimeDecay", decay_steps), staircase

    def __call__(self, step: int) -> float:
        time = step / self.decay_steps
        return self.initial_learning_rate / (1 + self.decay_rate * (math.floor(time) if self.staircase else time))


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[0] up to and including step boundaries[0], then values[1] up to boundaries[1], and so on.

    Args:
        boundaries: The last step of each value but the last, in ascending order.
        values: The learning rates, numbers; one more than boundaries.

    Raises:
        ValueError: If their lengths do not fit.

    Example:
        >>> schedule = pydl.optimizers.schedules.PiecewiseConstantDecay([10, 20], [0.1, 0.01, 0.001])
        >>> [schedule(step) for step in (10, 11, 21)]
        [0.1, 0.01, 0.001]
    """

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
    """From `initial_learning_rate` to `end_learning_rate`, along (1 - step / decay_steps) ^ power.

    Args:
        initial_learning_rate: The rate of the first update.
        decay_steps: After how many updates the end is reached.
        end_learning_rate: The rate at the end.
        power: The exponent; 1 for a straight line.
        cycle: Whether `decay_steps` grows to its next multiple whenever it is reached, so that the rate rises again.

    Raises:
        ValueError: If `decay_steps` is not positive.

    Example:
        >>> schedule = pydl.optimizers.schedules.PolynomialDecay(1.0, decay_steps=4, end_learning_rate=0.0)
        >>> [schedule(step) for step in (0, 1, 4, 9)]
        [1.0, 0.75, 0.0, 0.0]
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
    """Half a cosine from `initial_learning_rate` down to `alpha` times it, perhaps after a linear warm-up.

    With `warmup_target`, the rate first climbs from `initial_learning_rate` to `warmup_target` in `warmup_steps`
    updates, and the cosine falls from there.

    Args:
        initial_learning_rate: The rate of the first update.
        decay_steps: The length of the cosine, in updates.
        alpha: The rate at the end, as a fraction of the highest.
        warmup_target: The rate after the warm-up; None for no warm-up.
        warmup_steps: The length of the warm-up, in updates.

    Raises:
        ValueError: If `decay_steps` is not positive.

    Source:
        Loshchilov and Hutter 2016, "SGDR", equation 5 without restarts.

    Example:
        >>> schedule = pydl.optimizers.schedules.CosineDecay(0.0, decay_steps=10, warmup_target=1.0, warmup_steps=4)
        >>> [round(schedule(step), 3) for step in (0, 2, 4, 9, 14)]
        [0.0, 0.5, 1.0, 0.5, 0.0]
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
    """A schedule from its config.

    Args:
        identifier: A config {"class_name", "config"}, a name or a class, a schedule, or a number.

    Returns:
        The schedule; a float for a number.

    Raises:
        ValueError: If there is no schedule of this name; the error lists the names.
        TypeError: If it is none of these.

    Example:
        >>> pydl.optimizers.schedules.get(0.1)
        0.1
    """
    if isinstance(identifier, numbers.Real):
        return float(identifier)
    schedule: LearningRateSchedule = _registry.get(identifier)
    return schedule


def serialize(rate: LearningRateSchedule | float) -> Any:
    """A config from which `get` makes this schedule again.

    Args:
        rate: A schedule, or a number.

    Returns:
        A dict of the class name and the config; a number stays as it is.

    Example:
        >>> pydl.optimizers.schedules.serialize(pydl.optimizers.schedules.PiecewiseConstantDecay([10], [0.1, 0.01]))
        {'class_name': 'PiecewiseConstantDecay', 'config': {'boundaries': [10], 'values': [0.1, 0.01]}}
    """
    return _registry.serialize(rate) if isinstance(rate, LearningRateSchedule) else rate
