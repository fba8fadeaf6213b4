"""The losses and metrics of compile(), resolved for each output."""

from __future__ import annotations

import numbers
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .. import losses, metrics, ops
from ..autograd.recordable import can_replay
from ..autograd.tape import Array
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError
from ..base.tree import flatten
from ..base.warnings import warn_caller
from ..metrics import Mean
from ..metrics.mean import values_of, weights_of
from ..ops.left_out import not_finite_left_out
from .loss_checks import no_probability, suspicion


def output_names(y_pred: Any) -> list[str]:
    """Names of the outputs of a model without a graph: the keys of a dict, else numbered."""
    return list(y_pred) if isinstance(y_pred, dict) else [f"output_{i + 1}" for i in range(len(flatten(y_pred)))]


def for_each_output(what: str, value: Any, names: Sequence[str]) -> list[Any]:
    """`value` as a list, one element per output: from a list, from a dict by output, or the same for all."""
    if isinstance(value, dict) and "class_name" not in value:
        unknown = [name for name in value if name not in names]
        if unknown:
            raise ValueError(
                f"[compile] {what}: expected names of outputs, {', '.join(map(repr, names))}, got {unknown[0]!r}"
            )
        return [value.get(name) for name in names]
    if isinstance(value, list | tuple):
        if len(value) != len(names):
            raise ValueError(f"[compile] {what}: expected {len(names)}, one for each output, got {len(value)}")
        return list(value)
    return [value] * len(names)


class CompiledLoss:
    """The loss of every output, its weight, and its mean over the batches so far."""

    def __init__(self, loss: Any, weights: Any, names: Sequence[str] | None) -> None:
        several = isinstance(loss, list | tuple | dict) and "class_name" not in loss
        for each in flatten(loss) if several else [loss]:
            if each is not None:
                losses.as_loss(each)  # an unknown name fails here, not in the first step
        for weight in flatten(weights):
            if weight is not None and not isinstance(weight, numbers.Real):
                raise TypeError(f"[compile] loss_weights: expected numbers, got {weight!r}")
        self._argument, self._weights = loss, weights
        self._checked: set[tuple[str, bool]] = set()
        # Without the names of the outputs, the rest is checked at the first batch.
        self._parts = self._resolve(names) if names else None

    def _resolve(self, names: Sequence[str]) -> list[tuple[losses.Loss | None, float, Mean]]:
        value = for_each_output("loss", self._argument, names)
        weights = for_each_output("loss_weights", self._weights, names)
        return [
            (None if loss is None else losses.as_loss(loss), 1.0 if w is None else float(w), Mean(f"{name}_loss"))
            for loss, w, name in zip(value, weights, names, strict=True)
        ]

    def parts(self) -> list[losses.Loss]:
        """The losses, once the names of the outputs are known."""
        return [loss for loss, _, _ in self._parts or () if loss is not None]

    @property
    def single(self) -> losses.Loss | None:
        """The loss of a model with one output, if any."""
        if self._parts is None:
            several = isinstance(self._argument, list | tuple | dict) and "class_name" not in self._argument
            return None if several else losses.as_loss(self._argument)
        return self._parts[0][0] if len(self._parts) == 1 else None

    def obstacle(self) -> str | None:
        """Why no plan can replay the loss in a training step; None if one can."""
        if self.single is None:
            return "the model has several outputs or losses; with one of each it replays"
        return can_replay(self.single)

    def terms(self, names: Sequence[str], y: list[Any], y_pred: list[Tensor], sample_weight: list[Any]) -> list[Tensor]:
        """The weighted losses, scalars, of the outputs that have one."""
        if self._parts is None:
            self._parts = self._resolve(names)
        found = []
        for (loss, factor, mean), name, target, output, weight in zip(
            self._parts, names, y, y_pred, sample_weight, strict=True
        ):
            if loss is None:
                continue
            if target is None:
                raise ValueError("[fit] y: expected targets for the loss, got None")
            if (mean.name, output.node is not None) not in self._checked:
                self._check_first_batch(mean.name, loss, output, target if weight is None else None)
            try:
                term = loss(target, output, weight)
            except (losses.LabelError, ShapeError) as error:
                error.output, error.y_shape, error.y_pred_shape = name, np.shape(target), output.shape  # type: ignore[union-attr]
                raise
            if term.ndim:  # reduction "none"
                term = ops.mean(term)
            if len(self._parts) > 1:
                mean._add(term.array.item(), output.shape[0])
            found.append(term if factor == 1.0 else term * factor)
        return found

    def _check_first_batch(self, name: str, loss: losses.Loss, output: Tensor, target: Any) -> None:
        """Warns once of suspicious data in the first batch, and in the first with a tape, which shows more."""
        taped = output.node is not None
        self._checked.add((name, taped))
        strange = suspicion(loss, output) or (None if output.mask is not None else no_probability(loss, target))
        if strange is not None:
            self._checked.add((name, not taped))
            warn_caller(f"{loss.name}: {strange}")

    def results(self) -> dict[str, float]:
        """The mean loss of every output; empty for a single output, whose loss is the total."""
        parts = self._parts or []
        return {mean.name: mean.result() for loss, _, mean in parts if loss is not None} if len(parts) > 1 else {}

    @property
    def log_names(self) -> list[str] | None:
        """The names in `results`; None before they are known."""
        return None if self._parts is None else list(self.results())

    @property
    def means(self) -> list[Mean]:
        """The means of all outputs."""
        return [mean for _, _, mean in self._parts or ()]

    def reset(self) -> None:
        for _, _, mean in self._parts or ():
            mean.reset_state()


