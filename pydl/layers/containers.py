"""Search of nested lists, dicts and sets for layers and variables."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from ..autograd.variable import Variable

CONTAINERS = (list, tuple, dict, set, frozenset, deque)


class Part:
    """Base class of layers, for isinstance. `_number` is the order of creation of layers and variables."""

    _number: int


def parts_in(value: Any) -> Iterator[Any]:
    """The layers and variables in a nested container, in its order; those of a set in the order of creation."""
    seen: set[int] = set()  # a container may contain itself
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
