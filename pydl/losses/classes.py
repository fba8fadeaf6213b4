"""The losses as classes of Keras's names, arguments and defaults."""

from __future__ import annotations

from typing import Any, ClassVar

from ..base.argument_names import arguments_of, constructor_arguments, refuse_unknown
from . import functions
from .cross_entropy import binary_crossentropy, categorical_crossentropy, sparse_categorical_crossentropy
from .loss import Loss, LossFunction, LossFunctionWrapper

MEAN = "sum_over_batch_size"


class _FunctionLoss(LossFunctionWrapper):
    """A loss whose function is known by the class; its options are arguments, attributes and part of the config."""

    _function: ClassVar[LossFunction]
    _name: ClassVar[str]

    def __init_subclass__(cls, fn: LossFunction | None = None, name: str | None = None) -> None:
        super().__init_subclass__()
        if fn is not None:
            cls._function, cls._name = staticmethod(fn), name or fn.__name__

    def __init__(
        self, reduction: str | None = MEAN, name: str | None = None, dtype: Any = None, **options: Any
    ) -> None:
        refuse_unknown(
            type(self).__name__,
            options,
            [*constructor_arguments(type(self)), *arguments_of(type(self)._function).names[2:]],
        )
        super().__init__(type(self)._function, reduction, name or self._name, dtype, **options)
        for option, value in options.items():
            setattr(self, option, value)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.fn(y_true, y_pred, **{option: getattr(self, option) for option in self._fn_kwargs})

    def get_config(self) -> dict[str, Any]:
        return {**Loss.get_config(self), **{option: getattr(self, option) for option in self._fn_kwargs}}


class MeanSquaredError(_FunctionLoss, fn=functions.mean_squared_error):
    """Mean of (y_pred - y_true)^2."""

    _recordable = True


class MeanAbsoluteError(_FunctionLoss, fn=functions.mean_absolute_error):
    """Mean of |y_pred - y_true|."""

    _recordable = True


class MeanAbsolutePercentageError(_FunctionLoss, fn=functions.mean_absolute_percentage_error):
    """Mean of the errors in percent of y_true."""

    _recordable = True


class MeanSquaredLogarithmicError(_FunctionLoss, fn=functions.mean_squared_logarithmic_error):
    """Mean of the squared differences of log(y + 1)."""

    _recordable = True


class LogCosh(_FunctionLoss, fn=functions.log_cosh):
    """Mean of log(cosh(y_pred - y_true))."""

    _recordable = True


class KLDivergence(_FunctionLoss, fn=functions.kl_divergence):
    """Sum of y_true * log(y_true / y_pred)."""

    _recordable = True


class Poisson(_FunctionLoss, fn=functions.poisson):
    """Mean of y_pred - y_true * log(y_pred)."""

    _recordable = True


class Hinge(_FunctionLoss, fn=functions.hinge):
    """Mean of max(1 - y_true * y_pred, 0)."""

    _recordable = True


class SquaredHinge(_FunctionLoss, fn=functions.squared_hinge):
    """Mean of max(1 - y_true * y_pred, 0)^2."""

    _recordable = True


class Huber(_FunctionLoss, fn=functions.huber, name="huber_loss"):
    """Quadratic for errors up to delta, linear beyond."""

    _recordable = True

    def __init__(
        self, delta: float = 1.0, reduction: str | None = MEAN, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(reduction, name, dtype, delta=delta)


class CosineSimilarity(_FunctionLoss, fn=functions.cosine_similarity):
    """Minus the cosine between y_true and y_pred."""

    _recordable = True

    def __init__(
        self, axis: int = -1, reduction: str | None = MEAN, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(reduction, name, dtype, axis=axis)


class BinaryCrossentropy(_FunctionLoss, fn=binary_crossentropy):
    """Cross-entropy of yes/no answers, from probabilities or (from_logits) from what a sigmoid would be applied to."""

    _recordable = True

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = MEAN,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(reduction, name, dtype, **options)


class CategoricalCrossentropy(_FunctionLoss, fn=categorical_crossentropy):
    """Cross-entropy of classes with one-hot labels; axis is that of the classes."""

    _recordable = True

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = MEAN,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(reduction, name, dtype, **options)


class SparseCategoricalCrossentropy(_FunctionLoss, fn=sparse_categorical_crossentropy):
    """Cross-entropy of classes with integer labels; labels of ignore_class do not count."""

    _recordable = True

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = MEAN,
        axis: int = -1,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        options = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(reduction, name, dtype, **options)
