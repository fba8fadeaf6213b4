"""Losses of classification: cross-entropies and hinges."""

from __future__ import annotations

from typing import Any

from . import functions
from .cross_entropy import binary_crossentropy, categorical_crossentropy, sparse_categorical_crossentropy
from .loss import MEAN, _FunctionLoss


class BinaryCrossentropy(_FunctionLoss, fn=binary_crossentropy):
    """Cross-entropy of labels 0 and 1; see `binary_crossentropy`.

    Args:
        from_logits: Whether y_pred are logits, to which sigmoid is still to be applied.
        label_smoothing: Share by which y_true is drawn to 0.5, in [0, 1].
        axis: Axis that the mean is taken over.
        reduction: How the values become one number, see `Loss`.
        name: Name of the loss; None is that of the function.
        dtype: "float32" or "float64" to compute in, None as in `Loss`.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `Loss.__call__`.

    Raises:
        ValueError: label_smoothing is not in [0, 1], or reduction or dtype is unknown.
        ShapeError: In a call, the shapes differ.

    Example:
        >>> loss = pydl.losses.BinaryCrossentropy()
        >>> round(loss([[1], [0]], [[0.5], [0.5]]).item(), 4)
        0.6931
    """

    _recordable = True

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = MEAN,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        self._init(reduction, name, dtype, **options)


class CategoricalCrossentropy(_FunctionLoss, fn=categorical_crossentropy):
    """Cross-entropy of classes with one-hot labels or probabilities; see `categorical_crossentropy`.

    Args:
        from_logits: Whether y_pred are logits, to which softmax is still to be applied.
        label_smoothing: Share of y_true to spread over all classes, in [0, 1].
        axis: Axis of the classes.
        reduction: How the values become one number, see `Loss`.
        name: Name of the loss; None is that of the function.
        dtype: "float32" or "float64" to compute in, None as in `Loss`.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `Loss.__call__`.

    Raises:
        ValueError: label_smoothing is not in [0, 1], or reduction or dtype is unknown.
        ShapeError: In a call, the shapes differ; integer labels need `SparseCategoricalCrossentropy`.

    Example:
        >>> loss = pydl.losses.CategoricalCrossentropy()
        >>> round(loss([[0, 1]], [[0.75, 0.25]]).item(), 4)
        1.3863
    """

    _recordable = True

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = MEAN,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        self._init(reduction, name, dtype, **options)


class SparseCategoricalCrossentropy(_FunctionLoss, fn=sparse_categorical_crossentropy):
    """Cross-entropy of classes with integer labels (batch, ...) for y_pred (batch, ..., C).

    See `sparse_categorical_crossentropy`.

    Args:
        from_logits: Whether y_pred are logits, to which softmax is still to be applied.
        ignore_class: Label that does not count; None for none.
        reduction: How the values become one number, see `Loss`.
        axis: Axis of the classes in y_pred.
        name: Name of the loss; None is that of the function.
        dtype: "float32" or "float64" to compute in, None as in `Loss`.

    Raises:
        ValueError: ignore_class is no integer, or reduction or dtype is unknown.
        ShapeError: In a call, the shapes do not fit.
        LabelError: In a call, a label is outside [0, C).

    Example:
        >>> loss = pydl.losses.SparseCategoricalCrossentropy()
        >>> round(loss([1, 0], [[0.75, 0.25], [0.25, 0.75]]).item(), 4)
        1.3863
    """

    _recordable = True

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = MEAN,
        axis: int = -1,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        options = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        self._init(reduction, name, dtype, **options)


class KLDivergence(_FunctionLoss, fn=functions.kl_divergence):
    """Kullback-Leibler divergence, the sum of y_true * log(y_true / y_pred); see `kl_divergence`.

    Args:
        reduction: How the values become one number, see `Loss`.
        name: Name of the loss; None is that of the function.
        dtype: "float32" or "float64" to compute in, None as in `Loss`.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `Loss.__call__`.

    Raises:
        ValueError: reduction or dtype is unknown.
        ShapeError: In a call, the shapes differ.

    Example:
        >>> loss = pydl.losses.KLDivergence()
        >>> round(loss([[0.5, 0.5]], [[0.25, 0.75]]).item(), 4)
        0.1438
    """

    _recordable = True


class Hinge(_FunctionLoss, fn=functions.hinge):
    """Mean of max(1 - y_true * y_pred, 0) for labels -1 and 1, or 0 and 1; see `hinge`.

    Args:
        reduction: How the values become one number, see `Loss`.
        name: Name of the loss; None is that of the function.
        dtype: "float32" or "float64" to compute in, None as in `Loss`.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `Loss.__call__`.

    Raises:
        ValueError: reduction or dtype is unknown.
        ShapeError: In a call, the shapes differ.

    Example:
        >>> loss = pydl.losses.Hinge()
        >>> loss([[0, 1]], [[0.5, 0.5]]).item()
        1.0
    """

    _recordable = True


class SquaredHinge(_FunctionLoss, fn=functions.squared_hinge):
    """Mean of max(1 - y_true * y_pred, 0)^2 for labels -1 and 1, or 0 and 1; see `squared_hinge`.

    Args:
        reduction: How the values become one number, see `Loss`.
        name: Name of the loss; None is that of the function.
        dtype: "float32" or "float64" to compute in, None as in `Loss`.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `Loss.__call__`.

    Raises:
        ValueError: reduction or dtype is unknown.
        ShapeError: In a call, the shapes differ.

    Example:
        >>> loss = pydl.losses.SquaredHinge()
        >>> loss([[0, 1]], [[0.5, 0.5]]).item()
        1.25
    """

    _recordable = True
