"""Means and sums over batches. The state is Python numbers, which makes an update cheap."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from ..autograd.tape import no_grad
from ..autograd.tensor import Tensor, wrap
from ..losses import Loss
from ..losses.alignment import is_per_step, same_rank
from ..losses.options import check_options
from ..ops.left_out import counted_values
from ..ops.sample_weight import spread
from .metric import Array, Metric

Values: TypeAlias = Callable[..., Any]


def values_of(x: Any) -> Array:
    """x as an array, integers as int32 or int64, so that sums do not wrap around. Metrics have no gradient."""
    with no_grad():
        array = np.asarray(x)
    if array.dtype.kind in "iu" and array.dtype not in (np.int32, np.int64):
        return array.astype(np.float64 if array.dtype == np.uint64 else np.int64)
    return array


def weights_of(sample_weight: ArrayLike | None, y_pred: Any) -> Array | None:
    """The weights, with 0 for masked values of y_pred."""
    weight = None if sample_weight is None else _floats(values_of(sample_weight))
    mask = y_pred.mask if isinstance(y_pred, Tensor) else None
    if mask is None:
        return weight
    mask = np.asarray(mask, np.float32)
    if weight is None:
        return mask
    small, big = sorted((mask, weight), key=lambda each: (each.ndim, each.size))
    return big * spread("metric", small, big.shape)


def _floats(array: Array) -> Array:
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def weighted_sum(array: Array, weight: Array) -> float:
    """The weighted sum; values of weight 0 have no effect, even NaN."""
    total = float(np.sum(array * weight, dtype=np.float64))
    return total if math.isfinite(total) else float(np.sum(array * weight, dtype=np.float64, where=weight != 0))


class Mean(Metric):
    """Weighted mean of all values; 0 before the first.

    Args:
        name: Name of the metric.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.

    Call arguments:
        values of any shape, and sample_weight; see `update_state`.

    Example:
        >>> metric = pydl.metrics.Mean()
        >>> metric.update_state([1.0, 2.0])
        >>> metric.update_state(6.0)
        >>> metric.result()
        3.0
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = self.count = 0.0

    def reset_state(self) -> None:
        self.total = self.count = 0.0

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Adds values.

        Args:
            values: Array-like of any shape.
            sample_weight: Factors, array-like of the shape of values or its first axes; None is 1. What has weight 0
                does not count, also if it is not finite; nor do steps that the mask of a tensor leaves out.

        Raises:
            ShapeError: The shapes do not fit.

        Example:
            >>> metric = pydl.metrics.Mean()
            >>> metric.update_state([1.0, 4.0], sample_weight=[2.0, 1.0])
            >>> metric.result()
            2.0
        """
        array = values_of(values)
        weight = weights_of(sample_weight, values)
        if weight is not None:
            weight = spread("metric", weight, array.shape)
            with np.errstate(invalid="ignore"):
                self.total += weighted_sum(array, weight)
            self.count += float(np.sum(weight, dtype=np.float64))
        else:
            total = np.count_nonzero(array) if array.dtype == bool else np.sum(array, dtype=np.float64)
            self.total += float(total)
            self.count += array.size

    def _add(self, value: float, count: int) -> None:
        """Adds `value` as the mean of `count` samples: the fast path of the training loop."""
        self.total += value * count
        self.count += count

    def result(self) -> float:
        """The mean, a float."""
        return self.total / self.count if self.count else 0.0


class Sum(Metric):
    """Weighted sum of all values.

    Args:
        name: Name of the metric.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.

    Call arguments:
        values of any shape, and sample_weight; see `update_state`.

    Example:
        >>> metric = pydl.metrics.Sum()
        >>> metric.update_state([1.0, 2.0])
        >>> metric.update_state(6.0)
        >>> metric.result()
        9.0
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = 0.0

    def reset_state(self) -> None:
        self.total = 0.0

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Adds values.

        Args:
            values: Array-like of any shape.
            sample_weight: Factors, array-like of the shape of values or its first axes; None is 1. What has weight 0
                does not count, also if it is not finite; nor do steps that the mask of a tensor leaves out.

        Raises:
            ShapeError: The shapes do not fit.

        Example:
            >>> metric = pydl.metrics.Sum()
            >>> metric.update_state([1.0, 4.0], sample_weight=[2.0, 1.0])
            >>> metric.result()
            6.0
        """
        array = values_of(values)
        weight = weights_of(sample_weight, values)
        with np.errstate(invalid="ignore"):
            self.total += (
                float(np.sum(array, dtype=np.float64))
                if weight is None
                else weighted_sum(array, spread("metric", weight, array.shape))
            )

    def result(self) -> float:
        """The sum, a float."""
        return self.total


class MeanMetricWrapper(Mean):
    """Weighted mean of a function of y_true and y_pred.

    Args:
        fn: Function of y_true, y_pred and kwargs, arrays, that returns a value per sample or element.
        name: Name of the metric; None is that of the function.
        dtype: Accepted, as in Keras, and kept in the config; sums are made in float64.
        **kwargs: Further arguments of fn.

    Call arguments:
        y_true and y_pred (batch, ...), and sample_weight; see `update_state`.

    Example:
        >>> metric = pydl.metrics.MeanMetricWrapper(lambda y_true, y_pred: np.abs(y_true - y_pred), name="error")
        >>> metric.update_state([1.0, 2.0], [1.0, 5.0])
        >>> metric.result()
        1.5
    """

    def __init__(self, fn: Values, name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name or getattr(fn, "__name__", None), dtype)
        self._fn, self._fn_kwargs = fn, kwargs

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Adds a batch.

        Args:
            y_true: Targets, array-like (batch, ...), of any dtype.
            y_pred: Outputs, a tensor or array-like (batch, ...); fn gets both without a last axis of 1 that only one of
                them has.
            sample_weight: Factors, array-like: (batch,), the shape of the values of fn, or its first axes; None is 1.
                What has weight 0 does not count, also if it is not finite; nor do steps that the mask of y_pred leaves
                out.

        Raises:
            ShapeError: The shapes do not fit.
            TypeError: fn returned None.

        Example:
            >>> metric = pydl.metrics.BinaryAccuracy()
            >>> metric.update_state([[1], [0]], [[0.9], [0.8]], sample_weight=[3.0, 1.0])
            >>> metric.result()
            0.75
        """
        weight = weights_of(sample_weight, y_pred)
        with no_grad():
            target, output = same_rank(values_of(y_true), wrap(values_of(y_pred)), is_per_step(weight))
            if weight is None:
                values = self._call(target, output)
            else:
                values = counted_values(
                    self._call, target, output, lambda shape: spread("metric", weight, shape) == 0, weight.ndim
                )
                if not values.ndim and output.ndim > 1:  # the function has reduced it: the same value for all
                    values = wrap(np.broadcast_to(values.array, weight.shape))
        super().update_state(values, weight)

    def _call(self, y_true: Array, y_pred: Tensor) -> Any:
        values = self._fn(y_true, y_pred.array, **self._fn_kwargs)
        if values is None:
            raise TypeError(f"[{self.name}] fn: expected a value per sample, got None; is a return missing?")
        return values

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor as plain values, without fn."""
        return {**super().get_config(), **self._fn_kwargs}


class _FunctionMetric(MeanMetricWrapper):
    """The mean of a fixed function, whose options are arguments, attributes and part of the config."""

    _function: ClassVar[Values]
    _name: ClassVar[str]

    def __init_subclass__(cls, fn: Values | None = None, name: str | None = None) -> None:
        super().__init_subclass__()
        if fn is not None:
            cls._function, cls._name = staticmethod(fn), name or fn.__name__

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        self._init(name, dtype)

    def _init(self, name: str | None, dtype: Any, **options: Any) -> None:
        """`__init__` with the options of the function."""
        check_options(name or self._name, options)
        super().__init__(type(self)._function, name or self._name, dtype, **options)
        for option, value in options.items():
            setattr(self, option, value)


class LossMetric(MeanMetricWrapper):
    """The mean of a loss, before its reduction."""

    def __init__(self, loss: Loss) -> None:
        super().__init__(loss.call, loss.name)
