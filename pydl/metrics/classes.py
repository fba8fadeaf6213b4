"""The means of functions as classes of Keras's names, arguments and defaults."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from .. import losses
from ..base.argument_names import arguments_of, constructor_arguments, refuse_unknown
from . import functions
from .metric import MeanMetricWrapper, Values


class _FunctionMetric(MeanMetricWrapper):
    """The mean of a function that the class knows; its options are arguments, attributes and part of the config."""

    _function: ClassVar[Values]
    _name: ClassVar[str]

    def __init_subclass__(cls, fn: Values | None = None, name: str | None = None) -> None:
        super().__init_subclass__()
        if fn is not None:
            cls._function, cls._name = staticmethod(fn), name or fn.__name__

    def __init__(self, name: str | None = None, dtype: Any = None, **options: Any) -> None:
        refuse_unknown(
            type(self).__name__,
            options,
            [*constructor_arguments(type(self)), *arguments_of(type(self)._function).names[2:]],
        )
        super().__init__(type(self)._function, name or self._name, dtype, **options)
        for option, value in options.items():
            setattr(self, option, value)


class Accuracy(_FunctionMetric, fn=functions.accuracy):
    """How often y_pred equals y_true."""


class BinaryAccuracy(_FunctionMetric, fn=functions.binary_accuracy):
    """How often y_pred > threshold says what y_true says."""

    def __init__(self, name: str | None = None, dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(name, dtype, threshold=threshold)


class CategoricalAccuracy(_FunctionMetric, fn=functions.categorical_accuracy):
    """How often the largest output is right; labels are one-hot."""


class SparseCategoricalAccuracy(_FunctionMetric, fn=functions.sparse_categorical_accuracy):
    """How often the largest output is right; labels are integers."""


class TopKCategoricalAccuracy(_FunctionMetric, fn=functions.top_k_categorical_accuracy):
    """How often the right class is among the k largest outputs; labels are one-hot."""

    def __init__(self, k: int = 5, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name, dtype, k=k)


class SparseTopKCategoricalAccuracy(_FunctionMetric, fn=functions.sparse_top_k_categorical_accuracy):
    """How often the right class is among the k largest outputs; labels are integers."""

    def __init__(self, k: int = 5, name: str | None = None, dtype: Any = None, from_sorted_ids: bool = False) -> None:
        super().__init__(name, dtype, k=k, from_sorted_ids=from_sorted_ids)


class MeanSquaredError(_FunctionMetric, fn=functions.mean_squared_error):
    """Mean of (y_pred - y_true)^2."""


class MeanAbsoluteError(_FunctionMetric, fn=functions.mean_absolute_error):
    """Mean of |y_pred - y_true|."""


class MeanAbsolutePercentageError(_FunctionMetric, fn=losses.mean_absolute_percentage_error):
    """Mean of the errors in percent of y_true."""


class MeanSquaredLogarithmicError(_FunctionMetric, fn=losses.mean_squared_logarithmic_error):
    """Mean of the squared differences of log(y + 1)."""


class RootMeanSquaredError(_FunctionMetric, fn=functions.squared_error, name="root_mean_squared_error"):
    """Square root of the mean of (y_pred - y_true)^2."""

    def result(self) -> float:
        return math.sqrt(super().result())


class LogCoshError(_FunctionMetric, fn=losses.log_cosh, name="logcosh"):
    """Mean of log(cosh(y_pred - y_true))."""


class CosineSimilarity(_FunctionMetric, fn=functions.cosine_similarity):
    """Mean cosine of the angle between y_true and y_pred: 1 is best."""

    def __init__(self, name: str | None = None, dtype: Any = None, axis: int = -1) -> None:
        super().__init__(name, dtype, axis=axis)


class Hinge(_FunctionMetric, fn=losses.hinge):
    """Mean of max(1 - y_true * y_pred, 0)."""


class SquaredHinge(_FunctionMetric, fn=losses.squared_hinge):
    """Mean of max(1 - y_true * y_pred, 0)^2."""


class KLDivergence(_FunctionMetric, fn=losses.kl_divergence):
    """Mean of the sums of y_true * log(y_true / y_pred)."""


class Poisson(_FunctionMetric, fn=losses.poisson):
    """Mean of y_pred - y_true * log(y_pred)."""


class BinaryCrossentropy(_FunctionMetric, fn=losses.binary_crossentropy):
    """Mean cross-entropy of yes/no answers."""

    def __init__(
        self, name: str | None = None, dtype: Any = None, from_logits: bool = False, label_smoothing: float = 0
    ) -> None:
        super().__init__(name, dtype, from_logits=from_logits, label_smoothing=label_smoothing)


class CategoricalCrossentropy(_FunctionMetric, fn=losses.categorical_crossentropy):
    """Mean cross-entropy of classes with one-hot labels."""

    def __init__(
        self,
        name: str | None = None,
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(name, dtype, from_logits=from_logits, label_smoothing=label_smoothing, axis=axis)


class SparseCategoricalCrossentropy(_FunctionMetric, fn=losses.sparse_categorical_crossentropy):
    """Mean cross-entropy of classes with integer labels, over all samples or steps that count.

    So it is exact where batches have different numbers of steps; exp(result) is the perplexity.
    """

    def __init__(
        self,
        name: str | None = None,
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(name, dtype, from_logits=from_logits, ignore_class=ignore_class, axis=axis)


class LossMetric(MeanMetricWrapper):
    """The mean of a loss, before its reduction."""

    def __init__(self, loss: losses.Loss) -> None:
        super().__init__(loss.call, loss.name)
