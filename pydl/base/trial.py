"""A trial run of layers, as output shapes are found where nobody says them: it leaves no trace.

What the run may change is put back afterwards: attributes of the layers, and what lies in their containers and
objects; variables and random streams note what they were, once they are written to or drawn from. Weights that are made
in the run stay, because building is what a call on real data would have done too.
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

_GENERATORS = {"random": ("Random",), "numpy.random": ("Generator", "RandomState")}  # not imported for this
_here = threading.local()


class Trial:
    """What a run in this thread has to put back."""

    def __init__(self) -> None:
        self._attributes: dict[int, tuple[Any, dict[str, Any]]] = {}
        self._undo: dict[int, tuple[Any, Callable[[], None]]] = {}
        self._drawn: dict[str, int] = {}

    def protect(self, owners: Iterable[Any], stay: Iterable[Any]) -> None:
        """The run sees copies of what these hold and may be changed in place. `stay`: what is not copied with it."""
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
        """Before the first change of a thing, `undo()` gives the function that puts it back."""
        if id(thing) not in self._undo:
            self._undo[id(thing)] = thing, undo()

    def next(self, kind: str) -> int:
        """How often this was asked for the kind: numbers that are only lent."""
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
    return getattr(_here, "trial", None)


@contextmanager
def running(trial: Trial | None) -> Iterator[None]:
    """A trial in this thread; None: what happens inside is no part of one."""
    before, _here.trial = current(), trial
    try:
        yield
    finally:
        _here.trial = before


def _changed_in_place() -> tuple[type, ...]:
    loaded = [getattr(sys.modules[m], name) for m, names in _GENERATORS.items() if m in sys.modules for name in names]
    return (list, dict, set, deque, bytearray, np.ndarray, *loaded)


def _copied(value: Any, memo: dict[int, Any]) -> Any:
    try:
        return copy.deepcopy(value, dict(memo))
    except Exception:  # it holds what cannot be copied, such as a lock
        return copy.copy(value)


def _is_plain_object(value: Any) -> bool:
    """An object of the user's own, or a metric, that may count something."""
    kind = type(value)
    module = kind.__module__ or ""
    own = module.startswith("pydl.metrics") or not (
        module.startswith("pydl.") or module in ("builtins", "numpy", "functools")
    )
    return own and hasattr(value, "__dict__") and not isinstance(value, type | FunctionType | MethodType | ModuleType)
