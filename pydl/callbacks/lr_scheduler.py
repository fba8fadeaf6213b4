"""Callbacks that change the learning rate between epochs."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from ..optimizers.schedules import LearningRateSchedule
from .callback import Callback, Logs
from .monitor import Monitor


def _check_settable(callback: Callback) -> None:
    """TypeError if the optimizer's learning rate follows a schedule, which a callback would replace."""
    optimizer = callback.model.optimizer
    if isinstance(optimizer._rate, LearningRateSchedule):
        raise TypeError(
            f"[{type(callback).__name__}] the learning rate of {optimizer.name} follows a schedule, "
            f"{type(optimizer._rate).__name__}, and cannot be set; use one of both"
        )


class LearningRateScheduler(Callback):
    """Sets the learning rate of each epoch to schedule(epoch) or schedule(epoch, learning_rate).

    Writes "learning_rate" into the logs.
    """

    _adds_logs = ("learning_rate",)

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        self.schedule, self.verbose = schedule, verbose
        self._arguments = len(inspect.signature(schedule).parameters)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        _check_settable(self)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        optimizer = self.model.optimizer
        arguments = (epoch, optimizer.learning_rate)[: self._arguments]
        optimizer.learning_rate = float(self.schedule(*arguments))
        if self.verbose:
            print(f"Epoch {epoch + 1}: learning rate {optimizer.learning_rate:g}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = self.model.optimizer.learning_rate


class ReduceLROnPlateau(Callback):
    """Multiplies the learning rate by `factor` when `monitor` has not improved for `patience` epochs.

    Then waits `cooldown` epochs before counting again; never goes below `min_lr`.
    """

    _adds_logs = ("learning_rate",)

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__()
        if factor >= 1.0:
            raise ValueError(f"[ReduceLROnPlateau] factor: expected less than 1, got {factor}")
        self.monitor, self.factor, self.patience, self.verbose = monitor, factor, patience, verbose
        self.cooldown, self.min_lr = cooldown, min_lr
        self._monitor = Monitor("ReduceLROnPlateau", monitor, mode, min_delta)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        _check_settable(self)
        self._monitor.reset()
        self.wait = self.cooldown_counter = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        optimizer = self.model.optimizer
        if logs is not None:
            logs["learning_rate"] = optimizer.learning_rate
        value = self._monitor.value(logs)
        if value is None:
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self._monitor.improves(value):
            self._monitor.best, self.wait = value, 0
        elif self.cooldown_counter == 0:
            self.wait += 1
            if self.wait >= self.patience and optimizer.learning_rate > self.min_lr:
                optimizer.learning_rate = max(optimizer.learning_rate * self.factor, self.min_lr)
                self.cooldown_counter, self.wait = self.cooldown, 0
                if self.verbose:
                    print(f"Epoch {epoch + 1}: reducing the learning rate to {optimizer.learning_rate:g}")
