"""The base class of callbacks, and the one made of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..base.argument_names import NamesArguments

Logs = dict[str, float]


class Callback(NamesArguments):
    """Base of all callbacks: objects that `fit`, `evaluate` and `predict` call at fixed moments.

    A subclass overrides the hooks it needs. In a hook, `self.model` is the model, and `self.params` holds "epochs",
    "steps" (None if unknown) and "verbose". `self.model.stop_training = True` ends `fit` after the current batch.

    `logs` maps names ("loss", "accuracy", "val_loss", ...) to the means since the start of the epoch. It is empty, not
    None, before the first measurement.

    Example:
        >>> class BestLoss(pydl.callbacks.Callback):
        ...     def on_train_begin(self, logs=None):
        ...         self.best = np.inf
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         self.best = min(self.best, logs["loss"])
        >>> model = pydl.Sequential([pydl.Input((1,)), pydl.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> best = BestLoss()
        >>> history = model.fit(np.ones((4, 1)), np.ones((4, 1)), epochs=3, callbacks=[best], verbose=0)
        >>> best.best == min(history.history["loss"])
        True
    """

    # False if no hook reads the logs of a batch: the training loop then need not compute them.
    _uses_batch_logs = True
    _adds_logs: tuple[str, ...] = ()  # names that it adds to the logs of an epoch

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self._model: Any = None  # a Model, whose class is above callbacks

    @property
    def model(self) -> Any:
        """The model this callback was given to. RuntimeError before that."""
        if self._model is None:
            raise RuntimeError(
                f"[{type(self).__name__}] model: expected a model, got None; pass the callback to fit(callbacks=[...])"
            )
        return self._model

    def set_model(self, model: Any) -> None:
        """Called by `fit`, `evaluate` and `predict` before any hook.

        Args:
            model: The model, afterwards `self.model`.

        Example:
            >>> model, callback = pydl.Sequential(), pydl.callbacks.Callback()
            >>> callback.set_model(model)
            >>> callback.model is model
            True
        """
        self._model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Called by `fit`, `evaluate` and `predict` before any hook.

        Args:
            params: The new `self.params`: a dict with "epochs", "steps" and "verbose".

        Example:
            >>> callback = pydl.callbacks.Callback()
            >>> callback.set_params({"epochs": 3, "steps": 10, "verbose": 0})
            >>> callback.params["epochs"]
            3
        """
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """At the start of `fit`.

        Args:
            logs: An empty dict.
        """

    def on_train_end(self, logs: Logs | None = None) -> None:
        """At the end of `fit`.

        Args:
            logs: The logs of the last epoch.
        """

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """At the start of each epoch of `fit`.

        Args:
            epoch: The number of the epoch, from 0.
            logs: An empty dict.
        """

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """At the end of each epoch of `fit`, after validation.

        Args:
            epoch: The number of the epoch, from 0.
            logs: The logs of the epoch, with "val_" values if there was validation. A callback may add values.
        """

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Another name for `on_train_batch_begin`.

        Args:
            batch: The number of the batch in its epoch, from 0.
            logs: An empty dict.
        """

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Another name for `on_train_batch_end`.

        Args:
            batch: The number of the batch in its epoch, from 0.
            logs: The logs since the start of the epoch.
        """

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before each batch of `fit`.

        Args:
            batch: The number of the batch in its epoch, from 0.
            logs: An empty dict.
        """

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After each batch of `fit`.

        Args:
            batch: The number of the batch in its epoch, from 0.
            logs: The logs since the start of the epoch.
        """

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """At the start of `evaluate`, or of validation in `fit`.

        Args:
            logs: An empty dict.
        """

    def on_test_end(self, logs: Logs | None = None) -> None:
        """At the end of `evaluate`, or of validation in `fit`.

        Args:
            logs: The logs of all batches.
        """

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before each batch of `evaluate`, or of validation in `fit`.

        Args:
            batch: The number of the batch in its epoch, from 0.
            logs: An empty dict.
        """

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After each batch of `evaluate`, or of validation in `fit`.

        Args:
            batch: The number of the batch in its epoch, from 0.
            logs: The logs of the batches so far.
        """

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """At the start of `predict`.

        Args:
            logs: An empty dict.
        """

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """At the end of `predict`.

        Args:
            logs: An empty dict.
        """

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before each batch of `predict`.

        Args:
            batch: The number of the batch in its epoch, from 0.
            logs: An empty dict.
        """

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After each batch of `predict`.

        Args:
            batch: The number of the batch in its epoch, from 0.
            logs: {"outputs": the outputs of the batch}, of shape (batch size, ...).
        """


HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))


class LambdaCallback(Callback):
    """Hooks from plain functions.

    Args:
        **hooks: Functions by the name of a hook of `Callback`, with the arguments of that hook.

    Raises:
        TypeError: If there is no hook of this name.

    Example:
        >>> printer = pydl.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print("epoch", epoch))
        >>> model = pydl.Sequential([pydl.Input((1,)), pydl.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> _ = model.fit(np.ones((4, 1)), np.ones((4, 1)), epochs=2, callbacks=[printer], verbose=0)
        epoch 0
        epoch 1
    """

    def __init__(self, **hooks: Callable[..., Any]) -> None:
        super().__init__()
        for name, function in hooks.items():
            if name not in HOOKS:
                raise TypeError(f"[LambdaCallback] hooks: expected names of {', '.join(HOOKS)}, got {name!r}")
            setattr(self, name, function)
