"""Constraints on weights after each update: `constraint(array)` returns an array that satisfies it, as in Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .autograd.tape import Array
from .base.argument_names import NamesArguments
from .base.registry import Registry, plain
from .ops.constraint import max_norm, min_max_norm, non_negative, unit_norm

__all__ = ["Constraint", "MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm", "get", "serialize"]


class Constraint(NamesArguments):
    """Base of all constraints: functions that are applied to a weight after each update.

    A subclass overrides `__call__`; its attributes are its config.

    Example:
        >>> class AtMostOne(pydl.constraints.Constraint):
        ...     def __call__(self, w):
        ...         return np.minimum(w, 1)
        >>> AtMostOne()(np.array([0.5, 3.0]))
        array([0.5, 1. ])
    """

    def __call__(self, w: Array) -> Array:
        """What the weight becomes.

        Args:
            w: Array of any shape, of floats.

        Returns:
            An array of the same shape and dtype.

        Example:
            >>> pydl.constraints.NonNeg()(np.array([-1.0, 2.0]))
            array([0., 2.])
        """
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments.

        Returns:
            A dict of plain values.

        Example:
            >>> pydl.constraints.MaxNorm(3).get_config()
            {'max_value': 3, 'axis': 0}
        """
        return dict(plain(vars(self)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"


class MaxNorm(Constraint):
    """Norms of at most `max_value`: longer vectors are scaled down.

    Args:
        max_value: The greatest norm.
        axis: The axis, or a tuple of several, along which a vector lies: 0 for the inputs of each unit of a dense
            layer, (0, 1, 2) for those of each filter of a 2-D convolution.

    Source:
        Srivastava et al. 2014, "Dropout", section 5.1.

    Example:
        >>> pydl.constraints.MaxNorm(1)(np.array([[3.0], [4.0]])).round(3)
        array([[0.6],
               [0.8]])
    """

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Array) -> Array:
        return max_norm(w, self.axis, self.max_value)


class NonNeg(Constraint):
    """No negative weights: they become 0.

    Example:
        >>> pydl.constraints.NonNeg()(np.array([-1.0, 2.0]))
        array([0., 2.])
    """

    def __call__(self, w: Array) -> Array:
        return non_negative(w)


class UnitNorm(Constraint):
    """Norms of 1.

    Args:
        axis: The axis, or a tuple of several, along which a vector lies, as in `MaxNorm`.

    Example:
        >>> pydl.constraints.UnitNorm()(np.array([[3.0], [4.0]])).round(3)
        array([[0.6],
               [0.8]])
    """

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Array) -> Array:
        return unit_norm(w, self.axis)


class MinMaxNorm(Constraint):
    """Norms between two bounds: other vectors are scaled towards them.

    Args:
        min_value: The smallest norm.
        max_value: The greatest norm.
        rate: How much of the way to the bound is taken at each update: 1 for all of it.
        axis: The axis, or a tuple of several, along which a vector lies, as in `MaxNorm`.

    Example:
        >>> pydl.constraints.MinMaxNorm(10, 20)(np.array([[3.0], [4.0]])).round(3)
        array([[6.],
               [8.]])
    """

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0) -> None:
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Array) -> Array:
        return min_max_norm(w, self.axis, self.min_value, self.max_value, self.rate)


_registry: Registry[Constraint] = Registry("constraint", [MaxNorm, NonNeg, UnitNorm, MinMaxNorm])


def get(identifier: Any) -> Callable[[Array], Array] | None:
    """A constraint from its name.

    Args:
        identifier: A name such as "non_neg", a class, a config {"class_name", "config"}, a constraint or function from
            an array to an array, or None.

    Returns:
        The constraint, or None for None.

    Raises:
        ValueError: If there is no constraint of this name; the error lists the names.
        TypeError: If it is none of these.

    Example:
        >>> pydl.constraints.get("max_norm")
        MaxNorm(max_value=2, axis=0)
    """
    return None if identifier is None else _registry.get(identifier)


def serialize(constraint: Any) -> Any:
    """A config from which `get` makes this constraint again.

    Args:
        constraint: A constraint, or None.

    Returns:
        A dict of the class name and the config, or None for None; a function of a user's own stays as it is.

    Example:
        >>> pydl.constraints.serialize(pydl.constraints.NonNeg())
        {'class_name': 'NonNeg', 'config': {}}
    """
    return None if constraint is None else _registry.serialize(constraint)
