"""Alignment of the shapes of targets, outputs and weights: by axes, never by size."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_array, as_tensor, wrap
from ..base.errors import ShapeError
from ..ops.arrays import floating

Shape = tuple[int, ...]


def aligned_shapes(y_true: Shape, y_pred: Shape, per_step: bool = False) -> tuple[Shape, Shape]:
    """Both shapes with one rank if one has an additional last axis of 1: Keras's squeeze_or_expand_to_same_rank.

    A shape of one axis gets that axis; a longer one loses it. per_step: y_pred keeps it, so that every step has its own
    value, as a mask or weights per step need.
    """
    if len(y_true) == len(y_pred) + 1 and y_true[-1] == 1:
        return (y_true, (*y_pred, 1)) if len(y_pred) <= 1 else (y_true[:-1], y_pred)
    if len(y_pred) == len(y_true) + 1 and y_pred[-1] == 1:
        return ((*y_true, 1), y_pred) if len(y_true) <= 1 or per_step else (y_true, y_pred[:-1])
    return y_true, y_pred


def same_rank(y_true: Array, y_pred: Tensor, per_step: bool = False) -> tuple[Array, Tensor]:
    """Both with one rank by `aligned_shapes`. The node is marked, so that `before` finds the softmax or sigmoid."""
    shape_true, shape_pred = aligned_shapes(y_true.shape, y_pred.shape, per_step)
    if shape_pred != y_pred.shape:
        y_pred = ops.reshape(y_pred, shape_pred)
        if y_pred.node is not None:
            y_pred.node.op = "same_rank"
    return y_true.reshape(shape_true), y_pred


def is_per_step(weight: Array | None) -> bool:
    """Whether the weights differ between the steps of a sample; (N, 1) is a weight per sample, like (N,)."""
    return weight is not None and weight.ndim > 1 and weight.size > len(weight)


def pair(what: str, y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """y_pred and y_true as floating tensors of one dtype and shape.

    ShapeError if they differ in more than one axis of size 1: broadcasting would hide a mistake.
    """
    output = floating(as_tensor(y_pred))
    target, output = same_rank(as_array(y_true, output.dtype), output)
    if target.shape != output.shape:
        raise mismatch(what, target.shape, output.shape)
    if not output.ndim:  # scalars get a last axis to reduce
        target, output = target.reshape(1), ops.reshape(output, 1)
    return output, wrap(target)


def mismatch(what: str, y_true: Shape, y_pred: Shape, hint: str = "") -> ShapeError:
    return ShapeError(f"[{what}] y_true: expected shape {y_pred} of y_pred, got {y_true}{hint}")
