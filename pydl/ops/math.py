"""Elementwise arithmetic, with NumPy's broadcasting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor, record, will_record, wrap
from ..base.quiet import quiet
from .arrays import (
    broadcast,
    broadcasts_in_kernel,
    cast,
    contiguous,
    floating,
    operands,
    repeated,
    sum_to,
    ufunc_into_pool,
)

__all__ = ["add", "clip", "divide", "maximum", "minimum", "multiply", "power", "square", "subtract", "where"]

_UFUNCS: dict[str, Any] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
}
READS_NUMBERS = frozenset({*_UFUNCS, "clip"})  # their kernels take a number as an array of one element
_COMMUTE = frozenset({"add", "multiply", "maximum", "minimum"})


def binary(name: str, a: Array, b: Array) -> Array:
    """One of _UFUNCS on two arrays of one dtype. What the kernel cannot broadcast is repeated first."""
    if a.dtype.char in "fd":
        if broadcasts_in_kernel(b.shape, a.shape):
            return _core.binary(name, a, b)
        if name in _COMMUTE and broadcasts_in_kernel(a.shape, b.shape):
            return _core.binary(name, b, a)
        shape = broadcast(name, a, b)
        return _core.binary(name, repeated(a, shape), repeated(b, shape))
    return ufunc_into_pool(_UFUNCS[name], a, b)


def _record_binary(
    y: Array, a: Tensor, b: Tensor, da: Callable[[Array], Array], db: Callable[[Array], Array]
) -> Tensor:
    """y, recorded. `da` and `db` return gradients of the shape of y, which are summed to the shapes of a and b."""

    def backward(dy: Array) -> tuple[Array | None, Array | None]:
        return (
            sum_to(da(dy), a.shape) if a.requires_grad else None,
            sum_to(db(dy), b.shape) if b.requires_grad else None,
        )

    return record(y, (a, b), backward)


def add(x1: Any, x2: Any) -> Tensor:
    """x1 + x2, element by element.

    Args:
        x1: Tensor or array of any shape, or a number.
        x2: The same; shapes broadcast as in NumPy, and a number takes the dtype of x1.

    Returns:
        Tensor of the common shape and dtype. An integer does not widen a float, so that int64 and float32 give float32.

    Raises:
        ShapeError: If the shapes do not broadcast.

    Example:
        >>> pydl.ops.add([[1.0], [2.0]], [10.0, 20.0]).numpy()
        array([[11., 21.],
               [12., 22.]], dtype=float32)
    """
    a, b = operands(x1, x2)
    return _record_binary(binary("add", a.array, b.array), a, b, lambda dy: dy, lambda dy: dy)


def subtract(x1: Any, x2: Any) -> Tensor:
    """x1 - x2, element by element.

    Args:
        x1: Tensor or array of any shape, or a number.
        x2: The same; shapes and dtypes combine as in `add`.

    Returns:
        Tensor of the common shape and dtype.

    Raises:
        ShapeError: If the shapes do not broadcast.

    Example:
        >>> pydl.ops.subtract([5, 7], 2).numpy()
        array([3, 5], dtype=int32)
    """
    a, b = operands(x1, x2)
    return _record_binary(
        binary("subtract", a.array, b.array), a, b, lambda dy: dy, lambda dy: ufunc_into_pool(np.negative, dy)
    )


def multiply(x1: Any, x2: Any) -> Tensor:
    """x1 · x2, element by element.

    Args:
        x1: Tensor or array of any shape, or a number.
        x2: The same; shapes and dtypes combine as in `add`.

    Returns:
        Tensor of the common shape and dtype.

    Raises:
        ShapeError: If the shapes do not broadcast.

    Example:
        >>> pydl.ops.multiply([1.0, 2.0], [3.0, 4.0]).numpy()
        array([3., 8.], dtype=float32)
    """
    a, b = operands(x1, x2)
    y = binary("multiply", a.array, b.array)
    return _record_binary(
        y, a, b, lambda dy: binary("multiply", dy, b.array), lambda dy: binary("multiply", dy, a.array)
    )


def divide(x1: Any, x2: Any) -> Tensor:
    """x1 / x2, element by element; integers and bools become float32 first.

    Args:
        x1: Tensor or array of any shape, or a number.
        x2: The same; shapes and dtypes combine as in `add`.

    Returns:
        Tensor of the common shape, of floats. A division by zero gives infinity or NaN without a warning.

    Raises:
        ShapeError: If the shapes do not broadcast.

    Example:
        >>> pydl.ops.divide([1, 2, 3], 2).numpy()
        array([0.5, 1. , 1.5], dtype=float32)
    """
    a, b = operands(x1, x2)
    a, b = floating(a), floating(b)
    y = binary("divide", a.array, b.array)
    return _record_binary(
        y,
        a,
        b,
        lambda dy: binary("divide", dy, b.array),
        lambda dy: ufunc_into_pool(np.negative, binary("divide", binary("multiply", dy, y), b.array)),
    )


def maximum(x1: Any, x2: Any) -> Tensor:
    """The greater of x1 and x2, element by element; NaN wins.

    Args:
        x1: Tensor or array of any shape, or a number.
        x2: The same; shapes and dtypes combine as in `add`.

    Returns:
        Tensor of the common shape and dtype. Where x1 equals x2, each gets half of the gradient.

    Raises:
        ShapeError: If the shapes do not broadcast.

    Example:
        >>> pydl.ops.maximum([-1.0, 3.0], 0).numpy()
        array([0., 3.], dtype=float32)
    """
    return _choose("maximum", np.less, x1, x2)


def minimum(x1: Any, x2: Any) -> Tensor:
    """The smaller of x1 and x2, element by element; NaN wins.

    Args:
        x1: Tensor or array of any shape, or a number.
        x2: The same; shapes and dtypes combine as in `add`.

    Returns:
        Tensor of the common shape and dtype. Where x1 equals x2, each gets half of the gradient.

    Raises:
        ShapeError: If the shapes do not broadcast.

    Example:
        >>> pydl.ops.minimum([-1.0, 3.0], 0).numpy()
        array([-1.,  0.], dtype=float32)
    """
    return _choose("minimum", np.greater, x1, x2)


def _choose(name: str, loses: Any, x1: Any, x2: Any) -> Tensor:
    a, b = operands(x1, x2)

    def share(dy: Array, mine: Array, other: Array) -> Array:
        return np.where(loses(mine, other), 0, np.where(mine == other, dy / 2, dy))

    y = binary(name, a.array, b.array)
    return _record_binary(y, a, b, lambda dy: share(dy, a.array, b.array), lambda dy: share(dy, b.array, a.array))


def power(x1: Any, x2: Any) -> Tensor:
    """x1 to the power of x2, element by element.

    Args:
        x1: Tensor or array of any shape, or a number.
        x2: The same; shapes and dtypes combine as in `add`.

    Returns:
        Tensor of the common shape and dtype; bools become int32. Floats give NaN for a fraction of a power of a
        negative number.

    Raises:
        ShapeError: If the shapes do not broadcast, or for an integer to a negative integer power.

    Example:
        >>> pydl.ops.power([1.0, 2.0, 3.0], 3).numpy()
        array([ 1.,  8., 27.], dtype=float32)
    """
    if type(x2) is int and x2 == 2:
        return square(x1)
    a, b = operands(x1, x2)
    if a.dtype == bool:
        a, b = cast(a, np.int32), cast(b, np.int32)
    y = ufunc_into_pool(np.power, a.array, b.array)

    def da(dy: Array) -> Array:
        return np.where(b.array == 0, 0, dy * b.array * np.power(a.array, b.array - b.dtype.type(1)))

    def db(dy: Array) -> Array:
        return np.where((a.array == 0) & (b.array >= 0), 0, dy * y * np.log(a.array))

    return _record_binary(y, a, b, lambda dy: quiet.run(da, dy), lambda dy: quiet.run(db, dy))


def square(x: Any) -> Tensor:
    """x², element by element.

    Args:
        x: Tensor or array of any shape.

    Returns:
        Tensor of the shape and dtype of x; bools become int32.

    Example:
        >>> pydl.ops.square([-3.0, 4.0]).numpy()
        array([ 9., 16.], dtype=float32)
    """
    x = as_tensor(x)
    return multiply(x, x) if x.dtype != bool else wrap(x.array.astype(np.int32))


def clip(x: Any, x_min: Any, x_max: Any) -> Tensor:
    """Each element moved into [x_min, x_max].

    Args:
        x: Tensor or array of any shape.
        x_min: The lower bound: a number, or a tensor that broadcasts with x.
        x_max: The upper bound, likewise. It wins where it is below x_min.

    Returns:
        Tensor of the common shape and dtype. The gradient is zero where x was outside.

    Raises:
        ShapeError: If the shapes do not broadcast.

    Example:
        >>> pydl.ops.clip([-2.0, 0.5, 7.0], 0, 1).numpy()
        array([0. , 0.5, 1. ], dtype=float32)
    """
    if will_record(*[bound for bound in (x_min, x_max) if isinstance(bound, Tensor)]):
        return minimum(maximum(x, x_min), x_max)
    x, low = operands(x, x_min)
    raised, high = operands(wrap(binary("maximum", x.array, low.array)), x_max)

    def backward(dy: Array) -> tuple[Array]:
        inside = (x.array >= low.array) & (x.array <= high.array)
        return (sum_to(np.where(inside, dy, 0), x.shape),)

    return record(binary("minimum", raised.array, high.array), (x,), backward)


def where(condition: Any, x1: Any = None, x2: Any = None) -> Tensor:
    """x1 where the condition holds, else x2.

    Args:
        condition: Tensor or array of any shape; what is not zero holds.
        x1: Tensor or array of a shape that broadcasts with the others, or a number; None: see Returns.
        x2: The same.

    Returns:
        Tensor of the common shape, of the dtype that x1 and x2 have in common. Without x1 and x2, the indices of the
        elements that are not zero, an int64 tensor of shape (axes of the condition, number of such elements).

    Raises:
        ShapeError: If the shapes do not broadcast.
        ValueError: If only one of x1 and x2 is given.

    Example:
        >>> pydl.ops.where([True, False], [1.0, 2.0], 0.0).numpy()
        array([1., 0.], dtype=float32)
        >>> pydl.ops.where([[0, 5], [6, 0]]).numpy()
        array([[0, 1],
               [1, 0]])
    """
    mask = as_tensor(condition).array.astype(bool)
    if x1 is None and x2 is None:
        return wrap(contiguous(np.stack(np.nonzero(mask))))
    if x1 is None or x2 is None:
        raise ValueError("[where] x1, x2: expected both or neither, got one")
    a, b = operands(x1, x2)
    broadcast("where", mask, a.array, b.array)
    y = contiguous(np.where(mask, a.array, b.array))
    zero = y.dtype.type(0)  # a selection, no product: 0 times NaN or infinity is NaN
    return _record_binary(y, a, b, lambda dy: np.where(mask, dy, zero), lambda dy: np.where(mask, zero, dy))
