"""Optimizers. An update of all variables of one dtype is one kernel call."""

from __future__ import annotations

from typing import Any

from ..base.registry import Registry
from . import schedules
from .adam import Adam, AdamW
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "get", "schedules"]

_registry: Registry[Optimizer] = Registry("optimizer", [SGD, RMSprop, Adam, AdamW])


def get(identifier: Any) -> Optimizer:
    """An optimizer from its name.

    Args:
        identifier: A name such as "adam", a class, a config {"class_name", "config"}, or an optimizer.

    Returns:
        The optimizer.

    Raises:
        TypeError: If it is none of these.
        ValueError: If there is no optimizer of this name; the error lists the names.

    Example:
        >>> pydl.optimizers.get("adam").learning_rate
        0.001
    """
    if isinstance(identifier, Optimizer):
        return identifier
    name = identifier.lower() if isinstance(identifier, str) else identifier
    optimizer = _registry.get(name)
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"[optimizer] identifier: expected a name or an Optimizer, got {identifier!r}")
    return optimizer
