"""Loss: the base class, which reduces a value per sample to one number for the batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from .. import ops
from ..autograd.changes import Counted
from ..autograd.recordable import Recordable
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_array, as_tensor
from ..base.argument_names import NamesArguments
from ..base.dtypes import floating_dtype
from ..base.registry import snake_case
from ..ops.left_out import counted_values
from ..ops.sample_weight import both, is_zero, sum_of, value_weights
from ..ops.targets import as_target
from .alignment import is_per_step, same_rank
from .options import check_options

LossFunction = Callable[..., Tensor]
MEAN = "sum_over_batch_size"
_REDUCTIONS = (MEAN, "sum", "mean", "mean_with_sample_weight", "none", None)


class Loss(NamesArguments, Counted, Recordable):
    """Base of all losses: override `call(y_true, y_pred)`, which returns a value per sample.

    Args:
        name: Name of the loss; None makes one of the class.
        reduction: "sum_over_batch_size", or "mean", is the sum divided by the number of values that are not masked;
            "sum" the sum; "mean_with_sample_weight" the sum divided by that of the weights; "none", or None, the
            values.
        dtype: "float32" or "float64" to compute in; None is that of y_pred if it is a tensor of floats, else float32.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `Loss.__call__`.

    Raises:
        ValueError: reduction or dtype is unknown.

    Example:
        >>> class Largest(pydl.losses.Loss):
        ...     def call(self, y_true, y_pred):
        ...         return pydl.ops.max(pydl.ops.abs(y_pred - y_true), axis=-1)
        >>> Largest()([[0.0, 1.0], [2.0, 3.0]], np.array([[0.0, 4.0], [2.0, 4.0]])).item()
        2.0
    """

    def __init__(self, name: str | None = None, reduction: str | None = MEAN, dtype: Any = None) -> None:
        self.name = name or snake_case(type(self).__name__)
        if reduction not in _REDUCTIONS:
            raise ValueError(f"[{self.name}] reduction: expected one of {_REDUCTIONS}, got {reduction!r}")
        self.reduction = reduction
        self._dtype = None if dtype is None else floating_dtype(self.name, dtype)

    @property
    def dtype(self) -> str:
        """Name of the dtype of the computation; "float32" if it follows y_pred."""
        return (self._dtype or np.dtype(np.float32)).name

    _recordable_instead = "use mean_squared_error or a cross-entropy"  # see pydl.autograd.recordable

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """Value per sample; to override.

        Args:
            y_true: Targets as an array of the shape of y_pred, up to a last axis of 1: integers, or floats of its
                dtype.
            y_pred: Outputs, a tensor (batch, ...) of floats.

        Returns:
            Tensor (batch, ...).

        Example:
            >>> pydl.losses.MeanSquaredError().call([[0.0, 1.0]], [[2.0, 1.0]]).numpy()
            array([2.], dtype=float32)
        """
        raise NotImplementedError(f"{type(self).__name__} must override call(y_true, y_pred)")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """Loss of a batch.

        Args:
            y_true: Targets, array-like, of the shape of y_pred up to a last axis of 1. Integers stay integers.
            y_pred: Outputs, a tensor or array-like (batch, ...); cast to the dtype of the loss.
            sample_weight: Factors, array-like: (batch,), the shape of the values, or its first axes. What has weight 0,
                and steps that the mask of y_pred leaves out, count for nothing, also if they are not finite.

        Returns:
            Scalar tensor; the values (batch, ...) for reduction "none".

        Raises:
            ShapeError: The shapes do not fit.
            TypeError: `call` returned None.

        Example:
            >>> loss = pydl.losses.MeanSquaredError()
            >>> loss([[1.0], [2.0]], [[1.0], [4.0]], sample_weight=[1.0, 0.5]).item()
            1.0
        """
        if isinstance(y_pred, dict):  # a user's loss of several outputs aligns them itself
            return self._reduced(as_tensor(self._values(y_true, y_pred)), None, None)
        output = self._output(y_pred)
        target, mask = as_target(y_true, output.dtype), output.mask
        weight = None if sample_weight is None else as_array(sample_weight, output.dtype)
        target, aligned = same_rank(target, output, mask is not None or is_per_step(weight))
        if mask is None and weight is None:
            values = as_tensor(self._values(target, aligned))
            return self._reduced(values, None, values.mask)
        aligned.mask = mask

        def left_out(shape: tuple[int, ...]) -> Array:
            return is_zero(value_weights(mask, weight, shape, output.dtype))

        axes = max([each.ndim for each in (mask, weight) if each is not None])
        values = counted_values(self._values, target, aligned, left_out, axes)
        return self._reduced(values, weight, both(mask, values.mask))

    def _values(self, y_true: Any, y_pred: Any) -> Any:
        values = self.call(y_true, y_pred)
        if values is None:
            raise TypeError(f"[{self.name}] call: expected a value per sample, got None; is a return missing?")
        return values

    def _output(self, y_pred: Any) -> Tensor:
        tensor = as_tensor(y_pred)
        own = tensor.dtype if tensor is y_pred and tensor.dtype in (np.float32, np.float64) else np.dtype(np.float32)
        dtype = self._dtype or own
        if tensor.dtype == dtype:
            return tensor
        cast = ops.cast(tensor, dtype)
        cast.mask = tensor.mask
        return cast

    def _reduced(self, values: Tensor, weight: Array | None, mask: Array | None) -> Tensor:
        if weight is None and mask is None:
            if self.reduction in ("none", None):
                return values
            # The mean of an empty batch is 0.
            return ops.sum(values) if self.reduction == "sum" or not values.size else ops.mean(values)
        if values.ndim == 0:  # the function has reduced it: the same value for all
            finest = max([each for each in (mask, weight) if each is not None], key=lambda each: each.size)
            values = ops.broadcast_to(values, finest.shape)
        count, weights = float(values.size), value_weights(mask, weight, values.shape, values.dtype)
        if mask is not None:
            count = sum_of(value_weights(mask, None, values.shape, values.dtype))
        values = ops.multiply(values, weights)
        if self.reduction in ("none", None):
            return values
        total = ops.sum(values)
        if self.reduction == "sum":
            return total
        if self.reduction == "mean_with_sample_weight":
            count = sum_of(weights)
        return total / count if count else total

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor as plain values.

        Returns:
            Dict that `from_config` makes the same loss of.

        Example:
            >>> pydl.losses.MeanSquaredError().get_config()
            {'name': 'mean_squared_error', 'reduction': 'sum_over_batch_size'}
        """
        config = {"name": self.name, "reduction": self.reduction}
        return config if self._dtype is None else {**config, "dtype": self._dtype.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """Makes a loss of what `get_config` returned.

        Args:
            config: Dict of arguments of the constructor.

        Returns:
            A new loss.

        Example:
            >>> pydl.losses.Huber.from_config({"delta": 2.0}).delta
            2.0
        """
        return cls(**config)


class LossFunctionWrapper(Loss):
    """Loss of a function.

    Args:
        fn: Function of y_true, y_pred and kwargs that returns a value per sample, such as (batch,) for (batch, C).
        reduction: How the values become one number, see `Loss`.
        name: Name of the loss; None is that of the function.
        dtype: "float32" or "float64" to compute in, None as in `Loss`.
        **kwargs: Further arguments of fn.

    Raises:
        ValueError: reduction or dtype is unknown.

    Example:
        >>> loss = pydl.losses.LossFunctionWrapper(pydl.losses.huber, delta=2.0)
        >>> loss([[0.0, 0.0]], [[1.0, 3.0]]).item()
        2.25
    """

    _recordable = True

    def __init__(
        self,
        fn: LossFunction,
        reduction: str | None = MEAN,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name or getattr(fn, "__name__", None), reduction, dtype)
        self.fn, self._fn_kwargs = fn, kwargs

    def _replay_obstacle(self, training: bool) -> str | None:
        for option in ("label_smoothing", "ignore_class"):
            if self._fn_kwargs.get(option) or getattr(self, option, None):
                return f"NumPy changes the labels for {option}; change y before fit instead"
        return super()._replay_obstacle(training)

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "fn": self.fn, **self._fn_kwargs}


class _FunctionLoss(LossFunctionWrapper):
    """A loss of a fixed function, whose options are arguments, attributes and part of the config."""

    _function: ClassVar[LossFunction]
    _name: ClassVar[str]

    def __init_subclass__(cls, fn: LossFunction | None = None, name: str | None = None) -> None:
        super().__init_subclass__()
        if fn is not None:
            cls._function, cls._name = staticmethod(fn), name or fn.__name__

    def __init__(self, reduction: str | None = MEAN, name: str | None = None, dtype: Any = None) -> None:
        self._init(reduction, name, dtype)

    def _init(self, reduction: str | None, name: str | None, dtype: Any, **options: Any) -> None:
        """`__init__` with the options of the function."""
        check_options(name or self._name, options)
        super().__init__(type(self)._function, reduction, name or self._name, dtype, **options)
        for option, value in options.items():
            setattr(self, option, value)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.fn(y_true, y_pred, **{option: getattr(self, option) for option in self._fn_kwargs})

    def get_config(self) -> dict[str, Any]:
        return {**Loss.get_config(self), **{option: getattr(self, option) for option in self._fn_kwargs}}
