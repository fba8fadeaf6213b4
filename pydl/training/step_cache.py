"""The layers and weights of a training step, and the obstacles to its plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..autograd.changes import Snapshot
from ..autograd.recordable import can_replay
from ..autograd.tape import state
from ..autograd.variable import Variable
from ..layers import Layer
from .batches import Batch
from .compile_utils import CompiledLoss


class StepCache(NamedTuple):
    """The layers and weights of a step, cached: collecting them takes longer than a step of a small model."""

    snapshot: Snapshot  # the cache is valid while this is
    layers: list[Layer]  # without the model, which holds the cache
    variables: list[Variable]
    regularized: list[Variable]
    obstacle: str | None  # why no plan can replay a training step


def obstacles(layers: Sequence[Layer], loss: CompiledLoss | None, regularized: Sequence[Variable]) -> Iterator[str]:
    """All obstacles to a plan of a training step that are known before one is recorded."""
    if loss is None:
        yield "no loss is compiled; give one to compile(optimizer, loss)"
    elif (reason := loss.obstacle()) is not None:
        yield reason
    for layer in layers:
        if (reason := can_replay(layer)) is not None:
            yield reason
    for variable in regularized:
        yield f"Variable {variable.path!r}: its regularizer adds a loss; weight_decay of the optimizer replays"


def batch_obstacle(batch: Batch, variables: Sequence[Variable]) -> str | None:
    """Why the step of this batch cannot replay, for any model; None if it can."""
    if batch.sample_weight is not None:
        return "the batch has sample or class weights; without them the step replays"
    if type(batch.x) is not np.ndarray or type(batch.y) is not np.ndarray:
        return "x and y of the batch are not one array each; a model with one input and one output replays"
    if not state.grad_enabled:
        return "gradients are switched off; leave `with no_grad()`"
    if not all([v.requires_grad for v in variables]):
        return "requires_grad of a trained variable is False; freeze it with trainable = False"
    return None
