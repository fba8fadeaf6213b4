"""Masks of time steps: bools, True for a step that counts. Kernels compute them, so plans replay them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array, plan_constant
from ..autograd.tensor import Tensor, as_tensor, record
from ..base.errors import ShapeError, number
from .arrays import floating
from .manipulation import reshape

__all__ = ["apply_mask", "id_mask", "mask_values", "select_steps", "step_mask"]


def step_mask(x: Any, value: float = 0.0) -> Array:
    """Which steps of x have a feature that is not `value`.

    Args:
        x: Tensor or array (..., features), usually (batch, steps, features).
        value: The number that marks a step without data.

    Returns:
        Array of bools (...).

    Raises:
        ShapeError: If x is a scalar.

    Example:
        >>> pydl.ops.step_mask([[[1.0, 0.0], [0.0, 0.0]]])
        array([[ True, False]])
    """
    x = floating(as_tensor(x))
    if x.ndim == 0:
        raise ShapeError("[step_mask] x: expected at least 1 axis, got a scalar")
    return _core.step_mask(x.array, value if type(value) is float else number("step_mask", "value", value))


def id_mask(ids: Any) -> Array:
    """Which ids are not 0, the id of padding.

    Args:
        ids: Tensor or array of any shape, of integers or floats.

    Returns:
        Array of bools of the same shape.

    Example:
        >>> pydl.ops.id_mask([[7, 3, 0]])
        array([[ True,  True, False]])
    """
    indices = as_tensor(ids).array
    if indices.dtype not in (np.int32, np.int64, np.float32, np.float64):
        indices = indices.astype(np.int64)
    return _core.id_mask(indices)


def apply_mask(x: Any, mask: Any) -> Tensor:
    """x with zeros in the steps that a mask leaves out.

    Args:
        x: Tensor or array (..., features); integers and bools become float32.
        mask: Bools (...), True where a step counts.

    Returns:
        Tensor of the shape of x.

    Raises:
        ShapeError: If the mask does not fit.

    Example:
        >>> pydl.ops.apply_mask([[1.0, 2.0], [3.0, 4.0]], [True, False]).numpy()
        array([[1., 2.],
               [0., 0.]], dtype=float32)
    """
    x, keep = floating(as_tensor(x)), as_tensor(mask).array
    if keep.dtype != bool:
        keep = keep.astype(bool)
    if keep.shape != x.shape[:-1] or x.ndim == 0:
        raise ShapeError(f"[apply_mask] mask: expected shape {x.shape[:-1]} for x of shape {x.shape}, got {keep.shape}")

    def backward(dy: Array) -> tuple[Array]:
        return (_core.apply_mask(dy, keep),)

    return record(_core.apply_mask(x.array, keep), (x,), backward)


def mask_values(mask: Array, dtype: Any = np.float32) -> Tensor:
    """A mask as numbers to compute with: 1 where it holds, else 0.

    Args:
        mask: Array of bools (...).
        dtype: The dtype of the result.

    Returns:
        Tensor (..., 1).

    Example:
        >>> pydl.ops.mask_values(np.array([True, False])).numpy()
        array([[1.],
               [0.]], dtype=float32)
    """
    return apply_mask(plan_constant(np.ones((*mask.shape, 1), dtype)), mask)


def select_steps(values: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """a where `values` are 1, else b: whole samples or steps at a time.

    Args:
        values: Tensor (..., 1) of `mask_values`.
        a: Tensor whose leading axes are those of `values` without the last.
        b: Tensor of the shape and dtype of a.

    Returns:
        Tensor of the shape of a.

    Example:
        >>> values = pydl.ops.mask_values(np.array([True, False]))
        >>> pydl.ops.select_steps(values, pydl.Tensor([[1.0], [2.0]]), pydl.Tensor([[10.0], [20.0]])).numpy()
        array([[ 1.],
               [20.]], dtype=float32)
    """
    shape = (*values.shape[:-1], -1) if a.size else (*values.shape[:-1], 0)
    chosen = apply_mask(reshape(a, shape), step_mask(values))
    return reshape(chosen + apply_mask(reshape(b, shape), step_mask(values, 1.0)), a.shape)


def without_axis(mask: Array, shape: tuple[int, ...], axis: int) -> Array | None:
    """The mask of the other axes of a tensor of this shape; None if it differs along the axis."""
    whole = np.broadcast_to(mask.reshape(mask.shape + (1,) * (len(shape) - mask.ndim)), shape)
    whole = np.moveaxis(whole, axis, -1)
    return np.ascontiguousarray(whole[..., 0]) if (whole == whole[..., :1]).all() else None
