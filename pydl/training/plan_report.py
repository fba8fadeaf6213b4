"""The report of `Model.explain_plan`: whether calls and training steps replay a plan, and if not, why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from textwrap import wrap
from typing import Any

import numpy as np

from ..autograd.recordable import can_replay
from .step_cache import obstacles

_WIDTH, _INDENT = 100, " " * 8
_CALLS = {"inference": "call", "training": "step"}


@dataclass(frozen=True)
class PlanState:
    """Whether a model's calls, or its training steps, replay a plan.

    Attributes:
        replays: True or False; None before the first call, if no obstacle is known.
        kernels: the kernels that a replay runs, in their order, for the latest inputs; empty without a plan.
        reasons: the obstacles to a plan, each as "obstacle; what to change".
        plans: for each recent shape of inputs a dict of "inputs" (shapes and dtypes), "ops" (the kernels), "runs"
            (how often it was replayed) and "reason" (None: it replays).
    """

    replays: bool | None
    kernels: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    plans: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class PlanReport:
    """What `Model.explain_plan` returns; print it.

    Attributes:
        model: the model's class and name.
        inference: the state of calls without a tape, such as those of `predict` and `evaluate`.
        training: that of the steps of `fit` and `train_on_batch`.
    """

    model: str
    inference: PlanState
    training: PlanState

    def __str__(self) -> str:
        return "\n".join([self.model, *_lines("inference", self.inference), *_lines("training", self.training)])

    __repr__ = __str__


def report(model: Any) -> PlanReport:
    """The report of a model."""
    return PlanReport(f"{type(model).__name__} {model.name!r}", _inference(model), _training(model))


def _inference(model: Any) -> PlanState:
    """From the recorded plans; before the first call, from the layers."""
    plans = model._plans.info()
    return _state(plans, [] if plans else _of_layers(model, training=False))


def _training(model: Any) -> PlanState:
    """From the layers and the loss; then from the batch of the last step and the recorded plans."""
    if not model._compiled:
        return _state(
            [], ["the model is not compiled; call compile(optimizer, loss)", *_of_layers(model, training=True)]
        )
    regularized = [v for v in model.trainable_weights if v.regularizer is not None]
    known = list(obstacles(model._all_layers(), model._loss, regularized))
    if not known and model._step_obstacle is not None:
        known = [f"the last step: {model._step_obstacle}"]
    return _state(model._training_plans.info(), known)


def _of_layers(model: Any, training: bool) -> list[str]:
    return [reason for layer in model._all_layers() if (reason := can_replay(layer, training)) is not None]


def _state(plans: list[dict[str, Any]], known: list[str]) -> PlanState:
    if known:
        return PlanState(False, reasons=known, plans=plans)
    if not plans:
        return PlanState(None)
    reasons = list(dict.fromkeys(plan["reason"] for plan in plans if plan["reason"] is not None))
    return PlanState(plans[-1]["reason"] is None, plans[-1]["ops"], reasons, plans)


def _lines(what: str, state: PlanState) -> Iterator[str]:
    if state.replays is None:
        yield f"{what}: no obstacle to a plan so far; the first {_CALLS[what]} records one"
        return
    yield f"{what}: {'replays a plan' if state.replays else 'runs layer by layer'}"
    for plan in state.plans:
        if plan["reason"] is None:
            yield f"    {_inputs(plan['inputs'])}: {len(plan['ops'])} kernels, replayed {plan['runs']} times"
            yield from wrap(_kernels(plan["ops"]), _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)
    for reason in state.reasons:
        obstacle, _, change = reason.partition("; ")
        yield from wrap(obstacle, _WIDTH, initial_indent="    ", subsequent_indent="    ")
        if change:
            yield from wrap(f"to change: {change}", _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)


def _inputs(key: Any) -> str:
    """The input arrays of a plan: (8, 4) float32, (8,) int64."""
    ends = [end for end in key if isinstance(end, tuple) and len(end) == 2 and isinstance(end[1], str)] or [key]
    return ", ".join(f"{shape} {np.dtype(char).name}" for shape, char in ends)


def _kernels(ops: list[str]) -> str:
    """The names of the kernels; repetitions in a row are counted: 3 x add."""
    runs = [(name, len(list(group))) for name, group in groupby(ops)]
    return ", ".join(name if count == 1 else f"{count} x {name}" for name, count in runs)
