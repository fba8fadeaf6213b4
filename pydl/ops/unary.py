"""Elementwise functions of one tensor; activations are in activation.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array, plan_constant
from ..autograd.tensor import Tensor, as_tensor, record, wrap
from ..base.quiet import quiet
from .arrays import floating, ufunc_into_pool

__all__ = ["abs", "cos", "log", "log1p", "negative", "sin", "sqrt"]


def _unary(x: Any, function: Any, derivative: Callable[[Array, Array], Array]) -> Tensor:
    """`derivative` maps (x, y) to dy/dx."""
    x = floating(as_tensor(x))
    y = ufunc_into_pool(function, x.array)

    def backward(dy: Array) -> tuple[Array]:
        return (ufunc_into_pool(np.multiply, dy, quiet.run(derivative, x.array, y)),)

    return record(y, (x,), backward)


def negative(x: Any) -> Tensor:
    """-x, element by element.

    Args:
        x: Tensor or array of any shape, of floats or integers.

    Returns:
        Tensor of the shape and dtype of x.

    Example:
        >>> pydl.ops.negative([1.0, -2.0]).numpy()
        array([-1.,  2.], dtype=float32)
    """
    x = as_tensor(x)

    def negated(array: Array) -> Array:
        if array.dtype.char not in "fd":
            return ufunc_into_pool(np.negative, array)
        return _core.binary("multiply", array, plan_constant(np.asarray(-1, array.dtype)))

    def backward(dy: Array) -> tuple[Array]:
        return (negated(dy),)

    return record(negated(x.array), (x,), backward)


def abs(x: Any) -> Tensor:
    """The absolute value of each element; its gradient at zero is zero.

    Args:
        x: Tensor or array of any shape.

    Returns:
        Tensor of the shape and dtype of x; integers stay integers.

    Example:
        >>> pydl.ops.abs([-3, 4]).numpy()
        array([3, 4], dtype=int32)
    """
    x = as_tensor(x)
    if x.dtype.kind != "f":
        return wrap(ufunc_into_pool(np.abs, x.array))
    return _unary(x, np.abs, lambda x, y: np.sign(x))


def sqrt(x: Any) -> Tensor:
    """The square root of each element.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.

    Returns:
        Tensor of the shape of x; NaN where x is negative.

    Example:
        >>> pydl.ops.sqrt([4.0, 9.0]).numpy()
        array([2., 3.], dtype=float32)
    """
    return _unary(x, np.sqrt, lambda x, y: 0.5 / y)


def log(x: Any) -> Tensor:
    """The natural logarithm of each element.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.

    Returns:
        Tensor of the shape of x; -infinity for 0, NaN where x is negative.

    Example:
        >>> pydl.ops.log([1.0, 0.0]).numpy()
        array([  0., -inf], dtype=float32)
    """
    return _unary(x, np.log, lambda x, y: 1 / x)


def log1p(x: Any) -> Tensor:
    """log(1 + x), element by element, exact also near zero.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.

    Returns:
        Tensor of the shape of x; -infinity for -1, NaN below.

    Example:
        >>> float(pydl.ops.log1p(np.float64(1e-20)))
        1e-20
    """
    return _unary(x, np.log1p, lambda x, y: 1 / (1 + x))


def sin(x: Any) -> Tensor:
    """The sine of each element, an angle in radians.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.

    Returns:
        Tensor of the shape of x.

    Example:
        >>> pydl.ops.sin([0.0, np.pi / 2]).numpy()
        array([0., 1.], dtype=float32)
    """
    return _unary(x, np.sin, lambda x, y: np.cos(x))


def cos(x: Any) -> Tensor:
    """The cosine of each element, an angle in radians.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.

    Returns:
        Tensor of the shape of x.

    Example:
        >>> pydl.ops.cos([0.0, np.pi]).numpy()
        array([ 1., -1.], dtype=float32)
    """
    return _unary(x, np.cos, lambda x, y: -np.sin(x))
