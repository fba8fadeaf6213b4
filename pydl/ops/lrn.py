"""Local response normalization (Krizhevsky, Sutskever and Hinton 2012, section 3.3)."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor, record
from ..base.errors import as_integer, number, shown
from .arrays import floating

__all__ = ["local_response_norm"]


def local_response_norm(
    x: Any, depth_radius: int = 2, bias: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    """x / (bias + alpha · Σ x²)^beta, with the sum over channels at most `depth_radius` away.

    Args:
        x: Tensor or array (..., channels); integers and bools become float32.
        depth_radius: How many channels on each side count.
        bias: A positive number, the k of the paper.
        alpha: The factor of the sum. As in TensorFlow it is not divided by the size of the window.
        beta: A number, the exponent.

    Returns:
        Tensor of the shape of x.

    Raises:
        TypeError: If an argument is no number.
        ValueError: If `depth_radius` is negative or `bias` is not positive.

    Source:
        Krizhevsky, Sutskever and Hinton 2012, "ImageNet Classification with Deep Convolutional Neural Networks",
        section 3.3, with its constants as defaults.

    Example:
        >>> pydl.ops.local_response_norm([[1.0, 0.0, 3.0]], depth_radius=1, alpha=1.0, beta=1.0).numpy().round(3)
        array([[0.333, 0.   , 0.273]], dtype=float32)
    """
    tensor, op = floating(as_tensor(x)), "local_response_norm"
    if as_integer(depth_radius) is None:
        raise TypeError(f"[{op}] depth_radius: expected an integer, got {shown(depth_radius)}")
    rule = (depth_radius, number(op, "bias", bias), number(op, "alpha", alpha), number(op, "beta", beta))
    array = tensor.array

    def backward(dy: Array) -> tuple[Array]:
        return (_core.lrn_backward(dy, array, *rule),)

    return record(_core.lrn_forward(array, *rule), (tensor,), backward)
