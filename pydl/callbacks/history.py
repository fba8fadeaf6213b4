"""History: the result of `fit`, also in `model.history`."""

from __future__ import annotations

from typing import Any

from .callback import Callback, Logs


class History(Callback):
    """The logs of every epoch: `history["val_loss"][3]` belongs to epoch `epoch[3]`.

    `fit` creates one and returns it.

    Attributes:
        history: A dict from the names of logs to lists of values.
        epoch: The numbers of the epochs, from 0.

    Example:
        >>> model = pydl.Sequential([pydl.Input((1,)), pydl.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> history = model.fit(np.ones((4, 1)), np.ones((4, 1)), epochs=2, verbose=0)
        >>> history.epoch, len(history.history["loss"])
        ([0, 1], 2)
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def __repr__(self) -> str:
        last = ", ".join(f"{name}={values[-1]:.4g}" for name, values in self.history.items() if values)
        return f"<History of {len(self.epoch)} epoch(s){': ' if last else ''}{last}>"

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.history, self.epoch = {}, []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def set_model(self, model: Any) -> None:
        """Does nothing: the model refers to its history, and a reference back would be a cycle."""
