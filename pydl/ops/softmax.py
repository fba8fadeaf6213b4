"""Softmax and its logarithm."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor, record
from ..base.errors import as_integer
from .arrays import floating
from .axes import axes_of
from .manipulation import reshape, transpose

__all__ = ["log_softmax", "softmax"]


def softmax(x: Any, axis: Any = -1) -> Tensor:
    """exp(x) / Σ exp(x) along `axis`: positive numbers that add up to one.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.
        axis: The axis to add up, or a tuple of several; None for all.

    Returns:
        Tensor of the shape of x.

    Raises:
        ShapeError: If x does not have the axis.

    Example:
        >>> pydl.ops.softmax([[0.0, 0.0], [1000.0, 0.0]]).numpy()
        array([[0.5, 0.5],
               [1. , 0. ]], dtype=float32)
    """
    x = floating(as_tensor(x))
    if type(axis) is not int or x.ndim == 0 or axis not in (-1, x.ndim - 1):
        return _along("softmax", softmax, x, axis)
    y = _core.softmax_forward(x.array)

    def backward(dy: Array) -> tuple[Array]:
        return (_core.softmax_backward(dy, y),)

    return record(y, (x,), backward, "softmax")


def log_softmax(x: Any, axis: Any = -1) -> Tensor:
    """log(softmax(x)), exact also where the softmax is tiny.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.
        axis: The axis to add up, or a tuple of several; None for all.

    Returns:
        Tensor of the shape of x.

    Raises:
        ShapeError: If x does not have the axis.

    Example:
        >>> pydl.ops.log_softmax([1000.0, 0.0]).numpy()
        array([    0., -1000.], dtype=float32)
    """
    x = floating(as_tensor(x))
    if type(axis) is not int or x.ndim == 0 or axis not in (-1, x.ndim - 1):
        return _along("log_softmax", log_softmax, x, axis)
    y = _core.log_softmax_forward(x.array)

    def backward(dy: Array) -> tuple[Array]:
        return (_core.log_softmax_backward(dy, y),)

    return record(y, (x,), backward)


def _along(op: str, last_axis: Callable[[Tensor], Tensor], x: Tensor, axis: Any) -> Tensor:
    """A function of the last axis along other axes: they are moved to the end and merged."""
    if x.ndim == 0 and (axis is None or as_integer(axis) == -1):
        return reshape(last_axis(reshape(x, (1,))), ())
    axes = axes_of(op, axis, x.ndim)
    order = [a for a in range(x.ndim) if a not in axes] + axes
    moved = transpose(x, order)
    leading = x.ndim - len(axes)
    y = last_axis(reshape(moved, (*moved.shape[:leading], math.prod(moved.shape[leading:]))))
    return transpose(reshape(y, moved.shape), [order.index(a) for a in range(x.ndim)])
