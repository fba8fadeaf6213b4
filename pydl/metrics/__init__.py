"""Metrics: means and counts over an epoch, by Keras's names.

`update_state(y_true, y_pred, sample_weight=None)` takes arrays or anything that NumPy converts; `result()` is a float,
or an array for several thresholds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import losses
from ..base.registry import Registry
from ..losses import (
    binary_crossentropy,
    categorical_crossentropy,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_percentage_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from .classification import (
    Accuracy,
    BinaryAccuracy,
    BinaryCrossentropy,
    CategoricalAccuracy,
    CategoricalCrossentropy,
    Hinge,
    KLDivergence,
    SparseCategoricalAccuracy,
    SparseCategoricalCrossentropy,
    SparseTopKCategoricalAccuracy,
    SquaredHinge,
    TopKCategoricalAccuracy,
)
from .confusion import Precision, Recall
from .functions import (
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    cosine_similarity,
    mean_absolute_error,
    mean_squared_error,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from .mean import LossMetric, Mean, MeanMetricWrapper, Sum
from .metric import Metric
from .regression import (
    CosineSimilarity,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    RootMeanSquaredError,
)

__all__ = [
    "Accuracy", "BinaryAccuracy", "BinaryCrossentropy", "CategoricalAccuracy", "CategoricalCrossentropy",
    "CosineSimilarity", "Hinge", "KLDivergence", "LogCoshError", "Mean", "MeanAbsoluteError",
    "MeanAbsolutePercentageError", "MeanMetricWrapper", "MeanSquaredError", "MeanSquaredLogarithmicError", "Metric",
    "Poisson", "Precision", "Recall", "RootMeanSquaredError", "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy", "SquaredHinge", "Sum", "TopKCategoricalAccuracy",
    "accuracy", "binary_accuracy", "binary_crossentropy", "categorical_accuracy", "categorical_crossentropy",
    "cosine_similarity", "deserialize", "get", "hinge", "huber", "kl_divergence", "log_cosh", "mean_absolute_error",
    "mean_absolute_percentage_error", "mean_squared_error", "mean_squared_logarithmic_error", "poisson", "serialize",
    "sparse_categorical_accuracy", "sparse_categorical_crossentropy", "sparse_top_k_categorical_accuracy",
    "squared_hinge", "top_k_categorical_accuracy",
]  # fmt: skip

_registry: Registry[Metric] = Registry(
    "metric",
    [
        Accuracy,
        BinaryAccuracy,
        BinaryCrossentropy,
        CategoricalAccuracy,
        CategoricalCrossentropy,
        CosineSimilarity,
        Hinge,
        KLDivergence,
        LogCoshError,
        Mean,
        MeanAbsoluteError,
        MeanAbsolutePercentageError,
        MeanSquaredError,
        MeanSquaredLogarithmicError,
        Poisson,
        Precision,
        Recall,
        RootMeanSquaredError,
        SparseCategoricalAccuracy,
        SparseCategoricalCrossentropy,
        SparseTopKCategoricalAccuracy,
        SquaredHinge,
        Sum,
        TopKCategoricalAccuracy,
    ],
    {"kl_divergence": KLDivergence},
)
_ALIASES = {
    "acc": "accuracy",
    "bce": "binary_crossentropy",
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "rmse": "root_mean_squared_error",
    "kld": "kl_divergence",
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh_error",
}
mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
kld = KLD = kl_divergence
logcosh = log_cosh


def get(identifier: Any) -> Any:
    """Metric of an identifier, as `compile` understands it.

    Args:
        identifier: Name of a metric or loss ("mse", "accuracy", "MeanSquaredError"), class, dict of `serialize`,
            `Metric`, `Loss`, function of (y_true, y_pred), or None.

    Returns:
        `Metric`, the mean of a loss or function; None for None.

    Raises:
        ValueError: The name is unknown, or the dict does not describe a metric.
        TypeError: identifier is something else.

    Example:
        >>> pydl.metrics.get("mse")
        <MeanSquaredError name=mse>
    """
    if identifier is None or isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, losses.Loss):
        return LossMetric(identifier)
    metric: Any
    if isinstance(identifier, str) and not _is_known(identifier) and losses.is_known(identifier):
        metric = LossMetric(losses.as_loss(identifier))
    else:
        name = _ALIASES.get(identifier.lower(), identifier) if isinstance(identifier, str) else identifier
        metric = _registry.get(name)
    if isinstance(metric, losses.Loss):
        return LossMetric(metric)
    if not isinstance(metric, Metric):
        return MeanMetricWrapper(metric)
    if isinstance(identifier, str):
        metric.name = identifier  # keys of the history have the name that was given
    return metric


def _is_known(name: str) -> bool:
    return name.lower() in _ALIASES or _registry.knows(name)


def serialize(metric: Any) -> Any:
    """Plain form of a metric, for `deserialize`.

    Args:
        metric: `Metric` or function.

    Returns:
        Dict of class name and config for classes of `pydl.metrics`, else metric itself.

    Example:
        >>> pydl.metrics.serialize(pydl.metrics.Mean())
        {'class_name': 'Mean', 'config': {'name': 'mean', 'dtype': 'float32'}}
    """
    return _registry.serialize(metric)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Metric of the form that `serialize` returned.

    Args:
        config: Dict of class name and config, or a name.
        custom_objects: Dict of further classes and functions by their names.

    Returns:
        `Metric`.

    Raises:
        ValueError: The name is unknown.

    Example:
        >>> pydl.metrics.deserialize({"class_name": "Mean", "config": {"name": "average"}})
        <Mean name=average>
    """
    own = dict(custom_objects or {})
    if isinstance(config, str) and config in own:
        return get(own[config])
    if isinstance(config, dict) and config.get("class_name") in own:
        return own[config["class_name"]].from_config(config.get("config", {}))
    return get(config)


def accuracy_for(y_true_shape: tuple[int, ...], y_pred_shape: tuple[int, ...], name: str) -> Metric:
    """The metric that "accuracy" means for these shapes, by Keras's rule."""
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
