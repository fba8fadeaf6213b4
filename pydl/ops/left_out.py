"""Samples and steps that a mask or a weight of 0 leaves out: their values have no effect, even NaN.

NaN times a weight of 0 is NaN, forward and backward. So such values are replaced before the loss is computed, but only
if they are not finite, because the replacement costs a copy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor
from ..base.errors import DTypeError, LabelError
from ..base.tree import flatten, map_structure
from .checks import all_finite
from .math import where


def counted_values(
    call: Callable[[Any, Tensor], Any],
    y_true: Array,
    y_pred: Tensor,
    left_out: Callable[[tuple[int, ...]], Array],
    axes: int,
) -> Tensor:
    """call(y_true, y_pred), unaffected by what is left out.

    left_out: from the shape of the values, which of them are left out; axes: the number of axes of that information.
    """
    try:
        values = as_tensor(call(y_true, y_pred))
        rows = left_out(values.shape if values.ndim else y_pred.shape[:axes])
        finite = np.isfinite(values.array[rows] if values.ndim else values.array).all()
        if (
            finite and all_finite(y_true, rows) and all_finite(y_pred, rows)
        ):  # of finite values the gradient may still be NaN
            return values
    except (LabelError, DTypeError):  # perhaps of labels that are left out
        rows = left_out(y_pred.shape[:-1])
        if not rows.any():
            raise
    values = as_tensor(call(*neutral(y_true, y_pred, rows)))
    if rows.shape != values.shape or np.isfinite(values.array[rows]).all():
        return values
    kept = where(rows, values.dtype.type(0), values)
    kept.mask = values.mask
    return kept


def replaced(array: Array, places: Array, value: Any) -> Array:
    """A copy with this value in some places."""
    return np.where(places, value, array)


def neutral(y_true: Any, y_pred: Tensor, left_out: Array) -> tuple[Any, Tensor]:
    """Both with neutral constants in the samples or steps that are left out."""
    while left_out.ndim and left_out.shape != y_pred.shape[: left_out.ndim]:  # an axis that y_pred does not have
        left_out = np.asarray(left_out.all(axis=-1))

    def expanded(like: Any) -> Array:
        return left_out.reshape(left_out.shape + (1,) * (like.ndim - left_out.ndim))

    if left_out.shape == y_true.shape[: left_out.ndim]:
        constant = y_true.dtype.type(0 if y_true.dtype.kind in "iu" else 1)  # valid as class, as label -1/1 and 0/1
        y_true = replaced(y_true, expanded(y_true), constant)
    mask, y_pred = y_pred.mask, where(expanded(y_pred), y_pred.dtype.type(0.5), y_pred)
    y_pred.mask = mask
    return y_true, y_pred


def not_finite_left_out(sample_weight: Array, *arrays: Array) -> Array:
    """Where the weight is 0 and one of the arrays is not finite, in the shape of the weights."""
    zero = np.asarray(sample_weight == 0)
    if not zero.any():
        return zero
    if zero.ndim > 1 and zero.shape[-1] == 1:
        zero = zero[..., 0]
    bad = np.zeros(zero.shape, bool)
    for array in arrays:
        if array.dtype.kind == "f" and array.shape[: zero.ndim] == zero.shape:
            bad |= ~np.isfinite(array).reshape(*zero.shape, -1).all(axis=-1)
    return np.asarray(bad & zero)


def zeroed_inputs(x: Any, sample_weight: Any) -> Any:
    """The inputs with zeros in samples whose weight is 0 for every output, if these are not finite."""
    weights = flatten(sample_weight)
    if not weights or any(weight is None for weight in weights):
        return x
    zero = np.all([(weight.reshape(len(weight), -1) == 0).all(axis=1) for weight in weights], axis=0)
    if not zero.any():
        return x

    def clear(array: Any) -> Any:
        if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or np.isfinite(array[zero]).all():
            return array
        array = array.copy()
        array[zero] = 0
        return array

    return map_structure(clear, x)
