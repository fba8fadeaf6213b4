"""Cross-entropies: of logits, the last activation and the loss in one kernel; of probabilities, by NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array, cannot_replay
from ..autograd.tensor import Tensor, as_array, as_tensor, record
from ..base.errors import ShapeError
from .arrays import floating

__all__ = ["sigmoid_cross_entropy", "softmax_cross_entropy"]

EPSILON = 1e-7  # probabilities are clipped to [EPSILON, 1 - EPSILON], as in Keras
_NO_REPLAY = "a cross-entropy of probabilities; it replays from logits, or right after a softmax or sigmoid"


def softmax_cross_entropy(logits: Any, labels: Any) -> Tensor:
    """-Σ target · log(softmax(logits)) for each row, in one kernel, exact also where a probability is tiny.

    Args:
        logits: Tensor or array (..., classes); integers and bools become float32.
        labels: Class numbers (...), integers; or targets (..., classes), used as they are. They get no gradient.

    Returns:
        Tensor (...), one loss for each row.

    Raises:
        ShapeError: If the labels fit neither way.
        ValueError: If a class number is negative or too large.

    Example:
        >>> pydl.ops.softmax_cross_entropy([[0.0, 1000.0], [0.0, 1000.0]], [1, 0]).numpy()
        array([   0., 1000.], dtype=float32)
    """
    logits, target = floating(as_tensor(logits)), as_array(labels)
    if logits.ndim >= 1 and target.shape == logits.shape:
        target = target.astype(logits.dtype, copy=False)
    elif logits.ndim >= 1 and target.shape == logits.shape[:-1] and target.dtype.kind in "iu":
        target = target if target.dtype == np.int32 else target.astype(np.int64, copy=False)
    else:
        raise ShapeError(
            f"[softmax_cross_entropy] labels: expected class indices {logits.shape[:-1]} or targets {logits.shape}, "
            f"got {target.dtype} {target.shape}"
        )
    rows, classes = math.prod(logits.shape[:-1]), logits.shape[-1]
    target = target.reshape((rows, classes) if target.ndim == logits.ndim else (rows,))
    loss, probs = _core.softmax_cross_entropy_forward(logits.array.reshape(rows, classes), target)

    def backward(dy: Array) -> tuple[Array]:
        return (_core.softmax_cross_entropy_backward(probs, target, dy.reshape(rows)).reshape(logits.shape),)

    return record(loss.reshape(logits.shape[:-1]), (logits,), backward)


def sigmoid_cross_entropy(logits: Any, targets: Any) -> Tensor:
    """-t · log(sigmoid(z)) - (1 - t) · log(1 - sigmoid(z)) for each element, exact also far from zero.

    Args:
        logits: Tensor or array of any shape, z; integers and bools become float32.
        targets: Tensor or array of the same shape, t, from 0 to 1. It gets no gradient.

    Returns:
        Tensor of the shape of the logits.

    Raises:
        ShapeError: If the shapes differ.

    Example:
        >>> pydl.ops.sigmoid_cross_entropy([1000.0, 1000.0], [1.0, 0.0]).numpy()
        array([   0., 1000.], dtype=float32)
    """
    logits = floating(as_tensor(logits))
    target = as_array(targets).astype(logits.dtype, copy=False)
    if target.shape != logits.shape:
        raise ShapeError(f"[sigmoid_cross_entropy] targets: expected shape {logits.shape}, got {target.shape}")

    def backward(dy: Array) -> tuple[Array]:
        return (_core.sigmoid_cross_entropy_backward(logits.array, target, dy),)

    return record(_core.sigmoid_cross_entropy_forward(logits.array, target), (logits,), backward)


def cross_entropy(probabilities: Tensor, target: Array) -> Tensor:
    """-Σ target · log(p) for each row, with p the probabilities divided by their sum and clipped."""
    cannot_replay(_NO_REPLAY)
    y = probabilities.array
    total = y.sum(axis=-1, keepdims=True)
    p = y / total
    clipped = np.clip(p, EPSILON, 1 - EPSILON)
    loss = -(target * np.log(clipped)).sum(axis=-1)

    def backward(dy: Array) -> tuple[Array]:
        dp = np.where(p == clipped, -dy[..., None] * target / clipped, 0).astype(y.dtype)
        return ((dp - (dp * p).sum(axis=-1, keepdims=True)) / total,)

    return record(np.asarray(loss), (probabilities,), backward)


def binary_cross_entropy(probabilities: Tensor, target: Array) -> Tensor:
    """-t · log(p) - (1 - t) · log(1 - p) for each element, with p the clipped probabilities."""
    cannot_replay(_NO_REPLAY)
    y = probabilities.array
    p = np.clip(y, EPSILON, 1 - EPSILON)

    def backward(dy: Array) -> tuple[Array]:
        return (np.where(p == y, dy * (p - target) / (p * (1 - p)), 0).astype(y.dtype),)

    return record(-(target * np.log(p) + (1 - target) * np.log1p(-p)), (probabilities,), backward)
