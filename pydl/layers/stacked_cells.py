"""Cells on top of each other as one cell, and what any object that serves as a cell must say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..tape import fixed
from ..tensor import Tensor, as_tensor
from .cells import Cell
from .layer import Layer, Shape


class StackedRNNCells(Layer):
    """Cells on top of each other as one: each reads the output of the one before. Its states are a list for each."""

    def __init__(self, cells: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for cell in cells:
            if not hasattr(cell, "call") or not hasattr(cell, "state_size"):
                raise ValueError(f"[{self.name}] cells: expected cells with call() and state_size, got {cell!r}")
        self.cells = list(cells)
        if not self.cells:
            raise ValueError(f"[{self.name}] cells: expected at least one cell, got {cells!r}")

    @property
    def state_size(self) -> list[Any]:
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> int:
        return output_size(self.cells[-1])

    def build(self, input_shape: Shape) -> None:
        for cell in self.cells:
            if isinstance(cell, Layer):
                cell._build_once(input_shape)
            input_shape = (input_shape[0], output_size(cell))

    def get_initial_state(self, batch_size: int) -> list[Any]:
        return [initial_state(cell, batch_size, self.dtype) for cell in self.cells]

    def _dropout_masks(self, batch_size: int, training: Any) -> list[Any]:
        """What `Cell._dropout_masks` gives, for each cell."""
        return [c._dropout_masks(batch_size, training) if isinstance(c, Cell) else None for c in self.cells]

    def call(self, inputs: Tensor, states: Any, training: bool | None = None, masks: Any = None) -> Any:
        new_states = []
        for cell, state, own in zip(self.cells, states, masks or [None] * len(self.cells), strict=True):
            options = {} if own is None else {"masks": own}
            inputs, new = cell(inputs, state, **options)
            new_states.append(new)
        return inputs, new_states

    def get_config(self) -> dict[str, Any]:
        from ..models.serialization import serialize

        return {**super().get_config(), "cells": [serialize(cell) for cell in self.cells]}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> StackedRNNCells:
        from ..models.serialization import deserialize

        return cls(**{**config, "cells": [deserialize(cell, custom_objects) for cell in config["cells"]]})


def output_size(cell: Any) -> int:
    """The size of a cell's output: what it says, else that of its first state."""
    size = getattr(cell, "output_size", None)
    if size is None:
        size = cell.state_size[0] if isinstance(cell.state_size, list | tuple) else cell.state_size
    return int(size)


def initial_state(cell: Any, batch_size: int, dtype: Any) -> list[Any]:
    """A list of the cell's states before the first step: what it says, else zeros."""
    if hasattr(cell, "get_initial_state"):
        state = cell.get_initial_state(batch_size)
        return list(state) if isinstance(state, list | tuple) else [state]
    sizes = cell.state_size if isinstance(cell.state_size, list | tuple) else [cell.state_size]
    return [as_tensor(fixed(np.zeros((batch_size, size), dtype))) for size in sizes]
