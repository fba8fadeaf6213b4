"""Losses of regression: mean errors."""

from __future__ import annotations

from typing import Any

from . import functions
from .loss import MEAN, _FunctionLoss


class MeanSquaredError(_FunctionLoss, fn=functions.mean_squared_error):
    """Mean of (y_pred - y_true)^2; see `mean_squared_error`.

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
        >>> loss = pydl.losses.MeanSquaredError()
        >>> loss([[0.0, 1.0], [2.0, 3.0]], [[0.0, 1.0], [2.0, 5.0]]).item()
        1.0
    """

    _recordable = True


class MeanAbsoluteError(_FunctionLoss, fn=functions.mean_absolute_error):
    """Mean of |y_pred - y_true|; see `mean_absolute_error`.

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
        >>> loss = pydl.losses.MeanAbsoluteError()
        >>> loss([[0.0, 1.0], [2.0, 3.0]], [[0.0, 1.0], [2.0, 5.0]]).item()
        0.5
    """

    _recordable = True


class MeanAbsolutePercentageError(_FunctionLoss, fn=functions.mean_absolute_percentage_error):
    """Mean of |y_pred - y_true| in percent of |y_true|; see `mean_absolute_percentage_error`.

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
        >>> loss = pydl.losses.MeanAbsolutePercentageError()
        >>> loss([[2.0, 4.0]], [[1.0, 4.0]]).item()
        25.0
    """

    _recordable = True


class MeanSquaredLogarithmicError(_FunctionLoss, fn=functions.mean_squared_logarithmic_error):
    """Mean of (log(y_pred + 1) - log(y_true + 1))^2; see `mean_squared_logarithmic_error`.

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
        >>> loss = pydl.losses.MeanSquaredLogarithmicError()
        >>> loss([[1.0, 3.0]], [[1.0, 3.0]]).item()
        0.0
    """

    _recordable = True


class Huber(_FunctionLoss, fn=functions.huber, name="huber_loss"):
    """Quadratic loss of small errors, linear of errors beyond `delta` (Huber 1964); see `huber`.

    Args:
        delta: Error from which on the loss is linear, greater than 0.
        reduction: How the values become one number, see `Loss`.
        name: Name of the loss; None is "huber_loss".
        dtype: "float32" or "float64" to compute in, None as in `Loss`.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `Loss.__call__`.

    Raises:
        TypeError: delta is no number.
        ValueError: delta is not positive, or reduction or dtype is unknown.
        ShapeError: In a call, the shapes differ.

    Example:
        >>> loss = pydl.losses.Huber()
        >>> loss([[0.0, 0.0]], [[1.0, 3.0]]).item()
        1.5
    """

    _recordable = True

    def __init__(
        self, delta: float = 1.0, reduction: str | None = MEAN, name: str | None = None, dtype: Any = None
    ) -> None:
        self._init(reduction, name, dtype, delta=delta)


class LogCosh(_FunctionLoss, fn=functions.log_cosh):
    """Mean of log(cosh(y_pred - y_true)); see `log_cosh`.

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
        >>> loss = pydl.losses.LogCosh()
        >>> round(loss([[0.0, 0.0]], [[1.0, -1.0]]).item(), 4)
        0.4338
    """

    _recordable = True


class CosineSimilarity(_FunctionLoss, fn=functions.cosine_similarity):
    """Minus the cosine of the angle between y_true and y_pred; see `cosine_similarity`.

    Args:
        axis: Axis of the vectors.
        reduction: How the values become one number, see `Loss`.
        name: Name of the loss; None is that of the function.
        dtype: "float32" or "float64" to compute in, None as in `Loss`.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `Loss.__call__`.

    Raises:
        ValueError: reduction or dtype is unknown.
        ShapeError: In a call, the shapes differ.

    Example:
        >>> loss = pydl.losses.CosineSimilarity()
        >>> loss([[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [3.0, 0.0]]).item()
        -0.5
    """

    _recordable = True

    def __init__(
        self, axis: int = -1, reduction: str | None = MEAN, name: str | None = None, dtype: Any = None
    ) -> None:
        self._init(reduction, name, dtype, axis=axis)


class Poisson(_FunctionLoss, fn=functions.poisson):
    """Mean of y_pred - y_true * log(y_pred); see `poisson`.

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
        >>> loss = pydl.losses.Poisson()
        >>> round(loss([[1.0, 2.0]], [[1.0, 1.0]]).item(), 4)
        1.0
    """

    _recordable = True
