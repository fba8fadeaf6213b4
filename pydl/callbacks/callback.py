"""The base class of callbacks, and the list that calls only the hooks somebody wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ..argument_names import NamesArguments

if TYPE_CHECKING:
    from ..models.model import Model

Logs = dict[str, float]


class Callback(NamesArguments):
    """Base of all callbacks: override the hooks you need (Keras's names).

    `logs` maps names ("loss", "accuracy", "val_loss", ...) to the means since the start of the epoch. In a hook,
    `self.model` is the model and `self.params` holds "epochs", "steps" (None if unknown) and "verbose". Setting
    `self.model.stop_training = True` ends `fit` after the current batch.
    """

    # A hook that ignores its batch logs says so, and the training loop does not compute them for it.
    _uses_batch_logs = True

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self._model: Model | None = None

    @property
    def model(self) -> Model:
        """The model this callback was given to. RuntimeError before that."""
        if self._model is None:
            raise RuntimeError(f"[{type(self).__name__}] no model yet; pass the callback to fit(callbacks=[...])")
        return self._model

    def set_model(self, model: Model) -> None:
        self._model = model

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None: ...

    def on_train_end(self, logs: Logs | None = None) -> None: ...

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None: ...

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None: ...

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


class CallbackList:
    """Calls a hook of every callback, in order.

    Only overridden hooks are kept, so a step of a small model does not pay for a dozen empty calls. An instance
    attribute counts as overridden (LambdaCallback). A name without listeners is an empty tuple:

        for hook in callbacks.on_train_batch_end: hook(step, logs)
    """

    def __init__(self, callbacks: Iterable[Callback], model: Model, params: dict[str, Any]) -> None:
        self.callbacks = list(callbacks)
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise TypeError(f"[fit] callbacks: expected Callback objects, got {callback!r}")
            callback.set_params(params)
            callback.set_model(model)
        self._hooks = {name: self._overridden(name) for name in HOOKS}
        self._uses_logs = {
            name: any(c._uses_batch_logs for c in self.callbacks if _overrides(c, name)) for name in HOOKS
        }

    def _overridden(self, name: str) -> tuple[Callable[..., None], ...]:
        return tuple(getattr(callback, name) for callback in self.callbacks if _overrides(callback, name))

    def hooks(self, name: str) -> tuple[Callable[..., None], ...]:
        """The overridden hooks of this name, bound, in order."""
        return self._hooks[name]

    def uses_logs(self, name: str) -> bool:
        """Whether any listener of this hook reads its logs."""
        return self._uses_logs[name]

    def call(self, name: str, *args: Any) -> None:
        """Calls every overridden hook of this name."""
        for hook in self._hooks[name]:
            hook(*args)


def _overrides(callback: Callback, name: str) -> bool:
    return name in vars(callback) or getattr(type(callback), name) is not getattr(Callback, name)


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
