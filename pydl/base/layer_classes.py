"""Registry of layer classes by name: modules below the layers deserialize configs without importing them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

_classes: dict[str, type[Any]] = {}
_not_imported: dict[str, Callable[[], Any]] = {}  # name to the function that imports its module


def register(names: Iterable[str], found: Any) -> None:
    """Registers the classes among these names; `found` is the globals of their module."""
    _classes.update({name: found[name] for name in names if isinstance(found[name], type)})


def register_on_import(names: Iterable[str], load: Callable[[], Any]) -> None:
    """Registers names lazily: `load()` imports their module when one of them is looked up."""
    _not_imported.update(dict.fromkeys(names, load))


def find(name: str) -> type[Any] | None:
    """The class of this name; None if there is none."""
    if name not in _classes and name in _not_imported:
        _not_imported[name]()
    return _classes.get(name)
