"""What a step of training touches, and whether a plan may hold it."""

from __future__ import annotations

from typing import NamedTuple

from ..autograd.changes import Snapshot
from ..autograd.variable import Variable
from ..layers import Layer


class StepCache(NamedTuple):
    """What a step touches, collected once: walking all layers for it costs more than a step of a small model."""

    snapshot: Snapshot  # while it holds, so does the rest
    layers: list[Layer]  # but the model itself, which keeps this
    variables: list[Variable]
    regularized: list[Variable]
    replayable: bool  # whether a plan may hold a training step


def is_own(layer: Layer) -> bool:
    """Whether no step of the layer runs Python of others, which may do what a recording does not see."""
    parts = [type(layer)] + [
        value if hasattr(value, "__module__") else type(value)
        for name, value in vars(layer).items()
        if callable(value) and not name.endswith(("initializer", "constraint"))  # those do not run in a step's plan
    ]
    return "call" not in vars(layer) and all((part.__module__ or "").startswith("pydl.") for part in parts)
