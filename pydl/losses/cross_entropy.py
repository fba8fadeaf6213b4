"""The three cross-entropies, each from logits (one fused kernel) or from probabilities.

A y_pred that is the output of a softmax or sigmoid is traced back to its logits on the tape: softmax and logarithm
cancel, so nothing overflows, and the gradient is (probability - target), even if a probability was rounded to 0 or 1.
"""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.recordable import recordable
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_array, as_tensor
from ..ops.arrays import floating
from ..ops.checks import all_finite
from ..ops.left_out import neutral, replaced
from ..ops.loss import binary_cross_entropy, cross_entropy
from ..ops.targets import axis_last, check_labels, integer_labels, one_hot, smoothed
from .alignment import mismatch, same_rank
from .options import check_options


@recordable
def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """Cross-entropy of classes: minus the sum over `axis` of y_true * log(y_pred).

    Probabilities are divided by their sum and cut to [1e-7, 1 - 1e-7]. Where y_pred is the output of a softmax that is
    on the tape, its logits are used instead.

    Args:
        y_true: Targets (..., C), array-like: one-hot, or probabilities.
        y_pred: Probabilities, or logits, of the same shape.
        from_logits: Whether y_pred are logits, to which softmax is still to be applied.
        label_smoothing: Share of y_true to spread over all classes, in [0, 1].
        axis: Axis of the classes.

    Returns:
        Tensor of the shape without the axis, in the dtype of y_pred; float32 for integers.

    Raises:
        ValueError: label_smoothing is not in [0, 1].
        ShapeError: The shapes differ; integer labels need `sparse_categorical_crossentropy`.

    Example:
        >>> pydl.losses.categorical_crossentropy([[0, 1]], [[0.75, 0.25]]).numpy().round(4)
        array([1.3863], dtype=float32)
    """
    output = _classes_last(floating(as_tensor(y_pred)), axis)
    target, output = same_rank(_moved(as_array(y_true, output.dtype), output.ndim, axis), output)
    if target.shape != output.shape:
        labels = target.ndim < output.ndim and target.shape[-1:] != output.shape[-1:]
        hint = "; for integer labels use sparse_categorical_crossentropy" if labels else ""
        raise mismatch("categorical_crossentropy", target.shape, output.shape, hint)
    if label_smoothing:
        check_options("categorical_crossentropy", {"label_smoothing": label_smoothing})
        target = smoothed(target, label_smoothing, label_smoothing / output.shape[-1])
    logits = output if from_logits else before("softmax", output)
    return cross_entropy(output, target) if logits is None else ops.softmax_cross_entropy(logits, target)


@recordable
def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Tensor:
    """Cross-entropy of classes with integer labels: -log(y_pred[y_true]).

    Probabilities are divided by their sum and cut to [1e-7, 1 - 1e-7]. Where y_pred is the output of a softmax that is
    on the tape, its logits are used instead.

    Args:
        y_true: Labels (...) or (..., 1), array-like: integers in [0, C).
        y_pred: Probabilities, or logits, (..., C).
        from_logits: Whether y_pred are logits, to which softmax is still to be applied.
        ignore_class: Label that costs nothing and is masked; None for none.
        axis: Axis of the classes in y_pred.

    Returns:
        Tensor of the shape of y_pred without the axis, in the dtype of y_pred; float32 for integers.

    Raises:
        ShapeError: The shapes do not fit; one-hot labels need `categorical_crossentropy`.
        LabelError: A label is outside [0, C); the first such label is named.
        DTypeError: A label is not a whole number.

    Example:
        >>> pydl.losses.sparse_categorical_crossentropy([1], [[0.75, 0.25]]).numpy().round(4)
        array([1.3863], dtype=float32)
    """
    output = _classes_last(floating(as_tensor(y_pred)), axis)
    labels = integer_labels(_moved(as_array(y_true), output.ndim, axis), output.shape)
    if ignore_class is not None:
        return _ignoring(labels == ignore_class, labels, output, from_logits)
    logits = output if from_logits else before("softmax", output)
    if logits is not None:
        try:
            return ops.softmax_cross_entropy(logits, labels)
        except ValueError:
            check_labels(labels, output.shape[-1])
            raise
    check_labels(labels, output.shape[-1])
    return cross_entropy(output, one_hot(labels, output.shape[-1], output.dtype))


@recordable
def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """Mean over `axis` of -y_true * log(y_pred) - (1 - y_true) * log(1 - y_pred).

    Probabilities are cut to [1e-7, 1 - 1e-7]. Where y_pred is the output of a sigmoid that is on the tape, its logits
    are used instead.

    Args:
        y_true: Targets (..., C), array-like: numbers in [0, 1].
        y_pred: Probabilities, or logits, of the same shape; one of the two may lack a last axis of 1.
        from_logits: Whether y_pred are logits, to which sigmoid is still to be applied.
        label_smoothing: Share by which y_true is drawn to 0.5, in [0, 1].
        axis: Axis that the mean is taken over.

    Returns:
        Tensor of the shape without the axis, in the dtype of y_pred; float32 for integers.

    Raises:
        ValueError: label_smoothing is not in [0, 1].
        ShapeError: The shapes differ.

    Example:
        >>> pydl.losses.binary_crossentropy([[1, 0]], [[0.5, 0.5]]).numpy().round(4)
        array([0.6931], dtype=float32)
    """
    output = floating(as_tensor(y_pred))
    target, output = same_rank(as_array(y_true, output.dtype), output)
    if target.shape != output.shape:
        raise mismatch("binary_crossentropy", target.shape, output.shape)
    if label_smoothing:
        check_options("binary_crossentropy", {"label_smoothing": label_smoothing})
        target = smoothed(target, label_smoothing, 0.5 * label_smoothing)
    logits = output if from_logits else before("sigmoid", output)
    values = binary_cross_entropy(output, target) if logits is None else ops.sigmoid_cross_entropy(logits, target)
    return ops.mean(values, axis=axis)


def before(activation: str, output: Tensor) -> Tensor | None:
    """The input of `activation` if `output` is its recorded output, perhaps reshaped; else None."""
    node = output.node
    if node is None or not node.inputs:
        return None
    if node.op == "same_rank":
        inner = before(activation, node.inputs[0])
        return None if inner is None else ops.reshape(inner, output.shape)
    return node.inputs[0] if node.op == activation else None


def _classes_last(output: Tensor, axis: int) -> Tensor:
    return output if axis in (-1, output.ndim - 1) else ops.moveaxis(output, axis, -1)


def _moved(target: Array, rank: int, axis: int) -> Array:
    """The targets with the classes last, like `_classes_last`, if they have an axis for the classes."""
    return target if axis in (-1, rank - 1) or target.ndim != rank else axis_last(target, axis)


def _ignoring(ignored: Array, labels: Array, output: Tensor, from_logits: bool) -> Tensor:
    """The losses of all labels, 0 for ignored ones, with a mask that leaves these out."""
    labels = replaced(labels, ignored, 0)
    values = sparse_categorical_crossentropy(labels, output, from_logits)
    if not all_finite(values, ignored):
        values = sparse_categorical_crossentropy(*neutral(labels, output, ignored), from_logits)
    values = ops.where(ignored, values.dtype.type(0), values)
    values.mask = ~ignored
    return values
