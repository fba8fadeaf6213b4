"""Masks of time steps: bools, True where a step counts. Made by kernels, so that inference plans hold them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array, fixed
from ..autograd.tensor import Tensor, as_tensor, record
from ..base.errors import ShapeError, number
from .arrays import floating
from .manipulation import reshape


def step_mask(x: Any, value: float = 0.0) -> Array:
    """Which steps of x (…, F) have a feature that is not `value`: bools (…). ShapeError for a scalar."""
    x = floating(as_tensor(x))
    if x.ndim == 0:
        raise ShapeError("[step_mask] x: expected at least 1 axis, got a scalar")
    return _core.step_mask(x.array, value if type(value) is float else number("step_mask", "value", value))


def id_mask(ids: Any) -> Array:
    """Which numbers are not 0: bools of the same shape."""
    numbers = as_tensor(ids).array
    if numbers.dtype not in (np.int32, np.int64, np.float32, np.float64):
        numbers = numbers.astype(np.int64)
    return _core.id_mask(numbers)


def apply_mask(x: Any, mask: Any) -> Tensor:
    """x (…, F), with zeros in the steps where `mask` (…) is False. ShapeError if the mask does not fit."""
    x, keep = floating(as_tensor(x)), as_tensor(mask).array
    if keep.dtype != bool:
        keep = keep.astype(bool)
    if keep.shape != x.shape[:-1] or x.ndim == 0:
        raise ShapeError(f"[apply_mask] mask: expected shape {x.shape[:-1]} for x of shape {x.shape}, got {keep.shape}")

    def backward(dy: Array) -> tuple[Array]:
        return (_core.apply_mask(dy, keep),)

    return record(_core.apply_mask(x.array, keep), (x,), backward)


def mask_values(mask: Array, dtype: Any = np.float32) -> Tensor:
    """1 where the mask (…) holds, else 0, as a tensor (…, 1) to compute with."""
    return apply_mask(fixed(np.ones((*mask.shape, 1), dtype)), mask)


def select_steps(values: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """a where `values`, of `mask_values`, are 1, else b: whole samples or steps, of as many leading axes as those."""
    shape = (*values.shape[:-1], -1) if a.size else (*values.shape[:-1], 0)
    chosen = apply_mask(reshape(a, shape), step_mask(values))
    return reshape(chosen + apply_mask(reshape(b, shape), step_mask(values, 1.0)), a.shape)
