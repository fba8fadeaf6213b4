"""The base class of callbacks, and the one made of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..base.argument_names import NamesArguments

Logs = dict[str, float]


class Callback(NamesArguments):
    """Base of all callbacks: override the hooks you need (Keras's names).

    `logs` maps names ("loss", "accuracy", "val_loss", ...) to the means since the start of the epoch; it is empty where
    nothing has been measured yet, never None. `on_train_end` gets those of the last epoch, `on_predict_batch_end` the
    batch's "outputs"; on_batch_begin and on_batch_end are other names for those of a training batch. In a hook,
    `self.model` is the model and `self.params` holds "epochs", "steps" (None if unknown) and "verbose". Setting
    `self.model.stop_training = True` ends `fit` after the current batch.
    """

    # A hook that ignores its batch logs says so, and the training loop does not compute them for it.
    _uses_batch_logs = True
    _adds_logs: tuple[str, ...] = ()  # names that it writes into the logs of an epoch

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self._model: Any = None  # a Model, whose class stands above callbacks

    @property
    def model(self) -> Any:
        """The model this callback was given to. RuntimeError before that."""
        if self._model is None:
            raise RuntimeError(f"[{type(self).__name__}] no model yet; pass the callback to fit(callbacks=[...])")
        return self._model

    def set_model(self, model: Any) -> None:
        self._model = model

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None: ...

    def on_train_end(self, logs: Logs | None = None) -> None: ...

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None: ...

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None: ...

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_test_begin(self, logs: Logs | None = None) -> None: ...

    def on_test_end(self, logs: Logs | None = None) -> None: ...

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_predict_begin(self, logs: Logs | None = None) -> None: ...

    def on_predict_end(self, logs: Logs | None = None) -> None: ...

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None: ...


HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))


class LambdaCallback(Callback):
    """Hooks from plain functions: LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs)).

    Any hook of `Callback` may be given; TypeError for another name.
    """

    def __init__(self, **hooks: Callable[..., Any]) -> None:
        super().__init__()
        for name, function in hooks.items():
            if name not in HOOKS:
                raise TypeError(f"[LambdaCallback] no hook named {name!r}; there are {', '.join(HOOKS)}")
            setattr(self, name, function)
