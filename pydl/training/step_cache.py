"""What a step of training touches, and what stands against replaying it from a plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..autograd.changes import Snapshot
from ..autograd.replay import can_replay
from ..autograd.tape import state
from ..autograd.variable import Variable
from ..layers import Layer
from .batches import Batch
from .compile_utils import CompiledLoss


class StepCache(NamedTuple):
    """What a step touches, collected once: walking all layers for it costs more than a step of a small model."""

    snapshot: Snapshot  # while it holds, so does the rest
    layers: list[Layer]  # but the model itself, which keeps this
    variables: list[Variable]
    regularized: list[Variable]
    obstacle: str | None  # why no plan can hold a training step


def obstacles(layers: Sequence[Layer], loss: CompiledLoss | None, regularized: Sequence[Variable]) -> Iterator[str]:
    """All that is known, before a step is recorded, to stand against a plan of a training step."""
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
    """Why a plan cannot hold the step of this batch, whatever the model."""
    if batch.sample_weight is not None:
        return "the batch has sample or class weights; without them the step replays"
    if type(batch.x) is not np.ndarray or type(batch.y) is not np.ndarray:
        return "x and y of the batch are not one array each; a model with one input and one output replays"
    if not state.grad_enabled:
        return "gradients are switched off; leave `with no_grad()`"
    if not all([v.requires_grad for v in variables]):
        return "requires_grad of a trained variable is False; freeze it with trainable = False"
    return None
