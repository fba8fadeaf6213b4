"""Arithmetic, element by element, with NumPy's broadcasting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array, fixed
from ..autograd.tensor import Tensor, as_tensor, record, will_record, wrap
from ..base.quiet import quiet
from .arrays import broadcast, cast, contiguous, fits, floating, operands, pooled, repeated, sum_to

_UFUNCS: dict[str, Any] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
}
_COMMUTE = frozenset({"add", "multiply", "maximum", "minimum"})


def binary(name: str, a: Array, b: Array) -> Array:
    """One of _UFUNCS on two arrays of one dtype, by the kernel where it broadcasts this way."""
    if a.dtype.char in "fd":
        if fits(b.shape, a.shape):
            return _core.binary(name, a, b)
        if name in _COMMUTE and fits(a.shape, b.shape):
            return _core.binary(name, b, a)
        shape = broadcast(name, a, b)
        return _core.binary(name, repeated(a, shape), repeated(b, shape))
    return pooled(_UFUNCS[name], a, b)


def _record_binary(
    y: Array, a: Tensor, b: Tensor, da: Callable[[Array], Array], db: Callable[[Array], Array]
) -> Tensor:
    """`da` and `db` give gradients of the shape of y; they are summed to the shapes of a and b."""

    def backward(dy: Array) -> tuple[Array | None, Array | None]:
        return (
            sum_to(da(dy), a.shape) if a.requires_grad else None,
            sum_to(db(dy), b.shape) if b.requires_grad else None,
        )

    return record(y, (a, b), backward)


def add(x1: Any, x2: Any) -> Tensor:
    """x1 + x2"""
    a, b = operands(x1, x2)
    return _record_binary(binary("add", a.array, b.array), a, b, lambda dy: dy, lambda dy: dy)


def subtract(x1: Any, x2: Any) -> Tensor:
    """x1 - x2"""
    a, b = operands(x1, x2)
    return _record_binary(binary("subtract", a.array, b.array), a, b, lambda dy: dy, lambda dy: pooled(np.negative, dy))


def multiply(x1: Any, x2: Any) -> Tensor:
    """x1 · x2"""
    a, b = operands(x1, x2)
    y = binary("multiply", a.array, b.array)
    return _record_binary(
        y, a, b, lambda dy: binary("multiply", dy, b.array), lambda dy: binary("multiply", dy, a.array)
    )


def divide(x1: Any, x2: Any) -> Tensor:
    """x1 / x2; integers become float32 first."""
    a, b = operands(x1, x2)
    a, b = floating(a), floating(b)
    y = binary("divide", a.array, b.array)
    return _record_binary(
        y,
        a,
        b,
        lambda dy: binary("divide", dy, b.array),
        lambda dy: pooled(np.negative, binary("divide", binary("multiply", dy, y), b.array)),
    )


def maximum(x1: Any, x2: Any) -> Tensor:
    """The greater of both; equals share the gradient."""
    return _choose("maximum", np.less, x1, x2)


def minimum(x1: Any, x2: Any) -> Tensor:
    """The smaller of both; equals share the gradient."""
    return _choose("minimum", np.greater, x1, x2)


def _choose(name: str, loses: Any, x1: Any, x2: Any) -> Tensor:
    a, b = operands(x1, x2)

    def share(dy: Array, mine: Array, other: Array) -> Array:
        return np.where(loses(mine, other), 0, np.where(mine == other, dy / 2, dy))

    y = binary(name, a.array, b.array)
    return _record_binary(y, a, b, lambda dy: share(dy, a.array, b.array), lambda dy: share(dy, b.array, a.array))


def power(x1: Any, x2: Any) -> Tensor:
    """x1 to the power of x2. Integers stay integers, and then x2 must not be negative."""
    if type(x2) is int and x2 == 2:
        return square(x1)
    a, b = operands(x1, x2)
    if a.dtype == bool:
        a, b = cast(a, np.int32), cast(b, np.int32)
    y = pooled(np.power, a.array, b.array)

    def da(dy: Array) -> Array:
        return np.where(b.array == 0, 0, dy * b.array * np.power(a.array, b.array - b.dtype.type(1)))

    def db(dy: Array) -> Array:
        return np.where((a.array == 0) & (b.array >= 0), 0, dy * y * np.log(a.array))

    return _record_binary(y, a, b, lambda dy: quiet.run(da, dy), lambda dy: quiet.run(db, dy))


def _unary(x: Any, function: Any, derivative: Callable[[Array, Array], Array]) -> Tensor:
    """`derivative` maps (x, y) to dy/dx."""
    x = floating(as_tensor(x))
    y = pooled(function, x.array)

    def backward(dy: Array) -> tuple[Array]:
        return (pooled(np.multiply, dy, quiet.run(derivative, x.array, y)),)

    return record(y, (x,), backward)


def negative(x: Any) -> Tensor:
    """-x"""
    x = as_tensor(x)

    def negated(array: Array) -> Array:
        if array.dtype.char not in "fd":
            return pooled(np.negative, array)
        return _core.binary("multiply", array, fixed(np.asarray(-1, array.dtype)))

    def backward(dy: Array) -> tuple[Array]:
        return (negated(dy),)

    return record(negated(x.array), (x,), backward)


def abs(x: Any) -> Tensor:
    """|x|, integers stay integers; the gradient at zero is zero."""
    x = as_tensor(x)
    if x.dtype.kind != "f":
        return wrap(pooled(np.abs, x.array))
    return _unary(x, np.abs, lambda x, y: np.sign(x))


def square(x: Any) -> Tensor:
    """x²"""
    x = as_tensor(x)
    return multiply(x, x) if x.dtype != bool else wrap(x.array.astype(np.int32))


def sqrt(x: Any) -> Tensor:
    """The square root; NaN for negative numbers."""
    return _unary(x, np.sqrt, lambda x, y: 0.5 / y)


def log(x: Any) -> Tensor:
    """The natural logarithm."""
    return _unary(x, np.log, lambda x, y: 1 / x)


def log1p(x: Any) -> Tensor:
    """log(1 + x), exact near zero."""
    return _unary(x, np.log1p, lambda x, y: 1 / (1 + x))


def sin(x: Any) -> Tensor:
    """The sine of an angle in radians."""
    return _unary(x, np.sin, lambda x, y: np.cos(x))


def cos(x: Any) -> Tensor:
    """The cosine of an angle in radians."""
    return _unary(x, np.cos, lambda x, y: -np.sin(x))


def clip(x: Any, x_min: Any, x_max: Any) -> Tensor:
    """x moved into [x_min, x_max]; no gradient where it was outside."""
    if will_record(*[bound for bound in (x_min, x_max) if isinstance(bound, Tensor)]):
        return minimum(maximum(x, x_min), x_max)
    x, low = operands(x, x_min)
    raised, high = operands(wrap(binary("maximum", x.array, low.array)), x_max)

    def backward(dy: Array) -> tuple[Array]:
        inside = (x.array >= low.array) & (x.array <= high.array)
        return (sum_to(np.where(inside, dy, 0), x.shape),)

    return record(binary("minimum", raised.array, high.array), (x,), backward)


def where(condition: Any, x1: Any = None, x2: Any = None) -> Tensor:
    """x1 where the condition holds, else x2; all three broadcast.

    Without x1 and x2, the indices of the elements that are not zero: int64 (axes of the condition, number of them).
    """
    mask = as_tensor(condition).array.astype(bool)
    if x1 is None and x2 is None:
        return wrap(contiguous(np.stack(np.nonzero(mask))))
    if x1 is None or x2 is None:
        raise ValueError("[where] x1, x2: expected both or neither")
    a, b = operands(x1, x2)
    broadcast("where", mask, a.array, b.array)
    y = contiguous(np.where(mask, a.array, b.array))
    zero = y.dtype.type(0)  # selected, not multiplied: 0 times a NaN or an infinity is NaN
    return _record_binary(y, a, b, lambda dy: np.where(mask, dy, zero), lambda dy: np.where(mask, zero, dy))


def _compare(function: Any, x1: Any, x2: Any) -> Tensor:
    a, b = operands(x1, x2)
    return wrap(pooled(function, a.array, b.array, dtype=np.dtype(bool)))


def equal(x1: Any, x2: Any) -> Tensor:
    """Where x1 = x2, as bools."""
    return _compare(np.equal, x1, x2)


def not_equal(x1: Any, x2: Any) -> Tensor:
    """Where x1 ≠ x2, as bools."""
    return _compare(np.not_equal, x1, x2)


def less(x1: Any, x2: Any) -> Tensor:
    """Where x1 < x2, as bools."""
    return _compare(np.less, x1, x2)


def less_equal(x1: Any, x2: Any) -> Tensor:
    """Where x1 ≤ x2, as bools."""
    return _compare(np.less_equal, x1, x2)


def greater(x1: Any, x2: Any) -> Tensor:
    """Where x1 > x2, as bools."""
    return _compare(np.greater, x1, x2)


def greater_equal(x1: Any, x2: Any) -> Tensor:
    """Where x1 ≥ x2, as bools."""
    return _compare(np.greater_equal, x1, x2)
