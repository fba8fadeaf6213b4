"""The functions whose means are metrics: from arrays y_true and y_pred to a value per sample or element."""

from __future__ import annotations

import numpy as np

from ..base.errors import ShapeError
from ..losses.alignment import aligned_shapes, mismatch
from ..losses.options import check_options
from .metric import Array


def accuracy(y_true: Array, y_pred: Array) -> Array:
    """Where y_pred equals y_true.

    Args:
        y_true: Targets, array-like (..., C).
        y_pred: Outputs, array-like of the same shape; one of the two may lack a last axis of 1.

    Returns:
        Array (..., C) of bools.

    Raises:
        ShapeError: The shapes differ.

    Example:
        >>> pydl.metrics.accuracy([1, 2], [1, 3])
        array([ True, False])
    """
    y_true, y_pred = paired(y_true, y_pred)
    return np.asarray(y_true == y_pred)


def binary_accuracy(y_true: Array, y_pred: Array, threshold: float = 0.5) -> Array:
    """Where y_pred > threshold agrees with the label 0 or 1 of y_true.

    Args:
        y_true: Targets, array-like (..., C).
        y_pred: Outputs, array-like of the same shape; one of the two may lack a last axis of 1.
        threshold: Where 1 begins.

    Returns:
        Array (..., C) of bools.

    Raises:
        ShapeError: The shapes differ.

    Example:
        >>> pydl.metrics.binary_accuracy([1, 1], np.array([0.9, 0.2]))
        array([ True, False])
    """
    y_true, y_pred = paired(y_true, y_pred)
    return np.asarray(y_true == (y_pred > threshold))


def categorical_accuracy(y_true: Array, y_pred: Array) -> Array:
    """Where the largest output is that of the one-hot label.

    Args:
        y_true: Targets, array-like (..., C).
        y_pred: Outputs, array-like of the same shape; one of the two may lack a last axis of 1.

    Returns:
        Array (...) of bools.

    Raises:
        ShapeError: The shapes differ; integer labels need `sparse_categorical_accuracy`.

    Example:
        >>> pydl.metrics.categorical_accuracy([[0, 1], [1, 0]], [[0.2, 0.8], [0.3, 0.7]])
        array([ True, False])
    """
    y_true, y_pred = _one_hot(y_true, y_pred, "sparse_categorical_accuracy")
    return np.asarray(y_true.argmax(axis=-1) == y_pred.argmax(axis=-1))


def sparse_categorical_accuracy(y_true: Array, y_pred: Array) -> Array:
    """Where the largest output is that of the integer label.

    Args:
        y_true: Labels, array-like (...) or (..., 1).
        y_pred: Outputs, array-like (..., C).

    Returns:
        Array (...) of bools.

    Raises:
        ShapeError: The shapes do not fit.

    Example:
        >>> pydl.metrics.sparse_categorical_accuracy([1, 0], [[0.2, 0.8], [0.3, 0.7]])
        array([ True, False])
    """
    y_pred = np.asarray(y_pred)
    return np.asarray(_labels(np.asarray(y_true), y_pred) == y_pred.argmax(axis=-1))


