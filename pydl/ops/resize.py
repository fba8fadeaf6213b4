"""Images enlarged by whole factors."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor, record
from ..base.errors import ShapeError
from .arrays import floating
from .window import pair


def upsample(x: Any, size: Any = 2, interpolation: str = "nearest") -> Tensor:
    """Each pixel becomes `size` of them: (N, H, W, C) to (N, size[0] H, size[1] W, C). One size serves both axes.

    interpolation: "nearest" repeats, "bilinear" mixes neighbours, centres of pixels on centres as TensorFlow has them.
    """
    x = floating(as_tensor(x))
    if x.ndim != 4:
        raise ShapeError(f"[upsample] x: expected 4 axes (N, H, W, C), got shape {x.shape}")
    factors = pair("upsample", "size", size)

    def backward(dy: Array) -> tuple[Array]:
        return (_core.resize2d_backward(dy, factors, interpolation),)

    return record(_core.resize2d_forward(x.array, factors, interpolation), (x,), backward)
