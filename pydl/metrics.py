"""Metrics: means over an epoch, kept in plain Python numbers so that a step costs next to nothing.

`update_state(y_true, y_pred, sample_weight=None)` takes NumPy arrays or anything that converts; `result()` is a float.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import losses
from .errors import ShapeError
from .lookup import Registry, snake_case
from .tape import no_grad

Array: TypeAlias = NDArray[Any]
Values: TypeAlias = Callable[..., Array]


class Metric:
    """Base: override update_state, result and reset_state."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name or snake_case(type(self).__name__.lstrip("_"))
        self.reset_state()

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} must override update_state")

    def result(self) -> float:
        raise NotImplementedError(f"{type(self).__name__} must override result")

    def reset_state(self) -> None:
        """Starts anew."""

    def __call__(self, *args: Any, **kwargs: Any) -> float:
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        return cls(**config)


def _values(x: Any) -> Array:
    """x as an array. Metrics have no gradient: here, a tensor leaves the tape on purpose."""
    with no_grad():
        return np.asarray(x)


class Mean(Metric):
    """The weighted mean of all values; 0 before the first."""

    def reset_state(self) -> None:
        self.total = 0.0
        self.count = 0.0

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        array = _values(values)
        if sample_weight is not None:
            weight = _spread(np.asarray(sample_weight), array)
            self.total += float(np.sum(array * weight, dtype=np.float64))
            self.count += float(np.sum(weight, dtype=np.float64))
        else:
            self.total += np.count_nonzero(array) if array.dtype == bool else float(np.sum(array, dtype=np.float64))
            self.count += array.size

    def _add(self, value: float, count: int) -> None:
        """Counts `value` as the mean of `count` samples: the training loop's short way."""
        self.total += value * count
        self.count += count

    def result(self) -> float:
        return self.total / self.count if self.count else 0.0


class Sum(Metric):
    """The weighted sum of all values."""

    def reset_state(self) -> None:
        self.total = 0.0

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        array = _values(values)
        if sample_weight is not None:
            array = array * _spread(np.asarray(sample_weight), array)
        self.total += float(np.sum(array, dtype=np.float64))

    def result(self) -> float:
        return self.total


class MeanMetricWrapper(Metric):
    """The mean of fn(y_true, y_pred, **kwargs), one value per sample or element."""

    def __init__(self, fn: Values, name: str | None = None, **kwargs: Any) -> None:
        self._fn, self._kwargs, self._mean = fn, kwargs, Mean()
        super().__init__(name or getattr(fn, "__name__", None))

    def reset_state(self) -> None:
        self._mean.reset_state()

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: ArrayLike | None = None) -> None:
        values = self._fn(_values(y_true), _values(y_pred), **self._kwargs)
        self._mean.update_state(values, sample_weight)

    def result(self) -> float:
        return self._mean.result()

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, **self._kwargs}


# ---- values per sample -------------------------------------------------------------------------------------------


def accuracy(y_true: Array, y_pred: Array) -> Array:
    """Where both are equal."""
    return np.asarray(_like(y_true, y_pred) == y_pred)


def binary_accuracy(y_true: Array, y_pred: Array, threshold: float = 0.5) -> Array:
    """Share of the last axis where y_pred > threshold says what y_true says: (..., C) -> (...)."""
    right = _like(y_true, y_pred) == (y_pred > threshold)
    return np.asarray(right[..., 0] if right.ndim and right.shape[-1] == 1 else right.mean(axis=-1))


def categorical_accuracy(y_true: Array, y_pred: Array) -> Array:
    """Where the largest output is the one-hot label's: (..., C) -> (...)."""
    if y_true.shape != y_pred.shape:
        hint = "; for integer labels use sparse_categorical_accuracy" if y_true.size < y_pred.size else ""
        raise ShapeError(f"[metric] y_true: expected shape {y_pred.shape} of y_pred, got {y_true.shape}{hint}")
    return np.asarray(y_true.argmax(axis=-1) == y_pred.argmax(axis=-1))


