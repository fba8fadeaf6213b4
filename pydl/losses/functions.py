"""The losses as functions, with Keras's names: arrays or tensors in, a tensor with a value per sample out.

All but `cosine_similarity` and the cross-entropies reduce the last axis.
"""

from __future__ import annotations

import math
from typing import Any

from .. import ops
from ..autograd.recordable import recordable
from ..autograd.tensor import Tensor
from ..ops.targets import signs, unit_vectors
from .alignment import pair
from .options import check_options

_TINY = 1e-7  # Keras's epsilon


@recordable
def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of (y_pred - y_true)^2.

    Args:
        y_true: Targets (..., C), array-like.
        y_pred: Outputs, a tensor or array-like of the same shape; one of the two may lack a last axis of 1.

    Returns:
        Tensor (...), a value per sample or step, in the dtype of y_pred; float32 for integers.

    Raises:
        ShapeError: The shapes differ.

    Example:
        >>> pydl.losses.mean_squared_error([[0.0, 1.0]], [[2.0, 1.0]]).numpy()
        array([2.], dtype=float32)
    """
    y_pred, y_true = pair("mean_squared_error", y_true, y_pred)
    return ops.mean(ops.square(y_pred - y_true), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of |y_pred - y_true|.

    Args:
        y_true: Targets (..., C), array-like.
        y_pred: Outputs, a tensor or array-like of the same shape; one of the two may lack a last axis of 1.

    Returns:
        Tensor (...), a value per sample or step, in the dtype of y_pred; float32 for integers.

    Raises:
        ShapeError: The shapes differ.

    Example:
        >>> pydl.losses.mean_absolute_error([[0.0, 1.0]], [[2.0, 1.0]]).numpy()
        array([1.], dtype=float32)
    """
    y_pred, y_true = pair("mean_absolute_error", y_true, y_pred)
    return ops.mean(ops.abs(y_pred - y_true), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    """100 times the mean over the last axis of |y_true - y_pred| / max(|y_true|, 1e-7).

    Args:
        y_true: Targets (..., C), array-like.
        y_pred: Outputs, a tensor or array-like of the same shape; one of the two may lack a last axis of 1.

    Returns:
        Tensor (...), a value per sample or step, in the dtype of y_pred; float32 for integers.

    Raises:
        ShapeError: The shapes differ.

    Example:
        >>> pydl.losses.mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 4.0]]).numpy()
        array([25.], dtype=float32)
    """
    y_pred, y_true = pair("mean_absolute_percentage_error", y_true, y_pred)
    return 100.0 * ops.mean(ops.abs((y_pred - y_true) / ops.maximum(ops.abs(y_true), _TINY)), axis=-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of (log(y_true + 1) - log(y_pred + 1))^2. Both are cut to at least 1e-7.

    Args:
        y_true: Targets (..., C), array-like.
        y_pred: Outputs, a tensor or array-like of the same shape; one of the two may lack a last axis of 1.

    Returns:
        Tensor (...), a value per sample or step, in the dtype of y_pred; float32 for integers.

    Raises:
        ShapeError: The shapes differ.

    Example:
        >>> pydl.losses.mean_squared_logarithmic_error([[1.0, 3.0]], [[1.0, 3.0]]).numpy()
        array([0.], dtype=float32)
    """
    y_pred, y_true = pair("mean_squared_logarithmic_error", y_true, y_pred)
    expected = ops.log(ops.maximum(y_true, _TINY) + 1.0)
    return ops.mean(ops.square(ops.log(ops.maximum(y_pred, _TINY) + 1.0) - expected), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """Mean over the last axis of e^2 / 2 where |e| <= delta, else delta * |e| - delta^2 / 2, with e = y_pred - y_true.

    Source: Huber 1964.

    Args:
        y_true: Targets (..., C), array-like.
        y_pred: Outputs, a tensor or array-like of the same shape; one of the two may lack a last axis of 1.
        delta: Error from which on the loss is linear, greater than 0.

    Returns:
        Tensor (...), a value per sample or step, in the dtype of y_pred; float32 for integers.

    Raises:
        ShapeError: The shapes differ.
        TypeError: delta is no number.
        ValueError: delta is not positive.

    Example:
        >>> pydl.losses.huber([[0.0, 0.0]], [[1.0, 3.0]]).numpy()
        array([1.5], dtype=float32)
    """
    check_options("huber", {"delta": delta})
    y_pred, y_true = pair("huber", y_true, y_pred)
    size = ops.abs(y_pred - y_true)
    near = ops.minimum(size, delta)  # the error beyond delta costs delta per unit
    return ops.mean(near * (size - 0.5 * near), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of log(cosh(y_pred - y_true)): like e^2 / 2 for small errors e, like |e| for large ones.

    Args:
        y_true: Targets (..., C), array-like.
        y_pred: Outputs, a tensor or array-like of the same shape; one of the two may lack a last axis of 1.

    Returns:
        Tensor (...), a value per sample or step, in the dtype of y_pred; float32 for integers.

    Raises:
        ShapeError: The shapes differ.

    Example:
        >>> pydl.losses.log_cosh([[0.0, 0.0]], [[1.0, -1.0]]).numpy().round(4)
        array([0.4338], dtype=float32)
    """
    y_pred, y_true = pair("log_cosh", y_true, y_pred)
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(-2.0 * error) - math.log(2.0), axis=-1)


def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """Sum over the last axis of y_true * log(y_true / y_pred), both cut to [1e-7, 1] (Kullback and Leibler 1951).

    Args:
        y_true: Targets (..., C), array-like.
        y_pred: Outputs, a tensor or array-like of the same shape; one of the two may lack a last axis of 1.

    Returns:
        Tensor (...), a value per sample or step, in the dtype of y_pred; float32 for integers.

    Raises:
        ShapeError: The shapes differ.

    Example:
        >>> pydl.losses.kl_divergence([[0.5, 0.5]], [[0.25, 0.75]]).numpy().round(4)
        array([0.1438], dtype=float32)
    """
    y_pred, y_true = pair("kl_divergence", y_true, y_pred)
    target = ops.clip(y_true, _TINY, 1.0)
    return ops.sum(target * (ops.log(target) - ops.log(ops.clip(y_pred, _TINY, 1.0))), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of y_pred - y_true * log(y_pred + 1e-7).

    Args:
        y_true: Targets (..., C), array-like.
        y_pred: Outputs, a tensor or array-like of the same shape; one of the two may lack a last axis of 1.

    Returns:
        Tensor (...), a value per sample or step, in the dtype of y_pred; float32 for integers.

    Raises:
        ShapeError: The shapes differ.

    Example:
        >>> pydl.losses.poisson([[1.0, 2.0]], [[1.0, 1.0]]).numpy().round(4)
        array([1.], dtype=float32)
    """
    y_pred, y_true = pair("poisson", y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + _TINY), axis=-1)


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of max(1 - y_true * y_pred, 0).

    Args:
        y_true: Labels -1 and 1, array-like (..., C). Labels 0 and 1 count as -1 and 1.
        y_pred: Outputs, a tensor or array-like of the same shape; one of the two may lack a last axis of 1.

    Returns:
        Tensor (...), a value per sample or step, in the dtype of y_pred; float32 for integers.

    Raises:
        ShapeError: The shapes differ.

    Example:
        >>> pydl.losses.hinge([[0, 1]], [[0.5, 0.5]]).numpy()
        array([1.], dtype=float32)
    """
    y_pred, y_true = pair("hinge", y_true, y_pred)
    return ops.mean(ops.maximum(1.0 - signs(y_true) * y_pred, 0.0), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of max(1 - y_true * y_pred, 0)^2.

    Args:
        y_true: Labels -1 and 1, array-like (..., C). Labels 0 and 1 count as -1 and 1.
        y_pred: Outputs, a tensor or array-like of the same shape; one of the two may lack a last axis of 1.

    Returns:
        Tensor (...), a value per sample or step, in the dtype of y_pred; float32 for integers.

    Raises:
        ShapeError: The shapes differ.

    Example:
        >>> pydl.losses.squared_hinge([[0, 1]], [[0.5, 0.5]]).numpy()
        array([1.25], dtype=float32)
    """
    y_pred, y_true = pair("squared_hinge", y_true, y_pred)
    return ops.mean(ops.square(ops.maximum(1.0 - signs(y_true) * y_pred, 0.0)), axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Minus the cosine of the angle between y_true and y_pred along `axis`: -1 for equal directions.

    The metric of this name has the other sign.

    Args:
        y_true: Targets (..., C), array-like.
        y_pred: Outputs, a tensor or array-like of the same shape; one of the two may lack a last axis of 1.
        axis: Axis of the vectors.

    Returns:
        Tensor of the shape without the axis, in the dtype of y_pred; float32 for integers.

    Raises:
        ShapeError: The shapes differ, or do not have the axis.

    Example:
        >>> pydl.losses.cosine_similarity([[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [3.0, 0.0]]).numpy()
        array([-1., -0.], dtype=float32)
    """
    y_pred, y_true = pair("cosine_similarity", y_true, y_pred)
    squares = ops.maximum(ops.sum(ops.square(y_pred), axis=axis, keepdims=True), 1e-12)
    return -ops.sum(y_pred / ops.sqrt(squares) * unit_vectors(y_true, axis), axis=axis)
