"""Nested lists, tuples and dicts of tensors: the inputs and outputs of models with several of them.

Everything that is no list, tuple or dict is a leaf. A tuple of sizes is a shape, and a leaf too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np


def is_shape(x: Any) -> bool:
    """Whether x is a tuple of sizes (None: unknown)."""
    return isinstance(x, tuple) and all(n is None or isinstance(n, int | np.integer) for n in x)


_CONTAINERS = (dict, list, tuple)


def is_nested(x: Any) -> bool:
    """Whether x is a container and no leaf."""
    return isinstance(x, _CONTAINERS) and not is_shape(x)


def map_structure(function: Callable[[Any], Any], structure: Any) -> Any:
    """The same structure with `function(leaf)` for each leaf."""
    if not is_nested(structure):
        return function(structure)
    if isinstance(structure, dict):
        return {key: map_structure(function, value) for key, value in structure.items()}
    return type(structure)(
        [map_structure(function, value) if isinstance(value, _CONTAINERS) else function(value) for value in structure]
    )


def flatten(structure: Any) -> list[Any]:
    """The leaves from left to right; those of a dict in the order of its keys."""
    if not is_nested(structure):
        return [structure]
    found: list[Any] = []
    for value in structure.values() if isinstance(structure, dict) else structure:
        if isinstance(value, _CONTAINERS):
            found += flatten(value)
        else:
            found.append(value)
    return found


def pack_sequence_as(structure: Any, values: Iterable[Any]) -> Any:
    """The structure with these leaves in place of its own."""
    remaining = iter(values)
    return map_structure(lambda _: next(remaining), structure)


def match_structure(structure: Any, values: Any, exactly: bool = True) -> Any:
    """`values` with the container types of the structure if they are nested like it, else None.

    exactly: a dict of values may have no more keys than the one of the structure.
    """
    if not is_nested(structure):
        return None if isinstance(values, dict) else values
    if isinstance(structure, dict):
        if not isinstance(values, dict) or not structure.keys() <= values.keys():
            return None
        if exactly and len(values) > len(structure):
            return None
        found: Any = {key: match_structure(each, values[key], exactly) for key, each in structure.items()}
        return None if any(each is None for each in found.values()) else found
    if type(values) not in (list, tuple) or len(values) != len(structure):
        return None
    found = [match_structure(each, value, exactly) for each, value in zip(structure, values, strict=True)]
    return None if any(each is None for each in found) else type(structure)(found)


def paths(structure: Any) -> list[str]:
    """The path of each leaf: the keys and list indices that lead to it, joined by "_"."""
    if not is_nested(structure):
        return [""]
    items = structure.items() if isinstance(structure, dict) else enumerate(structure)
    return ["_".join(filter(None, (str(key), path))) for key, each in items for path in paths(each)]
