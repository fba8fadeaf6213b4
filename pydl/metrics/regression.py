"""Metrics of regression: mean errors."""

from __future__ import annotations

import math
from typing import Any

from .. import losses
from . import functions
from .mean import _FunctionMetric


class MeanSquaredError(_FunctionMetric, fn=functions.mean_squared_error):
    """Mean of (y_pred - y_true)^2.

    Args:
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `MeanMetricWrapper.update_state`.

    Raises:
        ShapeError: In an update, the shapes differ.

    Example:
        >>> metric = pydl.metrics.MeanSquaredError()
        >>> metric.update_state([[0.0, 1.0]], [[2.0, 1.0]])
        >>> metric.result()
        2.0
    """


class MeanAbsoluteError(_FunctionMetric, fn=functions.mean_absolute_error):
    """Mean of |y_pred - y_true|.

    Args:
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `MeanMetricWrapper.update_state`.

    Raises:
        ShapeError: In an update, the shapes differ.

    Example:
        >>> metric = pydl.metrics.MeanAbsoluteError()
        >>> metric.update_state([[0.0, 1.0]], [[2.0, 1.0]])
        >>> metric.result()
        1.0
    """


class MeanAbsolutePercentageError(_FunctionMetric, fn=losses.mean_absolute_percentage_error):
    """Mean of |y_pred - y_true| in percent of |y_true|; see `losses.mean_absolute_percentage_error`.

    Args:
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `MeanMetricWrapper.update_state`.

    Raises:
        ShapeError: In an update, the shapes differ.

    Example:
        >>> metric = pydl.metrics.MeanAbsolutePercentageError()
        >>> metric.update_state([[2.0, 4.0]], [[1.0, 4.0]])
        >>> metric.result()
        25.0
    """


class MeanSquaredLogarithmicError(_FunctionMetric, fn=losses.mean_squared_logarithmic_error):
    """Mean of (log(y_pred + 1) - log(y_true + 1))^2; see `losses.mean_squared_logarithmic_error`.

    Args:
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `MeanMetricWrapper.update_state`.

    Raises:
        ShapeError: In an update, the shapes differ.

    Example:
        >>> metric = pydl.metrics.MeanSquaredLogarithmicError()
        >>> metric.update_state([[1.0, 3.0]], [[1.0, 3.0]])
        >>> metric.result()
        0.0
    """


class RootMeanSquaredError(_FunctionMetric, fn=functions.squared_error, name="root_mean_squared_error"):
    """Square root of the mean of (y_pred - y_true)^2 over all elements.

    Args:
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `MeanMetricWrapper.update_state`.

    Raises:
        ShapeError: In an update, the shapes differ.

    Example:
        >>> metric = pydl.metrics.RootMeanSquaredError()
        >>> metric.update_state([[0.0], [1.0]], [[3.0], [5.0]])
        >>> round(metric.result(), 4)
        3.5355
    """

    def result(self) -> float:
        """The root, a float."""
        return math.sqrt(super().result())


class LogCoshError(_FunctionMetric, fn=losses.log_cosh, name="logcosh"):
    """Mean of log(cosh(y_pred - y_true)); see `losses.log_cosh`.

    Args:
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `MeanMetricWrapper.update_state`.

    Raises:
        ShapeError: In an update, the shapes differ.

    Example:
        >>> metric = pydl.metrics.LogCoshError()
        >>> metric.update_state([[0.0, 0.0]], [[1.0, -1.0]])
        >>> round(metric.result(), 4)
        0.4338
    """


class CosineSimilarity(_FunctionMetric, fn=functions.cosine_similarity):
    """Mean cosine of the angle between y_true and y_pred: 1 for equal directions.

    The loss of this name has the other sign.

    Args:
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.
        axis: Axis of the vectors.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `MeanMetricWrapper.update_state`.

    Raises:
        ShapeError: In an update, the shapes differ.

    Example:
        >>> metric = pydl.metrics.CosineSimilarity()
        >>> metric.update_state([[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [3.0, 0.0]])
        >>> metric.result()
        0.5
    """

    def __init__(self, name: str | None = None, dtype: Any = None, axis: int = -1) -> None:
        self._init(name, dtype, axis=axis)


class Poisson(_FunctionMetric, fn=losses.poisson):
    """Mean of y_pred - y_true * log(y_pred); see `losses.poisson`.

    Args:
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `MeanMetricWrapper.update_state`.

    Raises:
        ShapeError: In an update, the shapes differ.

    Example:
        >>> metric = pydl.metrics.Poisson()
        >>> metric.update_state([[1.0, 2.0]], [[1.0, 1.0]])
        >>> round(metric.result(), 4)
        1.0
    """
