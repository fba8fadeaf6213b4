"""StackedRNNCells, and the attributes of cells: sizes and initial states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.tensor import Tensor
from ..base.errors import ShapeError
from ..ops.constants import zeros
from ..ops.direction import states
from ..saving.serialization import deserialize, serialize
from .cells import Cell
from .layer import Layer, Shape

__all__ = ["StackedRNNCells"]


class StackedRNNCells(Layer):
    """Stack of cells as one cell: each reads the output of the one below.

    Args:
        cells: Cells, the lowest first. A cell has call(inputs, states) and state_size.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Call arguments:
        inputs (batch, features), states: list with the states of each cell, and training.

    Output shape:
        The output of the last cell, (batch, units), and the list with the new states of each cell.

    Raises:
        ValueError: There is no cell, or one lacks call or state_size.

    Example:
        >>> cell = pydl.layers.StackedRNNCells([pydl.layers.GRUCell(8), pydl.layers.GRUCell(4)])
        >>> pydl.layers.RNN(cell)(np.ones((2, 5, 3))).shape
        (2, 4)
        >>> cell.state_size
        [8, 4]
    """

    _recordable = True

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
        """State sizes of the cells, the lowest first."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> int:
        """Size of the output: that of the last cell."""
        return output_size(self.cells[-1])

    def build(self, input_shape: Shape) -> None:
        for cell in self.cells:
            if isinstance(cell, Layer):
                cell._build_once(input_shape)
            input_shape = (input_shape[0], output_size(cell))

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """States before the first step.

        Args:
            batch_size: Number of samples.

        Returns:
            List with the list of states of each cell.

        Example:
            >>> cell = pydl.layers.StackedRNNCells([pydl.layers.GRUCell(8), pydl.layers.GRUCell(4)])
            >>> [[state.shape for state in states] for states in cell.get_initial_state(2)]
            [[(2, 8)], [(2, 4)]]
        """
        return [initial_state(cell, batch_size, self.dtype) for cell in self.cells]

    def _dropout_masks(self, batch_size: int, training: Any) -> list[Any]:
        """`Cell._dropout_masks` of each cell."""
        return [c._dropout_masks(batch_size, training) if isinstance(c, Cell) else None for c in self.cells]

    def call(self, inputs: Tensor, states: Any, training: bool | None = None, masks: Any = None) -> Any:
        """One step of all cells.

        Args:
            inputs: Tensor (batch, features), in the layer's dtype.
            states: List with the states of each cell.
            training: Whether dropout of the cells is active.
            masks: List with the dropout masks of each cell; None draws new ones.

        Returns:
            The output of the last cell and the list with the new states of each cell.
        """
        new_states = []
        for cell, state, own in zip(self.cells, states, masks or [None] * len(self.cells), strict=True):
            options = {} if own is None else {"masks": own}
            inputs, new = cell(inputs, state, **options)
            new_states.append(new)
        return inputs, new_states

    def _replay_obstacle(self, training: bool) -> str | None:
        return unseen_cells(self.cells, training) or super()._replay_obstacle(training)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cells": [serialize(cell) for cell in self.cells]}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> StackedRNNCells:
        """Makes a layer of what `get_config` returned.

        Args:
            config: Dict of arguments of the constructor, the inner layers as dicts of class name and config.
            custom_objects: Dict of users' own classes of inner layers by their names.
        """
        return cls(**{**config, "cells": [deserialize(cell, custom_objects) for cell in config["cells"]]})


def unseen_cells(cells: Sequence[Any], training: bool) -> str | None:
    """The replay obstacle of cells that are no layers; layers are checked by themselves."""
    foreign = [type(cell).__name__ for cell in cells if not isinstance(cell, Layer)]
    return (
        f"a plan cannot record the Python code of cell {foreign[0]}; use cells of pydl"
        if training and foreign
        else None
    )


def output_size(cell: Any) -> int:
    """The size of a cell's output: its `output_size`, else the size of its first state."""
    size = getattr(cell, "output_size", None)
    if size is None:
        size = cell.state_size[0] if isinstance(cell.state_size, list | tuple) else cell.state_size
    return int(size)


def initial_state(cell: Any, batch_size: int, dtype: Any) -> list[Any]:
    """The list of the cell's states before the first step: `get_initial_state`, else zeros."""
    if hasattr(cell, "get_initial_state"):
        state = cell.get_initial_state(batch_size)
        return list(state) if isinstance(state, list | tuple) else [state]
    return [zeros((batch_size, size), dtype) for size in state_sizes(cell)]


def state_sizes(cell: Any) -> list[Any]:
    """The sizes of a cell's states, as a list."""
    return list(cell.state_size) if isinstance(cell.state_size, list | tuple) else [cell.state_size]


def checked_states(layer: str, cell: Any, batch_size: int, initial_state: Any) -> list[Any]:
    """The checked states of a call. ValueError for another count, ShapeError for another size."""
    sizes = state_sizes(cell)
    found = list(states(layer, initial_state, len(sizes)))
    for number, (size, state) in enumerate(zip(sizes, found, strict=True), 1):
        shape = state.shape if hasattr(state, "shape") else np.shape(state)
        if isinstance(size, int) and tuple(shape) != (batch_size, size):
            which = f" as state {number}" if len(sizes) > 1 else ""
            raise ShapeError(f"[{layer}] initial_state: expected shape {(batch_size, size)}{which}, got {tuple(shape)}")
    return found
