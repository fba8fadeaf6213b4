"""Softmax and its logarithm along the last axis, in float64."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_backward(dy: Array, y: Array) -> Array:
    """Row by row, through the Jacobian diag(y) - y y'."""
    rows = zip(dy.reshape(-1, dy.shape[-1]), y.reshape(-1, y.shape[-1]), strict=True)
    return np.array([(np.diag(q) - np.outer(q, q)) @ d for d, q in rows]).reshape(dy.shape)


def log_softmax(x: Array) -> Array:
    shifted = x - x.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def log_softmax_backward(dy: Array, y: Array) -> Array:
    """Row by row, through the Jacobian I - 1 p'."""
    rows = zip(dy.reshape(-1, dy.shape[-1]), np.exp(y).reshape(-1, y.shape[-1]), strict=True)
    return np.array([(np.eye(p.size) - np.outer(np.ones_like(p), p)).T @ d for d, p in rows]).reshape(dy.shape)
