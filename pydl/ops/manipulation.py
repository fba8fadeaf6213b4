"""Ops that move elements without changing them: shapes, axes, slices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor, record
from ..base.errors import ShapeError, as_integer, shown
from .arrays import broadcast_copy, cast, contiguous, in_kernels, promote, repeated, sum_to, transposed
from .axes import at_most_64, axes_of, axis_of

__all__ = [
    "broadcast_to", "concatenate", "expand_dims", "flatten", "flip", "getitem", "moveaxis", "reshape", "squeeze",
    "stack", "transpose",
]  # fmt: skip


def reshape(x: Any, newshape: Any) -> Tensor:
    """The same elements, in the same order, in another shape.

    Args:
        x: Tensor or array of any shape and dtype.
        newshape: The sizes of the axes; one of them may be -1 for what is left.

    Returns:
        Tensor of the new shape, in the memory of x.

    Raises:
        ShapeError: If the number of elements differs.

    Example:
        >>> pydl.ops.reshape([1, 2, 3, 4], (2, -1)).numpy()
        array([[1, 2],
               [3, 4]], dtype=int32)
    """
    x = as_tensor(x)
    sizes = (None,) if newshape is None else at_most_64("reshape", "newshape", newshape)
    try:
        y = x.array.reshape(sizes)  # NumPy takes None for no change
    except (TypeError, ValueError) as error:
        raise ShapeError(
            f"[reshape] newshape: expected {x.size} elements as in shape {x.shape}, got {shown(newshape)}"
        ) from error

    def backward(dy: Array) -> tuple[Array]:
        return (dy.reshape(x.shape),)

    return record(y, (x,), backward)


def expand_dims(x: Any, axis: Any) -> Tensor:
    """x with one more axis, of size 1.

    Args:
        x: Tensor or array of any shape and dtype.
        axis: Where the new axis is in the result, or a tuple of several; negative numbers count from the end.

    Returns:
        Tensor of the same elements, in the memory of x.

    Raises:
        ShapeError: If the result cannot have this axis.

    Example:
        >>> pydl.ops.expand_dims([1.0, 2.0], -1).shape
        (2, 1)
    """
    x = as_tensor(x)
    given = tuple(axis) if isinstance(axis, list | tuple) else (axis,)
    sizes = list(x.shape)
    for a in axes_of("expand_dims", given, x.ndim + len(given)):
        sizes.insert(a, 1)
    return reshape(x, tuple(sizes))


def squeeze(x: Any, axis: Any = None) -> Tensor:
    """x without axes of size 1.

    Args:
        x: Tensor or array of any shape and dtype.
        axis: The axis to take away, or a tuple of several; None for all of size 1.

    Returns:
        Tensor of the same elements, in the memory of x.

    Raises:
        ShapeError: If x does not have the axis, or its size is not 1.

    Example:
        >>> pydl.ops.squeeze(np.zeros((1, 3, 1))).shape
        (3,)
    """
    x = as_tensor(x)
    if axis is None:
        return reshape(x, tuple(n for n in x.shape if n != 1))
    axes = axes_of("squeeze", axis, x.ndim)
    if any(x.shape[a] != 1 for a in axes):
        raise ShapeError(f"[squeeze] axis: expected axes of size 1, got {shown(axis)} for a tensor of shape {x.shape}")
    return reshape(x, tuple(n for a, n in enumerate(x.shape) if a not in axes))


def transpose(x: Any, axes: Sequence[int] | None = None) -> Tensor:
    """x with its axes in another order.

    Args:
        x: Tensor or array of any shape and dtype.
        axes: For each axis of the result the one of x; None for the reverse order.

    Returns:
        Tensor of the same elements.

    Raises:
        ShapeError: If `axes` does not name each axis once.

    Example:
        >>> pydl.ops.transpose([[1, 2, 3], [4, 5, 6]]).numpy()
        array([[1, 4],
               [2, 5],
               [3, 6]], dtype=int32)
        >>> pydl.ops.transpose(np.zeros((2, 3, 4)), (0, 2, 1)).shape
        (2, 4, 3)
    """
    x = as_tensor(x)
    order = tuple(range(x.ndim))[::-1] if axes is None else tuple(at_most_64("transpose", "axes", axes))
    try:
        y = transposed(x.array, order)
        back = tuple(np.argsort([a % x.ndim for a in order])) if x.ndim else ()
    except (TypeError, ValueError) as error:
        raise ShapeError(f"[transpose] axes: expected each of {x.ndim} axes once, got {shown(axes)}") from error

    def backward(dy: Array) -> tuple[Array]:
        return (transposed(dy, back),)

    return record(y, (x,), backward)


def moveaxis(x: Any, source: Any, destination: Any) -> Tensor:
    """x with some axes moved; the others keep their order.

    Args:
        x: Tensor or array of any shape and dtype.
        source: The axis of x to move, or a tuple of several.
        destination: Where it, or each of them, is in the result.

    Returns:
        Tensor of the same elements.

    Raises:
        ShapeError: If x does not have an axis, or the two are not equally many different axes.
        TypeError: If an axis is no integer.

    Example:
        >>> pydl.ops.moveaxis(np.zeros((2, 3, 4)), 0, -1).shape
        (3, 4, 2)
    """
    x = as_tensor(x)
    sources, destinations = [
        [axis_of("moveaxis", a, x.ndim, name) for a in (given if isinstance(given, list | tuple) else (given,))]
        for name, given in (("source", source), ("destination", destination))
    ]
    if not len(set(sources)) == len(sources) == len(set(destinations)) == len(destinations):
        got = f"{shown(source)} and {shown(destination)}"
        raise ShapeError(f"[moveaxis] source, destination: expected as many different axes, got {got}")
    order = [a for a in range(x.ndim) if a not in sources]
    for target, a in sorted(zip(destinations, sources, strict=True)):
        order.insert(target, a)
    return transpose(x, order)


def broadcast_to(x: Any, shape: tuple[int, ...]) -> Tensor:
    """x repeated along new axes and axes of size 1.

    Args:
        x: Tensor or array of any shape and dtype.
        shape: The shape of the result.

    Returns:
        Tensor of this shape.

    Raises:
        ShapeError: If x does not broadcast to the shape.

    Example:
        >>> pydl.ops.broadcast_to([1, 2], (3, 2)).numpy()
        array([[1, 2],
               [1, 2],
               [1, 2]], dtype=int32)
    """
    tensor = as_tensor(x)
    target = tuple(-1 if (n := as_integer(size)) is None else n for size in at_most_64("broadcast_to", "shape", shape))
    if any(n < 0 or n >= 2**63 for n in target):
        raise ShapeError(f"[broadcast_to] shape: expected integers of at least 0, got {shown(shape)}")
    if tensor.shape == target:
        return tensor

    def backward(dy: Array) -> tuple[Array]:
        return (sum_to(dy, tensor.shape),)

    return record(repeated(tensor.array, target), (tensor,), backward)


def _listed(op: str, name: str, xs: Any) -> list[Tensor]:
    """The tensors of a sequence. An array counts as its rows, up to a limit: a view can have 2⁴⁰ of them."""
    shape = getattr(xs, "shape", ())
    if shape and shape[0] > 1 << 16:
        raise ValueError(f"[{op}] {name}: expected a list of tensors, got an array of {shape[0]} rows")
    return [as_tensor(x) for x in xs]


def concatenate(xs: Sequence[Any], axis: int = 0) -> Tensor:
    """Tensors one after the other along an axis.

    Args:
        xs: List of tensors or arrays, of one shape but for their size along the axis. They get a common dtype.
        axis: The axis along which they are joined.

    Returns:
        Tensor of that shape, with the sum of the sizes along the axis.

    Raises:
        ShapeError: If the shapes do not fit, or there is no such axis.
        ValueError: If the list is empty.

    Example:
        >>> pydl.ops.concatenate([[[1, 2]], [[3, 4], [5, 6]]], axis=0).numpy()
        array([[1, 2],
               [3, 4],
               [5, 6]], dtype=int32)
    """
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
    """The arrays concatenated by the kernel if possible, which takes 16 at a time."""
    if not in_kernels(arrays[0]):
        return np.concatenate(arrays, axis)
    while len(arrays) > 16:
        arrays = [_core.concatenate(arrays[i : i + 16], axis) for i in range(0, len(arrays), 16)]
    return _core.concatenate(arrays, axis)


def flip(x: Any, axis: Any = None) -> Tensor:
    """x in reverse order along `axis`.

    Args:
        x: Tensor or array of any shape and dtype.
        axis: An axis, a tuple of several, or None for all.

    Returns:
        Tensor of the shape of x.

    Raises:
        ShapeError: If x does not have the axis.

    Example:
        >>> pydl.ops.flip([[1, 2, 3], [4, 5, 6]], axis=1).numpy()
        array([[3, 2, 1],
               [6, 5, 4]], dtype=int32)
    """
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
    """Tensors of one shape along a new axis.

    Args:
        x: List of tensors or arrays of one shape. They get a common dtype.
        axis: Where the new axis is in the result.

    Returns:
        Tensor with one more axis, whose size is the length of the list.

    Raises:
        ShapeError: If the shapes differ, or the result cannot have this axis.
        ValueError: If the list is empty.

    Example:
        >>> pydl.ops.stack([[1, 2], [3, 4]], axis=1).numpy()
        array([[1, 3],
               [2, 4]], dtype=int32)
    """
    tensors = _listed("stack", "x", x)
    if not tensors:
        raise ValueError("[stack] x: expected at least one tensor, got none")
    if any(each.shape != tensors[0].shape for each in tensors):
        raise ShapeError(f"[stack] x: expected tensors of one shape, got {[each.shape for each in tensors]}")
    axis = axis_of("stack", axis, tensors[0].ndim + 1)
    return concatenate([expand_dims(each, axis) for each in tensors], axis)


def getitem(x: Any, index: Any) -> Tensor:
    """x[index], as NumPy indexes. An element that is taken twice gets the gradients of both.

    Args:
        x: Tensor or array of any shape and dtype.
        index: Integers, slices, None, `...`, tensors or arrays of integers or bools, or a tuple of these.

    Returns:
        Tensor of the elements.

    Raises:
        IndexError: If an index lies outside x.

    Example:
        >>> pydl.ops.getitem([[1, 2, 3], [4, 5, 6]], (slice(None), 1)).numpy()
        array([2, 5], dtype=int32)
    """
    x = as_tensor(x)
    if isinstance(index, tuple):
        index = tuple([i.array if isinstance(i, Tensor) else i for i in index])
    elif isinstance(index, Tensor):
        index = index.array
    picked = np.asarray(x.array[index])
    parts = index if isinstance(index, tuple) else (index,)
    simple = all(isinstance(i, int | slice | None | type(...)) and not isinstance(i, bool) for i in parts)

    def backward(dy: Array) -> tuple[Array]:
        dx = broadcast_copy(x.shape, np.zeros((), dy.dtype))
        if simple:
            dx[index] = dy
        else:
            np.add.at(dx, index, dy)  # adds up elements that were taken more than once
        return (dx,)

    cut = None if picked.flags.c_contiguous or not simple else _cut(x.array, parts)
    return record(contiguous(picked) if cut is None else cut.reshape(picked.shape), (x,), backward)


def _cut(array: Array, parts: Sequence[Any]) -> Array | None:
    """Basic indexing by the kernel `pad` with negative widths; None if that does not apply."""
    if not in_kernels(array):
        return None
    axes = [part for part in parts if part is not None]
    rest = axes.index(...) if ... in axes else len(axes)
    left_out = array.ndim - len(axes) + (... in axes)
    axes[rest : rest + 1] = [slice(None)] * left_out
    before, after = [], []
    for size, part in zip(array.shape, axes, strict=True):
        start, stop, step = part.indices(size) if isinstance(part, slice) else (part % size, part % size + 1, 1)
        if step != 1:
            return None
        before.append(-start)
        after.append(max(start, stop) - size)
    return _core.pad(array, before, after)


def flatten(x: Any) -> Tensor:
    """Each sample as one row.

    Args:
        x: Tensor or array (batch, ...) of any dtype.

    Returns:
        Tensor (batch, product of the other sizes), in the memory of x.

    Raises:
        ShapeError: If x is a scalar.

    Example:
        >>> pydl.ops.flatten(np.zeros((2, 3, 4))).shape
        (2, 12)
    """
    x = as_tensor(x)
    if x.ndim == 0:
        raise ShapeError("[flatten] x: expected at least 1 axis, got a scalar")
    return reshape(x, (x.shape[0], math.prod(x.shape[1:])))