def top_k_categorical_accuracy(y_true: Array, y_pred: Array, k: int = 5) -> Array:
    """Where the output of the one-hot label is among the `k` largest; equal ones count as found.

    Args:
        y_true: Targets, array-like (..., C).
        y_pred: Outputs, array-like of the same shape; one of the two may lack a last axis of 1.
        k: Number of outputs.

    Returns:
        Array (...) of bools.

    Raises:
        ValueError: k is no positive integer.
        ShapeError: The shapes differ; integer labels need `sparse_top_k_categorical_accuracy`.

    Example:
        >>> pydl.metrics.top_k_categorical_accuracy([[0, 0, 1], [0, 1, 0]], [[0.1, 0.6, 0.3], [0.5, 0.1, 0.4]], k=2)
        array([ True, False])
    """
    y_true, y_pred = _one_hot(y_true, y_pred, "sparse_top_k_categorical_accuracy")
    check_options("top_k_categorical_accuracy", {"k": k})
    return sparse_top_k_categorical_accuracy(y_true.argmax(axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(y_true: Array, y_pred: Array, k: int = 5, from_sorted_ids: bool = False) -> Array:
    """Where the output of the integer label is among the `k` largest; equal ones count as found.

    Args:
        y_true: Labels, array-like (...) or (..., 1). Those outside [0, C) are never found.
        y_pred: Outputs, array-like (..., C).
        k: Number of outputs.
        from_sorted_ids: Whether y_pred holds ids of classes, the most likely first, in place of outputs.

    Returns:
        Array (...) of bools.

    Raises:
        ValueError: k is no positive integer.
        ShapeError: The shapes do not fit.

    Example:
        >>> pydl.metrics.sparse_top_k_categorical_accuracy([2, 1], [[0.1, 0.6, 0.3], [0.5, 0.1, 0.4]], k=2)
        array([ True, False])
        >>> pydl.metrics.sparse_top_k_categorical_accuracy([2], [[0, 2, 1]], k=2, from_sorted_ids=True)
        array([ True])
    """
    check_options("sparse_top_k_categorical_accuracy", {"k": k})
    y_pred = np.asarray(y_pred)
    labels = _labels(np.asarray(y_true), y_pred)
    if from_sorted_ids:
        return np.asarray((labels[..., None] == y_pred[..., :k]).any(axis=-1))
    known = (labels >= 0) & (labels < y_pred.shape[-1])  # a label that is no class is never among the top k
    own = np.take_along_axis(y_pred, np.where(known, labels, 0)[..., None].astype(np.int64), axis=-1)
    return np.asarray(((y_pred > own).sum(axis=-1) < k) & np.isfinite(own[..., 0]) & known)


def mean_squared_error(y_true: Array, y_pred: Array) -> Array:
    """Mean over the last axis of (y_pred - y_true)^2.

    Args:
        y_true: Targets, array-like (..., C).
        y_pred: Outputs, array-like of the same shape; one of the two may lack a last axis of 1.

    Returns:
        Array (...) of floats.

    Raises:
        ShapeError: The shapes differ.

    Example:
        >>> pydl.metrics.mean_squared_error([[0.0, 1.0]], [[2.0, 1.0]])
        array([2.])
    """
    y_true, y_pred = paired(y_true, y_pred, floats=True)
    return np.asarray(np.square(y_pred - y_true).mean(axis=-1))


def mean_absolute_error(y_true: Array, y_pred: Array) -> Array:
    """Mean over the last axis of |y_pred - y_true|.

    Args:
        y_true: Targets, array-like (..., C).
        y_pred: Outputs, array-like of the same shape; one of the two may lack a last axis of 1.

    Returns:
        Array (...) of floats.

    Raises:
        ShapeError: The shapes differ.

    Example:
        >>> pydl.metrics.mean_absolute_error([[0.0, 1.0]], [[2.0, 1.0]])
        array([1.])
    """
    y_true, y_pred = paired(y_true, y_pred, floats=True)
    return np.asarray(np.abs(y_pred - y_true).mean(axis=-1))


def squared_error(y_true: Array, y_pred: Array) -> Array:
    """The squared error of each element."""
    y_true, y_pred = paired(y_true, y_pred, floats=True)
    return np.asarray(np.square(y_pred - y_true))


def cosine_similarity(y_true: Array, y_pred: Array, axis: int = -1) -> Array:
    """Cosine of the angle between y_true and y_pred along `axis`. The loss of this name has the other sign.

    Args:
        y_true: Targets, array-like (..., C).
        y_pred: Outputs, array-like of the same shape; one of the two may lack a last axis of 1.
        axis: Axis of the vectors.

    Returns:
        Array of the shape without the axis, of floats.

    Raises:
        ShapeError: The shapes differ.

    Example:
        >>> pydl.metrics.cosine_similarity([[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [3.0, 0.0]])
        array([1., 0.])
    """
    y_true, y_pred = paired(y_true, y_pred, floats=True)
    lengths = [np.sqrt(np.maximum(np.square(a).sum(axis=axis, keepdims=True), 1e-12)) for a in (y_true, y_pred)]
    return np.asarray((y_true / lengths[0] * (y_pred / lengths[1])).sum(axis=axis))


def paired(y_true: Array, y_pred: Array, floats: bool = False) -> tuple[Array, Array]:
    """Both in one shape, up to a last axis of 1; else ShapeError. floats: as floats, since integers wrap around."""
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    shape_true, shape_pred = aligned_shapes(y_true.shape, y_pred.shape)
    if shape_true != shape_pred:
        raise mismatch("metric", y_true.shape, y_pred.shape)
    y_true, y_pred = y_true.reshape(shape_true), y_pred.reshape(shape_pred)
    if floats:
        y_pred = y_pred if y_pred.dtype.kind == "f" else y_pred.astype(np.float64)
        y_true = y_true if y_true.dtype.kind == "f" else y_true.astype(np.float64)
    return y_true, y_pred


def _one_hot(y_true: Array, y_pred: Array, sparse: str) -> tuple[Array, Array]:
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    shape_true, shape_pred = aligned_shapes(y_true.shape, y_pred.shape)
    if shape_true != shape_pred:
        hint = f"; for integer labels use {sparse}" if y_true.size < y_pred.size else ""
        raise mismatch("metric", y_true.shape, y_pred.shape, hint)
    return y_true.reshape(shape_true), y_pred.reshape(shape_pred)


def _labels(y_true: Array, y_pred: Array) -> Array:
    labels = y_true[..., 0] if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1 else y_true
    if labels.shape != y_pred.shape[:-1]:
        raise ShapeError(
            f"[metric] y_true: expected labels of shape {y_pred.shape[:-1]} "
            f"for y_pred {y_pred.shape}, got {y_true.shape}"
        )
    return labels
