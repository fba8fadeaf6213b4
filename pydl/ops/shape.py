"""Ops that move elements and change none: shapes, axes, slices, dtypes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _core
from ..errors import ShapeError
from ..tape import Array
from ..tensor import Tensor, as_tensor, record
from .arrays import MAX_AXES, contiguous, filled, floating, promote, repeated, transposed


def reshape(x: Any, shape: Any) -> Tensor:
    """The same elements in another shape; one size may be -1. Shares memory with x. ShapeError if it does not fit."""
    x = as_tensor(x)
    try:
        y = x.array.reshape(shape)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"[reshape] shape: {shape!r} does not fit a tensor of shape {x.shape}") from error

    def backward(dy: Array) -> tuple[Array]:
        return (dy.reshape(x.shape),)

    return record(y, (x,), backward)


def expand_dims(x: Any, axis: int) -> Tensor:
    """One more axis of size 1 at `axis`."""
    x = as_tensor(x)
    return reshape(x, np.expand_dims(x.array, axis).shape)


def squeeze(x: Any, axis: Any = None) -> Tensor:
    """Without the axes of size 1, or without those given. ValueError if one of them has another size."""
    x = as_tensor(x)
    return reshape(x, np.squeeze(x.array, axis).shape)


def transpose(x: Any, axes: Sequence[int] | None = None) -> Tensor:
    """The axes in another order (None: backwards). ValueError unless `axes` names each axis once."""
    x = as_tensor(x)
    order = tuple(range(x.ndim))[::-1] if axes is None else tuple(axes)
    try:
        y = transposed(x.array, order)
        back = tuple(np.argsort([a % x.ndim for a in order])) if x.ndim else ()
    except (TypeError, ValueError) as error:
        raise ShapeError(f"[transpose] axes: expected each of {x.ndim} axes once, got {axes!r}") from error

    def backward(dy: Array) -> tuple[Array]:
        return (transposed(dy, back),)

    return record(y, (x,), backward)


def moveaxis(x: Any, source: int, destination: int) -> Tensor:
    """One axis at another place, the others in their order."""
    x = as_tensor(x)
    for name, axis in (("source", source), ("destination", destination)):
        if not -x.ndim <= axis < x.ndim:
            raise ShapeError(f"[moveaxis] {name}: expected an axis of a tensor with {x.ndim} axes, got {axis}")
    order = list(range(x.ndim))
    order.insert(destination % x.ndim, order.pop(source))
    return transpose(x, order)


def broadcast_to(x: Any, shape: tuple[int, ...]) -> Tensor:
    """x repeated along new axes and axes of size 1. ValueError if that does not give `shape`."""
    from .reduce import sum_to

    tensor = as_tensor(x)
    if tensor.shape == tuple(shape):
        return tensor

    def backward(dy: Array) -> tuple[Array]:
        return (sum_to(dy, tensor.shape),)

    return record(repeated(tensor.array, tuple(shape)), (tensor,), backward)


def pad(x: Any, pad_width: Sequence[tuple[int, int]]) -> Tensor:
    """x with zeros around it: (before, after) for each axis, as np.pad takes them; negative numbers cut off.

    ShapeError unless there is a pair for each axis, or if more is cut off than there is.
    """
    x = floating(as_tensor(x))
    if len(pad_width) != x.ndim:
        raise ShapeError(f"[pad] pad_width: expected {x.ndim} pairs for a tensor of shape {x.shape}, got {pad_width}")
    before, after = [[int(pair[i]) for pair in pad_width] for i in range(2)]
    if any(n + b + a < 0 for n, b, a in zip(x.shape, before, after, strict=True)):
        raise ShapeError(f"[pad] pad_width: {tuple(pad_width)} cuts off more than there is of shape {x.shape}")

    def backward(dy: Array) -> tuple[Array]:
        return (_core.pad(dy, [-n for n in before], [-n for n in after]),)

    return record(_core.pad(x.array, before, after), (x,), backward)


def concatenate(tensors: Sequence[Any], axis: int = -1) -> Tensor:
    """The tensors one after the other along `axis`. ValueError if other sizes differ."""
    xs = [as_tensor(x) for x in tensors]
    if not xs:
        raise ValueError("[concatenate] tensors: expected at least one")
    dtype = xs[0].dtype
    for x in xs[1:]:
        dtype = promote(dtype, x.dtype)
    xs = [cast(x, dtype) for x in xs]
    cuts: Any = np.cumsum([x.shape[axis] for x in xs])[:-1] if xs[0].ndim else []

    def backward(dy: Array) -> list[Array]:
        return [contiguous(part) for part in np.split(dy, cuts, axis)]

    return record(_joined([x.array for x in xs], axis), xs, backward)


def _joined(arrays: list[Array], axis: int) -> Array:
    """By the kernel where it can, 16 arrays at a time."""
    if arrays[0].dtype.kind != "f" or not -arrays[0].ndim <= axis < arrays[0].ndim:
        return np.concatenate(arrays, axis)  # raises what is wrong with the axis
    while len(arrays) > 16:
        arrays = [_core.concatenate(arrays[i : i + 16], axis) for i in range(0, len(arrays), 16)]
    return _core.concatenate(arrays, axis)


def flip(x: Any, axis: int) -> Tensor:
    """x with one axis in reverse order. ShapeError for an axis that x does not have."""
    x = as_tensor(x)
    if not -x.ndim <= axis < x.ndim:
        raise ShapeError(f"[flip] axis: expected an axis of a tensor with {x.ndim} axes, got {axis}")

    def reverse(array: Array) -> Array:
        return _core.flip(array, axis) if array.dtype.kind in "fb" else contiguous(np.flip(array, axis))

    def backward(dy: Array) -> tuple[Array]:
        return (reverse(dy),)

    return record(reverse(x.array), (x,), backward)


def stack(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    """The tensors, all of one shape, along a new axis."""
    return concatenate([expand_dims(x, axis) for x in tensors], axis)


def getitem(x: Any, index: Any) -> Tensor:
    """x[index] as NumPy indexes: integers, slices, None, arrays of integers or bools. IndexError if outside."""
    x = as_tensor(x)
    if isinstance(index, tuple):
        index = tuple([i.array if isinstance(i, Tensor) else i for i in index])
    elif isinstance(index, Tensor):
        index = index.array
    picked = np.asarray(x.array[index])
    parts = index if isinstance(index, tuple) else (index,)
    simple = all(isinstance(i, int | slice | None | type(...)) and not isinstance(i, bool) for i in parts)

    def backward(dy: Array) -> tuple[Array]:
        dx = filled(x.shape, np.zeros((), dy.dtype))
        if simple:
            dx[index] = dy
        else:
            np.add.at(dx, index, dy)  # an element may have been taken more than once
        return (dx,)

    cut = None if picked.flags.c_contiguous or not simple else _cut(x.array, parts)
    return record(contiguous(picked) if cut is None else cut.reshape(picked.shape), (x,), backward)


def _cut(array: Array, parts: Sequence[Any]) -> Array | None:
    """What integers and slices pick from an array, by the kernel; None where it cannot."""
    if array.dtype.kind != "f" or array.ndim > MAX_AXES:
        return None
    axes = [part for part in parts if part is not None]
    place = axes.index(...) if ... in axes else len(axes)
    left_out = array.ndim - len(axes) + (... in axes)
    axes[place : place + 1] = [slice(None)] * left_out
    before, after = [], []
    for size, part in zip(array.shape, axes, strict=True):
        start, stop, step = part.indices(size) if isinstance(part, slice) else (part % size, part % size + 1, 1)
        if step != 1:
            return None
        before.append(-start)
        after.append(max(start, stop) - size)
    return _core.pad(array, before, after)


def cast(x: Any, dtype: Any) -> Tensor:
    """x in another dtype; the gradient goes back in the old one."""
    tensor = as_tensor(x)
    dtype = np.dtype(dtype)
    if tensor.dtype == dtype:
        return tensor
    y = _core.empty(tensor.shape, dtype)
    np.copyto(y, tensor.array, casting="unsafe")
    if dtype.kind != "f" or tensor.dtype.kind != "f":
        return as_tensor(y)

    def backward(dy: Array) -> tuple[Array]:
        return (dy.astype(tensor.dtype),)

    return record(y, (tensor,), backward)


def flatten(x: Any) -> Tensor:
    """Each sample as one row: (N, …) to (N, product of the rest). ShapeError for a scalar."""
    x = as_tensor(x)
    if x.ndim == 0:
        raise ShapeError("[flatten] x: expected at least 1 axis, got a scalar")
    return reshape(x, (x.shape[0], math.prod(x.shape[1:])))
