"""Upsampling of images by integer factors."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor, record
from ..base.errors import ShapeError
from .arrays import floating
from .window import pair

__all__ = ["upsample"]


def upsample(x: Any, size: Any = 2, interpolation: str = "nearest") -> Tensor:
    """An image enlarged by whole factors.

    Args:
        x: Tensor or array (batch, height, width, channels); integers and bools become float32.
        size: The factor for both axes, or (rows, columns).
        interpolation: "nearest" repeats pixels; "bilinear" mixes neighbours, with centres on centres as in TensorFlow.

    Returns:
        Tensor (batch, rows · height, columns · width, channels).

    Raises:
        ShapeError: If x does not have four axes.
        ValueError: If a factor or the interpolation does not fit.

    Example:
        >>> pydl.ops.upsample(np.array([[1.0, 2.0]]).reshape(1, 1, 2, 1), (1, 2)).numpy().ravel()
        array([1., 1., 2., 2.])
    """
    x = floating(as_tensor(x))
    if x.ndim != 4:
        raise ShapeError(f"[upsample] x: expected 4 axes (N, H, W, C), got shape {x.shape}")
    factors = pair("upsample", "size", size)

    def backward(dy: Array) -> tuple[Array]:
        return (_core.resize2d_backward(dy, factors, interpolation),)

    return record(_core.resize2d_forward(x.array, factors, interpolation), (x,), backward)
