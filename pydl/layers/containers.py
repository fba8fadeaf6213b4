"""Lists, dicts and sets that are attributes of layers: searched for parts to any depth, and watched for changes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from .. import plan
from ..tape import spoil_plan, state
from ..variable import Variable

CONTAINERS = (list, tuple, dict, set, frozenset, deque)


class Part:
    """What has weights inside: every layer. `_number` grows with each part, variables too, that is made."""

    _number: int


def parts_in(value: Any) -> Iterator[Any]:
    """The parts and variables in a container of any depth, in its order; those of a set in the order of creation."""
    seen: set[int] = set()  # containers may hold themselves
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Part | Variable):
            yield item
        elif isinstance(item, CONTAINERS) and id(item) not in seen:
            seen.add(id(item))
            stack.extend(reversed(_items(item)))


def _items(container: Any) -> list[Any]:
    if isinstance(container, dict):
        return list(container.values())
    if isinstance(container, set | frozenset):
        return sorted(container, key=lambda item: getattr(item, "_number", -1))
    return list(container)


def watched(value: Any, known: dict[int, Any] | None = None) -> Any:
    """The value with copies of its lists, dicts and sets that notice changes.

    Only of those that are empty or hold parts: others are data of the user's own, and stay themselves.
    """
    known = {} if known is None else known
    if id(value) in known:
        return known[id(value)]
    if type(value) in _WATCHED:
        if len(value) and next(parts_in(value), None) is None:
            return value
        copy = known[id(value)] = _WATCHED[type(value)]()
        copy._fill(value, known)
        return copy
    if isinstance(value, tuple):
        items = [watched(item, known) for item in value]
        if all(new is old for new, old in zip(items, value, strict=True)):
            return value
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return value


def _noticing(base: type, names: str) -> Callable[[type], type]:
    """Makes the methods of these names, of a subclass of list, dict or set, void the plans that know the old items."""

    def of_class(cls: Any) -> Any:
        for name in names.split():
            setattr(cls, name, changing(getattr(base, name)))
        return cls

    def changing(method: Callable[..., Any]) -> Callable[..., Any]:
        def change(self: Any, *args: Any, **kwargs: Any) -> Any:
            if state.depth:
                spoil_plan("a layer changes a list, dict or set of its own in call()")
            plan.invalidate()
            result = method(self, *args, **kwargs)
            self._watch_items()
            return result

        return change

    return of_class


@_noticing(
    list,
    "append extend insert remove pop clear sort reverse __setitem__ __delitem__ __iadd__ __imul__",
)
class _List(list[Any]):
    __slots__ = ()

    def _fill(self, values: Any, known: dict[int, Any]) -> None:
        list.extend(self, [watched(item, known) for item in values])

    def _watch_items(self) -> None:
        for place, item in enumerate(self):
            own = watched(item)
            if own is not item:
                list.__setitem__(self, place, own)


@_noticing(dict, "update pop popitem clear setdefault __setitem__ __delitem__ __ior__")
class _Dict(dict[Any, Any]):
    __slots__ = ()

    def _fill(self, values: Any, known: dict[int, Any]) -> None:
        dict.update(self, {key: watched(item, known) for key, item in values.items()})

    def _watch_items(self) -> None:
        for key, item in list(self.items()):
            own = watched(item)
            if own is not item:
                dict.__setitem__(self, key, own)


@_noticing(
    set,
    "add remove discard pop clear update difference_update intersection_update symmetric_difference_update "
    "__ior__ __iand__ __isub__ __ixor__",
)
class _Set(set[Any]):
    __slots__ = ()

    def _fill(self, values: Any, known: dict[int, Any]) -> None:
        set.update(self, values)

    def _watch_items(self) -> None:
        """What a set holds cannot change."""


_WATCHED: dict[type, Any] = {list: _List, dict: _Dict, set: _Set}
