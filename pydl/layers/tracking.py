"""Tracking: the layers and variables among the attributes of a layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, TypeVar

import numpy as np

from ..autograd.tensor import as_array
from ..autograd.variable import Variable, numbers
from ..base.errors import ShapeError
from ..saving.paths import named_weights
from .attributes import checked_flag
from .containers import CONTAINERS, Part, parts_in

Item = TypeVar("Item")

PARTS_OR_CONTAINERS = (Part, Variable, *CONTAINERS)
UNWATCHED = frozenset({"_variables", "_losses", "_state_variables", "_step_cache", "_warned", "_since"})


def unique(items: Iterable[Item]) -> list[Item]:
    """Each object once, in order of first appearance."""
    return list({id(item): item for item in items}.values())


class Tracked(Part):
    """The part of a layer that finds its layers and variables, and acts on all of them.

    They are found among the attributes and in nested containers. Their order is that in which the layer got them: when
    the attribute was set, or later, when a part was created and put into an existing container.
    """

    name: str
    _trainable: bool
    _variables: list[Variable]  # of add_weight
    _state_variables: list[Variable]

    def _on_part_set(self, name: str, value: Any) -> None:
        """Called before the attribute `name` is set to a part or a container."""
        attributes = vars(self)
        if attributes.get(name) is not value:
            attributes.setdefault("_since", {})[name] = next(numbers)

    def _found_parts(self) -> list[Any]:
        """The layers and variables among the attributes."""
        attributes = vars(self)
        since = attributes.get("_since", {})
        found = [(part._number, part) for part in self._variables]
        for name, value in list(attributes.items()):  # a copy: another thread may set one
            if isinstance(value, PARTS_OR_CONTAINERS) and name not in UNWATCHED:
                found += [(max(since.get(name, 0), part._number), part) for part in parts_in(value)]
        return unique(part for _, part in sorted(found, key=itemgetter(0)))

    def _children(self) -> Iterator[Any]:
        """The layers among the attributes."""
        return (part for part in self._found_parts() if isinstance(part, Tracked))

    def _own_variables(self) -> list[Variable]:
        """The layer's own variables, trainable ones first, as in Keras; without states of recurrent layers."""
        states = {id(state) for state in self._state_variables}
        found = [part for part in self._found_parts() if isinstance(part, Variable) and id(part) not in states]
        return sorted(found, key=lambda variable: not variable.declared_trainable)

    def _all_layers(self) -> list[Any]:
        """This layer and all nested layers, each once."""
        found: dict[int, Any] = {}
        stack: list[Any] = [self]
        while stack:
            layer = stack.pop()
            if id(layer) not in found:
                found[id(layer)] = layer
                stack.extend(reversed(list(layer._children())))
        return list(found.values())

    def _weights_where(self, keep: Callable[[Any, Variable], bool]) -> list[Variable]:
        return unique(v for layer in self._all_layers() for v in layer._own_variables() if keep(layer, v))

    @property
    def weights(self) -> list[Variable]:
        """All variables: those of the layer, then those of the layers inside. `variables` is the same."""
        return self._weights_where(lambda layer, v: True)

    def _all_weights(self) -> list[Variable]:
        """The variables that a plan may read: weights and states."""
        return self.weights + [variable for layer in self._all_layers() for variable in layer._state_variables]

    def _plan_parts(self) -> list[Any]:
        """The layers whose changes invalidate plans of this layer."""
        return list(self._all_layers())

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that `fit` changes; none of a frozen layer. `trainable_variables` is the same."""
        return self._weights_where(lambda layer, v: v.trainable) if self._trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that `fit` does not change; all of a frozen layer. `non_trainable_variables` is the same."""
        return self._weights_where(lambda layer, v: not v.trainable) if self._trainable else self.weights

    variables = weights
    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    @property
    def trainable(self) -> bool:
        """Whether `fit` changes the weights. Setting it sets the layers inside too, and needs no `compile`."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        """Freezes or unfreezes all weights, those of nested layers too. It takes effect without `compile`."""
        value = checked_flag(self.name, "trainable", value)
        for layer in self._all_layers():
            layer._trainable = value
            for variable in layer._own_variables():
                variable.trainable = value and variable.declared_trainable

    def get_weights(self) -> list[np.ndarray[Any, Any]]:
        """Copies of all weights.

        Returns:
            List of arrays, in the order of `weights`.

        Example:
            >>> layer = pydl.layers.Dense(4)
            >>> layer.build((None, 3))
            >>> [array.shape for array in layer.get_weights()]
            [(3, 4), (4,)]
        """
        return [v.array.copy() for v in self.weights]

    def set_weights(self, values: Sequence[Any]) -> None:
        """Writes all weights; none of them if one does not fit.

        Args:
            values: List of arrays of the shapes of `weights`, in their order. They are cast to the dtypes of the
                weights.

        Raises:
            ValueError: The number of arrays is another one.
            ShapeError: An array has another shape.

        Example:
            >>> layer = pydl.layers.Dense(2, use_bias=False)
            >>> layer.build((None, 2))
            >>> layer.set_weights([np.eye(2)])
            >>> layer(np.array([[3.0, 4.0]])).numpy()
            array([[3., 4.]], dtype=float32)
        """
        weights = self.weights
        if len(values) != len(weights):
            raise ValueError(f"[{self.name}] set_weights: expected {len(weights)} arrays, got {len(values)}")
        arrays = [as_array(value) for value in values]
        for i, (variable, array) in enumerate(zip(weights, arrays, strict=True)):
            if array.shape != variable.shape:
                path = named_weights(self)[i].path
                raise ShapeError(
                    f"[{self.name}] set_weights: {path}: expected shape {variable.shape}, got {array.shape}"
                )
        for variable, array in zip(weights, arrays, strict=True):
            variable.assign(array)

    def count_params(self) -> int:
        """Number of elements of all weights, trained or not.

        Returns:
            An integer.

        Example:
            >>> layer = pydl.layers.Dense(4)
            >>> layer.build((None, 3))
            >>> layer.count_params()
            16
        """
        return sum(v.size for v in self.weights)