def sparse_categorical_accuracy(y_true: Array, y_pred: Array) -> Array:
    """Where the largest output is that of the label: y_true (...) or (..., 1), y_pred (..., C) -> (...)."""
    return np.asarray(_labels(y_true, y_pred) == y_pred.argmax(axis=-1))


def top_k_categorical_accuracy(y_true: Array, y_pred: Array, k: int = 5) -> Array:
    """Where the one-hot label's output is among the k largest: (..., C) -> (...)."""
    return sparse_top_k_categorical_accuracy(y_true.argmax(axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(y_true: Array, y_pred: Array, k: int = 5) -> Array:
    """Where the label's output is among the k largest; equal outputs count in favour."""
    own = np.take_along_axis(y_pred, _labels(y_true, y_pred)[..., None].astype(np.int64), axis=-1)
    finite = np.isfinite(own[..., 0])
    return np.asarray(((y_pred > own).sum(axis=-1) < k) & finite)


def mean_squared_error(y_true: Array, y_pred: Array) -> Array:
    """(..., C) -> (...)."""
    return np.asarray(np.square(y_pred - _like(y_true, y_pred)).mean(axis=-1))


def mean_absolute_error(y_true: Array, y_pred: Array) -> Array:
    """(..., C) -> (...)."""
    return np.asarray(np.abs(y_pred - _like(y_true, y_pred)).mean(axis=-1))


def _labels(y_true: Array, y_pred: Array) -> Array:
    labels = y_true[..., 0] if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1 else y_true
    if labels.shape != y_pred.shape[:-1]:
        raise ShapeError(f"[metric] y_true: expected labels of shape {y_pred.shape[:-1]}, got {y_true.shape}")
    return labels


def _like(y_true: Array, y_pred: Array) -> Array:
    """y_true with y_pred's shape: (N,) against (N, 1) would silently become (N, N)."""
    if y_true.shape == y_pred.shape:
        return y_true
    if y_true.size != y_pred.size:
        raise ShapeError(f"[metric] y_true: expected shape {y_pred.shape} of y_pred, got {y_true.shape}")
    return y_true.reshape(y_pred.shape)


def _spread(weight: Array, values: Array) -> Array:
    """One weight per sample, repeated over the other axes of values."""
    if weight.ndim == values.ndim + 1 and weight.shape[-1] == 1:
        weight = weight[..., 0]
    if weight.shape != values.shape[: weight.ndim]:
        raise ShapeError(f"[metric] sample_weight: expected shape {values.shape} or its first axes, got {weight.shape}")
    return np.broadcast_to(weight.reshape(weight.shape + (1,) * (values.ndim - weight.ndim)), values.shape)


# ---- classes -----------------------------------------------------------------------------------------------------


class Accuracy(MeanMetricWrapper):
    """How often y_pred equals y_true."""

    def __init__(self, name: str = "accuracy") -> None:
        super().__init__(accuracy, name)


class BinaryAccuracy(MeanMetricWrapper):
    """How often y_pred > threshold says what y_true says."""

    def __init__(self, name: str = "binary_accuracy", threshold: float = 0.5) -> None:
        super().__init__(binary_accuracy, name, threshold=threshold)


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the largest output is right; labels are one-hot."""

    def __init__(self, name: str = "categorical_accuracy") -> None:
        super().__init__(categorical_accuracy, name)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the largest output is right; labels are integers."""

    def __init__(self, name: str = "sparse_categorical_accuracy") -> None:
        super().__init__(sparse_categorical_accuracy, name)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the right class is among the k largest outputs; labels are one-hot."""

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy") -> None:
        super().__init__(top_k_categorical_accuracy, name, k=k)


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the right class is among the k largest outputs; labels are integers."""

    def __init__(self, k: int = 5, name: str = "sparse_top_k_categorical_accuracy") -> None:
        super().__init__(sparse_top_k_categorical_accuracy, name, k=k)


class MeanSquaredError(MeanMetricWrapper):
    """Mean of (y_pred - y_true)^2."""

    def __init__(self, name: str = "mean_squared_error") -> None:
        super().__init__(mean_squared_error, name)


class MeanAbsoluteError(MeanMetricWrapper):
    """Mean of |y_pred - y_true|."""

    def __init__(self, name: str = "mean_absolute_error") -> None:
        super().__init__(mean_absolute_error, name)


class RootMeanSquaredError(MeanSquaredError):
    """Square root of the mean of (y_pred - y_true)^2."""

    def __init__(self, name: str = "root_mean_squared_error") -> None:
        super().__init__(name)

    def result(self) -> float:
        return float(np.sqrt(super().result()))


class _Confusion(Metric):
    """Counts of y_pred > threshold against y_true."""

    def __init__(self, thresholds: float = 0.5, name: str | None = None) -> None:
        super().__init__(name)
        self.thresholds = thresholds

    def reset_state(self) -> None:
        self.true_positives = self.false_positives = self.false_negatives = 0.0

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: ArrayLike | None = None) -> None:
        outputs = _values(y_pred)
        truth, said = _like(_values(y_true), outputs) > 0.5, outputs > self.thresholds
        weight = 1.0 if sample_weight is None else _spread(np.asarray(sample_weight), said)
        self.true_positives += float(np.sum((truth & said) * weight))
        self.false_positives += float(np.sum((~truth & said) * weight))
        self.false_negatives += float(np.sum((truth & ~said) * weight))

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "thresholds": self.thresholds}


