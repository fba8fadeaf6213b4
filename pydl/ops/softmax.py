"""Softmax and its logarithm."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..tape import Array
from ..tensor import Tensor, as_tensor, record
from .arrays import floating
from .shape import moveaxis


def softmax(x: Any, axis: int = -1) -> Tensor:
    """exp(x) / Σ exp(x) along `axis`; rows that add up to one."""
    x = floating(as_tensor(x))
    if axis not in (-1, x.ndim - 1):
        return moveaxis(softmax(moveaxis(x, axis, -1)), -1, axis)
    y = _core.softmax_forward(x.array)

    def backward(dy: Array) -> tuple[Array]:
        return (_core.softmax_backward(dy, y),)

    return record(y, (x,), backward, "softmax")


def log_softmax(x: Any, axis: int = -1) -> Tensor:
    """log(softmax(x)), without ever taking the logarithm of a tiny number."""
    x = floating(as_tensor(x))
    if axis not in (-1, x.ndim - 1):
        return moveaxis(log_softmax(moveaxis(x, axis, -1)), -1, axis)
    y = _core.log_softmax_forward(x.array)

    def backward(dy: Array) -> tuple[Array]:
        return (_core.log_softmax_backward(dy, y),)

    return record(y, (x,), backward)
