"""Sums, means and extremes along axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import _core
from ..errors import ShapeError
from ..tape import Array, fixed
from ..tensor import Tensor, as_tensor, record
from .arrays import filled, floating, repeated

_INTEGERS: dict[str, Any] = {"sum": np.sum, "max": np.max, "min": np.min}


def axes_of(op: str, axis: Any, ndim: int) -> list[int]:
    """Axes as non-negative numbers in order; None stands for all."""
    given = range(ndim) if axis is None else axis if isinstance(axis, list | tuple) else (axis,)
    if not all(hasattr(a, "__index__") for a in given):
        raise TypeError(f"[{op}] axis: expected an integer, a tuple of integers or None, got {axis!r}")
    axes = sorted({int(a) + ndim if a < 0 else int(a) for a in given})
    if len(axes) < len(given) or any(not 0 <= a < ndim for a in axes):
        raise ShapeError(f"[{op}] axis: expected different axes of a tensor with {ndim} axes, got {axis!r}")
    return axes


def reduced(name: str, x: Array, axes: list[int]) -> Array:
    """One kernel call for each run of neighbouring axes, the last first."""
    if x.dtype.kind != "f":
        return np.asarray(_INTEGERS[name](x, axis=tuple(axes)))
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


def _kept(shape: tuple[int, ...], axes: list[int]) -> tuple[int, ...]:
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The sum along `axis` (an integer, several, or None for all). ShapeError for an axis that x does not have."""
    x = as_tensor(x)
    axes = axes_of("sum", axis, x.ndim)
    kept = _kept(x.shape, axes)
    y = reduced("sum", x.array, axes)

    def backward(dy: Array) -> tuple[Array]:
        return (repeated(dy.reshape(kept), x.shape),)

    return record(y.reshape(kept) if keepdims else y, (x,), backward)


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The mean along `axis`; as `sum`."""
    x = floating(as_tensor(x))
    axes = axes_of("mean", axis, x.ndim)
    kept = _kept(x.shape, axes)
    count = math.prod([x.shape[a] for a in axes])
    y = reduced("mean", x.array, axes)

    def backward(dy: Array) -> tuple[Array]:
        share = _core.binary("divide", dy, fixed(np.asarray(count, dy.dtype)))
        return (repeated(share.reshape(kept), x.shape),)

    return record(y.reshape(kept) if keepdims else y, (x,), backward)


def max(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The maximum along `axis`; equals share the gradient. ValueError along an empty axis."""
    return _extreme("max", x, axis, keepdims)


def min(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The minimum along `axis`; as `max`."""
    return _extreme("min", x, axis, keepdims)


def _extreme(name: str, x: Any, axis: Any, keepdims: bool) -> Tensor:
    x = as_tensor(x)
    axes = axes_of(name, axis, x.ndim)
    kept = _kept(x.shape, axes)
    y = reduced(name, x.array, axes)

    def backward(dy: Array) -> tuple[Array]:
        hit = x.array == y.reshape(kept)
        share = dy.reshape(kept) / hit.sum(axis=tuple(axes), keepdims=True, dtype=dy.dtype)
        return (filled(x.shape, hit * share),)

    return record(y.reshape(kept) if keepdims else y, (x,), backward)


def argmax(x: Any, axis: int = -1) -> Tensor:
    """Where along `axis` the first maximum is, as int64."""
    x = floating(as_tensor(x))
    (a,) = axes_of("argmax", axis, x.ndim)
    return as_tensor(_core.argmax(x.array, a))
