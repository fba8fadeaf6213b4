"""What weights must satisfy after each update: `constraint(array)` gives the nearest allowed array, as in Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .base.argument_names import NamesArguments
from .base.registry import Registry, plain

Array = np.ndarray[tuple[int, ...], np.dtype[Any]]
_EPSILON = 1e-7


def _norm(w: Array, axis: Any) -> Array:
    axis = tuple(axis) if isinstance(axis, list) else axis
    return np.asarray(np.sqrt(np.sum(np.square(w), axis=axis, keepdims=True)))


class Constraint(NamesArguments):
    """Base: override `__call__`."""

    def __call__(self, w: Array) -> Array:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return dict(plain(vars(self)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"


class MaxNorm(Constraint):
    """Norms along `axis` at most `max_value`."""

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Array) -> Array:
        norm = _norm(w, self.axis)
        return np.multiply(w, np.clip(norm, 0, self.max_value) / (_EPSILON + norm), dtype=w.dtype)


class NonNeg(Constraint):
    """No negative weights."""

    def __call__(self, w: Array) -> Array:
        return np.maximum(w, 0, dtype=w.dtype)


class UnitNorm(Constraint):
    """Norms along `axis` equal to one."""

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Array) -> Array:
        return np.divide(w, _EPSILON + _norm(w, self.axis), dtype=w.dtype)


class MinMaxNorm(Constraint):
    """Norms along `axis` moved towards [min_value, max_value] at the given rate."""

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0) -> None:
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Array) -> Array:
        norm = _norm(w, self.axis)
        wanted = self.rate * np.clip(norm, self.min_value, self.max_value) + (1 - self.rate) * norm
        return np.multiply(w, wanted / (_EPSILON + norm), dtype=w.dtype)


_registry: Registry[Constraint] = Registry("constraint", [MaxNorm, NonNeg, UnitNorm, MinMaxNorm])


def get(identifier: Any) -> Callable[[Array], Array] | None:
    """A constraint from its name, config or itself; None stays None. ValueError lists the names."""
    return None if identifier is None else _registry.get(identifier)


def serialize(constraint: Any) -> Any:
    """What `get` turns back into the same constraint."""
    return None if constraint is None else _registry.serialize(constraint)
