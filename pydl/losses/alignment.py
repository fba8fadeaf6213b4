"""How targets, outputs and weights are laid beside each other: by axes, never by size."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_array, as_tensor, wrap
from ..base.errors import ShapeError
from ..ops.arrays import floating

Shape = tuple[int, ...]


def aligned_shapes(y_true: Shape, y_pred: Shape, per_step: bool = False) -> tuple[Shape, Shape]:
    """Both shapes with one rank, where one of them has a last axis of 1 more: Keras's squeeze_or_expand_to_same_rank.

    Shapes of one axis get the other; longer ones lose it. per_step: y_pred keeps it, so that every step has a value of
    its own, which a mask or weights per step need.
    """
    if len(y_true) == len(y_pred) + 1 and y_true[-1] == 1:
        return (y_true, (*y_pred, 1)) if len(y_pred) <= 1 else (y_true[:-1], y_pred)
    if len(y_pred) == len(y_true) + 1 and y_pred[-1] == 1:
        return ((*y_true, 1), y_pred) if len(y_true) <= 1 or per_step else (y_true, y_pred[:-1])
    return y_true, y_pred


def same_rank(y_true: Array, y_pred: Tensor, per_step: bool = False) -> tuple[Array, Tensor]:
    """Both with one rank by `aligned_shapes`. What softmax or sigmoid made remains known as such."""
    shape_true, shape_pred = aligned_shapes(y_true.shape, y_pred.shape, per_step)
    if shape_pred != y_pred.shape:
        y_pred = ops.reshape(y_pred, shape_pred)
        if y_pred.node is not None:
            y_pred.node.op = "same_rank"
    return y_true.reshape(shape_true), y_pred


def is_per_step(weight: Array | None) -> bool:
    """Whether the weights tell the steps of a sample apart; (N, 1) is a weight per sample, as (N,) is."""
    return weight is not None and weight.ndim > 1 and weight.size > len(weight)


def pair(what: str, y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """y_pred and y_true as floating tensors of one dtype and shape.

    ShapeError where one axis of size 1 is not all that differs: broadcasting, or reshaping, would only hide a mistake.
    """
    output = floating(as_tensor(y_pred))
    target, output = same_rank(as_array(y_true, output.dtype), output)
    if target.shape != output.shape:
        raise mismatch(what, target.shape, output.shape)
    if not output.ndim:  # single numbers: a last axis, to be reduced
        target, output = target.reshape(1), ops.reshape(output, 1)
    return output, wrap(target)


def mismatch(what: str, y_true: Shape, y_pred: Shape, hint: str = "") -> ShapeError:
    return ShapeError(f"[{what}] y_true: expected shape {y_pred} of y_pred, got {y_true}{hint}")


def spread(what: str, weight: Array, shape: Shape) -> Array:
    """A weight per sample (or step, …) as one for each value: repeated over the further axes, and along axes of 1."""
    if weight.ndim == len(shape) + 1 and weight.shape[-1] == 1:
        weight = weight[..., 0]
    leading = shape[: weight.ndim]
    repeats = all(n in (1, m) for n, m in zip(weight.shape, shape, strict=False)) and (
        weight.ndim == len(shape) or (weight.ndim < len(shape) and weight.shape[0] == shape[0])
    )
    if weight.shape != leading and not repeats:
        raise ShapeError(f"[{what}] sample_weight: expected shape {shape} or its first axes, got {weight.shape}")
    weight = weight.reshape(weight.shape + (1,) * (len(shape) - weight.ndim))
    return weight if weight.shape == shape else np.ascontiguousarray(np.broadcast_to(weight, shape))
