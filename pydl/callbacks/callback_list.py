"""The list of callbacks, which calls only overridden hooks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from .callback import HOOKS, Callback, Logs
from .history import History
from .progress import ProgressBar


class CallbackList(Callback):
    """Several callbacks as one: calls a hook of each, in order.

    Only overridden hooks are kept, so that a step of a small model does not pay for a dozen empty calls.

    Args:
        callbacks: The callbacks, or one.
        add_history: Whether to append a `History` if there is none yet.
        add_progbar: Whether to append a `ProgressBar` if there is none yet.
        model: The argument of `set_model`, or None.
        **params: The `self.params` of the callbacks.

    Raises:
        TypeError: If an element is no callback.

    Example:
        >>> printer = pydl.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs))
        >>> callbacks = pydl.callbacks.CallbackList([printer], epochs=3)
        >>> callbacks.on_epoch_end(0, {"loss": 0.5})
        0 {'loss': 0.5}
    """

    def __init__(
        self,
        callbacks: Iterable[Callback] | Callback | None = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.callbacks = [callbacks] if isinstance(callbacks, Callback) else list(callbacks or ())
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                meant = f"; did you mean {callback.__name__}(...)?" if isinstance(callback, type) else ""
                raise TypeError(f"[fit] callbacks: expected Callback objects, got {callback!r}{meant}")
        for is_added, kind in ((add_history, History), (add_progbar, ProgressBar)):
            if is_added and not any(isinstance(callback, kind) for callback in self.callbacks):
                self.callbacks.append(kind())
        self.set_params(params)
        if model is not None:
            self.set_model(model)
        self._hooks: dict[str, tuple[Callable[..., None], ...]] = dict.fromkeys(HOOKS, ())
        self._uses_logs = dict.fromkeys(HOOKS, False)
        for callback in self.callbacks:
            for name in HOOKS:
                if (own := _own_hook(callback, name)) is not None:
                    self._hooks[name] += (own,)
                    self._uses_logs[name] |= callback._uses_batch_logs

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        self._model = model
        for callback in self.callbacks:
            callback.set_model(model)

    def _expect(self, names: Iterable[str] | None, validated: bool) -> None:
        """Tells monitors the names of the logs that `fit` will write, validation included; None if they are unknown.

        ValueError if a monitor watches another name.
        """
        added = [name for callback in self.callbacks for name in callback._adds_logs]
        others = any(_writes_logs(callback) for callback in self.callbacks)
        for callback in self.callbacks:
            monitor: Any = getattr(callback, "_monitor", None)
            if hasattr(monitor, "expect"):
                monitor.expect(None if names is None else [*names, *added], validated, others)

    def hooks(self, name: str) -> tuple[Callable[..., None], ...]:
        """The hooks of one name that callbacks override.

        Args:
            name: The name of a hook.

        Returns:
            A tuple of bound methods, in the order of the callbacks.

        Example:
            >>> callbacks = pydl.callbacks.CallbackList([pydl.callbacks.History()])
            >>> len(callbacks.hooks("on_epoch_end")), len(callbacks.hooks("on_train_batch_end"))
            (1, 0)
        """
        return self._hooks[name]

    def uses_logs(self, name: str) -> bool:
        """Whether any listener of a hook reads its logs.

        Args:
            name: The name of a hook.

        Returns:
            A bool.

        Example:
            >>> pydl.callbacks.CallbackList([pydl.callbacks.ProgressBar()]).uses_logs("on_train_batch_end")
            False
        """
        return self._uses_logs[name]

    def call(self, name: str, *args: Any) -> None:
        """Calls every overridden hook of one name.

        Args:
            name: The name of a hook.
            *args: Its arguments, the logs last.

        Example:
            >>> callbacks = pydl.callbacks.CallbackList([pydl.callbacks.History()])
            >>> callbacks.call("on_epoch_end", 0, {"loss": 0.5})
        """
        for hook in self._hooks[name]:
            hook(*args)


def _has_number(name: str) -> bool:
    """Whether the first argument of the hook is the number of an epoch or batch."""
    return "epoch" in name or "batch" in name


_ALIASES = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


def _calling(name: str) -> Callable[..., None]:
    """The method of CallbackList that calls this hook, with {} in place of missing logs."""
    with_number = _has_number(name)

    def method(self: CallbackList, *args: Any, logs: Logs | None = None) -> None:
        own, given = (args[:1], args[1:]) if with_number else ((), args)
        found = given[0] if given else logs
        self.call(name, *own, {} if found is None else found)

    method.__name__ = name
    return method


for _name in HOOKS:
    setattr(CallbackList, _name, _calling(_name))


def _writes_logs(callback: Callback) -> bool:
    """Whether user code gets the logs of an epoch, and may add to them."""
    hook = getattr(callback, "on_epoch_end")  # noqa: B009  (it may be an attribute of the instance)
    module = getattr(getattr(hook, "__func__", hook), "__module__", "") or ""
    return _overrides(callback, "on_epoch_end") and not module.startswith("pydl.")


def _overrides(callback: Callback, name: str) -> bool:
    return name in vars(callback) or getattr(type(callback), name) is not getattr(Callback, name)


def _own_hook(callback: Callback, name: str) -> Callable[..., None] | None:
    """The hook that the callback overrides, under this name or its alias."""
    for known in (name, _ALIASES.get(name)):
        if known is not None and _overrides(callback, known):
            return _by_position(getattr(callback, known), 2 if _has_number(known) else 1)
    return None


def _by_position(hook: Callable[..., None], count: int) -> Callable[..., None]:
    """The hook as a function of `count` positional arguments, the last of which is logs, even if it is keyword-only."""
    try:
        signature = inspect.signature(hook)
    except ValueError:  # of some built-in functions
        return hook
    for arguments, named in (([None] * count, {}), ([None] * (count - 1), {"logs": None})):
        try:
            signature.bind(*arguments, **named)
        except TypeError:
            continue
        return hook if not named else lambda *args: hook(*args[:-1], logs=args[-1])
    return hook  # the call will raise the right error
