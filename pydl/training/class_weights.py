"""Class weights: from a weight per class to a weight per label. The loss decides what a label is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..autograd.tape import Array
from ..losses import Loss, categorical_crossentropy, sparse_categorical_crossentropy
from .sparse_rows import SparseRows


def class_weights(
    y: Any, class_weight: Mapping[int, float], loss: Loss | None = None, output_rank: int | None = None
) -> Array:
    """A weight for each label, per sample, step or pixel; classes that are not named weigh 1.

    Args:
        y: integers for the sparse cross-entropy; one-hot for the categorical one; else numbers, also with a last axis
            of 1, or one-hot rows.
        output_rank: the axes of the output, if known: it distinguishes labels per step from one-hot rows.
    """
    if isinstance(y, SparseRows):
        y = y.labels()
    if not isinstance(y, np.ndarray):
        raise ValueError("[data] class_weight: expected one output, got several; pass sample_weight instead")
    if not isinstance(class_weight, Mapping):
        raise TypeError(f"[data] class_weight: expected a dict from class to weight, got {class_weight!r}")
    for label, weight in class_weight.items():
        if isinstance(weight, str) or not hasattr(weight, "__float__"):
            raise TypeError(f"[data] class_weight: expected a number for class {label!r}, got {weight!r}")
    if not np.isfinite(y).all():
        raise ValueError("[data] class_weight: expected finite labels, got NaN or infinity in y")
    labels = np.rint(_labels(y, loss, output_rank)).astype(np.int64)
    values, inverse = np.unique(labels, return_inverse=True)
    weights = np.array([class_weight.get(int(value), 1.0) for value in values], np.float32)
    return weights[inverse].reshape(labels.shape)


def weighted(by_class: Array, sample_weight: Array | None) -> Array:
    """The product of both weights, which share the first axes; the one with fewer axes is broadcast."""
    if sample_weight is None:
        return by_class
    few, many = sorted((by_class, np.asarray(sample_weight)), key=lambda weight: weight.ndim)
    return np.asarray(few.reshape(few.shape + (1,) * (many.ndim - few.ndim)) * many)


def _labels(y: Array, loss: Loss | None, output_rank: int | None) -> Array:
    function = getattr(loss, "fn", None)
    if function is categorical_crossentropy and y.ndim > 1:
        return np.asarray(y.argmax(axis=getattr(loss, "axis", -1)))
    if y.ndim > 1 and y.shape[-1] == 1:
        return y[..., 0]
    if y.ndim == 1 or function is sparse_categorical_crossentropy or output_rank == y.ndim + 1:
        return y
    if (y.ndim == 2 or output_rank == y.ndim) and _is_one_hot(y):
        return np.asarray(y.argmax(axis=-1))
    raise ValueError(
        f"[data] class_weight: expected one class for each sample, as labels or one-hot rows, got y of shape {y.shape} "
        f"for {getattr(loss, 'name', 'this loss')}; pass sample_weight instead"
    )


def _is_one_hot(y: Array) -> bool:
    return bool((((y == 0) | (y == 1)).all()) and (y.sum(axis=-1) == 1).all())
