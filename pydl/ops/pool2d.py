"""Pooling over windows of an image, and global pooling."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor, record, will_record
from ..base.errors import ShapeError
from . import reduce
from .arrays import floating
from .window import Padding, Pair, pair, pixels

__all__ = ["average_pool", "global_average_pool", "global_max_pool", "max_pool"]


def _windows(op: str, x: Any, pool_size: Any, strides: Any, padding: Any) -> tuple[Tensor, Pair, Pair, Padding]:
    x = floating(as_tensor(x))
    if x.ndim != 4:
        raise ShapeError(f"[{op}] inputs: expected 4 axes (N, H, W, C), got shape {x.shape}")
    window = pair(op, "pool_size", pool_size)
    steps = window if strides is None else pair(op, "strides", strides)
    return x, window, steps, pixels(op, padding, x.shape[1:3], window, steps)


def max_pool(inputs: Any, pool_size: Any = 2, strides: Any = None, padding: Any = "valid") -> Tensor:
    """The greatest element of each window of an image.

    Args:
        inputs: Tensor or array (batch, height, width, channels); integers and bools become float32.
        pool_size: The size of a window: an integer, or (rows, columns).
        strides: The distance of the windows; None for `pool_size`, where they do not overlap.
        padding: "valid", or "same", where windows may hang over the edge and see only what is inside.

    Returns:
        Tensor (batch, new height, new width, channels). The gradient goes to the first of equal elements.

    Raises:
        ShapeError: If `inputs` does not have four axes.
        ValueError: If another argument does not fit.

    Example:
        >>> image = np.arange(16.0).reshape(1, 4, 4, 1)
        >>> pydl.ops.max_pool(image)[0, :, :, 0].numpy()
        array([[ 5.,  7.],
               [13., 15.]])
    """
    x, window, steps, pad = _windows("max_pool", inputs, pool_size, strides, padding)
    y, argmax = _core.max_pool2d_forward(x.array, window, steps, pad, will_record(x))

    def backward(dy: Array) -> tuple[Array]:
        assert argmax is not None
        return (_core.max_pool2d_backward(dy, argmax, x.shape, window, steps, pad),)

    return record(y, (x,), backward)


def average_pool(inputs: Any, pool_size: Any = 2, strides: Any = None, padding: Any = "valid") -> Tensor:
    """The mean of each window of an image.

    Args:
        inputs: Tensor or array (batch, height, width, channels); integers and bools become float32.
        pool_size: The size of a window: an integer, or (rows, columns).
        strides: The distance of the windows; None for `pool_size`, where they do not overlap.
        padding: "valid", or "same", where windows may hang over the edge; pixels outside do not count.

    Returns:
        Tensor (batch, new height, new width, channels).

    Raises:
        ShapeError: If `inputs` does not have four axes.
        ValueError: If another argument does not fit.

    Example:
        >>> image = np.arange(16.0).reshape(1, 4, 4, 1)
        >>> pydl.ops.average_pool(image)[0, :, :, 0].numpy()
        array([[ 2.5,  4.5],
               [10.5, 12.5]])
    """
    x, window, steps, pad = _windows("average_pool", inputs, pool_size, strides, padding)

    def backward(dy: Array) -> tuple[Array]:
        return (_core.avg_pool2d_backward(dy, x.shape, window, steps, pad),)

    return record(_core.avg_pool2d_forward(x.array, window, steps, pad), (x,), backward)


def global_average_pool(x: Any, keepdims: bool = False) -> Tensor:
    """The mean of each channel over the whole image.

    Args:
        x: Tensor or array (batch, height, width, channels); integers and bools become float32.
        keepdims: Whether height and width stay, with size 1.

    Returns:
        Tensor (batch, channels), or (batch, 1, 1, channels) with `keepdims`.

    Raises:
        ShapeError: If x has fewer than three axes.

    Example:
        >>> pydl.ops.global_average_pool(np.arange(4.0).reshape(1, 2, 2, 1)).numpy()
        array([[1.5]])
    """
    return reduce.mean(x, (1, 2), keepdims)


def global_max_pool(x: Any, keepdims: bool = False) -> Tensor:
    """The maximum of each channel over the whole image.

    Args:
        x: Tensor or array (batch, height, width, channels) of any dtype.
        keepdims: Whether height and width stay, with size 1.

    Returns:
        Tensor (batch, channels), or (batch, 1, 1, channels) with `keepdims`. Equal elements share the gradient.

    Raises:
        ShapeError: If x has fewer than three axes.

    Example:
        >>> pydl.ops.global_max_pool(np.arange(4.0).reshape(1, 2, 2, 1)).numpy()
        array([[3.]])
    """
    return reduce.max(x, (1, 2), keepdims)
