"""Invalidation of what is derived from layers: plans, and a training step's lists of layers and weights.

Layers, losses and variables count their changes once something depends on them. A `Snapshot` (in the extension) is
valid until one of its parts changes, or a list, tuple, dict or set among their attributes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from .. import _core

Snapshot: TypeAlias = _core.Snapshot

_MAX_ITEMS = 1024  # of larger containers, such as vocabularies, only the size is compared
_PLAIN = (bool, int, float, str, type(None))


class Counted:
    """Base class of what plans depend on: setting or deleting an attribute counts as a change."""

    _changes: _core.Changes | None = None  # nothing depends on it yet
    _unwatched: frozenset[str] = frozenset()  # attributes whose containers no plan depends on

    def __setattr__(self, name: str, value: Any) -> None:
        same = type(value) in _PLAIN and name in self.__dict__ and self.__dict__[name] is value
        object.__setattr__(self, name, value)
        if self._changes is not None and not same:
            self._changes.bump()

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        if self._changes is not None:
            self._changes.bump()


def snapshot(parts: Iterable[Any]) -> Snapshot:
    """A snapshot of layers, losses and variables."""
    taken = Snapshot()
    for part in parts:
        add(taken, part)
    return taken


def add(taken: Snapshot, part: Any) -> None:
    """Adds a layer, loss or variable to the snapshot."""
    if part._changes is None:
        vars(part).setdefault("_changes", _core.Changes())
    if taken.add(part._changes):
        for container in _containers(part):
            taken.add_container(container)


def _containers(part: Any) -> Iterator[Any]:
    """The lists, dicts and sets among the attributes, nested ones too."""
    attributes = dict(part.__dict__) if hasattr(part, "__dict__") else {}
    stack = [value for name, value in attributes.items() if name not in part._unwatched]
    seen: set[int] = set()
    while stack:
        value = stack.pop()
        if isinstance(value, list | dict | set | tuple | frozenset) and id(value) not in seen:
            seen.add(id(value))
            if isinstance(value, list | dict | set):
                yield value
            if len(value) <= _MAX_ITEMS:
                stack += value.values() if isinstance(value, dict) else value
