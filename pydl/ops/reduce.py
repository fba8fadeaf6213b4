"""Reductions along axes: sum, mean, max, min, argmax, argmin."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array, plan_constant
from ..autograd.tensor import Tensor, as_tensor, record
from ..base.quiet import quiet
from . import math as elementwise
from .arrays import broadcast_copy, floating, reduced, repeated
from .axes import axes_of

__all__ = ["argmax", "argmin", "max", "mean", "min", "sum"]


def _keepdims_shape(shape: tuple[int, ...], axes: list[int]) -> tuple[int, ...]:
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The sum along `axis`.

    Args:
        x: Tensor or array of any shape. Integers of less than 32 bits and bools become int32.
        axis: An axis, a tuple of several, or None for all.
        keepdims: Whether the axes stay, with size 1.

    Returns:
        Tensor without these axes, or with size 1 there.

    Raises:
        ShapeError: If x does not have the axis.

    Example:
        >>> pydl.ops.sum([[1.0, 2.0], [3.0, 4.0]], axis=0).numpy()
        array([4., 6.], dtype=float32)
    """
    x = as_tensor(x)
    axes = axes_of("sum", axis, x.ndim)
    keepdims_shape = _keepdims_shape(x.shape, axes)
    y = reduced("sum", x.array, axes)

    def backward(dy: Array) -> tuple[Array]:
        return (repeated(dy.reshape(keepdims_shape), x.shape),)

    return record(y.reshape(keepdims_shape) if keepdims else y, (x,), backward)


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The mean along `axis`.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.
        axis: An axis, a tuple of several, or None for all.
        keepdims: Whether the axes stay, with size 1.

    Returns:
        Tensor without these axes, or with size 1 there; NaN where there was nothing to add up.

    Raises:
        ShapeError: If x does not have the axis.

    Example:
        >>> pydl.ops.mean([[1.0, 2.0], [3.0, 4.0]], axis=1, keepdims=True).numpy()
        array([[1.5],
               [3.5]], dtype=float32)
    """
    x = floating(as_tensor(x))
    axes = axes_of("mean", axis, x.ndim)
    keepdims_shape = _keepdims_shape(x.shape, axes)
    count = math.prod([x.shape[a] for a in axes])
    y = reduced("mean", x.array, axes)

    def backward(dy: Array) -> tuple[Array]:
        share = _core.binary("divide", dy, plan_constant(np.asarray(count, dy.dtype)))
        return (repeated(share.reshape(keepdims_shape), x.shape),)

    return record(y.reshape(keepdims_shape) if keepdims else y, (x,), backward)


def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """The maximum along `axis`; NaN wins, and equal elements share the gradient.

    Args:
        x: Tensor or array of any shape and dtype.
        axis: An axis, a tuple of several, or None for all.
        keepdims: Whether the axes stay, with size 1.
        initial: A number that the result is at least, also where x is empty.

    Returns:
        Tensor of the dtype of x, without these axes, or with size 1 there.

    Raises:
        ShapeError: If x does not have the axis.
        ValueError: If there are no elements and no `initial`.

    Example:
        >>> pydl.ops.max([[1.0, 5.0], [3.0, 2.0]], axis=1).numpy()
        array([5., 3.], dtype=float32)
    """
    return _extreme("max", x, axis, keepdims, initial)


def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """The minimum along `axis`; NaN wins, and equal elements share the gradient.

    Args:
        x: Tensor or array of any shape and dtype.
        axis: An axis, a tuple of several, or None for all.
        keepdims: Whether the axes stay, with size 1.
        initial: A number that the result is at most, also where x is empty.

    Returns:
        Tensor of the dtype of x, without these axes, or with size 1 there.

    Raises:
        ShapeError: If x does not have the axis.
        ValueError: If there are no elements and no `initial`.

    Example:
        >>> pydl.ops.min([[1.0, 5.0], [3.0, 2.0]], axis=1).numpy()
        array([1., 2.], dtype=float32)
    """
    return _extreme("min", x, axis, keepdims, initial)


def _extreme(name: str, x: Any, axis: Any, keepdims: bool, initial: Any) -> Tensor:
    x = as_tensor(x)
    axes = axes_of(name, axis, x.ndim)
    if initial is not None:
        if any(x.shape[a] == 0 for a in axes):
            shape = _keepdims_shape(x.shape, axes) if keepdims else [n for a, n in enumerate(x.shape) if a not in axes]
            return as_tensor(np.full(shape, initial, x.dtype))
        choose = elementwise.maximum if name == "max" else elementwise.minimum
        return choose(_extreme(name, x, axis, keepdims, None), initial)
    keepdims_shape = _keepdims_shape(x.shape, axes)
    y = reduced(name, x.array, axes)

    def backward(dy: Array) -> tuple[Array]:
        hit = x.array == y.reshape(keepdims_shape)
        hits = hit.sum(axis=tuple(axes), keepdims=True, dtype=dy.dtype)
        share = quiet.run(np.divide, dy.reshape(keepdims_shape), hits)
        return (broadcast_copy(x.shape, np.where(hit, share, np.where(hits == 0, np.nan, 0).astype(dy.dtype))),)

    return record(y.reshape(keepdims_shape) if keepdims else y, (x,), backward)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The index of the first maximum along `axis`, or of the first NaN.

    Args:
        x: Tensor or array of any shape and dtype.
        axis: The axis; None for an index into all elements in a row.
        keepdims: Whether the axis stays, with size 1.

    Returns:
        Tensor of int32 without the axis, or with size 1 there. It has no gradient.

    Raises:
        ShapeError: If x does not have the axis.
        ValueError: If there are no elements along the axis.

    Example:
        >>> pydl.ops.argmax([[1.0, 5.0], [3.0, 2.0]], axis=1).numpy()
        array([1, 0], dtype=int32)
    """
    return _arg_reduce("argmax", np.argmax, x, axis, keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The index of the first minimum along `axis`, or of the first NaN.

    Args:
        x: Tensor or array of any shape and dtype.
        axis: The axis; None for an index into all elements in a row.
        keepdims: Whether the axis stays, with size 1.

    Returns:
        Tensor of int32 without the axis, or with size 1 there. It has no gradient.

    Raises:
        ShapeError: If x does not have the axis.
        ValueError: If there are no elements along the axis.

    Example:
        >>> pydl.ops.argmin([[1.0, 5.0], [3.0, 2.0]], axis=1).numpy()
        array([0, 1], dtype=int32)
    """
    return _arg_reduce("argmin", np.argmin, x, axis, keepdims)


def _arg_reduce(op: str, by_numpy: Any, x: Any, axis: Any, keepdims: bool) -> Tensor:
    x = as_tensor(x)
    if axis is None:
        flat, a, keepdims_shape = x.array.reshape(-1), 0, (1,) * x.ndim
    else:
        (a,) = axes_of(op, (axis,), x.ndim)
        flat, keepdims_shape = x.array, _keepdims_shape(x.shape, [a])
    if flat.shape[a] == 0:
        raise ValueError(f"[{op}] x: expected at least one element along the axis, got shape {x.shape}")
    by_kernel = op == "argmax" and flat.dtype.char in "fd"
    y = np.asarray(_core.argmax(flat, a) if by_kernel else by_numpy(flat, a), np.int32)
    return as_tensor(y.reshape(keepdims_shape) if keepdims else y)
