"""Metric: the base class, which accumulates state batch by batch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from .. import initializers
from ..autograd.tensor import wrap
from ..autograd.variable import Variable
from ..base.argument_names import NamesArguments
from ..base.dtypes import any_dtype
from ..base.registry import snake_case
from ..base.tree import flatten

Array: TypeAlias = NDArray[Any]


class Metric(NamesArguments):
    """Base of all metrics: override `update_state`, `result` and `reset_state`.

    State is kept in attributes of any kind, or in variables of `add_variable`; without `reset_state`, all variables
    start from 0.

    Args:
        dtype: Dtype of variables; None is "float32".
        name: Name of the metric; None makes one of the class.

    Call arguments:
        Those of `update_state`, such as y_true and y_pred (batch, ..., C); a call returns the result too.

    Example:
        >>> class Largest(pydl.metrics.Metric):
        ...     def __init__(self, name="largest"):
        ...         super().__init__(name=name)
        ...         self.reset_state()
        ...
        ...     def reset_state(self):
        ...         self.error = 0.0
        ...
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         self.error = max(self.error, float(np.abs(np.subtract(y_true, y_pred)).max()))
        ...
        ...     def result(self):
        ...         return self.error
        >>> metric = Largest()
        >>> metric.update_state([1.0, 2.0], [1.0, 5.0])
        >>> metric.update_state([1.0], [2.0])
        >>> metric.result()
        3.0
    """

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or snake_case(type(self).__name__.lstrip("_"))
        self._dtype = any_dtype(self.name, dtype or np.float32)
        self._variables: list[Variable] = []

    @property
    def dtype(self) -> str:
        """Name of the dtype of variables."""
        return self._dtype.name

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any,
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """Makes a variable for the state. To be called in `__init__`.

        Args:
            shape: Tuple of sizes.
            initializer: Initializer or its name; None is "zeros".
            dtype: Dtype of the variable; None is that of the metric.
            aggregation: Accepted, as in Keras; changes nothing.
            name: Name of the variable; None is "variable".

        Returns:
            A new `Variable` of this shape and dtype, not trained.

        Raises:
            RuntimeError: `super().__init__()` was not called.
            ValueError: The name of the initializer is unknown.

        Example:
            >>> metric = pydl.metrics.Metric()
            >>> metric.add_variable((2,), "ones", name="total")
            <Variable 'total' shape=(2,) dtype=float32 trainable=False>
        """
        self._check_initialized()
        value = initializers.get("zeros" if initializer is None else initializer)(tuple(shape), dtype or self._dtype)
        variable = Variable(value, trainable=False, dtype=dtype, name=name or "variable")
        self._variables.append(variable)
        return variable

    def add_weight(
        self, shape: Sequence[int] = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Variable:
        """Makes a variable for the state: `add_variable` with Keras's older order.

        Args:
            shape: Tuple of sizes.
            initializer: Initializer or its name; None is "zeros".
            dtype: Dtype of the variable; None is that of the metric.
            name: Name of the variable; None is "variable".

        Returns:
            A new `Variable` of this shape and dtype, not trained.

        Example:
            >>> pydl.metrics.Metric().add_weight(name="total")
            <Variable 'total' shape=() dtype=float32 trainable=False>
        """
        return self.add_variable(shape, initializer, dtype, name=name)

    @property
    def variables(self) -> list[Variable]:
        """Variables of `add_variable` and among the attributes, then those of metrics among the attributes."""
        self._check_initialized()
        attributes = flatten(list(vars(self).values()))
        own = [*self._variables, *(each for each in attributes if isinstance(each, Variable))]
        inner = [variable for each in attributes if isinstance(each, Metric) for variable in each.variables]
        return list({id(variable): variable for variable in own + inner}.values())

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Adds a batch; to override.

        Args:
            *args: What the metric takes, such as y_true and y_pred.
            **kwargs: The same by name, such as sample_weight.

        Example:
            >>> metric = pydl.metrics.Mean()
            >>> metric.update_state([1.0, 2.0])
            >>> metric.result()
            1.5
        """
        raise NotImplementedError(f"{type(self).__name__} must override update_state")

    def result(self) -> Any:
        """Value after all updates; to override.

        Returns:
            A number, or an array or dict of several.

        Example:
            >>> metric = pydl.metrics.Sum()
            >>> metric.update_state([1.0, 2.0])
            >>> metric.result()
            3.0
        """
        raise NotImplementedError(f"{type(self).__name__} must override result")

    def reset_state(self) -> None:
        """Forgets all batches: sets all variables to 0. Override it for another state.

        Example:
            >>> metric = pydl.metrics.Sum()
            >>> metric.update_state([1.0, 2.0])
            >>> metric.reset_state()
            >>> metric.result()
            0.0
        """
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))

    def stateless_update_state(self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any) -> list[Array]:
        """Values of the variables after an update from other values. The metric does not change.

        Args:
            metric_variables: List of values of `variables`, arrays of their shapes.
            *args: Arguments of `update_state`.
            **kwargs: The same by name.

        Returns:
            List of arrays, in the order of `variables`.

        Raises:
            ValueError: The number of values is another one.

        Example:
            >>> class Total(pydl.metrics.Metric):
            ...     def __init__(self):
            ...         super().__init__()
            ...         self.total = self.add_variable((), "zeros")
            ...
            ...     def update_state(self, values):
            ...         self.total.assign(self.total + np.sum(values))
            ...
            ...     def result(self):
            ...         return self.total
            >>> Total().stateless_update_state([5.0], [1.0, 2.0])
            [array(8., dtype=float32)]
        """

        def update() -> list[Array]:
            self.update_state(*args, **kwargs)
            return self._current_values()

        return cast("list[Array]", self._with_values(metric_variables, update))

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """Result for values of the variables. The metric does not change.

        Args:
            metric_variables: List of values of `variables`, arrays of their shapes.

        Returns:
            What `result` returns.

        Example:
            >>> class Total(pydl.metrics.Metric):
            ...     def __init__(self):
            ...         super().__init__()
            ...         self.total = self.add_variable((), "zeros")
            ...
            ...     def result(self):
            ...         return self.total
            >>> Total().stateless_result([5.0]).item()
            5.0
        """
        return self._with_values(metric_variables, self.result)

    def stateless_reset_state(self) -> list[Array]:
        """Values that `reset_state` gives the variables. The metric does not change.

        Returns:
            List of arrays, in the order of `variables`.

        Example:
            >>> metric = pydl.metrics.Metric()
            >>> variable = metric.add_variable((2,), "ones")
            >>> metric.stateless_reset_state()
            [array([0., 0.], dtype=float32)]
        """

        def reset() -> list[Array]:
            self.reset_state()
            return self._current_values()

        return cast("list[Array]", self._with_values(self._current_values(), reset))

    def _current_values(self) -> list[Array]:
        return [variable.array.copy() for variable in self.variables]

    def _with_values(self, values: Sequence[Any], action: Callable[[], Any]) -> Any:
        variables, before = self.variables, self._current_values()
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
        """`update_state`, then `result`.

        Args:
            *args: Arguments of `update_state`, such as y_true and y_pred.
            **kwargs: The same by name, such as sample_weight.

        Returns:
            The result of all batches.

        Example:
            >>> metric = pydl.metrics.Mean()
            >>> metric([1.0, 2.0]), metric([6.0])
            (1.5, 3.0)
        """
        self._check_initialized()
        self.update_state(*args, **kwargs)
        return self.result()

    def _check_initialized(self) -> None:
        if "_variables" not in vars(self):
            raise RuntimeError(f"[{type(self).__name__}] __init__: expected a call of super().__init__() first")

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor as plain values.

        Returns:
            Dict that `from_config` makes the same metric of.

        Example:
            >>> pydl.metrics.BinaryAccuracy(threshold=0.25).get_config()
            {'name': 'binary_accuracy', 'dtype': 'float32', 'threshold': 0.25}
        """
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """Makes a metric of what `get_config` returned.

        Args:
            config: Dict of arguments of the constructor.

        Returns:
            A new metric.

        Example:
            >>> pydl.metrics.BinaryAccuracy.from_config({"threshold": 0.25}).threshold
            0.25
        """
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class SavedState:
    """A saved state of a metric. `restore` writes it back; the variables stay the same objects."""

    def __init__(self, metric: Metric) -> None:
        self._metric, self._variables = metric, metric.variables
        self._values = metric._current_values()
        self._attributes = copy.deepcopy(vars(metric), {id(variable): variable for variable in self._variables})

    def restore(self) -> None:
        vars(self._metric).clear()
        vars(self._metric).update(self._attributes)
        for variable, value in zip(self._variables, self._values, strict=True):
            variable.assign(value)
