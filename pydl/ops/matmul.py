"""Matrix multiplication, and the dense layer as one op."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor, record, wrap
from ..base.errors import ShapeError
from .activation import activate, alpha_of, needs_preactivation
from .arrays import broadcast, operands, sum_to
from .manipulation import broadcast_to, reshape

__all__ = ["dense", "matmul"]


def matmul(x1: Any, x2: Any) -> Tensor:
    """x1 @ x2: matrix products, as NumPy has them.

    Args:
        x1: Tensor or array (..., M, K), or a vector (K,), which is a row.
        x2: Tensor or array (..., K, N), or a vector (K,), which is a column. Leading axes broadcast.

    Returns:
        Tensor (..., M, N), without the axis of a vector, of the common dtype; integers have at least 32 bits.

    Raises:
        ShapeError: If the inner sizes differ, the leading axes do not broadcast, or one of both is a scalar.

    Example:
        >>> pydl.ops.matmul([[1.0, 2.0], [3.0, 4.0]], [10.0, 1.0]).numpy()
        array([12., 34.], dtype=float32)
    """
    a, b = operands(x1, x2)
    if a.ndim == 0 or b.ndim == 0:
        raise ShapeError(f"[matmul] x1, x2: expected at least 1 axis, got shapes {a.shape} and {b.shape}")
    if a.ndim == 1:
        y = matmul(reshape(a, (1, -1)), b)
        return reshape(y, (*y.shape[:-2], y.shape[-1]))
    if b.ndim == 1:
        y = matmul(a, reshape(b, (-1, 1)))
        return reshape(y, y.shape[:-1])
    if a.shape[-1] != b.shape[-2]:
        raise ShapeError(f"[matmul] x2: expected {a.shape[-1]} rows for x1 of shape {a.shape}, got shape {b.shape}")
    if a.dtype.kind != "f":
        return _of_integers(a.array, b.array)
    if b.ndim == 2:
        return dense(a, b)
    batch = broadcast("matmul", a.array[..., 0, 0], b.array[..., 0, 0])
    flat = math.prod(batch)
    y = _batched(
        reshape(broadcast_to(a, (*batch, *a.shape[-2:])), (flat, *a.shape[-2:])),
        reshape(broadcast_to(b, (*batch, *b.shape[-2:])), (flat, *b.shape[-2:])),
    )
    return reshape(y, (*batch, *y.shape[-2:]))


def _of_integers(a: Array, b: Array) -> Tensor:
    dtype = np.promote_types(a.dtype, np.int32)
    broadcast("matmul", a[..., 0, 0], b[..., 0, 0])
    return wrap(np.ascontiguousarray(np.matmul(a, b, dtype=dtype, casting="unsafe")))


def _batched(a: Tensor, b: Tensor) -> Tensor:
    def backward(dy: Array) -> tuple[Array | None, Array | None]:
        return (
            _core.matmul(dy, b.array, transpose_b=True) if a.requires_grad else None,
            _core.matmul(a.array, dy, transpose_a=True) if b.requires_grad else None,
        )

    return record(_core.matmul(a.array, b.array), (a, b), backward)


def dense(
    x: Any,
    kernel: Any,
    bias: Any = None,
    activation: str = "linear",
    alpha: float | None = None,
    keeps_logits: bool = True,
) -> Tensor:
    """activation(x @ kernel + bias) in one kernel call: what `layers.Dense` computes.

    Args:
        x: Tensor or array (..., inputs).
        kernel: Tensor or array (inputs, units), of the dtype of x.
        bias: Tensor or array (units,), or None.
        activation: One of `pydl.ops.ACTIVATIONS`.
        alpha: Of the activation, as in `activate`.
        keeps_logits: Whether, on a tape, a cross-entropy finds what a sigmoid has read; that makes it an op of its own.

    Returns:
        Tensor (..., units).

    Raises:
        ShapeError: If the shapes of x and kernel do not fit.
        TypeError: If the dtypes of the arrays differ.
        ValueError: If the bias or the activation does not fit.

    Example:
        >>> pydl.ops.dense([[1.0, 2.0]], [[1.0, -1.0], [1.0, -1.0]], [0.5, 0.5], "relu").numpy()
        array([[3.5, 0. ]], dtype=float32)
    """
    x, w = as_tensor(x), as_tensor(kernel)
    b = None if bias is None else as_tensor(bias)
    if x.ndim < 1 or w.ndim != 2 or x.shape[-1] != w.shape[0]:
        raise ShapeError(
            f"[dense] x: expected shape (…, {w.shape[0] if w.ndim else 'I'}) for a kernel {w.shape}, got {x.shape}"
        )
    if needs_preactivation(activation, keeps_logits, x, w, b):
        return activate(dense(x, w, b), activation, alpha)
    rows = x.array if x.ndim == 2 else x.array.reshape(math.prod(x.shape[:-1]), x.shape[-1])
    slope = alpha_of(activation, alpha)
    flat = _core.matmul(rows, w.array, None if b is None else b.array, activation, slope)

    def backward(dy: Array) -> tuple[Array | None, ...]:
        dy = dy.reshape(flat.shape)
        dz = dy if activation == "linear" else _core.activation_backward(dy, flat, activation, slope)
        return (
            _core.matmul(dz, w.array, transpose_b=True).reshape(x.shape) if x.requires_grad else None,
            _core.matmul(rows, dz, transpose_a=True) if w.requires_grad else None,
            sum_to(dz, b.shape) if b is not None and b.requires_grad else None,
        )[: len(inputs)]

    inputs = (x, w) if b is None else (x, w, b)
    return record(flat if x.ndim == 2 else flat.reshape(*x.shape[:-1], w.shape[1]), inputs, backward)
