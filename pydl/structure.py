"""Nested lists, tuples and dicts of tensors: what models with several inputs or outputs take and give.

Everything that is not a list, tuple or dict is a leaf; so is a tuple of sizes, which is a shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np


def is_shape(x: Any) -> bool:
    """Whether x is a tuple of sizes (None: open)."""
    return isinstance(x, tuple) and all(n is None or isinstance(n, int | np.integer) for n in x)


def is_nested(x: Any) -> bool:
    """Whether x is a container of leaves, and not a leaf itself."""
    return isinstance(x, dict | list) or (isinstance(x, tuple) and not is_shape(x))


def map_leaves(function: Callable[[Any], Any], structure: Any) -> Any:
    """The same structure with `function(leaf)` for each leaf."""
    if isinstance(structure, dict):
        return {key: map_leaves(function, value) for key, value in structure.items()}
    if is_nested(structure):
        return type(structure)([map_leaves(function, value) for value in structure])
    return function(structure)


def leaves(structure: Any) -> list[Any]:
    """The leaves from left to right; those of a dict in the order of its keys."""
    if isinstance(structure, dict):
        return [leaf for value in structure.values() for leaf in leaves(value)]
    if is_nested(structure):
        return [leaf for value in structure for leaf in leaves(value)]
    return [structure]


def rebuild(structure: Any, values: Iterable[Any]) -> Any:
    """The structure with these leaves in place of its own."""
    remaining = iter(values)
    return map_leaves(lambda _: next(remaining), structure)