class CompiledMetrics:
    """The metrics of every output; the `weighted` ones use the sample weights."""

    def __init__(self, unweighted: Any, weighted: Any, names: Sequence[str] | None = None) -> None:
        for argument, value in (("metrics", unweighted), ("weighted_metrics", weighted)):
            if value is not None and not isinstance(value, list | tuple | dict):
                raise TypeError(f"[compile] {argument}: expected a list, got {value!r}")
            for metric in flatten(value) if value else ():
                if metric is not None and not _is_accuracy(metric):
                    metrics.get(metric)  # an unknown name fails here, not in the first step
        self._argument = {"metrics": unweighted, "weighted_metrics": weighted}
        self._parts = list(self._resolve(names)) if names else None

    def update(self, names: Sequence[str], y: list[Any], y_pred: list[Tensor], sample_weight: list[Any]) -> None:
        """Adds a batch to every metric."""
        if self._parts is None:
            self._parts = list(self._resolve(names))
        for part, target, output, weight in zip(self._parts, y, y_pred, sample_weight, strict=True):
            if target is not None:
                part.update(target, output, weight)

    def _resolve(self, names: Sequence[str]) -> Iterator[_OutputMetrics]:
        per_output = []
        for argument, value in self._argument.items():
            alone = len(names) == 1 and isinstance(value, list | tuple)  # [accuracy, mse] are two metrics of one output
            per_output.append([value] if alone else for_each_output(argument, value, names))
        for name, unweighted, weighted in zip(names, *per_output, strict=True):
            own = [(m, False) for m in flatten(unweighted) if m is not None]
            own += [(m, True) for m in flatten(weighted) if m is not None]
            yield _OutputMetrics(f"{name}_" if len(names) > 1 else "", own)

    def results(self) -> dict[str, float]:
        """Names to values; with several outputs, the output's name is the prefix."""
        return {name: value for part in self._parts or () for name, value in part.results().items()}

    @property
    def log_names(self) -> list[str] | None:
        """The names in `results`; None before they are known, at the latest after the first batch."""
        if self._parts is None:
            return None if any(self._argument.values()) else []
        names = [part.log_names() for part in self._parts]
        return None if None in names else [name for part in names for name in part or ()]

    @property
    def resolved(self) -> list[metrics.Metric]:
        """The metrics that have seen data."""
        return [metric for part in self._parts or () for metric, _ in part._resolved or ()]

    def reset(self) -> None:
        for part in self._parts or ():
            part.reset()


class _OutputMetrics:
    """The metrics of one output, resolved at the first batch."""

    def __init__(self, prefix: str, value: list[tuple[Any, bool]]) -> None:
        self._prefix, self._argument = prefix, value
        self._resolved: list[tuple[metrics.Metric, bool]] | None = None

    def reset(self) -> None:
        for metric, _ in self._resolved or ():
            metric.reset_state()

    def update(self, y_true: Array, y_pred: Tensor, sample_weight: Array | None) -> None:
        """Adds a batch to every metric. Masked steps have weight 0."""
        if self._resolved is None:
            self._resolved = [(self._resolve(m, y_true, y_pred.array), weighted) for m, weighted in self._argument]
        mask, weights = y_pred.mask, None
        if sample_weight is not None:
            weights, left_out = (
                weights_of(sample_weight, y_pred),
                not_finite_left_out(sample_weight, y_true, y_pred.array),
            )
            if left_out.any():  # unweighted metrics would count these NaN values
                mask = weights_of(~left_out, y_pred)
        for metric, weighted in self._resolved:
            weight = mask if weights is None or not weighted else weights
            if weight is not None:
                metric.update_state(y_true, y_pred.array, weight)
            else:
                metric.update_state(y_true, y_pred.array)

    @staticmethod
    def _resolve(metric: Any, y_true: Array, y_pred: Array) -> metrics.Metric:
        if _is_accuracy(metric):
            return metrics.accuracy_for(y_true.shape, y_pred.shape, metric)
        found: metrics.Metric = metrics.get(metric)
        return found

    def results(self) -> dict[str, float]:
        """Names to values, floats or arrays; a second metric of the same name gets a number."""
        found: dict[str, Any] = {}
        for metric, _ in self._resolved or ():
            result = metric.result()
            for own_name, value in result.items() if isinstance(result, dict) else [(metric.name, result)]:
                if value is None:
                    raise TypeError(f"[{metric.name}] result: expected a number, got None; is a return missing?")
                array = values_of(value)
                found[self._free_name(own_name, found)] = float(array.item()) if array.size == 1 else array.copy()
        return found

    def log_names(self) -> list[str] | None:
        """The names in `results`, also before the first batch; None if a user's metric may return a dict."""
        found: dict[str, None] = {}
        for value, _ in self._argument:
            metric = None if _is_accuracy(value) else metrics.get(value)
            if metric is not None and not type(metric).__module__.startswith("pydl."):
                return None
            found[self._free_name(value if metric is None else metric.name, found)] = None
        return list(found)

    def _free_name(self, own_name: str, taken: Mapping[str, Any]) -> str:
        name, number = self._prefix + own_name, 0
        while name in taken:
            number += 1
            name = f"{self._prefix}{own_name}_{number}"
        return name


def _is_accuracy(metric: Any) -> bool:
    return isinstance(metric, str) and metric.lower() in ("accuracy", "acc")
