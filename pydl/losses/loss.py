"""Loss: from a value per sample to one number for the batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from ..autograd.changes import Counted
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_array, as_tensor
from ..base.argument_names import NamesArguments
from ..base.registry import snake_case
from .alignment import is_per_step, same_rank, spread
from .left_out import counted_values

LossFunction = Callable[..., Tensor]
_REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


class Loss(NamesArguments, Counted):
    """Base: override `call(y_true, y_pred)`, which gives a tensor with a value per sample.

    Args:
        reduction: "sum_over_batch_size" (or "mean") is the sum divided by the number of values, weighted or not; "sum";
            "mean_with_sample_weight" divides by the sum of the weights; "none" or None keeps the values.
        dtype: "float32" or "float64", what is computed in. None: that of y_pred if it is a tensor of floats, so that
            models in float64 keep their precision; else float32.
    """

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        self.name = name or snake_case(type(self).__name__)
        if reduction not in _REDUCTIONS:
            raise ValueError(f"[{self.name}] reduction: expected one of {_REDUCTIONS}, got {reduction!r}")
        if dtype is not None and np.dtype(dtype) not in (np.float32, np.float64):
            raise ValueError(f"[{self.name}] dtype: expected float32 or float64, got {dtype!r}")
        self.reduction = reduction
        self._dtype = None if dtype is None else np.dtype(dtype)

    @property
    def dtype(self) -> str:
        return (self._dtype or np.dtype(np.float32)).name

    @property
    def _in_kernels(self) -> bool:
        """Whether it is known that nothing but kernels looks at the values: then a plan may hold the loss."""
        return False

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} must override call(y_true, y_pred)")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The loss of a batch. y_true and y_pred may differ by a last axis of 1, also in losses of your own.

        sample_weight: a number per sample, or of the shape of the values. What weighs 0, and the steps that the mask of
        y_pred leaves out, count for nothing, whatever stands there; masked steps also not in the number to divide by.
        """
        if isinstance(y_pred, dict):  # several outputs are for a loss of the user's own to arrange
            return self._reduced(as_tensor(self._values(y_true, y_pred)), None, None)
        output = self._output(y_pred)
        target, mask = self._target(y_true, output.dtype), output.mask
        weight = None if sample_weight is None else as_array(sample_weight, output.dtype)
        target, aligned = same_rank(target, output, mask is not None or is_per_step(weight))
        if mask is None and weight is None:
            values = as_tensor(self._values(target, aligned))
            return self._reduced(values, None, values.mask)
        aligned.mask = mask

        def left_out(shape: tuple[int, ...]) -> Array:
            return np.asarray(self._weights(mask, weight, shape, output.dtype) == 0)

        axes = max([each.ndim for each in (mask, weight) if each is not None])
        values = counted_values(self._values, target, aligned, left_out, axes)
        return self._reduced(values, weight, _both(mask, values.mask))

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

    @staticmethod
    def _target(y_true: Any, dtype: np.dtype[Any]) -> Array:
        """Integers are labels and stay integers, wide enough not to wrap round; all else becomes `dtype`."""
        target = as_array(y_true)
        if target.dtype in (dtype, np.int32, np.int64):
            return target
        return target.astype(np.int64 if target.dtype.kind in "iu" and target.dtype != np.uint64 else dtype)

    @staticmethod
    def _weights(mask: Array | None, weight: Array | None, shape: tuple[int, ...], dtype: Any) -> Array:
        """For each value, its weight; 0 where it is masked."""
        total = np.ones(shape, dtype)
        for each in (mask, weight):
            if each is not None:
                total *= spread("loss", as_array(each, dtype), shape)
        return total

    def _reduced(self, values: Tensor, weight: Array | None, mask: Array | None) -> Tensor:
        if weight is None and mask is None:
            if self.reduction in ("none", None):
                return values
            # The mean over nothing is 0.
            return ops.sum(values) if self.reduction == "sum" or not values.size else ops.mean(values)
        if values.ndim == 0:  # of a function that has reduced for itself: the same for all
            finest = max([each for each in (mask, weight) if each is not None], key=lambda each: each.size)
            values = ops.broadcast_to(values, finest.shape)
        count, weights = float(values.size), self._weights(mask, weight, values.shape, values.dtype)
        if mask is not None:
            count = float(spread("loss", as_array(mask, values.dtype), values.shape).sum(dtype=np.float64))
        values = ops.multiply(values, weights)
        if self.reduction in ("none", None):
            return values
        total = ops.sum(values)
        if self.reduction == "sum":
            return total
        if self.reduction == "mean_with_sample_weight":
            count = float(weights.sum(dtype=np.float64))
        return total / count if count else total

    def get_config(self) -> dict[str, Any]:
        config = {"name": self.name, "reduction": self.reduction}
        return config if self._dtype is None else {**config, "dtype": self._dtype.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        return cls(**config)


def _both(a: Array | None, b: Array | None) -> Array | None:
    """The mask that leaves out what either does."""
    if a is None or b is None:
        return b if a is None else a
    return a & b if a.shape == b.shape else b & spread("loss", a, b.shape)


class LossFunctionWrapper(Loss):
    """A loss made of a function (y_true, y_pred, **kwargs) -> a value per sample."""

    def __init__(
        self,
        fn: LossFunction,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name or getattr(fn, "__name__", None), reduction, dtype)
        self.fn, self._fn_kwargs = fn, kwargs

    @property
    def _in_kernels(self) -> bool:
        from .functions import IN_KERNELS

        return self.fn in IN_KERNELS and type(self).__module__.startswith("pydl.losses.")

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "fn": self.fn, **self._fn_kwargs}
