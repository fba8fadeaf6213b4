"""What does not count in a batch: a mask or a weight of 0 leaves it out, whatever stands there.

A NaN times a weight of 0 is NaN, forward and backward. So it is replaced before anything is computed from it; but only
if it spoils something, since that costs a copy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor
from ..base.errors import DTypeError, LabelError
from ..base.tree import flatten, map_structure


def counted_values(
    call: Callable[[Any, Tensor], Any],
    y_true: Array,
    y_pred: Tensor,
    left_out: Callable[[tuple[int, ...]], Array],
    axes: int,
) -> Tensor:
    """call(y_true, y_pred), where what does not count spoils nothing.

    left_out: for values of a shape, which of them do not count; axes: how many it can tell apart.
    """
    try:
        values = as_tensor(call(y_true, y_pred))
        rows = left_out(values.shape if values.ndim else y_pred.shape[:axes])
        whole = np.isfinite(values.array[rows] if values.ndim else values.array).all()
        if whole and _finite(y_true, rows) and _finite(y_pred.array, rows):  # finite values may have other gradients
            return values
    except (LabelError, DTypeError):  # of labels that do not count, perhaps
        rows = left_out(y_pred.shape[:-1])
        if not rows.any():
            raise
    values = as_tensor(call(*neutral(y_true, y_pred, rows)))
    if rows.shape != values.shape or np.isfinite(values.array[rows]).all():
        return values
    kept = ops.where(rows, values.dtype.type(0), values)
    kept.mask = values.mask
    return kept


def _finite(array: Array, rows: Array) -> bool:
    """Whether the array is finite in these rows; anywhere, if they are none of its own."""
    own = array[rows] if rows.shape == array.shape[: rows.ndim] else array
    return array.dtype.kind != "f" or bool(np.isfinite(own).all())


def neutral(y_true: Any, y_pred: Tensor, left_out: Array) -> tuple[Any, Tensor]:
    """Both with harmless values, without a gradient, in the samples or steps that do not count."""
    while left_out.ndim and left_out.shape != y_pred.shape[: left_out.ndim]:  # an axis that the values do not have
        left_out = np.asarray(left_out.all(axis=-1))

    def place(like: Any) -> Array:
        return left_out.reshape(left_out.shape + (1,) * (like.ndim - left_out.ndim))

    if left_out.shape == y_true.shape[: left_out.ndim]:
        harmless = y_true.dtype.type(0 if y_true.dtype.kind in "iu" else 1)  # a class, a label -1/1 or 0/1, any number
        y_true = np.where(place(y_true), harmless, y_true)
    mask, y_pred = y_pred.mask, ops.where(place(y_pred), y_pred.dtype.type(0.5), y_pred)
    y_pred.mask = mask
    return y_true, y_pred


def spoilt(sample_weight: Array, *arrays: Array) -> Array:
    """Where the weight is 0 and something in one of the arrays is not finite, in the shape of the weights."""
    nothing = np.asarray(sample_weight == 0)
    if not nothing.any():
        return nothing
    if nothing.ndim > 1 and nothing.shape[-1] == 1:
        nothing = nothing[..., 0]
    bad = np.zeros(nothing.shape, bool)
    for array in arrays:
        if array.dtype.kind == "f" and array.shape[: nothing.ndim] == nothing.shape:
            bad |= ~np.isfinite(array).reshape(*nothing.shape, -1).all(axis=-1)
    return np.asarray(bad & nothing)


def cleared(x: Any, sample_weight: Any) -> Any:
    """The inputs with zeros for the samples that weigh nothing for any output, if something there is not finite."""
    weights = flatten(sample_weight)
    if not weights or any(weight is None for weight in weights):
        return x
    nothing = np.all([(weight.reshape(len(weight), -1) == 0).all(axis=1) for weight in weights], axis=0)
    if not nothing.any():
        return x

    def clear(array: Any) -> Any:
        if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or np.isfinite(array[nothing]).all():
            return array
        array = array.copy()
        array[nothing] = 0
        return array

    return map_structure(clear, x)
