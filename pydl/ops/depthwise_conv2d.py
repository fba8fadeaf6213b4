"""Depthwise and depthwise-separable convolution."""

from __future__ import annotations

from typing import Any

from ..autograd.tensor import Tensor, as_tensor
from ..base.errors import DTypeError, ShapeError
from .conv2d import conv2d
from .manipulation import reshape

__all__ = ["depthwise_conv2d", "separable_conv2d"]


def depthwise_conv2d(
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
    """A convolution in which each channel has filters of its own.

    Output channel c · multiplier + m is channel c under kernel[:, :, c, m].

    Args:
        x: Tensor or array (batch, height, width, channels).
        kernel: Tensor or array (kernel height, kernel width, channels, multiplier), of the dtype of x.
        bias: Tensor or array (channels · multiplier,), or None.
        strides: The distance of the outputs in x: an integer, or (rows, columns).
        padding: "valid", "same", or pixels (top, bottom, left, right), as in `conv2d`.
        dilation_rate: The distance of the taps of the kernel in x: an integer, or (rows, columns).
        activation: One of `pydl.ops.ACTIVATIONS`.
        alpha: Of the activation, as in `activate`.
        keeps_logits: Whether, on a tape, a cross-entropy finds what a sigmoid has read; that makes it an op of its own.

    Returns:
        Tensor (batch, new height, new width, channels · multiplier).

    Raises:
        ShapeError: If the shapes of x and kernel do not fit.
        TypeError: If the dtypes of the arrays differ.
        ValueError: If another argument does not fit, or the kernel is larger than the padded image.

    Example:
        >>> x = np.ones((1, 2, 2, 2))
        >>> pydl.ops.depthwise_conv2d(x, np.ones((2, 2, 2, 1)) * [[1.0], [10.0]]).numpy().ravel()
        array([ 4., 40.])
    """
    x, w = as_tensor(x), as_tensor(kernel)
    if x.ndim != 4:
        raise ShapeError(f"[depthwise_conv2d] x: expected 4 axes (N, H, W, C), got shape {x.shape}")
    if w.ndim != 4 or w.shape[2] != x.shape[3]:
        raise ShapeError(
            f"[depthwise_conv2d] kernel: expected shape (KH, KW, {x.shape[3]}, M) for x {x.shape}, got {w.shape}"
        )
    filters = reshape(w, (*w.shape[:2], 1, w.shape[2] * w.shape[3]))
    return conv2d(x, filters, bias, strides, padding, dilation_rate, activation, alpha, keeps_logits)


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
    keeps_logits: bool = True,
) -> Tensor:
    """`depthwise_conv2d`, then a 1x1 convolution that mixes the channels.

    Args:
        x: Tensor or array (batch, height, width, channels).
        depthwise_kernel: Tensor or array (kernel height, kernel width, channels, multiplier).
        pointwise_kernel: Tensor or array (1, 1, channels · multiplier, filters).
        bias: Tensor or array (filters,), or None; added after the mixing.
        strides: The distance of the outputs in x: an integer, or (rows, columns).
        padding: "valid", "same", or pixels (top, bottom, left, right), as in `conv2d`.
        dilation_rate: The distance of the taps of the depthwise kernel in x: an integer, or (rows, columns).
        activation: One of `pydl.ops.ACTIVATIONS`, applied last.
        alpha: Of the activation, as in `activate`.
        keeps_logits: Whether, on a tape, a cross-entropy finds what a sigmoid has read; that makes it an op of its own.

    Returns:
        Tensor (batch, new height, new width, filters), of the dtype of x and the kernels.

    Raises:
        ShapeError: If the shapes of x and the kernels do not fit.
        TypeError: If the dtypes of the arrays differ.
        ValueError: If another argument does not fit, or the kernel is larger than the padded image.

    Source:
        Chollet 2016, "Xception".

    Example:
        >>> x = np.ones((1, 2, 2, 2))
        >>> pydl.ops.separable_conv2d(x, np.ones((2, 2, 2, 1)), np.ones((1, 1, 2, 1))).numpy().ravel()
        array([8.])
    """
    y, w = depthwise_conv2d(x, depthwise_kernel, None, strides, padding, dilation_rate), as_tensor(pointwise_kernel)
    if w.ndim != 4 or w.shape[2] == 0 or y.shape[3] % w.shape[2]:
        raise ShapeError(f"[separable_conv2d] pointwise_kernel: expected shape (1, 1, {y.shape[3]}, O), got {w.shape}")
    if w.dtype != y.dtype:
        raise DTypeError(f"[separable_conv2d] pointwise_kernel: expected {y.dtype}, got {w.dtype}")
    return conv2d(y, w, bias, activation=activation, alpha=alpha, keeps_logits=keeps_logits)
