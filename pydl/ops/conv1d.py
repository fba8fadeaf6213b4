"""Convolution along the steps of sequences: a 2-D convolution of images of one row."""

from __future__ import annotations

from typing import Any

from ..autograd.tensor import Tensor, as_tensor
from ..base.errors import ShapeError
from .conv2d import conv2d
from .manipulation import reshape
from .window import Padding, sizes

__all__ = ["conv1d"]


def conv1d(
    x: Any,
    kernel: Any,
    bias: Any = None,
    strides: Any = 1,
    padding: Any = "valid",
    dilation_rate: Any = 1,
    activation: str = "linear",
    alpha: float | None = None,
    keeps_logits: bool = True,
) -> Tensor:
    """activation(x ⋆ kernel + bias): a cross-correlation along the steps of sequences.

    Args:
        x: Tensor or array (batch, steps, channels).
        kernel: Tensor or array (kernel size, channels / groups, filters), of the dtype of x; the number of groups
            follows from its shape.
        bias: Tensor or array (filters,), or None.
        strides: The distance of the outputs in x.
        padding: "valid", "same", or "causal": zeros only before the sequence, so that no step sees a later one.
        dilation_rate: The distance of the taps of the kernel in x.
        activation: One of `pydl.ops.ACTIVATIONS`.
        alpha: Of the activation, as in `activate`.
        keeps_logits: Whether, on a tape, a cross-entropy finds what a sigmoid has read; that makes it an op of its own.

    Returns:
        Tensor (batch, new steps, filters).

    Raises:
        ShapeError: If the shapes of x and kernel do not fit.
        TypeError: If the dtypes of the arrays differ.
        ValueError: If another argument does not fit, or the kernel is longer than the padded sequence.

    Example:
        >>> x = [[[1.0], [2.0], [4.0]]]
        >>> pydl.ops.conv1d(x, [[[-1.0]], [[1.0]]]).numpy().ravel()
        array([1., 2.], dtype=float32)
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
    y = conv2d(image, filters, bias, (1, step), pad, (1, dilation), activation, alpha, keeps_logits)
    return reshape(y, (x.shape[0], *y.shape[2:]))


def as_image(x: Tensor) -> Tensor:
    """(N, L, C) as images (N, 1, L, C) of one row."""
    return reshape(x, (x.shape[0], 1, *x.shape[1:]))
