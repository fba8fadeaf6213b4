"""Softmax and sigmoid cross-entropy of logits, in float64."""

from typing import Any

import numpy as np

from .elementwise import sigmoid
from .softmax import log_softmax, softmax

Array = np.ndarray[Any, Any]


def one_hot(labels: Array, classes: int) -> Array:
    return np.eye(classes)[labels]


def softmax_cross_entropy(logits: Array, target: Array) -> Array:
    """One loss per row; target: (R, C)."""
    return -(target * log_softmax(logits)).sum(axis=1)


def softmax_cross_entropy_backward(logits: Array, target: Array, dloss: Array) -> Array:
    return (softmax(logits) * target.sum(axis=1, keepdims=True) - target) * dloss[:, None]


def sigmoid_cross_entropy(logits: Array, target: Array) -> Array:
    return np.maximum(logits, 0) - logits * target + np.log1p(np.exp(-np.abs(logits)))


def sigmoid_cross_entropy_backward(logits: Array, target: Array, dloss: Array) -> Array:
    return (sigmoid(logits) - target) * dloss
