"""Targets of losses: labels, their checks and what is computed of them alone. They get no gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_array, wrap
from ..base.errors import DTypeError, LabelError, ShapeError, position

Shape = tuple[int, ...]


def as_target(y_true: Any, dtype: np.dtype[Any]) -> Array:
    """Integers are labels and become int32 or int64, so that they do not wrap around; others become `dtype`."""
    target = as_array(y_true)
    if target.dtype in (dtype, np.int32, np.int64):
        return target
    return target.astype(np.int64 if target.dtype.kind in "iu" and target.dtype != np.uint64 else dtype)


def signs(target: Tensor) -> Tensor:
    """Labels 0 and 1 as -1 and 1; others as they are."""
    labels = target.array
    return wrap(2 * labels - 1) if ((labels == 0) | (labels == 1)).all() else target


def unit_vectors(target: Tensor, axis: int) -> Tensor:
    """The vectors along an axis, each divided by its length."""
    values = target.array
    return wrap(values / np.sqrt(np.maximum(np.sum(np.square(values), axis=axis, keepdims=True), 1e-12)))


def smoothed(target: Array, share: float, offset: float) -> Array:
    """Label smoothing: (1 - share) of each target, and the same offset for all."""
    return target * (1 - share) + offset


def axis_last(target: Array, axis: int) -> Array:
    """A view with this axis last."""
    return np.moveaxis(target, axis, -1)


def one_hot(labels: Array, classes: int, dtype: np.dtype[Any]) -> Array:
    """Rows with 1 in the place of the label and 0 elsewhere."""
    rows = np.zeros((*labels.shape, classes), dtype)
    np.put_along_axis(rows, labels[..., None].astype(np.int64), 1, axis=-1)
    return rows


def integer_labels(labels: Array, output: Shape) -> Array:
    """Labels as integers of the shape of the output without its last axis, that of the classes."""
    if labels.shape != output[:-1]:
        if labels.shape != (*output[:-1], 1):
            hint = "; for one-hot labels use categorical_crossentropy" if labels.shape == output else ""
            raise ShapeError(
                f"[sparse_categorical_crossentropy] y_true: expected shape {output[:-1]} for y_pred "
                f"{output}, got {labels.shape}{hint}"
            )
        labels = labels.reshape(output[:-1])
    if labels.dtype.kind in "iu":
        return labels
    with np.errstate(invalid="ignore"):  # NaN is refused below
        whole = labels.astype(np.int64)
    if not np.array_equal(whole, labels):
        first = tuple(np.argwhere(whole != labels)[0])
        raise DTypeError(
            f"[sparse_categorical_crossentropy] y_true: expected integer labels, got {labels[first]} {position(first)}"
        )
    return whole


def check_labels(labels: Array, classes: int) -> None:
    """LabelError unless each label is in [0, classes)."""
    wrong = (labels < 0) | (labels >= classes)
    if not wrong.any():
        return
    first = tuple(np.argwhere(wrong)[0])
    hint = f"labels begin at 0: {classes} classes are 0 to {classes - 1}"
    if labels[first] < 0:
        hint += "; to leave out samples use a mask, a weight of 0 or ignore_class"
    elif labels.min() == 0:
        hint += f"; for {labels.max() + 1} classes the last layer needs {labels.max() + 1} units"
    elif labels.max() == classes:
        hint += f"; for labels from 1 to {classes} pass y - 1"
    raise LabelError(
        f"[sparse_categorical_crossentropy] y_true: expected labels in [0, {classes}), got {labels.min()} to "
        f"{labels.max()}, the first {labels[first]} {position(first)}; {hint}"
    )
