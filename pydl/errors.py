"""Errors that say which argument of what was wrong; each is also the built-in error that NumPy would raise."""

import operator
from typing import Any


class ShapeError(ValueError):
    """An argument has the wrong rank or sizes."""


class DTypeError(TypeError):
    """An argument has the wrong element type, or is no array at all."""


def positive_integer(owner: str, name: str, value: Any) -> int:
    """`value` as an int, also if it is NumPy's; ValueError unless it is a positive integer."""
    if not hasattr(value, "__index__") or value <= 0:
        raise ValueError(f"[{owner}] {name}: expected a positive integer, got {value!r}")
    return operator.index(value)
