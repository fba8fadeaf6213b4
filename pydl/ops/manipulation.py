"""Ops that move elements and change none: shapes, axes, slices, dtypes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor, record
from ..base.errors import ShapeError
from .arrays import cast, contiguous, filled, in_kernels, promote, repeated, sum_to, transposed
from .axes import axes_of, axis_of


def reshape(x: Any, newshape: Any) -> Tensor:
    """The same elements in another shape; one size may be -1. Shares memory with x. ShapeError if it does not fit."""
    x = as_tensor(x)
    try:
        y = x.array.reshape((None,) if newshape is None else newshape)  # None alone is no error for NumPy
    except (TypeError, ValueError) as error:
        raise ShapeError(f"[reshape] newshape: {newshape!r} does not fit a tensor of shape {x.shape}") from error

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


def moveaxis(x: Any, source: Any, destination: Any) -> Tensor:
    """Axes, one or several, at other places; the others in their order."""
    x = as_tensor(x)
    sources, places = [
        [axis_of("moveaxis", a, x.ndim, name) for a in (given if isinstance(given, list | tuple) else (given,))]
        for name, given in (("source", source), ("destination", destination))
    ]
    if len(set(sources)) != len(sources) or len(set(places)) != len(places) or len(sources) != len(places):
        raise ShapeError(
            f"[moveaxis] source, destination: expected as many different axes, got {source!r} and {destination!r}"
        )
    order = [a for a in range(x.ndim) if a not in sources]
    for place, a in sorted(zip(places, sources, strict=True)):
        order.insert(place, a)
    return transpose(x, order)


def broadcast_to(x: Any, shape: tuple[int, ...]) -> Tensor:
    """x repeated along new axes and axes of size 1. ValueError if that does not give `shape`."""
    tensor = as_tensor(x)
    if tensor.shape == tuple(shape):
        return tensor

    def backward(dy: Array) -> tuple[Array]:
        return (sum_to(dy, tensor.shape),)

    return record(repeated(tensor.array, tuple(shape)), (tensor,), backward)


def _listed(op: str, name: str, xs: Any) -> list[Tensor]:
    """The tensors of a sequence. An array is one of its rows, but nobody waits for 2⁴⁰ rows of nothing."""
    shape = getattr(xs, "shape", ())
    if shape and shape[0] > 1 << 16:
        raise ValueError(f"[{op}] {name}: expected a list of tensors, got an array of {shape[0]} rows")
    return [as_tensor(x) for x in xs]


def concatenate(xs: Sequence[Any], axis: int = 0) -> Tensor:
    """The tensors one after the other along `axis`. ValueError if other sizes differ."""
    tensors = _listed("concatenate", "xs", xs)
    if not tensors:
        raise ValueError("[concatenate] xs: expected at least one tensor, got none")
    if type(axis) is not int or not -tensors[0].ndim <= axis < tensors[0].ndim:
        axis = axis_of("concatenate", axis, tensors[0].ndim)
    dtype = tensors[0].dtype
    for x in tensors[1:]:
        dtype = promote(dtype, x.dtype)
    tensors = [cast(x, dtype) for x in tensors]
    arrays = [x.array for x in tensors]

    def backward(dy: Array) -> list[Array]:
        cuts: Any = np.cumsum([array.shape[axis] for array in arrays])[:-1]
        return [contiguous(part) for part in np.split(dy, cuts, axis)]

    return record(_joined(arrays, axis), tensors, backward)


def _joined(arrays: list[Array], axis: int) -> Array:
    """By the kernel where it can, 16 arrays at a time."""
    if not in_kernels(arrays[0]):
        return np.concatenate(arrays, axis)
    while len(arrays) > 16:
        arrays = [_core.concatenate(arrays[i : i + 16], axis) for i in range(0, len(arrays), 16)]
    return _core.concatenate(arrays, axis)


def flip(x: Any, axis: Any = None) -> Tensor:
    """x in reverse order along `axis`: an integer, several, or None for all. ShapeError for one that x lacks."""
    x = as_tensor(x)
    axes = axes_of("flip", axis, x.ndim)

    def reverse(array: Array) -> Array:
        if array.dtype.char not in "fd?":
            return contiguous(np.flip(array, tuple(axes)))
        for a in axes:
            array = _core.flip(array, a)
        return array

    def backward(dy: Array) -> tuple[Array]:
        return (reverse(dy),)

    return record(reverse(x.array), (x,), backward)


def stack(x: Sequence[Any], axis: int = 0) -> Tensor:
    """The tensors, all of one shape, along a new axis."""
    tensors = _listed("stack", "x", x)
    if not tensors:
        raise ValueError("[stack] x: expected at least one tensor, got none")
    if any(each.shape != tensors[0].shape for each in tensors):
        raise ShapeError(f"[stack] x: expected tensors of one shape, got {[each.shape for each in tensors]}")
    axis = axis_of("stack", axis, tensors[0].ndim + 1)
    return concatenate([expand_dims(each, axis) for each in tensors], axis)


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
    if not in_kernels(array):
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


def flatten(x: Any) -> Tensor:
    """Each sample as one row: (N, …) to (N, product of the rest). ShapeError for a scalar."""
    x = as_tensor(x)
    if x.ndim == 0:
        raise ShapeError("[flatten] x: expected at least 1 axis, got a scalar")
    return reshape(x, (x.shape[0], math.prod(x.shape[1:])))
