"""Two-dimensional convolution."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor, record
from ..base.errors import ShapeError
from .activation import activate, alpha_of, needs_preactivation
from .window import pair, pixels

__all__ = ["conv2d"]


def conv2d(
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
    """activation(x ⋆ kernel + bias): a cross-correlation, which every library calls convolution.

    Args:
        x: Tensor or array (batch, height, width, channels).
        kernel: Tensor or array (kernel height, kernel width, channels / groups, filters), of the dtype of x; the
            number of groups follows from its shape.
        bias: Tensor or array (filters,), or None.
        strides: The distance of the outputs in x: an integer, or (rows, columns).
        padding: "valid" for none, "same" for an output of the size of x divided by the strides, padded as TensorFlow
            does, or pixels (top, bottom, left, right).
        dilation_rate: The distance of the taps of the kernel in x: an integer, or (rows, columns).
        activation: One of `pydl.ops.ACTIVATIONS`.
        alpha: Of the activation, as in `activate`.
        keeps_logits: Whether, on a tape, a cross-entropy finds what a sigmoid has read; that makes it an op of its own.

    Returns:
        Tensor (batch, new height, new width, filters).

    Raises:
        ShapeError: If the shapes of x and kernel do not fit.
        TypeError: If the dtypes of the arrays differ.
        ValueError: If another argument does not fit, or the kernel is larger than the padded image.

    Example:
        >>> image = np.arange(9.0).reshape(1, 3, 3, 1)
        >>> pydl.ops.conv2d(image, np.ones((2, 2, 1, 1)))[0, :, :, 0].numpy()
        array([[ 8., 12.],
               [20., 24.]])
    """
    x, w = as_tensor(x), as_tensor(kernel)
    b = None if bias is None else as_tensor(bias)
    if x.ndim != 4:
        raise ShapeError(f"[conv2d] x: expected 4 axes (N, H, W, C), got shape {x.shape}")
    if w.ndim != 4:
        raise ShapeError(f"[conv2d] kernel: expected 4 axes (KH, KW, C / groups, O), got shape {w.shape}")
    if w.shape[2] == 0 or x.shape[3] % w.shape[2]:
        raise ShapeError(
            f"[conv2d] x: expected a multiple of {w.shape[2]} channels for a kernel {w.shape}, got {x.shape}"
        )
    if needs_preactivation(activation, keeps_logits, x, w, b):
        return activate(conv2d(x, w, b, strides, padding, dilation_rate), activation, alpha)
    steps, dilation = pair("conv2d", "strides", strides), pair("conv2d", "dilation_rate", dilation_rate)
    groups = x.shape[3] // w.shape[2]
    pad = pixels("conv2d", padding, x.shape[1:3], w.shape[:2], steps, dilation)
    slope = alpha_of(activation, alpha)
    y = _core.conv2d_forward(
        x.array, w.array, None if b is None else b.array, steps, pad, dilation, groups, activation, slope
    )

    def backward(dy: Array) -> tuple[Array | None, ...]:
        dz = dy if activation == "linear" else _core.activation_backward(dy, y, activation, slope)
        dx = dw = db = None
        if x.requires_grad:
            dx = _core.conv2d_backward_input(dz, w.array, x.shape, steps, pad, dilation, groups)
        if w.requires_grad or (b is not None and b.requires_grad):
            dw, db = _core.conv2d_backward_weight(x.array, dz, w.shape, steps, pad, dilation, groups, b is not None)
        return (dx, dw) if b is None else (dx, dw, db)

    return record(y, (x, w) if b is None else (x, w, b), backward)
