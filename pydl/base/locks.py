"""Locks for what threads share: layers that are being built, names, random streams, optimizers.

A process that forks hands no held lock to its child: `building` and `counting` are taken before the fork, so that what
they guard is whole in the child too, and all others are new there. A fork also waits for modules of ours that other
threads import on first use: Python's locks of modules would stay held in the child.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

# One lock for all layers, because one being built may build and call others. Held for long: by a large net, seconds.
building = threading.RLock()
# For numbers that are handed out: names, seeds, places in random streams. Never held while anything else is done.
counting = threading.RLock()

_others: WeakSet[Any] = WeakSet()
_imports = 0  # under way
_imported = threading.Condition(counting)


class OwnLock:
    """A lock of one object, `with self._lock:`, which copies of the object have anew."""

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
    """While modules are imported on first use. Counted, as a lock would have to be taken before those of Python."""
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
    _imported.wait_for(lambda: _imports == 0)  # gives `counting` away as long as it waits


def _after_fork() -> None:
    counting.release()
    building.release()


def _after_fork_in_child() -> None:
    for lock in _others:
        lock.lock = threading.RLock()
    _after_fork()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_child)
