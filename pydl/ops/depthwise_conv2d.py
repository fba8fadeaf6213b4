"""Convolutions in which every channel has filters of its own, and those followed by a mixture of the channels."""

from __future__ import annotations

from typing import Any

from ..autograd.tensor import Tensor, as_tensor
from ..base.errors import ShapeError
from .conv2d import conv2d
from .manipulation import reshape


def depthwise_conv2d(
    x: Any,
    kernel: Any,
    bias: Any = None,
    strides: Any = 1,
    padding: Any = "valid",
    dilation_rate: Any = 1,
    activation: str = "linear",
    alpha: float | None = None,
) -> Tensor:
    """M filters for every channel of x: output channel c * M + m is channel c under kernel[:, :, c, m].

    Args:
        x: (N, H, W, C).
        kernel: (KH, KW, C, M).
        bias: (C * M,) or None.
        strides, padding, dilation_rate, activation, alpha: as in `ops.conv2d`.

    Returns:
        (N, OH, OW, C * M). ShapeError or ValueError if something does not fit.
    """
    x, w = as_tensor(x), as_tensor(kernel)
    if x.ndim != 4:
        raise ShapeError(f"[depthwise_conv2d] x: expected 4 axes (N, H, W, C), got shape {x.shape}")
    if w.ndim != 4 or w.shape[2] != x.shape[3]:
        raise ShapeError(
            f"[depthwise_conv2d] kernel: expected shape (KH, KW, {x.shape[3]}, M) for x {x.shape}, got {w.shape}"
        )
    filters = reshape(w, (*w.shape[:2], 1, w.shape[2] * w.shape[3]))
    return conv2d(x, filters, bias, strides, padding, dilation_rate, activation, alpha)


def separable_conv2d(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    bias: Any = None,
    strides: Any = 1,
    padding: Any = "valid",
    dilation_rate: Any = 1,
    activation: str = "linear",
    alpha: float | None = None,
) -> Tensor:
    """`depthwise_conv2d` with (KH, KW, C, M), then a 1x1 convolution with (1, 1, C * M, O), bias and activation."""
    y = depthwise_conv2d(x, depthwise_kernel, None, strides, padding, dilation_rate)
    return conv2d(y, pointwise_kernel, bias, activation=activation, alpha=alpha)
