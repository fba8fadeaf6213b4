"""Convolution along the steps of sequences: images of one row."""

from __future__ import annotations

from typing import Any

from ..autograd.tensor import Tensor, as_tensor
from ..base.errors import ShapeError
from .conv2d import conv2d
from .manipulation import reshape
from .window import Padding, sizes


def conv1d(
    x: Any,
    kernel: Any,
    bias: Any = None,
    strides: Any = 1,
    padding: Any = "valid",
    dilation_rate: Any = 1,
    activation: str = "linear",
    alpha: float | None = None,
) -> Tensor:
    """activation(x ⋆ kernel + bias) along the steps.

    Args:
        x: (N, L, C).
        kernel: (K, C / groups, O); the groups follow from its shape.
        bias: (O,) or None.
        strides, dilation_rate: one integer.
        padding: "valid", "same", or "causal": only before the sequence, so that no step sees a later one.
        activation, alpha: as in `ops.conv2d`.

    Returns:
        (N, OL, O). ShapeError or ValueError if something does not fit.
    """
    x, w = as_tensor(x), as_tensor(kernel)
    if x.ndim != 3:
        raise ShapeError(f"[conv1d] x: expected 3 axes (N, L, C), got shape {x.shape}")
    if w.ndim != 3:
        raise ShapeError(f"[conv1d] kernel: expected 3 axes (K, C / groups, O), got shape {w.shape}")
    (step,), (dilation,) = sizes("conv1d", "strides", strides, 1), sizes("conv1d", "dilation_rate", dilation_rate, 1)
    pad: str | Padding = padding
    if isinstance(padding, str) and padding.lower() == "causal":
        pad = (0, 0, (w.shape[0] - 1) * dilation, 0)
    image, filters = as_image(x), reshape(w, (1, *w.shape))
    y = conv2d(image, filters, bias, (1, step), pad, (1, dilation), activation, alpha)
    return reshape(y, (x.shape[0], *y.shape[2:]))


def as_image(x: Tensor) -> Tensor:
    """(N, L, C) as images (N, 1, L, C) of one row."""
    return reshape(x, (x.shape[0], 1, *x.shape[1:]))
