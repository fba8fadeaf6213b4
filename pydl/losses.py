"""Losses: a value per sample from (y_true, y_pred), then one number for the batch.

Functions and classes carry Keras's names. The functions take arrays or tensors and give a tensor without the last axis;
the classes reduce it. Where y_pred is the output of a softmax or sigmoid, the cross-entropies go back to what went into
it: one kernel, stable for any size of the logits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from . import ops, plan
from .cross_entropy import binary_crossentropy, categorical_crossentropy, sparse_categorical_crossentropy
from .errors import ShapeError
from .lookup import Registry, snake_case
from .tape import Array
from .tensor import Tensor, as_array, as_tensor, wrap

LossFunction = Callable[..., Tensor]
_TINY = 1e-7  # Keras's epsilon
_REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


# ---- values per sample -------------------------------------------------------------------------------------------


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean over the last axis of (y_pred - y_true)^2."""
    y_pred, y_true = _pair(y_true, y_pred)
    return ops.mean(ops.square(y_pred - y_true), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean over the last axis of |y_pred - y_true|."""
    y_pred, y_true = _pair(y_true, y_pred)
    return ops.mean(ops.abs(y_pred - y_true), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    """100 * mean over the last axis of |y_true - y_pred| / max(|y_true|, 1e-7)."""
    y_pred, y_true = _pair(y_true, y_pred)
    return 100.0 * ops.mean(ops.abs((y_pred - y_true) / np.maximum(np.abs(y_true.array), _TINY)), axis=-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean over the last axis of (log(y_true + 1) - log(y_pred + 1))^2, both cut off below at 1e-7."""
    y_pred, y_true = _pair(y_true, y_pred)
    expected = np.log(np.maximum(y_true.array, _TINY) + 1)
    return ops.mean(ops.square(ops.log(ops.maximum(y_pred, _TINY) + 1.0) - expected), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """mean of e^2 / 2 where |e| <= delta, else delta * |e| - delta^2 / 2 (Huber 1964)."""
    y_pred, y_true = _pair(y_true, y_pred)
    size = ops.abs(y_pred - y_true)
    near = ops.minimum(size, delta)  # the rest of the error costs delta per unit
    return ops.mean(near * (size - 0.5 * near), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """mean of log(cosh(y_pred - y_true)): half the square for small errors, the absolute value for large ones."""
    y_pred, y_true = _pair(y_true, y_pred)
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(-2.0 * error) - math.log(2.0), axis=-1)


def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """sum of y_true * log(y_true / y_pred), both cut to [1e-7, 1]."""
    y_pred, y_true = _pair(y_true, y_pred)
    target = np.clip(y_true.array, _TINY, 1)
    return ops.sum(target * (np.log(target) - ops.log(ops.clip(y_pred, _TINY, 1.0))), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """mean of y_pred - y_true * log(y_pred + 1e-7)."""
    y_pred, y_true = _pair(y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + _TINY), axis=-1)


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """mean of max(1 - y_true * y_pred, 0); labels 0 and 1 count as -1 and 1."""
    y_pred, y_true = _pair(y_true, y_pred)
    return ops.mean(ops.maximum(1.0 - _signs(y_true) * y_pred, 0.0), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """mean of max(1 - y_true * y_pred, 0)^2; labels 0 and 1 count as -1 and 1."""
    y_pred, y_true = _pair(y_true, y_pred)
    return ops.mean(ops.square(ops.maximum(1.0 - _signs(y_true) * y_pred, 0.0)), axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Minus the cosine of the angle between y_true and y_pred: -1 is best."""
    y_pred, y_true = _pair(y_true, y_pred)
    squares = ops.maximum(ops.sum(ops.square(y_pred), axis=axis, keepdims=True), 1e-12)
    target = y_true.array / np.sqrt(np.maximum(np.sum(np.square(y_true.array), axis=axis, keepdims=True), 1e-12))
    return -ops.sum(y_pred / ops.sqrt(squares) * target, axis=axis)


def _pair(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """y_pred and y_true as tensors of one dtype and shape; ShapeError where broadcasting would only hide a mistake."""
    output = as_tensor(y_pred)
    target = as_array(y_true, output.dtype)
    if target.shape != output.shape:
        if target.size != output.size or max(target.ndim, output.ndim) != min(target.ndim, output.ndim) + 1:
            raise ShapeError(f"[loss] y_true: expected shape {output.shape} of y_pred, got {target.shape}")
        target = target.reshape(output.shape)  # (N,) for (N, 1), or the other way round
    return output, wrap(target)


def _signs(y_true: Tensor) -> Array:
    labels = y_true.array
    return 2 * labels - 1 if ((labels == 0) | (labels == 1)).all() else labels


_IN_KERNELS = (
    mean_squared_error,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)  # with the usual options; a recording notices others


# ---- classes -----------------------------------------------------------------------------------------------------


class Loss:
    """Base: override `call(y_true, y_pred)`, which gives a tensor with a value per sample.

    reduction: "sum_over_batch_size" (or "mean") is the sum divided by the number of values, weighted or not; "sum";
    "mean_with_sample_weight" divides by the sum of the weights; "none" or None keeps the values.
    """

    def __init__(self, name: str | None = None, reduction: str | None = "sum_over_batch_size") -> None:
        self.name = name or snake_case(type(self).__name__)
        if reduction not in _REDUCTIONS:
            raise ValueError(f"[{self.name}] reduction: expected one of {_REDUCTIONS}, got {reduction!r}")
        self.reduction = reduction

    def __setattr__(self, name: str, value: Any) -> None:
        if name in vars(self):
            plan.invalidate()  # of a training step, which has the loss in it
        super().__setattr__(name, value)

    @property
    def _in_kernels(self) -> bool:
        """Whether it is known that nothing but kernels looks at the values: then a plan may hold the loss."""
        return False

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} must override call(y_true, y_pred)")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The loss of a batch. sample_weight: a number per sample, or of the shape of the values.

        Steps that the mask of y_pred leaves out count for nothing, also in the number to divide by.
        """
        values = self.call(y_true, y_pred)
        mask = y_pred.mask if isinstance(y_pred, Tensor) else None
        if sample_weight is None and mask is None:
            if self.reduction in ("none", None):
                return values
            return ops.sum(values) if self.reduction == "sum" else ops.mean(values)
        weight, count = values.dtype.type(1), float(values.size)
        if mask is not None:
            weight = _spread(as_array(mask, values.dtype), values.shape)
            count = float(weight.sum(dtype=np.float64))
        if sample_weight is not None:
            weight = weight * _spread(as_array(sample_weight, values.dtype), values.shape)
        values = ops.multiply(values, weight)
        if self.reduction in ("none", None):
            return values
        total = ops.sum(values)
        if self.reduction == "sum":
            return total
        if self.reduction == "mean_with_sample_weight":
            count = float(weight.sum(dtype=np.float64))
        return total / count if count else total

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        return cls(**config)


def _spread(weight: Array, shape: tuple[int, ...]) -> Array:
    """A weight per sample, repeated over the further axes of the values."""
    if weight.ndim == len(shape) + 1 and weight.shape[-1] == 1:
        weight = weight[..., 0]
    if weight.shape != shape[: weight.ndim]:
        raise ShapeError(f"[loss] sample_weight: expected shape {shape} or its first axes, got {weight.shape}")
    return np.ascontiguousarray(
        np.broadcast_to(weight.reshape(weight.shape + (1,) * (len(shape) - weight.ndim)), shape)
    )


class LossFunctionWrapper(Loss):
    """A loss made of a function (y_true, y_pred, **kwargs) -> a value per sample."""

    def __init__(
        self, fn: LossFunction, name: str | None = None, reduction: str | None = "sum_over_batch_size", **kwargs: Any
    ) -> None:
        super().__init__(name or getattr(fn, "__name__", None), reduction)
        self._fn, self._kwargs = fn, kwargs

    @property
    def _in_kernels(self) -> bool:
        return self._fn in _IN_KERNELS and type(self).__module__ == __name__

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return self._fn(y_true, y_pred, **self._kwargs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._kwargs}


class _Plain(LossFunctionWrapper):
    """A loss whose function has no options; subclasses name it."""

    fn: ClassVar[LossFunction]

    def __init_subclass__(cls, fn: LossFunction) -> None:
        cls.fn = staticmethod(fn)

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = None) -> None:
        super().__init__(type(self).fn, name, reduction)


class MeanSquaredError(_Plain, fn=mean_squared_error):
    """Mean of (y_pred - y_true)^2."""


class MeanAbsoluteError(_Plain, fn=mean_absolute_error):
    """Mean of |y_pred - y_true|."""


class MeanAbsolutePercentageError(_Plain, fn=mean_absolute_percentage_error):
    """Mean of the errors in percent of y_true."""


class MeanSquaredLogarithmicError(_Plain, fn=mean_squared_logarithmic_error):
    """Mean of the squared differences of log(y + 1)."""


class LogCosh(_Plain, fn=log_cosh):
    """Mean of log(cosh(y_pred - y_true))."""


class KLDivergence(_Plain, fn=kl_divergence):
    """Sum of y_true * log(y_true / y_pred)."""


class Poisson(_Plain, fn=poisson):
    """Mean of y_pred - y_true * log(y_pred)."""


class Hinge(_Plain, fn=hinge):
    """Mean of max(1 - y_true * y_pred, 0)."""


class SquaredHinge(_Plain, fn=squared_hinge):
    """Mean of max(1 - y_true * y_pred, 0)^2."""


class Huber(LossFunctionWrapper):
    """Quadratic for errors up to delta, linear beyond."""

    def __init__(
        self, delta: float = 1.0, reduction: str | None = "sum_over_batch_size", name: str | None = None
    ) -> None:
        super().__init__(huber, name, reduction, delta=delta)


class CosineSimilarity(LossFunctionWrapper):
    """Minus the cosine between y_true and y_pred."""

    def __init__(self, axis: int = -1, reduction: str | None = "sum_over_batch_size", name: str | None = None) -> None:
        super().__init__(cosine_similarity, name, reduction, axis=axis)


class BinaryCrossentropy(LossFunctionWrapper):
    """Cross-entropy of yes/no answers, from probabilities or (from_logits) from what a sigmoid would be applied to."""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing}
        super().__init__(binary_crossentropy, name, reduction, **options)


class CategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy of classes with one-hot labels."""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing}
        super().__init__(categorical_crossentropy, name, reduction, **options)


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy of classes with integer labels."""

    def __init__(
        self, from_logits: bool = False, reduction: str | None = "sum_over_batch_size", name: str | None = None
    ) -> None:
        super().__init__(sparse_categorical_crossentropy, name, reduction, from_logits=from_logits)


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
_ALIASES = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "bce": "binary_crossentropy",
    "kld": "KLDivergence",
    "kl_divergence": "KLDivergence",
    "logcosh": "log_cosh",
}


def is_known(name: str) -> bool:
    """Whether `get` knows this name."""
    return name.lower() in _ALIASES or _registry.knows(name)


def get(identifier: Any) -> Loss:
    """A Loss from its name, class, config, itself or a function of (y_true, y_pred). ValueError lists the names."""
    if isinstance(identifier, Loss):
        return identifier
    loss = _registry.get(_ALIASES.get(identifier.lower(), identifier) if isinstance(identifier, str) else identifier)
    return loss if isinstance(loss, Loss) else LossFunctionWrapper(loss)
