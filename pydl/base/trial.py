"""A trial run of layers: it infers output shapes and has no side effects.

Its changes are undone: those of the layers' attributes, and of the containers and objects in them. Variables and random
streams save their state at the first write or draw. Weights that the run builds stay, as a call on data would build
them too.
"""

from __future__ import annotations

import copy
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

_GENERATORS = {
    "random": ("Random",),
    "numpy.random": ("Generator", "RandomState"),
}  # looked up only if already imported
_local = threading.local()


class Trial:
    """The state that one run restores at its end."""

    def __init__(self) -> None:
        self._attributes: dict[int, tuple[Any, dict[str, Any]]] = {}
        self._undo: dict[int, tuple[Any, Callable[[], None]]] = {}
        self._drawn: dict[str, int] = {}

    def protect(self, owners: Iterable[Any], stay: Iterable[Any]) -> None:
        """Replaces the mutable attributes of these owners by copies until the end. `stay`: objects that are shared."""
        memo, copied = {id(each): each for each in stay}, _changed_in_place()
        for owner in owners:
            if id(owner) in self._attributes:
                continue
            own = dict(vars(owner))
            self._attributes[id(owner)] = owner, own
            for name, value in own.items():
                if isinstance(value, copied):
                    vars(owner)[name] = _copied(value, memo)
                elif id(value) not in memo and _is_plain_object(value):
                    self.protect([value], memo.values())

    def keep(self, thing: Any, undo: Callable[[], Callable[[], None]]) -> None:
        """Called before a change of a thing. The first time, `undo()` returns the function that restores it."""
        if id(thing) not in self._undo:
            self._undo[id(thing)] = thing, undo()

    def next(self, kind: str) -> int:
        """The next number of this kind, which counts for this run only."""
        self._drawn[kind] = self._drawn.get(kind, -1) + 1
        return self._drawn[kind]

    def end(self) -> None:
        for owner, own in self._attributes.values():
            now = vars(owner)
            for name in set(now) - set(own) - {"_changes"}:
                del now[name]
            now.update(own)
        for _, undo in self._undo.values():
            undo()


def current() -> Trial | None:
    """The trial that runs in this thread."""
    return getattr(_local, "trial", None)


@contextmanager
def running(trial: Trial | None) -> Iterator[None]:
    """Makes `trial` the current one of this thread in the block; None suspends the current one."""
    before, _local.trial = current(), trial
    try:
        yield
    finally:
        _local.trial = before


def _changed_in_place() -> tuple[type, ...]:
    loaded = [getattr(sys.modules[m], name) for m, names in _GENERATORS.items() if m in sys.modules for name in names]
    return (list, dict, set, deque, bytearray, np.ndarray, *loaded)


def _copied(value: Any, memo: dict[int, Any]) -> Any:
    try:
        return copy.deepcopy(value, dict(memo))
    except Exception:  # it contains an object that cannot be copied, such as a lock
        return copy.copy(value)


def _is_plain_object(value: Any) -> bool:
    """Whether it is an object of a user's class, or a metric: one that may hold state."""
    kind = type(value)
    module = kind.__module__ or ""
    own = module.startswith("pydl.metrics") or not (
        module.startswith("pydl.") or module in ("builtins", "numpy", "functools")
    )
    return own and hasattr(value, "__dict__") and not isinstance(value, type | FunctionType | MethodType | ModuleType)
