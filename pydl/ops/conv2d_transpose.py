"""Transposed convolution: the gradient of a convolution for its input, used to enlarge images."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor, record
from ..base.errors import ShapeError
from .activation import activate, alpha_of, needs_preactivation
from .conv1d import as_image
from .manipulation import reshape
from .window import pair, sizes, spread, transposed_size

__all__ = ["conv1d_transpose", "conv2d_transpose"]


def conv2d_transpose(
    x: Any,
    kernel: Any,
    bias: Any = None,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    dilation_rate: Any = 1,
    activation: str = "linear",
    alpha: float | None = None,
    keeps_logits: bool = True,
) -> Tensor:
    """activation(z + bias), where each pixel of x adds its multiple of the kernel to z: the gradient of `conv2d`.

    Args:
        x: Tensor or array (batch, height, width, channels).
        kernel: Tensor or array (kernel height, kernel width, filters, channels), of the dtype of x.
        bias: Tensor or array (filters,), or None.
        strides: The distance in z of two pixels of x: an integer, or (rows, columns).
        padding: "valid", or "same", which gives the size of x times the strides.
        output_padding: Rows and columns beyond the smallest output, fewer than the strides; None: as Keras chooses.
        dilation_rate: The distance of the taps of the kernel in z: an integer, or (rows, columns).
        activation: One of `pydl.ops.ACTIVATIONS`.
        alpha: Of the activation, as in `activate`.
        keeps_logits: Whether, on a tape, a cross-entropy finds what a sigmoid has read; that makes it an op of its own.

    Returns:
        Tensor (batch, new height, new width, filters). With "valid", the new height is
        (height - 1) · stride + kernel height + output_padding.

    Raises:
        ShapeError: If the shapes of x and kernel do not fit.
        TypeError: If the dtypes of the arrays differ.
        ValueError: If another argument does not fit.

    Example:
        >>> x = np.array([[1.0, 2.0]]).reshape(1, 1, 2, 1)
        >>> pydl.ops.conv2d_transpose(x, np.ones((1, 2, 1, 1)), strides=(1, 2)).numpy().ravel()
        array([1., 1., 2., 2.])
    """
    x, w = as_tensor(x), as_tensor(kernel)
    b = None if bias is None else as_tensor(bias)
    if x.ndim != 4:
        raise ShapeError(f"[conv2d_transpose] x: expected 4 axes (N, H, W, C), got shape {x.shape}")
    if w.ndim != 4 or w.shape[3] != x.shape[3]:
        raise ShapeError(
            f"[conv2d_transpose] kernel: expected shape (KH, KW, O, {x.shape[3]}) for x {x.shape}, got {w.shape}"
        )
    if needs_preactivation(activation, keeps_logits, x, w, b):
        linear = conv2d_transpose(x, w, b, strides, padding, output_padding, dilation_rate)
        return activate(linear, activation, alpha)
    steps = pair("conv2d_transpose", "strides", strides)
    dilation = pair("conv2d_transpose", "dilation_rate", dilation_rate)
    extra = spread(output_padding, 2)
    (rows, top, bottom), (columns, left, right) = (
        transposed_size("conv2d_transpose", x.shape[i + 1], w.shape[i], steps[i], dilation[i], padding, extra[i])
        for i in range(2)
    )
    options = steps, (top, bottom, left, right), dilation, 1
    shape = x.shape[0], rows, columns, w.shape[2]
    slope = alpha_of(activation, alpha)
    y = _core.conv2d_backward_input(
        x.array, w.array, shape, *options, None if b is None else b.array, activation, slope
    )

    def backward(dy: Array) -> tuple[Array | None, ...]:
        dz = dy if activation == "linear" else _core.activation_backward(dy, y, activation, slope)
        dx = dw = db = None
        if x.requires_grad:
            dx = _core.conv2d_forward(dz, w.array, None, *options)
        if w.requires_grad:
            dw, _ = _core.conv2d_backward_weight(dz, x.array, w.shape, *options, False)
        if b is None:
            return dx, dw
        if b.requires_grad:
            db = _core.reduce("sum", dz, 0, 3)
        return dx, dw, db

    return record(y, (x, w) if b is None else (x, w, b), backward)


def conv1d_transpose(
    x: Any,
    kernel: Any,
    bias: Any = None,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    dilation_rate: Any = 1,
    activation: str = "linear",
    alpha: float | None = None,
    keeps_logits: bool = True,
) -> Tensor:
    """`conv2d_transpose` along the steps of sequences.

    Args:
        x: Tensor or array (batch, steps, channels).
        kernel: Tensor or array (kernel size, filters, channels), of the dtype of x.
        bias: Tensor or array (filters,), or None.
        strides: The distance in the output of two steps of x.
        padding: "valid", or "same", which gives steps · strides.
        output_padding: Steps beyond the smallest output, fewer than the strides; None: as Keras chooses.
        dilation_rate: The distance of the taps of the kernel in the output.
        activation: One of `pydl.ops.ACTIVATIONS`.
        alpha: Of the activation, as in `activate`.
        keeps_logits: Whether, on a tape, a cross-entropy finds what a sigmoid has read; that makes it an op of its own.

    Returns:
        Tensor (batch, new steps, filters).

    Raises:
        ShapeError: If the shapes of x and kernel do not fit.
        TypeError: If the dtypes of the arrays differ.
        ValueError: If another argument does not fit.

    Example:
        >>> x = [[[1.0], [2.0]]]
        >>> pydl.ops.conv1d_transpose(x, [[[1.0]], [[10.0]]], strides=2).numpy().ravel()
        array([ 1., 10.,  2., 20.], dtype=float32)
    """
    x, w = as_tensor(x), as_tensor(kernel)
    if x.ndim != 3:
        raise ShapeError(f"[conv1d_transpose] x: expected 3 axes (N, L, C), got shape {x.shape}")
    if w.ndim != 3:
        raise ShapeError(f"[conv1d_transpose] kernel: expected 3 axes (K, O, C), got shape {w.shape}")
    (step,) = sizes("conv1d_transpose", "strides", strides, 1)
    (dilation,) = sizes("conv1d_transpose", "dilation_rate", dilation_rate, 1)
    extra = None if output_padding is None else (0, *spread(output_padding, 1))
    filters = reshape(w, (1, *w.shape))
    rates = (1, dilation)
    y = conv2d_transpose(as_image(x), filters, bias, (1, step), padding, extra, rates, activation, alpha, keeps_logits)
    return reshape(y, (x.shape[0], *y.shape[2:]))
