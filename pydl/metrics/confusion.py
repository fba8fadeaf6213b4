"""Counts of true and false positives and false negatives; precision and recall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.tensor import wrap
from ..base.errors import as_integer, number, positive_integer
from ..losses.alignment import is_per_step, same_rank
from ..ops.sample_weight import spread
from .functions import paired
from .mean import values_of, weights_of
from .metric import Array, Metric

_BELOW_ALL = -1e10  # the threshold for top_k without thresholds, as in Keras


class Confusion(Metric):
    """Counts of y_pred > threshold against y_true, for each threshold. What is not 0 in y_true is positive.

    Args:
        thresholds: a number in [0, 1], or a list of them: the result then has a value for each. None: 0.5.
        top_k: only the k largest of the last axis can be positive; without thresholds they are.
        class_id: counts this index of the last axis alone.
    """

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        if top_k is not None:
            positive_integer(self.name, "top_k", top_k)
        if class_id is not None and as_integer(class_id) is None:
            raise TypeError(f"[{self.name}] class_id: expected an integer or None, got {class_id!r}")
        self.init_thresholds, self.top_k, self.class_id = thresholds, top_k, class_id
        self.thresholds = self._parsed(thresholds, 0.5 if top_k is None else _BELOW_ALL)
        self.reset_state()

    def _parsed(self, thresholds: Any, default: float) -> list[float]:
        if thresholds is None:
            return [default]
        values = list(thresholds) if isinstance(thresholds, list | tuple | np.ndarray) else [thresholds]
        parsed = [number(self.name, "thresholds", each) for each in values]
        if not parsed or not all(0 <= each <= 1 for each in parsed):
            raise ValueError(f"[{self.name}] thresholds: expected numbers in [0, 1], got {thresholds!r}")
        return parsed

    def reset_state(self) -> None:
        self.true_positives, self.false_positives, self.false_negatives = np.zeros((3, len(self.thresholds)))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Counts a batch.

        Args:
            y_true: Targets, array-like (batch, ...); what is not 0 is positive.
            y_pred: Outputs, a tensor or array-like of the same shape, up to a last axis of 1.
            sample_weight: Factors, array-like: (batch,), the shape of y_pred, or its first axes; None is 1. Steps that
                the mask of y_pred leaves out do not count.

        Raises:
            ShapeError: The shapes do not fit.
            ValueError: class_id is no index of the last axis.

        Example:
            >>> metric = pydl.metrics.Recall(class_id=1)
            >>> metric.update_state([[0, 1], [1, 0]], [[0.1, 0.9], [0.8, 0.2]])
            >>> metric.result()
            1.0
        """
        weight = weights_of(sample_weight, y_pred)
        target, output = same_rank(values_of(y_true), wrap(values_of(y_pred)), is_per_step(weight))
        truth, outputs = paired(target, output.array)
        if weight is not None:
            weight = spread("metric", weight, outputs.shape)
        if self.top_k is not None:
            outputs = self._largest(outputs, self.top_k)
        if self.class_id is not None:
            if outputs.ndim < 2 or not -outputs.shape[-1] <= self.class_id < outputs.shape[-1]:
                raise ValueError(
                    f"[{self.name}] class_id: expected an index of the last axis of outputs {outputs.shape}, "
                    f"got {self.class_id}"
                )
            truth, outputs = truth[..., self.class_id], outputs[..., self.class_id]
            weight = None if weight is None else weight[..., self.class_id]
        self._count(truth != 0, outputs, weight)

    def _count(self, truth: Array, outputs: Array, weight: Array | None) -> None:
        def total(where: Array) -> float:
            return float(np.count_nonzero(where) if weight is None else weight[where].sum(dtype=np.float64))

        for i, threshold in enumerate(self.thresholds):
            predicted = outputs > threshold
            self.true_positives[i] += total(truth & predicted)
            self.false_positives[i] += total(~truth & predicted)
            self.false_negatives[i] += total(truth & ~predicted)

    @staticmethod
    def _largest(outputs: Array, k: int) -> Array:
        """The outputs, with all but the k largest of the last axis below all thresholds."""
        order = np.argsort(-outputs, axis=-1, kind="stable")[..., :k]
        largest = np.full(outputs.shape, _BELOW_ALL, np.float64)
        np.put_along_axis(largest, order, np.take_along_axis(outputs, order, axis=-1), axis=-1)
        return largest

    def _true_positive_share(self, total: Array) -> Any:
        """true_positives / total, 0 for a total of 0: a float, or an array for several thresholds."""
        share = np.divide(self.true_positives, total, out=np.zeros_like(total), where=total != 0)
        return float(share[0]) if len(share) == 1 else share

    def get_config(self) -> dict[str, Any]:
        options = {"thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}
        return {**super().get_config(), **options}


class Precision(Confusion):
    """Share of positive outputs that are right: tp / (tp + fp); 0 without positive outputs.

    An output is positive above the threshold, a target if it is not 0.

    Args:
        thresholds: Number in [0, 1], or a list of them, which gives a value for each; None is 0.5, or any output of the
            top_k.
        top_k: Only the k largest outputs along the last axis can be positive; None for all.
        class_id: Index of the last axis that alone counts; None for all.
        name: Name of the metric; None is "precision".
        dtype: Accepted, as in Keras, and kept in the config; counts are float64.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `update_state`.

    Raises:
        ValueError: A threshold is not in [0, 1], or top_k is no positive integer.
        TypeError: A threshold is not a number, or class_id is no integer.

    Example:
        >>> metric = pydl.metrics.Precision()
        >>> metric.update_state([0, 1, 1, 0], [0.6, 0.7, 0.2, 0.1])
        >>> metric.result()
        0.5
        >>> pydl.metrics.Precision([0.5, 0.9])([0, 1], [0.6, 0.7])
        array([0.5, 0. ])
    """

    def result(self) -> Any:
        """The share: a float, or an array (thresholds,) for a list of them."""
        return self._true_positive_share(self.true_positives + self.false_positives)


class Recall(Confusion):
    """Share of positive targets that are found: tp / (tp + fn); 0 without positive targets.

    An output is positive above the threshold, a target if it is not 0.

    Args:
        thresholds: Number in [0, 1], or a list of them, which gives a value for each; None is 0.5, or any output of the
            top_k.
        top_k: Only the k largest outputs along the last axis can be positive; None for all.
        class_id: Index of the last axis that alone counts; None for all.
        name: Name of the metric; None is "recall".
        dtype: Accepted, as in Keras, and kept in the config; counts are float64.

    Call arguments:
        y_true and y_pred (batch, ..., C), and sample_weight; see `update_state`.

    Raises:
        ValueError: A threshold is not in [0, 1], or top_k is no positive integer.
        TypeError: A threshold is not a number, or class_id is no integer.

    Example:
        >>> metric = pydl.metrics.Recall()
        >>> metric.update_state([0, 1, 1, 1], [0.6, 0.7, 0.2, 0.8])
        >>> round(metric.result(), 4)
        0.6667
    """

    def result(self) -> Any:
        """The share: a float, or an array (thresholds,) for a list of them."""
        return self._true_positive_share(self.true_positives + self.false_negatives)
