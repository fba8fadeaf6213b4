"""Pooling over windows of the image, and over all of it."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor, record, will_record
from ..base.errors import ShapeError
from . import reduce
from .arrays import floating
from .window import Padding, Pair, pair, pixels


def _windows(op: str, x: Any, pool_size: Any, strides: Any, padding: Any) -> tuple[Tensor, Pair, Pair, Padding]:
    x = floating(as_tensor(x))
    if x.ndim != 4:
        raise ShapeError(f"[{op}] inputs: expected 4 axes (N, H, W, C), got shape {x.shape}")
    window = pair(op, "pool_size", pool_size)
    steps = window if strides is None else pair(op, "strides", strides)
    return x, window, steps, pixels(op, padding, x.shape[1:3], window, steps)


def max_pool(inputs: Any, pool_size: Any = 2, strides: Any = None, padding: Any = "valid") -> Tensor:
    """The greatest element of each window; the gradient goes to the first of equals.

    Args:
        inputs: (N, H, W, C).
        pool_size, strides: one integer or two; strides None: the windows do not overlap.
        padding: "valid", or "same": windows may hang over the edge, and see only what is inside.
    """
    x, window, steps, pad = _windows("max_pool", inputs, pool_size, strides, padding)
    y, argmax = _core.max_pool2d_forward(x.array, window, steps, pad, will_record(x))

    def backward(dy: Array) -> tuple[Array]:
        assert argmax is not None
        return (_core.max_pool2d_backward(dy, argmax, x.shape, window, steps, pad),)

    return record(y, (x,), backward)


def average_pool(inputs: Any, pool_size: Any = 2, strides: Any = None, padding: Any = "valid") -> Tensor:
    """The mean of each window's elements inside the image; arguments as `max_pool`."""
    x, window, steps, pad = _windows("average_pool", inputs, pool_size, strides, padding)

    def backward(dy: Array) -> tuple[Array]:
        return (_core.avg_pool2d_backward(dy, x.shape, window, steps, pad),)

    return record(_core.avg_pool2d_forward(x.array, window, steps, pad), (x,), backward)


def global_average_pool(x: Any, keepdims: bool = False) -> Tensor:
    """The mean of each channel: (N, H, W, C) to (N, C), or (N, 1, 1, C) with keepdims."""
    return reduce.mean(x, (1, 2), keepdims)


def global_max_pool(x: Any, keepdims: bool = False) -> Tensor:
    """The maximum of each channel: (N, H, W, C) to (N, C), or (N, 1, 1, C) with keepdims."""
    return reduce.max(x, (1, 2), keepdims)
