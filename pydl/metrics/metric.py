"""Metric: what grows batch by batch, and the means that most metrics are.

Means are kept in plain Python numbers, so that a step costs next to nothing.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import initializers
from ..autograd.tape import no_grad
from ..autograd.tensor import Tensor, wrap
from ..autograd.variable import Variable
from ..base.argument_names import NamesArguments
from ..base.registry import snake_case
from ..base.tree import flatten
from ..losses.alignment import is_per_step, same_rank, spread
from ..losses.left_out import counted_values

Array: TypeAlias = NDArray[Any]
Values: TypeAlias = Callable[..., Any]


class Metric(NamesArguments):
    """Base: override `update_state` and `result`; and `reset_state`, unless zeros in all variables are the start.

    State is kept in attributes of any kind, or in variables from `add_variable`.
    """

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or snake_case(type(self).__name__.lstrip("_"))
        self._dtype = np.dtype(dtype or np.float32)
        self._variables: list[Variable] = []

    @property
    def dtype(self) -> str:
        return self._dtype.name

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any,
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """A variable for the state, which `variables` lists. `aggregation` is Keras's, and changes nothing here."""
        self._check_made()
        value = initializers.get("zeros" if initializer is None else initializer)(tuple(shape), dtype or self._dtype)
        variable = Variable(value, trainable=False, dtype=dtype, name=name or "variable")
        self._variables.append(variable)
        return variable

    def add_weight(
        self, shape: Sequence[int] = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Variable:
        """`add_variable` under its older name."""
        return self.add_variable(shape, initializer, dtype, name=name)

    @property
    def variables(self) -> list[Variable]:
        """Those of `add_variable` and among the attributes, then those of metrics among the attributes."""
        self._check_made()
        attributes = flatten(list(vars(self).values()))
        own = [*self._variables, *(each for each in attributes if isinstance(each, Variable))]
        inner = [variable for each in attributes if isinstance(each, Metric) for variable in each.variables]
        return list({id(variable): variable for variable in own + inner}.values())

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} must override update_state")

    def result(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must override result")

    def reset_state(self) -> None:
        """Starts anew: zeros in all variables."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))

    def stateless_update_state(self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any) -> list[Array]:
        """What `update_state` makes of these values of the variables; the metric stays as it is."""

        def update() -> list[Array]:
            self.update_state(*args, **kwargs)
            return self._values_now()

        return cast("list[Array]", self._with(metric_variables, update))

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """The result for these values of the variables."""
        return self._with(metric_variables, self.result)

    def stateless_reset_state(self) -> list[Array]:
        """What `reset_state` writes to the variables."""

        def reset() -> list[Array]:
            self.reset_state()
            return self._values_now()

        return cast("list[Array]", self._with(self._values_now(), reset))

    def _values_now(self) -> list[Array]:
        return [variable.array.copy() for variable in self.variables]

    def _with(self, values: Sequence[Any], action: Callable[[], Any]) -> Any:
        variables, before = self.variables, self._values_now()
        if len(values) != len(variables):
            raise ValueError(f"[{self.name}] metric_variables: expected {len(variables)} values, got {len(values)}")
        try:
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
            result = action()
            return wrap(result.array.copy()) if isinstance(result, Variable) else result
        finally:
            for variable, value in zip(variables, before, strict=True):
                variable.assign(value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._check_made()
        self.update_state(*args, **kwargs)
        return self.result()

    def _check_made(self) -> None:
        if "_variables" not in vars(self):
            raise RuntimeError(f"[{type(self).__name__}] __init__: expected a call of super().__init__() first")

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class Kept:
    """What a metric knows at some time, to be put back later. Its variables stay the same objects."""

    def __init__(self, metric: Metric) -> None:
        self._metric, self._variables = metric, metric.variables
        self._values = metric._values_now()
        self._attributes = copy.deepcopy(vars(metric), {id(variable): variable for variable in self._variables})

    def restore(self) -> None:
        vars(self._metric).clear()
        vars(self._metric).update(self._attributes)
        for variable, value in zip(self._variables, self._values, strict=True):
            variable.assign(value)


def values_of(x: Any) -> Array:
    """x as an array that does not wrap round. Metrics have no gradient: here, a tensor leaves the tape on purpose."""
    with no_grad():
        array = np.asarray(x)
    if array.dtype.kind in "iu" and array.dtype not in (np.int32, np.int64):
        return array.astype(np.float64 if array.dtype == np.uint64 else np.int64)
    return array


def weights_of(sample_weight: ArrayLike | None, y_pred: Any) -> Array | None:
    """The weights, 0 where y_pred is masked."""
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
    """The sum of what weighs more than 0, whatever stands elsewhere."""
    total = float(np.sum(array * weight, dtype=np.float64))
    return total if math.isfinite(total) else float(np.sum(array * weight, dtype=np.float64, where=weight != 0))


class Mean(Metric):
    """The weighted mean of all values; 0 before the first."""

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = self.count = 0.0

    def reset_state(self) -> None:
        self.total = self.count = 0.0

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
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
        """Counts `value` as the mean of `count` samples: the training loop's short way."""
        self.total += value * count
        self.count += count

    def result(self) -> float:
        return self.total / self.count if self.count else 0.0


class Sum(Metric):
    """The weighted sum of all values."""

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = 0.0

    def reset_state(self) -> None:
        self.total = 0.0

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        array = values_of(values)
        weight = weights_of(sample_weight, values)
        with np.errstate(invalid="ignore"):
            self.total += (
                float(np.sum(array, dtype=np.float64))
                if weight is None
                else weighted_sum(array, spread("metric", weight, array.shape))
            )

    def result(self) -> float:
        return self.total


class MeanMetricWrapper(Mean):
    """The mean of fn(y_true, y_pred, **kwargs), one value per sample or element.

    fn gets arrays whose shapes differ by no last axis of 1. What weighs 0 or is masked does not count, whatever it is.
    """

    def __init__(self, fn: Values, name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name or getattr(fn, "__name__", None), dtype)
        self._fn, self._fn_kwargs = fn, kwargs

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        weight = weights_of(sample_weight, y_pred)
        with no_grad():
            target, output = same_rank(values_of(y_true), wrap(values_of(y_pred)), is_per_step(weight))
            if weight is None:
                values = self._call(target, output)
            else:
                values = counted_values(
                    self._call, target, output, lambda shape: spread("metric", weight, shape) == 0, weight.ndim
                )
                if not values.ndim and output.ndim > 1:  # a function that has reduced for itself: the same for all
                    values = wrap(np.broadcast_to(values.array, weight.shape))
        super().update_state(values, weight)

    def _call(self, y_true: Array, y_pred: Tensor) -> Any:
        values = self._fn(y_true, y_pred.array, **self._fn_kwargs)
        if values is None:
            raise TypeError(f"[{self.name}] fn: expected a value per sample, got None; is a return missing?")
        return values

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._fn_kwargs}
