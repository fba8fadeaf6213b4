"""The losses as functions of Keras's names: from arrays or tensors to a tensor with a value per sample.

All but `cosine_similarity` and the cross-entropies reduce the last axis.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import ops
from ..autograd.tape import Array
from ..autograd.tensor import Tensor
from .alignment import pair
from .cross_entropy import binary_crossentropy, categorical_crossentropy, sparse_categorical_crossentropy

_TINY = 1e-7  # Keras's epsilon


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean over the last axis of (y_pred - y_true)^2."""
    y_pred, y_true = pair("mean_squared_error", y_true, y_pred)
    return ops.mean(ops.square(y_pred - y_true), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean over the last axis of |y_pred - y_true|."""
    y_pred, y_true = pair("mean_absolute_error", y_true, y_pred)
    return ops.mean(ops.abs(y_pred - y_true), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    """100 * mean over the last axis of |y_true - y_pred| / max(|y_true|, 1e-7)."""
    y_pred, y_true = pair("mean_absolute_percentage_error", y_true, y_pred)
    return 100.0 * ops.mean(ops.abs((y_pred - y_true) / np.maximum(np.abs(y_true.array), _TINY)), axis=-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean over the last axis of (log(y_true + 1) - log(y_pred + 1))^2, both cut off below at 1e-7."""
    y_pred, y_true = pair("mean_squared_logarithmic_error", y_true, y_pred)
    expected = np.log(np.maximum(y_true.array, _TINY) + 1)
    return ops.mean(ops.square(ops.log(ops.maximum(y_pred, _TINY) + 1.0) - expected), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """mean of e^2 / 2 where |e| <= delta, else delta * |e| - delta^2 / 2 (Huber 1964)."""
    y_pred, y_true = pair("huber", y_true, y_pred)
    size = ops.abs(y_pred - y_true)
    near = ops.minimum(size, delta)  # the rest of the error costs delta per unit
    return ops.mean(near * (size - 0.5 * near), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """mean of log(cosh(y_pred - y_true)): half the square for small errors, the absolute value for large ones."""
    y_pred, y_true = pair("log_cosh", y_true, y_pred)
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(-2.0 * error) - math.log(2.0), axis=-1)


def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """sum of y_true * log(y_true / y_pred), both cut to [1e-7, 1]."""
    y_pred, y_true = pair("kl_divergence", y_true, y_pred)
    target = np.clip(y_true.array, _TINY, 1)
    return ops.sum(target * (np.log(target) - ops.log(ops.clip(y_pred, _TINY, 1.0))), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """mean of y_pred - y_true * log(y_pred + 1e-7)."""
    y_pred, y_true = pair("poisson", y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + _TINY), axis=-1)


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """mean of max(1 - y_true * y_pred, 0); labels 0 and 1 count as -1 and 1."""
    y_pred, y_true = pair("hinge", y_true, y_pred)
    return ops.mean(ops.maximum(1.0 - _signs(y_true) * y_pred, 0.0), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """mean of max(1 - y_true * y_pred, 0)^2; labels 0 and 1 count as -1 and 1."""
    y_pred, y_true = pair("squared_hinge", y_true, y_pred)
    return ops.mean(ops.square(ops.maximum(1.0 - _signs(y_true) * y_pred, 0.0)), axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Minus the cosine of the angle between y_true and y_pred: -1 is best."""
    y_pred, y_true = pair("cosine_similarity", y_true, y_pred)
    squares = ops.maximum(ops.sum(ops.square(y_pred), axis=axis, keepdims=True), 1e-12)
    target = y_true.array / np.sqrt(np.maximum(np.sum(np.square(y_true.array), axis=axis, keepdims=True), 1e-12))
    return -ops.sum(y_pred / ops.sqrt(squares) * target, axis=axis)


def _signs(y_true: Tensor) -> Array:
    labels = y_true.array
    return 2 * labels - 1 if ((labels == 0) | (labels == 1)).all() else labels


IN_KERNELS = (
    mean_squared_error,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)  # with the usual options; a recording notices others
