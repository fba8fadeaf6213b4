"""Helpers of all ops: results in pool memory, Keras's dtype promotion, broadcasting and its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_array, as_tensor, record, wrap
from ..base.errors import ShapeError
from ..base.quiet import quiet

__all__ = ["cast"]

MAX_AXES = 8  # of the layout kernels (csrc/contract/layout.h)
_NUMBERS = (int, float, np.integer, np.floating, np.bool_)
_FLOATS = (float, np.floating)
_BOOLS = (bool, np.bool_)
_BY_NUMPY: dict[str, Any] = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min}


def broadcast(op: str, *arrays: Array) -> tuple[int, ...]:
    """The common shape; ShapeError if there is none."""
    try:
        return np.broadcast_shapes(*[a.shape for a in arrays])
    except ValueError:
        shapes = " and ".join(str(a.shape) for a in arrays)
        raise ShapeError(f"[{op}] x1, x2: expected shapes that broadcast together, got {shapes}") from None


def in_kernels(array: Array) -> bool:
    """Whether the layout kernels, which only move elements, take this array."""
    return array.dtype.char in "fd" and array.ndim <= MAX_AXES


def ufunc_into_pool(function: Any, *arrays: Array, dtype: Any = None) -> Array:
    """`function(*arrays)` for a NumPy ufunc, into pool memory, without warnings of NaN and infinity."""
    out = _core.empty(broadcast(function.__name__, *arrays), dtype or arrays[0].dtype)
    quiet.run(function, *arrays, out=out)
    return out


def broadcast_copy(shape: tuple[int, ...], values: Array) -> Array:
    """`values` broadcast to `shape`, copied into pool memory by NumPy."""
    out = _core.empty(shape, values.dtype)
    np.copyto(out, values)
    return out


def contiguous(view: Array) -> Array:
    """The view itself if it is contiguous, else a copy in pool memory."""
    return view if view.flags.c_contiguous else broadcast_copy(view.shape, view)


def transposed(array: Array, order: tuple[int, ...]) -> Array:
    """The axes in this order: a view if that is contiguous, else a copy in pool memory."""
    view = array.transpose(order)
    if view.flags.c_contiguous:
        return view
    kernel = in_kernels(array)
    return _core.transpose(array, [a % array.ndim for a in order]) if kernel else broadcast_copy(view.shape, view)


def repeated(array: Array, shape: tuple[int, ...]) -> Array:
    """`array` broadcast to `shape`, in pool memory, by a kernel if possible. ValueError if the shapes do not fit."""
    by_kernel = in_kernels(array) and len(shape) <= MAX_AXES
    return _core.repeat_to(array, shape) if by_kernel else broadcast_copy(shape, array)


def promote(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any]:
    """The common dtype: as NumPy, but an integer does not widen a float."""
    if (a.kind == "f") != (b.kind == "f"):
        return a if a.kind == "f" else b
    return np.promote_types(a, b)


def reduced(name: str, x: Array, axes: list[int]) -> Array:
    """A reduction over these axes: one kernel call per run of adjacent axes, the last run first."""
    if x.dtype.char not in "fd":
        small = name == "sum" and x.dtype.kind != "f" and x.dtype.itemsize < 4
        y = _BY_NUMPY[name](np.asarray(x, np.int32) if small else x, axis=tuple(axes))
        return np.asarray(y, np.int32 if small else x.dtype)
    end = len(axes)
    while end:
        begin = end - 1
        while begin and axes[begin - 1] == axes[begin] - 1:
            begin -= 1
        x = _core.reduce(name, x, axes[begin], axes[end - 1] + 1)
        end = begin
    return x


def sum_to(dy: Array, shape: tuple[int, ...]) -> Array:
    """The gradient of broadcasting: dy summed over the axes along which an array of `shape` was repeated."""
    if dy.shape == shape:
        return dy
    new = dy.ndim - len(shape)
    axes = [i for i, n in enumerate(dy.shape) if i < new or (shape[i - new] == 1 and n != 1)]
    return reduced("sum", dy, axes).reshape(shape)


def cast(x: Any, dtype: Any) -> Tensor:
    """x in another dtype.

    Args:
        x: Tensor or array of any shape.
        dtype: The dtype, such as "float64" or np.int32.

    Returns:
        Tensor of the shape of x. Between floats the gradient goes back in the dtype of x; integers and bools have none.

    Raises:
        DTypeError: If it is no dtype of numbers or bools.

    Example:
        >>> pydl.ops.cast([0.5, 2.5], "int32").numpy()
        array([0, 2], dtype=int32)
    """
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


def array_in(x: Tensor, dtype: np.dtype[Any]) -> Array:
    """The array of x in another dtype, without history: what a plan runs on."""
    array = x.array
    return array if array.dtype == dtype else array.astype(dtype)


def taken(x: Tensor, rows: Array) -> Tensor:
    """Rows of x by number, without history."""
    return wrap(np.ascontiguousarray(x.array[rows]))


def operands(a: Any, b: Any) -> tuple[Tensor, Tensor]:
    """Two tensors of one dtype. A Python or NumPy number takes the dtype of the other side if that can hold it."""
    x, y = _operand(a, b), _operand(b, a)
    if x.dtype is not y.dtype:
        dtype = promote(x.dtype, y.dtype)
        x, y = cast(x, dtype), cast(y, dtype)
    return x, y


def _operand(value: Any, other: Any) -> Tensor:
    if isinstance(value, Tensor):
        return value
    if isinstance(value, _NUMBERS):
        dtype = getattr(other, "dtype", None)
        number = None if dtype is None else as_number(value, dtype)
        if number is not None:
            return wrap(number)
        if dtype is not None and isinstance(value, np.floating):
            value = float(value)  # as a Python float: float32 beside integers
    return wrap(as_array(value))


def as_number(value: Any, dtype: np.dtype[Any]) -> Array | None:
    """The number as this dtype; None if the dtype cannot hold it: a fraction, an overflow, an int as bool."""
    if dtype.kind != "f":
        if isinstance(value, _FLOATS) or (dtype.kind == "b" and not isinstance(value, _BOOLS)):
            return None
        value = int(value)
    try:
        array: Array = quiet.run(np.asarray, value, dtype)
    except OverflowError:
        return None
    return array


def floating(x: Tensor) -> Tensor:
    """x, as float32 if it holds integers or bools."""
    if x.dtype.kind == "f":
        return x
    return wrap(x.array.astype(np.float32))


def broadcasts_in_kernel(small: tuple[int, ...], big: tuple[int, ...]) -> bool:
    """Whether the kernels broadcast `small` to `big`: aligned right, its axes of size 1 are all first or all last."""
    if small == big or small == () or small == big[-1:]:
        return True
    padded = (1,) * (len(big) - len(small)) + small
    if len(padded) != len(big):
        return False
    ones = [n == 1 for n in padded]
    cuts = range(len(big) + 1)
    row = any(all(ones[:k]) and padded[k:] == big[k:] for k in cuts)
    return row or any(padded[:k] == big[:k] and all(ones[k:]) for k in cuts)
