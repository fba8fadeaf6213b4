"""Checks of the numeric options of losses and metrics, so that a wrong one fails before the first batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ..base.errors import as_integer, drop_rate, number, positive_integer


def check_options(owner: str, options: Mapping[str, Any]) -> None:
    """TypeError or ValueError for an option that makes no sense, such as a negative delta."""
    for name, value in options.items():
        if name in _CHECKS:
            _CHECKS[name](owner, name, value)


def _positive(owner: str, name: str, value: Any) -> None:
    if not number(owner, name, value) > 0:
        raise ValueError(f"[{owner}] {name}: expected a positive number, got {value!r}")


def _finite(owner: str, name: str, value: Any) -> None:
    if not math.isfinite(number(owner, name, value)):
        raise ValueError(f"[{owner}] {name}: expected a finite number, got {value!r}")


def _share(owner: str, name: str, value: Any) -> None:
    if value is not None:
        drop_rate(owner, value, name)


def _label(owner: str, name: str, value: Any) -> None:
    if value is not None and not number(owner, name, value).is_integer():
        raise ValueError(f"[{owner}] {name}: expected an integer or None, got {value!r}")


def _axis(owner: str, name: str, value: Any) -> None:
    axes = value if isinstance(value, tuple | list) else () if value is None else (value,)
    if any(as_integer(axis) is None for axis in axes):
        raise TypeError(f"[{owner}] {name}: expected an integer, got {value!r}")


_CHECKS: dict[str, Callable[..., Any]] = {
    "axis": _axis,
    "delta": _positive,
    "ignore_class": _label,
    "k": positive_integer,
    "label_smoothing": _share,
    "threshold": _finite,
}
