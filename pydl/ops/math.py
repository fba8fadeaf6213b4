"""Arithmetic, element by element, with NumPy's broadcasting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _core
from ..tape import Array, fixed
from ..tensor import Tensor, as_tensor, record, wrap
from .arrays import broadcast, contiguous, fits, floating, operands, pooled, repeated
from .reduce import sum_to

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
    if a.dtype.kind == "f":
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


def add(a: Any, b: Any) -> Tensor:
    """a + b"""
    a, b = operands(a, b)
    return _record_binary(binary("add", a.array, b.array), a, b, lambda dy: dy, lambda dy: dy)


def subtract(a: Any, b: Any) -> Tensor:
    """a - b"""
    a, b = operands(a, b)
    return _record_binary(binary("subtract", a.array, b.array), a, b, lambda dy: dy, lambda dy: pooled(np.negative, dy))


def multiply(a: Any, b: Any) -> Tensor:
    """a · b"""
    a, b = operands(a, b)
    y = binary("multiply", a.array, b.array)
    return _record_binary(
        y, a, b, lambda dy: binary("multiply", dy, b.array), lambda dy: binary("multiply", dy, a.array)
    )


def divide(a: Any, b: Any) -> Tensor:
    """a / b; integers become float32 first."""
    a, b = operands(a, b)
    a, b = floating(a), floating(b)
    y = binary("divide", a.array, b.array)
    return _record_binary(
        y,
        a,
        b,
        lambda dy: binary("divide", dy, b.array),
        lambda dy: pooled(np.negative, binary("divide", binary("multiply", dy, y), b.array)),
    )


def maximum(a: Any, b: Any) -> Tensor:
    """The greater of both; of equals, a gets the gradient."""
    return _choose("maximum", np.greater_equal, a, b)


def minimum(a: Any, b: Any) -> Tensor:
    """The smaller of both; of equals, a gets the gradient."""
    return _choose("minimum", np.less_equal, a, b)


def _choose(name: str, first: Any, a: Any, b: Any) -> Tensor:
    a, b = operands(a, b)
    return _record_binary(
        binary(name, a.array, b.array),
        a,
        b,
        lambda dy: dy * first(a.array, b.array),
        lambda dy: dy * ~first(a.array, b.array),
    )


def power(a: Any, b: Any) -> Tensor:
    """a to the power of b. The gradient of b is zero where a is not positive."""
    if type(b) is int and b == 2:
        return square(a)
    a, b = operands(a, b)
    y = pooled(np.power, a.array, b.array)

    def db(dy: Array) -> Array:
        base = np.where(a.array > 0, a.array, a.dtype.type(1))
        return np.asarray(dy * y * np.log(base))

    return _record_binary(y, a, b, lambda dy: dy * b.array * np.power(a.array, b.array - b.dtype.type(1)), db)


def _unary(x: Any, function: Any, derivative: Callable[[Array, Array], Array]) -> Tensor:
    """`derivative` maps (x, y) to dy/dx."""
    x = floating(as_tensor(x))
    y = pooled(function, x.array)

    def backward(dy: Array) -> tuple[Array]:
        return (pooled(np.multiply, dy, derivative(x.array, y)),)

    return record(y, (x,), backward)


def negative(x: Any) -> Tensor:
    """-x"""
    x = as_tensor(x)

    def negated(array: Array) -> Array:
        if array.dtype.kind != "f":
            return pooled(np.negative, array)
        return _core.binary("multiply", array, fixed(np.asarray(-1, array.dtype)))

    def backward(dy: Array) -> tuple[Array]:
        return (negated(dy),)

    return record(negated(x.array), (x,), backward)


def abs(x: Any) -> Tensor:
    """|x|; its gradient at zero is zero."""
    return _unary(x, np.abs, lambda x, y: np.sign(x))


def square(x: Any) -> Tensor:
    """x²"""
    return multiply(x, x)


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
    return minimum(maximum(x, x_min), x_max)


def where(condition: Any, a: Any, b: Any) -> Tensor:
    """a where the condition holds, else b; all three broadcast."""
    a, b = operands(a, b)
    mask = as_tensor(condition).array.astype(bool)
    broadcast("where", mask, a.array, b.array)
    y = contiguous(np.where(mask, a.array, b.array))
    zero = y.dtype.type(0)  # selected, not multiplied: 0 times a NaN or an infinity is NaN
    return _record_binary(y, a, b, lambda dy: np.where(mask, dy, zero), lambda dy: np.where(mask, zero, dy))


def _compare(function: Any, a: Any, b: Any) -> Tensor:
    a, b = operands(a, b)
    return wrap(pooled(function, a.array, b.array, dtype=np.dtype(bool)))


def equal(a: Any, b: Any) -> Tensor:
    """Where a = b, as bools."""
    return _compare(np.equal, a, b)


def not_equal(a: Any, b: Any) -> Tensor:
    """Where a ≠ b, as bools."""
    return _compare(np.not_equal, a, b)


def less(a: Any, b: Any) -> Tensor:
    """Where a < b, as bools."""
    return _compare(np.less, a, b)


def less_equal(a: Any, b: Any) -> Tensor:
    """Where a ≤ b, as bools."""
    return _compare(np.less_equal, a, b)


def greater(a: Any, b: Any) -> Tensor:
    """Where a > b, as bools."""
    return _compare(np.greater, a, b)


def greater_equal(a: Any, b: Any) -> Tensor:
    """Where a ≥ b, as bools."""
    return _compare(np.greater_equal, a, b)
