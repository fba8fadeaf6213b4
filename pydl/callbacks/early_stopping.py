"""Callbacks that stop `fit`: on a plateau, and on NaN."""

from __future__ import annotations

import math

from ..autograd.tape import Array
from .callback import Callback, Logs
from .monitor import Monitor


class EarlyStopping(Callback):
    """Stops `fit` when a log has not improved for some epochs.

    Args:
        monitor: The log to watch.
        min_delta: By how much it must improve, at least.
        patience: After how many epochs without improvement `fit` stops.
        verbose: 1 to print when it stops.
        mode: "min", "max", or "auto", which maximises accuracies and the like.
        baseline: A value to beat, or None.
        restore_best_weights: Whether the model ends with the weights of its best epoch.
        start_from_epoch: The number of epochs at the start that do not count.

    Raises:
        ValueError: For another mode; in `fit`, if `monitor` cannot be in the logs.

    Example:
        >>> model = pydl.Sequential([pydl.Input((1,)), pydl.layers.Dense(1)])
        >>> model.compile(pydl.optimizers.SGD(0.0), "mse")  # learns nothing
        >>> stop = pydl.callbacks.EarlyStopping(monitor="loss", patience=2)
        >>> history = model.fit(np.ones((4, 1)), np.ones((4, 1)), epochs=100, callbacks=[stop], verbose=0)
        >>> len(history.epoch)
        3
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__()
        self.monitor, self.patience, self.verbose = monitor, patience, verbose
        self.baseline, self.restore_best_weights = baseline, restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._monitor = Monitor("EarlyStopping", monitor, mode, min_delta)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._monitor.reset()
        self.wait, self.stopped_epoch, self.best_epoch = 0, 0, 0
        self._best_weights: list[Array] | None = None

    @property
    def best(self) -> float:
        """The best value seen."""
        return self._monitor.best

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self._monitor.value(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self._best_weights is None:
            self._best_weights = self.model.get_weights()  # to have some if the value never improves
        self.wait += 1
        if self._monitor.improves(value):
            self._monitor.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self._best_weights = self.model.get_weights()
            if self.baseline is None or self._monitor.improves(value, on=self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self._best_weights is not None:
            if self.verbose:
                print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self._best_weights)


class TerminateOnNaN(Callback):
    """Stops `fit` as soon as the loss is NaN or infinite.

    Example:
        >>> model = pydl.Sequential([pydl.Input((1,)), pydl.layers.Dense(1)])
        >>> model.compile(pydl.optimizers.SGD(1e30), "mse")
        >>> stop = pydl.callbacks.TerminateOnNaN()
        >>> history = model.fit(np.ones((4, 1)), np.zeros((4, 1)), epochs=100, callbacks=[stop], verbose=0)
        Batch 0: the loss is inf, terminating training
        >>> len(history.epoch) < 100
        True
    """

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            print(f"Batch {batch}: the loss is {loss}, terminating training")
            self.model.stop_training = True