class Precision(_Confusion):
    """Share of the said positives that are true; 0 if none was said."""

    def result(self) -> float:
        said = self.true_positives + self.false_positives
        return self.true_positives / said if said else 0.0


class Recall(_Confusion):
    """Share of the true positives that were said; 0 if there are none."""

    def result(self) -> float:
        true = self.true_positives + self.false_negatives
        return self.true_positives / true if true else 0.0


class LossMetric(MeanMetricWrapper):
    """The mean of a loss, before its reduction."""

    def __init__(self, loss: losses.Loss) -> None:
        def values(y_true: Array, y_pred: Array) -> Array:
            with no_grad():
                return loss.call(y_true, y_pred).array

        super().__init__(values, loss.name)


# ---- names -------------------------------------------------------------------------------------------------------


_registry: Registry[Metric] = Registry(
    "metric",
    [
        Accuracy,
        BinaryAccuracy,
        CategoricalAccuracy,
        Mean,
        MeanAbsoluteError,
        MeanSquaredError,
        Precision,
        Recall,
        RootMeanSquaredError,
        SparseCategoricalAccuracy,
        SparseTopKCategoricalAccuracy,
        Sum,
        TopKCategoricalAccuracy,
    ],
)
_ALIASES = {
    "acc": "accuracy",
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "rmse": "root_mean_squared_error",
}


def get(identifier: Any) -> Metric:
    """A Metric from its name, class, config, itself or a function of (y_true, y_pred); or from a loss or its name.

    ValueError lists the names.
    """
    if isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, losses.Loss):
        return LossMetric(identifier)
    if isinstance(identifier, str) and not _is_known(identifier) and losses.is_known(identifier):
        metric: Metric = LossMetric(losses.get(identifier))
        metric.name = identifier
        return metric
    metric = _registry.get(_ALIASES.get(identifier.lower(), identifier) if isinstance(identifier, str) else identifier)
    if not isinstance(metric, Metric):
        return MeanMetricWrapper(metric)
    if isinstance(identifier, str):
        metric.name = identifier  # history keys keep the name that was given
    return metric


def _is_known(name: str) -> bool:
    return name.lower() in _ALIASES or _registry.knows(name)


def accuracy_for(y_true_shape: tuple[int, ...], y_pred_shape: tuple[int, ...], name: str) -> Metric:
    """What "accuracy" means for these shapes, by Keras's rule."""
    classes = y_pred_shape[-1] if y_pred_shape else 1
    metric: Metric
    if classes == 1:
        metric = BinaryAccuracy()
    elif len(y_true_shape) < len(y_pred_shape) or y_true_shape[-1] == 1:
        metric = SparseCategoricalAccuracy()
    else:
        metric = CategoricalAccuracy()
    metric.name = name
    return metric
