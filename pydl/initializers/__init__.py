"""Initial values of weights, with Keras's formulas: `initializer(shape, dtype)` returns an array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..base.registry import Registry
from .base import Array, Initializer
from .constant import Constant, Identity, Ones, Zeros
from .random import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)

__all__ = [
    "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity", "Initializer", "LecunNormal",
    "LecunUniform", "Ones", "Orthogonal", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling",
    "Zeros", "get", "serialize",
]  # fmt: skip

_registry: Registry[Callable[..., Array]] = Registry(
    "initializer",
    [
        Constant, Zeros, Ones, Identity, RandomUniform, RandomNormal, TruncatedNormal, VarianceScaling, GlorotUniform,
        GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal, Orthogonal,
    ],
    {"uniform": RandomUniform, "normal": RandomNormal},
)  # fmt: skip


def get(identifier: Any) -> Callable[..., Array]:
    """An initializer from its name.

    Args:
        identifier: A name such as "he_normal", a class, a config {"class_name", "config"}, an initializer or function
            of (shape, dtype), or None for zeros.

    Returns:
        The initializer.

    Raises:
        ValueError: If there is no initializer of this name; the error lists the names.
        TypeError: If it is none of these.

    Example:
        >>> pydl.initializers.get("glorot_uniform")
        GlorotUniform(seed=None)
    """
    return Zeros() if identifier is None else _registry.get(identifier)


def serialize(initializer: Any) -> Any:
    """A config from which `get` makes this initializer again.

    Args:
        initializer: An initializer.

    Returns:
        A dict of the class name and the config; a user's function is returned unchanged.

    Example:
        >>> pydl.initializers.serialize(pydl.initializers.Zeros())
        {'class_name': 'Zeros', 'config': {}}
    """
    return _registry.serialize(initializer)
