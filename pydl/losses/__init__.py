"""Losses: a value per sample from (y_true, y_pred), then one number for the batch.

Functions and classes have Keras's names. The functions return a value per sample; the classes reduce them. If y_pred is
the output of a softmax or sigmoid, the cross-entropies compute from its logits: one kernel, stable for any logits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..base.errors import LabelError
from ..base.registry import Registry
from .classification import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Hinge,
    KLDivergence,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from .cross_entropy import binary_crossentropy, categorical_crossentropy, sparse_categorical_crossentropy
from .functions import (
    cosine_similarity,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    squared_hinge,
)
from .loss import Loss, LossFunction, LossFunctionWrapper
from .regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
)

__all__ = [
    "BinaryCrossentropy", "CategoricalCrossentropy", "CosineSimilarity", "Hinge", "Huber", "KLDivergence", "LabelError",
    "LogCosh", "Loss", "LossFunctionWrapper", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError",
    "MeanSquaredLogarithmicError", "Poisson", "SparseCategoricalCrossentropy", "SquaredHinge", "binary_crossentropy",
    "categorical_crossentropy", "cosine_similarity", "deserialize", "get", "hinge", "huber", "kl_divergence",
    "log_cosh", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_error",
    "mean_squared_logarithmic_error", "poisson", "serialize", "sparse_categorical_crossentropy", "squared_hinge",
]  # fmt: skip

_registry: Registry[Loss] = Registry(
    "loss",
    [
        BinaryCrossentropy,
        CategoricalCrossentropy,
        CosineSimilarity,
        Hinge,
        Huber,
        KLDivergence,
        LogCosh,
        MeanAbsoluteError,
        MeanAbsolutePercentageError,
        MeanSquaredError,
        MeanSquaredLogarithmicError,
        Poisson,
        SparseCategoricalCrossentropy,
        SquaredHinge,
    ],
)
_functions: dict[str, LossFunction] = {
    function.__name__: function
    for function in (
        binary_crossentropy,
        categorical_crossentropy,
        cosine_similarity,
        hinge,
        huber,
        kl_divergence,
        log_cosh,
        mean_absolute_error,
        mean_absolute_percentage_error,
        mean_squared_error,
        mean_squared_logarithmic_error,
        poisson,
        sparse_categorical_crossentropy,
        squared_hinge,
    )
}
_ALIASES = {
    "mse": mean_squared_error,
    "mae": mean_absolute_error,
    "mape": mean_absolute_percentage_error,
    "msle": mean_squared_logarithmic_error,
    "bce": binary_crossentropy,
    "kld": kl_divergence,
    "kullback_leibler_divergence": kl_divergence,
    "logcosh": log_cosh,
}
mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
bce = BCE = binary_crossentropy
kld = KLD = kullback_leibler_divergence = kl_divergence
logcosh = log_cosh


def is_known(name: str) -> bool:
    """Whether `get` has a loss of this name."""
    return name in _functions or _alias(name) is not None or _registry.knows(name)


def _alias(name: str) -> LossFunction | None:
    """The loss that "mse" or "MSE" abbreviates."""
    return _ALIASES.get(name.lower() if name.isupper() else name)


def get(identifier: Any) -> Any:
    """Loss of an identifier, as `compile` understands it.

    Args:
        identifier: Name of a function ("mse", "mean_squared_error") or class ("MeanSquaredError"), class, dict of
            `serialize`, `Loss`, function of (y_true, y_pred), or None.

    Returns:
        The function for its name, else a `Loss`; functions and losses themselves, and None.

    Raises:
        ValueError: The name is unknown, or the dict does not describe a loss.
        TypeError: identifier is something else.

    Example:
        >>> pydl.losses.get("mse") is pydl.losses.mean_squared_error
        True
        >>> pydl.losses.get("Huber").delta
        1.0
    """
    if identifier is None:
        return None
    if isinstance(identifier, str):
        function = _functions.get(identifier) or _alias(identifier)
        if function is not None:
            return function
    return identifier if isinstance(identifier, Loss) else _registry.get(identifier)


def as_loss(identifier: Any) -> Loss:
    """A Loss from anything that `get` takes, for `compile`."""
    loss = get(identifier)
    return loss if isinstance(loss, Loss) else LossFunctionWrapper(loss)


def serialize(loss: Any) -> Any:
    """Plain form of a loss, for `deserialize`.

    Args:
        loss: `Loss` or function.

    Returns:
        The name of a function of `pydl.losses`, a dict of class name and config for one of its classes, else loss
        itself.

    Example:
        >>> pydl.losses.serialize(pydl.losses.Huber(2.0))["config"]["delta"]
        2.0
    """
    name = getattr(loss, "__name__", "")
    if name and _functions.get(name) is loss:
        return name
    return _registry.serialize(loss)


def deserialize(name: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Loss of the form that `serialize` returned.

    Args:
        name: Name, or dict of class name and config.
        custom_objects: Dict of further classes and functions by their names.

    Returns:
        `Loss` or function.

    Raises:
        ValueError: The name is unknown.

    Example:
        >>> pydl.losses.deserialize({"class_name": "Huber", "config": {"delta": 2.0}}).delta
        2.0
    """
    own = dict(custom_objects or {})
    if isinstance(name, str) and name in own:
        return own[name]
    if isinstance(name, dict) and name.get("class_name") in own:
        return own[name["class_name"]].from_config(name.get("config", {}))
    return get(name)
