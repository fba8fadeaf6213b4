"""Local response normalisation (Krizhevsky, Sutskever and Hinton 2012, section 3.3)."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor, record
from ..base.errors import number
from .arrays import floating


def local_response_norm(
    x: Any, depth_radius: int = 2, bias: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    """x / (bias + alpha · Σ x²)^beta, the sum over the channels (the last axis) at most `depth_radius` away.

    The defaults are the paper's. As in TensorFlow, alpha is not divided by the size of the window.
    """
    tensor, op = floating(as_tensor(x)), "local_response_norm"
    if not hasattr(depth_radius, "__index__"):
        raise TypeError(f"[{op}] depth_radius: expected an integer, got {depth_radius!r}")
    rule = (depth_radius, number(op, "bias", bias), number(op, "alpha", alpha), number(op, "beta", beta))
    array = tensor.array

    def backward(dy: Array) -> tuple[Array]:
        return (_core.lrn_backward(dy, array, *rule),)

    return record(_core.lrn_forward(array, *rule), (tensor,), backward)
