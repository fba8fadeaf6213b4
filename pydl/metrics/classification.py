"""Metrics of classification: accuracies, hinges and cross-entropies."""

from __future__ import annotations

from typing import Any

from .. import losses
from . import functions
from .mean import _FunctionMetric


class Accuracy(_FunctionMetric, fn=functions.accuracy):
    """Share of elements where y_pred equals y_true.

    Args:
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `MeanMetricWrapper.update_state`.

    Raises:
        ShapeError: In an update, the shapes differ.

    Example:
        >>> metric = pydl.metrics.Accuracy()
        >>> metric.update_state([1, 2, 3, 4], [1, 2, 0, 0])
        >>> metric.result()
        0.5
    """


class BinaryAccuracy(_FunctionMetric, fn=functions.binary_accuracy):
    """Share of elements where y_pred > threshold agrees with the label 0 or 1 of y_true.

    Args:
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.
        threshold: Where 1 begins.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `MeanMetricWrapper.update_state`.

    Raises:
        TypeError: threshold is no number.
        ValueError: threshold is not finite.
        ShapeError: In an update, the shapes differ.

    Example:
        >>> metric = pydl.metrics.BinaryAccuracy()
        >>> metric.update_state([1, 1, 0, 0], [0.9, 0.2, 0.1, 0.4])
        >>> metric.result()
        0.75
    """

    def __init__(self, name: str | None = None, dtype: Any = None, threshold: float = 0.5) -> None:
        self._init(name, dtype, threshold=threshold)


class CategoricalAccuracy(_FunctionMetric, fn=functions.categorical_accuracy):
    """Share of samples where the largest output is that of the one-hot label.

    Args:
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `MeanMetricWrapper.update_state`.

    Raises:
        ShapeError: In an update, the shapes differ; integer labels need `SparseCategoricalAccuracy`.

    Example:
        >>> metric = pydl.metrics.CategoricalAccuracy()
        >>> metric.update_state([[0, 1], [1, 0]], [[0.2, 0.8], [0.3, 0.7]])
        >>> metric.result()
        0.5
    """


class SparseCategoricalAccuracy(_FunctionMetric, fn=functions.sparse_categorical_accuracy):
    """Share of samples where the largest output is that of the integer label.

    Args:
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.

    Call arguments:
        y_true (batch, ...) or (batch, ..., 1), y_pred (batch, ..., C), and sample_weight; see
        `MeanMetricWrapper.update_state`.

    Raises:
        ShapeError: In an update, the shapes do not fit.

    Example:
        >>> metric = pydl.metrics.SparseCategoricalAccuracy()
        >>> metric.update_state([1, 0], [[0.2, 0.8], [0.3, 0.7]])
        >>> metric.result()
        0.5
    """


class TopKCategoricalAccuracy(_FunctionMetric, fn=functions.top_k_categorical_accuracy):
    """Share of samples where the output of the one-hot label is among the `k` largest.

    Args:
        k: Number of outputs.
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `MeanMetricWrapper.update_state`.

    Raises:
        ValueError: k is no positive integer.
        ShapeError: In an update, the shapes differ; integer labels need `SparseTopKCategoricalAccuracy`.

    Example:
        >>> metric = pydl.metrics.TopKCategoricalAccuracy(k=2)
        >>> metric.update_state([[0, 0, 1], [0, 1, 0]], [[0.1, 0.6, 0.3], [0.5, 0.1, 0.4]])
        >>> metric.result()
        0.5
    """

    def __init__(self, k: int = 5, name: str | None = None, dtype: Any = None) -> None:
        self._init(name, dtype, k=k)


class SparseTopKCategoricalAccuracy(_FunctionMetric, fn=functions.sparse_top_k_categorical_accuracy):
    """Share of samples where the output of the integer label is among the `k` largest.

    Args:
        k: Number of outputs.
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.
        from_sorted_ids: Whether y_pred holds ids of classes, the most likely first, in place of outputs.

    Call arguments:
        y_true (batch, ...) or (batch, ..., 1), y_pred (batch, ..., C), and sample_weight; see
        `MeanMetricWrapper.update_state`.

    Raises:
        ValueError: k is no positive integer.
        ShapeError: In an update, the shapes do not fit.

    Example:
        >>> metric = pydl.metrics.SparseTopKCategoricalAccuracy(k=2)
        >>> metric.update_state([2, 1], [[0.1, 0.6, 0.3], [0.5, 0.1, 0.4]])
        >>> metric.result()
        0.5
    """

    def __init__(self, k: int = 5, name: str | None = None, dtype: Any = None, from_sorted_ids: bool = False) -> None:
        self._init(name, dtype, k=k, from_sorted_ids=from_sorted_ids)


