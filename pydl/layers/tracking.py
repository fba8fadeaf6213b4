"""The parts of a layer: the layers and variables among its attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..variable import Variable

if TYPE_CHECKING:
    from .layer import Layer

Item = TypeVar("Item")


def unique(items: Iterator[Item]) -> list[Item]:
    """Each object once, in order of first appearance."""
    return list({id(item): item for item in items}.values())


class Tracked:
    """What a layer knows of its parts, and what it does to all of them."""

    name: str
    _trainable: bool
    _variables: list[Variable]
    _state_variables: list[Variable]

    def _children(self) -> Iterator[Any]:
        """The layers among the attributes."""
        for value in vars(self).values():
            if isinstance(value, Tracked):
                yield value
            elif isinstance(value, list | tuple):
                yield from (item for item in value if isinstance(item, Tracked))
            elif isinstance(value, dict):
                yield from (item for item in value.values() if isinstance(item, Tracked))

    def _own_variables(self) -> Iterator[Variable]:
        yield from self._variables
        yield from (value for value in vars(self).values() if isinstance(value, Variable))

    def _flatten(self) -> list[Layer]:
        """This layer and every layer inside it, each once."""
        found: dict[int, Layer] = {}
        stack: list[Any] = [self]
        while stack:
            layer = stack.pop()
            if id(layer) not in found:
                found[id(layer)] = layer
                stack.extend(reversed(list(layer._children())))
        return list(found.values())

    def _weights(self, keep: Callable[[Layer, Variable], bool]) -> list[Variable]:
        return unique(v for layer in self._flatten() for v in layer._own_variables() if keep(layer, v))

    @property
    def weights(self) -> list[Variable]:
        """All variables: of this layer, then of the layers inside it."""
        return self._weights(lambda layer, v: True)

    def _all_weights(self) -> list[Variable]:
        """What a plan may read of this layer."""
        return self.weights + [variable for layer in self._flatten() for variable in layer._state_variables]

    @property
    def trainable_weights(self) -> list[Variable]:
        return self._weights(lambda layer, v: v.trainable)

    @property
    def non_trainable_weights(self) -> list[Variable]:
        return self._weights(lambda layer, v: not v.trainable)

    variables = weights
    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    @property
    def trainable(self) -> bool:
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        """Freezes or frees all weights, also of the layers inside."""
        for layer in self._flatten():
            layer._trainable = bool(value)
            for variable in layer._own_variables():
                variable.trainable = bool(value) and variable.declared_trainable

    def get_weights(self) -> list[np.ndarray[Any, Any]]:
        """Copies of all weights, in the order of `weights`."""
        return [v.array.copy() for v in self.weights]

    def set_weights(self, values: Sequence[Any]) -> None:
        """Writes all weights. ValueError if the number of arrays differs, ShapeError if one does not fit."""
        weights = self.weights
        if len(values) != len(weights):
            raise ValueError(f"[{self.name}] set_weights: expected {len(weights)} arrays, got {len(values)}")
        for variable, value in zip(weights, values, strict=True):
            variable.assign(value)

    def count_params(self) -> int:
        """The number of elements of all weights, trained or not."""
        return sum(v.size for v in self.weights)
