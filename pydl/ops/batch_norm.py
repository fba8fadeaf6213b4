"""Batch normalization (Ioffe and Szegedy 2015), along the last axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array, Backward, cannot_replay
from ..autograd.tensor import Tensor, as_tensor, record, wrap
from ..autograd.variable import Variable
from ..base.errors import ShapeError, number
from .arrays import cast, floating

__all__ = ["batch_norm", "batch_norm_inference"]


def parameter(value: Any, x: Tensor) -> Tensor | None:
    """gamma or beta as a tensor of the dtype of x, or None."""
    return None if value is None else cast(as_tensor(value), x.dtype)


def array_of(tensor: Tensor | None) -> Array | None:
    return None if tensor is None else tensor.array


def record_normalized(y: Array, x: Tensor, gamma: Tensor | None, beta: Tensor | None, gradients: Backward) -> Tensor:
    """y, recorded. `gradients` returns dx, dgamma and dbeta; those of absent parameters are dropped."""
    present = [i for i, tensor in enumerate((x, gamma, beta)) if tensor is not None]

    def backward(dy: Array) -> Sequence[Array | None]:
        found = gradients(dy)
        return [found[i] for i in present]

    return record(y, [t for t in (x, gamma, beta) if t is not None], backward)


def batch_norm(
    x: Any, gamma: Any = None, beta: Any = None, epsilon: float = 1e-3, mask: Any = None
) -> tuple[Tensor, Tensor, Tensor]:
    """(x - mean) · gamma / √(variance + epsilon) + beta, with the statistics of each channel of x.

    Args:
        x: Tensor or array (..., channels), not empty; integers and bools become float32.
        gamma: Tensor or array (channels,), or None for ones.
        beta: Tensor or array (channels,), or None for zeros.
        epsilon: What is added to the variance.
        mask: Bools of the shape of the leading axes of x, or None. Where False, an element counts in no mean and no
            variance, but is normalised with them. At least one is True.

    Returns:
        The tuple (y, mean, variance), tensors of the shape of x, (channels,) and (channels,). The variance is the
        biased one. Mean and variance have no gradients of their own.

    Raises:
        ShapeError: If the mask does not fit.
        ValueError: If x is empty, or gamma or beta does not fit.

    Source:
        Ioffe and Szegedy 2015, "Batch Normalization", algorithm 1.

    Example:
        >>> y, mean, variance = pydl.ops.batch_norm([[1.0, 5.0], [3.0, 5.0]], epsilon=0.0625)
        >>> mean.numpy(), variance.numpy()
        (array([2., 5.], dtype=float32), array([1., 0.], dtype=float32))
    """
    if mask is not None:
        return _masked(as_tensor(x), gamma, beta, number("batch_norm", "epsilon", epsilon), as_tensor(mask).array)
    x, epsilon = floating(as_tensor(x)), number("batch_norm", "epsilon", epsilon)
    gamma, beta = parameter(gamma, x), parameter(beta, x)
    y, mean, variance = _core.batch_norm_forward(x.array, array_of(gamma), array_of(beta), epsilon)
    array, factor = x.array, array_of(gamma)

    def gradients(dy: Array) -> tuple[Array, Array, Array]:
        return _core.batch_norm_backward(dy, array, factor, mean, variance, epsilon)

    return record_normalized(y, x, gamma, beta, gradients), wrap(mean), wrap(variance)


def _masked(x: Tensor, gamma: Any, beta: Any, epsilon: float, mask: Array) -> tuple[Tensor, Tensor, Tensor]:
    """Statistics of the unmasked rows, which are gathered; all rows are normalized with them."""
    x = floating(x)
    if mask.shape != x.shape[: mask.ndim] or mask.ndim >= x.ndim:
        raise ShapeError(f"[batch_norm] mask: expected shape {x.shape[:-1]} for x of shape {x.shape}, got {mask.shape}")
    gamma, beta = parameter(gamma, x), parameter(beta, x)
    cannot_replay("batch normalization gathers the unmasked rows; without a mask it replays in inference")
    rows, counts = x.array.reshape(-1, x.shape[-1]), np.repeat(mask.astype(bool).ravel(), _inner(x.shape, mask.ndim))
    unmasked = rows[counts]
    _, mean, variance = _core.batch_norm_forward(unmasked, None, None, epsilon)
    array, factor = x.array, array_of(gamma)

    def gradients(dy: Array) -> tuple[Array, Array, Array]:
        dx, dgamma, dbeta = _core.batch_norm_backward(dy, array, factor, mean, variance, epsilon, True)
        # The kernel took mean and variance as constants; add the gradient through the statistics of the unmasked rows.
        scale = 1 / np.sqrt(variance + epsilon)
        share = scale / len(unmasked) if factor is None else scale * factor / len(unmasked)
        dx.reshape(rows.shape)[counts] -= (share * (dbeta + (unmasked - mean) * scale * dgamma)).astype(dx.dtype)
        return dx, dgamma, dbeta

    y = _core.batch_norm_inference(array, factor, array_of(beta), mean, variance, epsilon)
    return record_normalized(y, x, gamma, beta, gradients), wrap(mean), wrap(variance)


def _inner(shape: tuple[int, ...], axes: int) -> int:
    """The number of rows for each element of the first `axes` axes."""
    return math.prod(shape[axes:-1])


def batch_norm_inference(
    x: Any, mean: Any, variance: Any, gamma: Any = None, beta: Any = None, epsilon: float = 1e-3
) -> Tensor:
    """`batch_norm` with a given mean and variance.

    Args:
        x: Tensor or array (..., channels), possibly empty; integers and bools become float32.
        mean: Tensor or array (channels,); it gets no gradient.
        variance: Tensor or array (channels,); it gets no gradient.
        gamma: Tensor or array (channels,), or None for ones.
        beta: Tensor or array (channels,), or None for zeros.
        epsilon: What is added to the variance.

    Returns:
        Tensor of the shape of x.

    Raises:
        ValueError: If the shapes do not fit.

    Source:
        Ioffe and Szegedy 2015, "Batch Normalization", algorithm 2.

    Example:
        >>> pydl.ops.batch_norm_inference([[3.0], [5.0]], [1.0], [4.0], gamma=[10.0], epsilon=0.0).numpy()
        array([[10.],
               [20.]], dtype=float32)
    """
    x, epsilon = floating(as_tensor(x)), number("batch_norm", "epsilon", epsilon)
    gamma, beta = parameter(gamma, x), parameter(beta, x)
    statistics = cast(as_tensor(mean), x.dtype).array, cast(as_tensor(variance), x.dtype).array
    array, factor = x.array, array_of(gamma)
    y = _core.batch_norm_inference(array, factor, array_of(beta), *statistics, epsilon)

    def gradients(dy: Array) -> tuple[Array, Array, Array]:
        return _core.batch_norm_backward(dy, array, factor, *statistics, epsilon, True)

    return record_normalized(y, x, gamma, beta, gradients)


def follow(moving: Variable, now: Tensor, momentum: float) -> None:
    """Moves a moving average towards the statistics of a batch."""
    moving[...] = moving.array + (now.array - moving.array) * (1 - momentum)
