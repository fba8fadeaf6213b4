"""Elementwise comparisons, with NumPy's broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.tensor import Tensor, wrap
from .arrays import operands, ufunc_into_pool

__all__ = ["equal", "greater", "greater_equal", "less", "less_equal", "not_equal"]


def _compare(function: Any, x1: Any, x2: Any) -> Tensor:
    a, b = operands(x1, x2)
    return wrap(ufunc_into_pool(function, a.array, b.array, dtype=np.dtype(bool)))


def equal(x1: Any, x2: Any) -> Tensor:
    """Where x1 = x2, as bools.

    Args:
        x1: Tensor or array of any shape, or a number.
        x2: The same; shapes and dtypes combine as in `add`.

    Returns:
        Tensor of bools, of the common shape. It has no gradient.

    Raises:
        ShapeError: If the shapes do not broadcast.

    Example:
        >>> pydl.ops.equal([1, 2, 3], 2).numpy()
        array([False,  True, False])
    """
    return _compare(np.equal, x1, x2)


def not_equal(x1: Any, x2: Any) -> Tensor:
    """Where x1 ≠ x2, as bools.

    Args:
        x1: Tensor or array of any shape, or a number.
        x2: The same; shapes and dtypes combine as in `add`.

    Returns:
        Tensor of bools, of the common shape. It has no gradient.

    Raises:
        ShapeError: If the shapes do not broadcast.

    Example:
        >>> pydl.ops.not_equal([1, 2, 3], 2).numpy()
        array([ True, False,  True])
    """
    return _compare(np.not_equal, x1, x2)


def less(x1: Any, x2: Any) -> Tensor:
    """Where x1 < x2, as bools.

    Args:
        x1: Tensor or array of any shape, or a number.
        x2: The same; shapes and dtypes combine as in `add`.

    Returns:
        Tensor of bools, of the common shape. It has no gradient.

    Raises:
        ShapeError: If the shapes do not broadcast.

    Example:
        >>> pydl.ops.less([1, 2, 3], 2).numpy()
        array([ True, False, False])
    """
    return _compare(np.less, x1, x2)


def less_equal(x1: Any, x2: Any) -> Tensor:
    """Where x1 ≤ x2, as bools.

    Args:
        x1: Tensor or array of any shape, or a number.
        x2: The same; shapes and dtypes combine as in `add`.

    Returns:
        Tensor of bools, of the common shape. It has no gradient.

    Raises:
        ShapeError: If the shapes do not broadcast.

    Example:
        >>> pydl.ops.less_equal([1, 2, 3], 2).numpy()
        array([ True,  True, False])
    """
    return _compare(np.less_equal, x1, x2)


def greater(x1: Any, x2: Any) -> Tensor:
    """Where x1 > x2, as bools.

    Args:
        x1: Tensor or array of any shape, or a number.
        x2: The same; shapes and dtypes combine as in `add`.

    Returns:
        Tensor of bools, of the common shape. It has no gradient.

    Raises:
        ShapeError: If the shapes do not broadcast.

    Example:
        >>> pydl.ops.greater([1, 2, 3], 2).numpy()
        array([False, False,  True])
    """
    return _compare(np.greater, x1, x2)


def greater_equal(x1: Any, x2: Any) -> Tensor:
    """Where x1 ≥ x2, as bools.

    Args:
        x1: Tensor or array of any shape, or a number.
        x2: The same; shapes and dtypes combine as in `add`.

    Returns:
        Tensor of bools, of the common shape. It has no gradient.

    Raises:
        ShapeError: If the shapes do not broadcast.

    Example:
        >>> pydl.ops.greater_equal([1, 2, 3], 2).numpy()
        array([False,  True,  True])
    """
    return _compare(np.greater_equal, x1, x2)
