"""The classes of layers by the names that configurations have for them, for those who stand below the layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

_classes: dict[str, type[Any]] = {}
_not_imported: dict[str, Callable[[], Any]] = {}  # names to what imports the module that registers them


def register(names: Iterable[str], found: Any) -> None:
    """The classes among these names of a module's globals."""
    _classes.update({name: found[name] for name in names if isinstance(found[name], type)})


def register_on_import(names: Iterable[str], load: Callable[[], Any]) -> None:
    """`load()` imports the module that registers these names; it is called when one of them is asked for."""
    _not_imported.update(dict.fromkeys(names, load))


def find(name: str) -> type[Any] | None:
    """The class of this name; None if there is none."""
    if name not in _classes and name in _not_imported:
        _not_imported[name]()
    return _classes.get(name)
