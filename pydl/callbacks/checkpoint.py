"""Saving weights while training."""

from __future__ import annotations

import numbers
import os
from pathlib import Path

from .callback import Callback, Logs
from .monitor import Monitor


class ModelCheckpoint(Callback):
    """Saves the weights after every epoch, or every so many batches. Files are written atomically.

    Args:
        filepath: The file. It may contain the epoch and the batch, both from 1, and logs:
            "run-{epoch:02d}-{val_loss:.3f}.npz".
        monitor: The log to watch for `save_best_only`.
        verbose: 1 to print when a file is saved.
        save_best_only: Whether to save only when `monitor` has improved on the best so far, or is not measured.
        save_weights_only: True: this release saves weights.
        mode: "min", "max", or "auto", which maximises accuracies and the like.
        save_freq: "epoch", or a number of batches.
        initial_value_threshold: The best value so far at the start; None for none.

    Raises:
        ValueError: If an argument does not fit; in `fit`, if `monitor` cannot be in the logs.
        KeyError: In `fit`, if `filepath` names a log that does not exist.

    Example:
        >>> model = pydl.Sequential([pydl.Input((1,)), pydl.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> saved = pydl.callbacks.ModelCheckpoint("epoch-{epoch}.npz")
        >>> _ = model.fit(np.ones((4, 1)), np.ones((4, 1)), epochs=2, callbacks=[saved], verbose=0)
        >>> import os
        >>> sorted(os.listdir())
        ['epoch-1.npz', 'epoch-2.npz']
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = True,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__()
        if not save_weights_only:
            raise ValueError("[ModelCheckpoint] save_weights_only: expected True, got False; only weights can be saved")
        if save_freq != "epoch" and not (isinstance(save_freq, numbers.Integral) and save_freq > 0):
            raise ValueError(f"[ModelCheckpoint] save_freq: expected 'epoch' or a number of batches, got {save_freq!r}")
        self.filepath, self.verbose = os.fspath(filepath), verbose
        self.monitor, self.save_best_only, self.save_freq = monitor, save_best_only, save_freq
        self._monitor = Monitor("ModelCheckpoint", monitor, mode, used=save_best_only)
        self._monitor.reset(initial_value_threshold)
        self._epoch, self._batches = 0, 0
        self._uses_batch_logs = save_freq != "epoch"

    @property
    def best(self) -> float:
        """The best value seen."""
        return self._monitor.best

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._batches += 1
        if self.save_freq != "epoch" and self._batches % int(self.save_freq) == 0:
            self._save(logs, batch)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._save(logs)

    def _save(self, logs: Logs | None, batch: int = 0) -> None:
        path = self._path(logs or {}, batch)
        if self.save_best_only:
            value = self._monitor.value(logs)
            waits = self._monitor.awaited and self.save_freq == "epoch"
            if waits if value is None else not self._monitor.improves(value):
                return
            if self.verbose:
                result = "is not measured" if value is None else f"improved to {value:.5f}"
                print(f"Epoch {self._epoch + 1}: {self.monitor} {result}, saving to {path}")
            if value is not None:
                self._monitor.best = value
        elif self.verbose:
            print(f"Epoch {self._epoch + 1}: saving to {path}")
        path.parent.mkdir(parents=True, exist_ok=True)
        self.model.save_weights(path)

    def _path(self, logs: Logs, batch: int) -> Path:
        try:
            return Path(self.filepath.format(**{**logs, "epoch": self._epoch + 1, "batch": batch + 1}))
        except KeyError as missing:
            raise KeyError(
                f"[ModelCheckpoint] filepath: expected names among the logs {', '.join(logs)}, got {missing} in "
                f"{self.filepath!r}"
            ) from None
