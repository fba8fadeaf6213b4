"""Callbacks that change the learning rate between epochs."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from ..base.errors import number
from ..optimizers.schedules import LearningRateSchedule
from .callback import Callback, Logs
from .monitor import Monitor


def _check_settable(callback: Callback) -> None:
    """TypeError if the optimizer's learning rate follows a schedule, which a callback cannot set."""
    optimizer = callback.model.optimizer
    if isinstance(optimizer._rate, LearningRateSchedule):
        raise TypeError(
            f"[{type(callback).__name__}] optimizer: expected a number as learning rate of {optimizer.name}, got a "
            f"schedule, {type(optimizer._rate).__name__}; use either the callback or the schedule"
        )


class LearningRateScheduler(Callback):
    """Sets the learning rate of each epoch, and writes "learning_rate" into the logs.

    Args:
        schedule: A function of the number of the epoch, from 0, or of this and the learning rate before, that gives the
            learning rate.
        verbose: 1 to print the learning rate of each epoch.

    Raises:
        TypeError: In `fit`, if the learning rate of the optimizer follows a schedule of its own.

    Example:
        >>> model = pydl.Sequential([pydl.Input((1,)), pydl.layers.Dense(1)])
        >>> model.compile(pydl.optimizers.SGD(1.0), "mse")
        >>> halve = pydl.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
        >>> history = model.fit(np.ones((4, 1)), np.ones((4, 1)), epochs=2, callbacks=[halve], verbose=0)
        >>> history.history["learning_rate"]
        [0.5, 0.25]
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
    """Multiplies the learning rate by a factor when a log has not improved for some epochs.

    Writes "learning_rate" into the logs.

    Args:
        monitor: The log to watch.
        factor: The factor, less than 1.
        patience: After how many epochs without improvement the rate falls.
        verbose: 1 to print when it falls.
        mode: "min", "max", or "auto", which maximises accuracies and the like.
        min_delta: By how much the log must improve, at least.
        cooldown: How many epochs after a fall do not count.
        min_lr: The lowest learning rate.

    Raises:
        TypeError: In `fit`, if the learning rate of the optimizer follows a schedule.
        ValueError: If an argument does not fit; in `fit`, if `monitor` cannot be in the logs.

    Example:
        >>> model = pydl.Sequential([pydl.Input((1,)), pydl.layers.Dense(1, trainable=False)])
        >>> model.compile(pydl.optimizers.SGD(1.0), "mse")
        >>> fall = pydl.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=1)
        >>> fall.set_model(model)
        >>> fall.on_train_begin()
        >>> for epoch, loss in enumerate([0.3, 0.2, 0.2]):
        ...     fall.on_epoch_end(epoch, {"loss": loss})
        >>> model.optimizer.learning_rate
        0.5
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
        if number("ReduceLROnPlateau", "factor", factor) >= 1.0:
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
