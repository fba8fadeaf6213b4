"""What compile() makes of the names it was given: the metrics, resolved when the first outputs are seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import metrics
from ..tape import Array


class CompiledMetrics:
    """The metrics of a model; those under `weighted` see the sample weights."""

    def __init__(self, plain: Sequence[Any] | None, weighted: Sequence[Any] | None) -> None:
        for argument, given in (("metrics", plain), ("weighted_metrics", weighted)):
            if given is not None and not isinstance(given, list | tuple):
                raise TypeError(f"[compile] {argument}: expected a list, got {given!r}")
        self._given = [(m, False) for m in plain or ()] + [(m, True) for m in weighted or ()]
        for metric, _ in self._given:
            if not _is_accuracy(metric):
                metrics.get(metric)  # an unknown name fails here, not in the first step
        self._resolved: list[tuple[metrics.Metric, bool]] | None = None

    def update(self, y_true: Array, y_pred: Array, sample_weight: Array | None, mask: Array | None = None) -> None:
        """Adds a batch to every metric. Masked steps weigh nothing."""
        if self._resolved is None:
            self._resolved = [(self._resolve(m, y_true, y_pred), weighted) for m, weighted in self._given]
        if mask is not None and sample_weight is not None:
            sample_weight = mask * sample_weight.reshape(sample_weight.shape + (1,) * (mask.ndim - sample_weight.ndim))
        elif mask is not None:
            sample_weight = mask
        for metric, weighted in self._resolved:
            weight = sample_weight if weighted else mask
            if weight is not None:
                metric.update_state(y_true, y_pred, weight)
            else:
                metric.update_state(y_true, y_pred)

    @staticmethod
    def _resolve(metric: Any, y_true: Array, y_pred: Array) -> metrics.Metric:
        if _is_accuracy(metric):
            return metrics.accuracy_for(y_true.shape, y_pred.shape, metric)
        return metrics.get(metric)

    def results(self) -> dict[str, float]:
        """Names to values; a second metric of one name gets a number."""
        found: dict[str, float] = {}
        for metric, _ in self._resolved or ():
            name, number = metric.name, 0
            while name in found:
                number += 1
                name = f"{metric.name}_{number}"
            found[name] = float(metric.result())
        return found

    def reset(self) -> None:
        for metric, _ in self._resolved or ():
            metric.reset_state()


def _is_accuracy(metric: Any) -> bool:
    return isinstance(metric, str) and metric.lower() in ("accuracy", "acc")
