"""The three cross-entropies, each from logits (one fused kernel) or from probabilities.

A y_pred that a softmax or sigmoid has just made is traced back to its logits: softmax and logarithm cancel, so nothing
overflows, and the gradient is (probability - target), also where the probability has been rounded to 0 or 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import ops
from .errors import DTypeError, ShapeError
from .tape import Array
from .tensor import Tensor, as_array, as_tensor, record

EPSILON = 1e-7  # probabilities that are given as such are cut to [EPSILON, 1 - EPSILON], as in Keras


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0
) -> Tensor:
    """-sum over the last axis of y_true * log(y_pred): (..., C), one-hot or probabilities -> (...)."""
    output = as_tensor(y_pred)
    target = as_array(y_true, output.dtype)
    if target.shape != output.shape:
        hint = "; for integer labels use sparse_categorical_crossentropy" if target.ndim < output.ndim else ""
        raise ShapeError(f"[categorical_crossentropy] y_true: expected shape {output.shape}, got {target.shape}{hint}")
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / output.shape[-1]
    logits = output if from_logits else _before("softmax", output)
    return _from_probabilities(target, output) if logits is None else ops.softmax_cross_entropy(logits, target)


def sparse_categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False) -> Tensor:
    """-log(y_pred[y_true]): y_true (...) or (..., 1), integers; y_pred (..., C) -> (...)."""
    output = as_tensor(y_pred)
    labels = _labels(y_true, output)
    logits = output if from_logits else _before("softmax", output)
    if logits is not None:
        return ops.softmax_cross_entropy(logits, labels)
    if labels.size and not 0 <= labels.min() <= labels.max() < output.shape[-1]:
        raise ValueError(
            f"[sparse_categorical_crossentropy] y_true: expected labels in [0, {output.shape[-1]}), "
            f"got {labels.min()} to {labels.max()}"
        )
    one_hot = np.zeros(output.shape, output.dtype)
    np.put_along_axis(one_hot, labels[..., None].astype(np.int64), 1, axis=-1)
    return _from_probabilities(one_hot, output)


def binary_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0) -> Tensor:
    """mean over the last axis of -y_true * log(y_pred) - (1 - y_true) * log(1 - y_pred)."""
    output = as_tensor(y_pred)
    target = as_array(y_true, output.dtype)
    if target.size != output.size:
        raise ShapeError(f"[binary_crossentropy] y_true: expected shape {output.shape}, got {target.shape}")
    target = target.reshape(output.shape)
    if label_smoothing:
        target = target * (1 - label_smoothing) + 0.5 * label_smoothing
    logits = output if from_logits else _before("sigmoid", output)
    bits = _bits_from_probabilities(target, output) if logits is None else ops.sigmoid_cross_entropy(logits, target)
    return ops.mean(bits, axis=-1)


def _before(activation: str, output: Tensor) -> Tensor | None:
    """What `activation` was applied to, if that is how `output` was made on this tape."""
    node = output.node
    return node.inputs[0] if node is not None and node.kind == activation and node.inputs else None


def _labels(y_true: Any, output: Tensor) -> Array:
    """Integer labels of shape output.shape[:-1]."""
    labels = as_array(y_true)
    if labels.shape != output.shape[:-1]:
        if labels.shape != (*output.shape[:-1], 1):
            hint = "; for one-hot labels use categorical_crossentropy" if labels.shape == output.shape else ""
            raise ShapeError(
                f"[sparse_categorical_crossentropy] y_true: expected {output.shape[:-1]}, got {labels.shape}{hint}"
            )
        labels = labels.reshape(output.shape[:-1])
    if labels.dtype.kind in "iu":
        return labels
    with np.errstate(invalid="ignore"):  # a NaN is told below
        whole = labels.astype(np.int64)
    if not np.array_equal(whole, labels):
        raise DTypeError(f"[sparse_categorical_crossentropy] y_true: expected whole numbers, got {labels.dtype}")
    return whole


def _from_probabilities(target: Array, output: Tensor) -> Tensor:
    y = output.array
    total = y.sum(axis=-1, keepdims=True)
    p = y / total
    clipped = np.clip(p, EPSILON, 1 - EPSILON)
    loss = -(target * np.log(clipped)).sum(axis=-1)

    def backward(dy: Array) -> tuple[Array]:
        dp = np.where(p == clipped, -dy[..., None] * target / clipped, 0).astype(y.dtype)
        return ((dp - (dp * p).sum(axis=-1, keepdims=True)) / total,)

    return record(np.asarray(loss), (output,), backward)


def _bits_from_probabilities(target: Array, output: Tensor) -> Tensor:
    y = output.array
    p = np.clip(y, EPSILON, 1 - EPSILON)

    def backward(dy: Array) -> tuple[Array]:
        return (np.where(p == y, dy * (p - target) / (p * (1 - p)), 0).astype(y.dtype),)

    return record(-(target * np.log(p) + (1 - target) * np.log1p(-p)), (output,), backward)