class Hinge(_FunctionMetric, fn=losses.hinge):
    """Mean of max(1 - y_true * y_pred, 0) for labels -1 and 1, or 0 and 1; see `losses.hinge`.

    Args:
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `MeanMetricWrapper.update_state`.

    Raises:
        ShapeError: In an update, the shapes differ.

    Example:
        >>> metric = pydl.metrics.Hinge()
        >>> metric.update_state([[0, 1]], [[0.5, 0.5]])
        >>> metric.result()
        1.0
    """


class SquaredHinge(_FunctionMetric, fn=losses.squared_hinge):
    """Mean of max(1 - y_true * y_pred, 0)^2 for labels -1 and 1, or 0 and 1; see `losses.squared_hinge`.

    Args:
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `MeanMetricWrapper.update_state`.

    Raises:
        ShapeError: In an update, the shapes differ.

    Example:
        >>> metric = pydl.metrics.SquaredHinge()
        >>> metric.update_state([[0, 1]], [[0.5, 0.5]])
        >>> metric.result()
        1.25
    """


class KLDivergence(_FunctionMetric, fn=losses.kl_divergence):
    """Mean Kullback-Leibler divergence: the sums of y_true * log(y_true / y_pred); see `losses.kl_divergence`.

    Args:
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `MeanMetricWrapper.update_state`.

    Raises:
        ShapeError: In an update, the shapes differ.

    Example:
        >>> metric = pydl.metrics.KLDivergence()
        >>> metric.update_state([[0.5, 0.5]], [[0.25, 0.75]])
        >>> round(metric.result(), 4)
        0.1438
    """


class BinaryCrossentropy(_FunctionMetric, fn=losses.binary_crossentropy):
    """Mean cross-entropy of labels 0 and 1; see `losses.binary_crossentropy`.

    Args:
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.
        from_logits: Whether y_pred are logits, to which sigmoid is still to be applied.
        label_smoothing: Share by which y_true is drawn to 0.5, in [0, 1].

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `MeanMetricWrapper.update_state`.

    Raises:
        ValueError: label_smoothing is not in [0, 1].
        ShapeError: In an update, the shapes differ.

    Example:
        >>> metric = pydl.metrics.BinaryCrossentropy()
        >>> metric.update_state([[1], [0]], [[0.5], [0.5]])
        >>> round(metric.result(), 4)
        0.6931
    """

    def __init__(
        self, name: str | None = None, dtype: Any = None, from_logits: bool = False, label_smoothing: float = 0
    ) -> None:
        self._init(name, dtype, from_logits=from_logits, label_smoothing=label_smoothing)


class CategoricalCrossentropy(_FunctionMetric, fn=losses.categorical_crossentropy):
    """Mean cross-entropy of classes with one-hot labels or probabilities; see `losses.categorical_crossentropy`.

    Args:
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.
        from_logits: Whether y_pred are logits, to which softmax is still to be applied.
        label_smoothing: Share of y_true to spread over all classes, in [0, 1].
        axis: Axis of the classes.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `MeanMetricWrapper.update_state`.

    Raises:
        ValueError: label_smoothing is not in [0, 1].
        ShapeError: In an update, the shapes differ; integer labels need `SparseCategoricalCrossentropy`.

    Example:
        >>> metric = pydl.metrics.CategoricalCrossentropy()
        >>> metric.update_state([[0, 1]], [[0.75, 0.25]])
        >>> round(metric.result(), 4)
        1.3863
    """

    def __init__(
        self,
        name: str | None = None,
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        self._init(name, dtype, from_logits=from_logits, label_smoothing=label_smoothing, axis=axis)


class SparseCategoricalCrossentropy(_FunctionMetric, fn=losses.sparse_categorical_crossentropy):
    """Mean cross-entropy of classes with integer labels; see `losses.sparse_categorical_crossentropy`.

    It is the mean over all samples or steps that count, so its exp is the perplexity.

    Args:
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.
        from_logits: Whether y_pred are logits, to which softmax is still to be applied.
        ignore_class: Label that does not count; None for none.
        axis: Axis of the classes in y_pred.

    Call arguments:
        y_true (batch, ...) or (batch, ..., 1), y_pred (batch, ..., C), and sample_weight; see
        `MeanMetricWrapper.update_state`.

    Raises:
        ValueError: ignore_class is no integer.
        ShapeError: In an update, the shapes do not fit.
        LabelError: In an update, a label is outside [0, C).

    Example:
        >>> metric = pydl.metrics.SparseCategoricalCrossentropy()
        >>> metric.update_state([1, 0], [[0.75, 0.25], [0.25, 0.75]])
        >>> round(metric.result(), 4)
        1.3863
    """

    def __init__(
        self,
        name: str | None = None,
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        self._init(name, dtype, from_logits=from_logits, ignore_class=ignore_class, axis=axis)
