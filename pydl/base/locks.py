"""Locks for shared state: layers that are being built, names, random streams, optimizers.

A forked child must not inherit a held lock. So `building` and `counting` are acquired before the fork, which also keeps
the state that they guard consistent, and all other locks are new in the child. A fork waits for lazy imports of pydl in
other threads too: Python's module locks would stay held in the child.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

# One lock for all layers, because building one may build and call others. A large net holds it for seconds.
building = threading.RLock()
# For counters: names, seeds, offsets of random streams. Held only while a counter is read and raised.
counting = threading.RLock()

_others: WeakSet[Any] = WeakSet()
_imports = 0  # in progress
_imported = threading.Condition(counting)


class OwnLock:
    """The lock of one object, `with self._lock:`. A copy of the object gets a new one."""

    __slots__ = ("__weakref__", "lock")

    def __init__(self) -> None:
        self.lock = threading.RLock()
        with counting:
            _others.add(self)

    def __enter__(self) -> None:
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()

    def __reduce__(self) -> tuple[Any, ...]:
        return OwnLock, ()


@contextmanager
def importing() -> Iterator[None]:
    """Marks a lazy import. A counter and no lock: a lock would have to be acquired before Python's module locks."""
    global _imports
    with counting:
        _imports += 1
    try:
        yield
    finally:
        with counting:
            _imports -= 1
            _imported.notify_all()


def _before_fork() -> None:
    building.acquire()
    counting.acquire()
    _imported.wait_for(lambda: _imports == 0)  # releases `counting` while it waits


def _after_fork() -> None:
    counting.release()
    building.release()


def _after_fork_in_child() -> None:
    for lock in _others:
        lock.lock = threading.RLock()
    _after_fork()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_child)
