"""Slot variables of optimizers. A slot belongs to its variable: a copy of both keeps that relation."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..autograd.tape import Array
from ..autograd.variable import Variable

State = tuple[Array, ...]


class Slots:
    """The state arrays of variables, in the order in which the variables were first seen.

    The variables are held by weak references: the state of a variable is freed with it. State that was loaded without
    variables (of an optimizer that was copied alone) is pending: it is assigned in order to the first variables that
    get state.
    """

    def __init__(self) -> None:
        self._states: dict[int, State] = {}  # by position
        self._positions: dict[int, tuple[weakref.ref[Variable], int]] = {}  # by id(variable)
        self._loaded = False  # until a variable is used: the state of a variable that is freed before stays pending
        self.groups: dict[Any, Any] = {}  # the optimizer's cache of groups, cleared when a variable is freed

    def __len__(self) -> int:
        return len(self._positions)

    def __iter__(self) -> Iterator[State]:
        return iter([self._states[position] for position in sorted(self._states)])

    def __getitem__(self, variable: Variable) -> State:
        return self._states[self._positions[id(variable)][1]]

    def add(self, variables: Sequence[Variable], make: Callable[[Variable], State]) -> None:
        """Gives state to the variables that have none. ValueError if there is pending state that does not fit."""
        taken = {position for _, position in self._positions.values()}
        if self._loaded and taken:  # copied along with variables: drop the state of those that were freed
            self._states = {position: state for position, state in self._states.items() if position in taken}
        self._loaded = False
        new = list({id(v): v for v in variables if id(v) not in self._positions}.values())
        if not new:
            return
        states = [make(v) for v in new]
        positions = sorted(self._states.keys() - taken)
        if positions:
            _check_fit(new, [self._states[position] for position in positions], states)
        else:
            first = max(self._states, default=-1) + 1
            positions = list(range(first, first + len(new)))
            self._states |= zip(positions, states, strict=True)
        for variable, position in zip(new, positions, strict=True):
            self._keep(variable, position)

    def set_pending(self, states: Sequence[State]) -> None:
        """Stores state for future variables, and drops the current ones."""
        self._positions.clear()
        self._states = {position: tuple(np.array(a) for a in state) for position, state in enumerate(states)}

    def settle(self) -> None:
        """For the copy of a model: state without a variable in the copy is no longer pending, and will be dropped."""
        self._loaded = False

    def _keep(self, variable: Variable, position: int) -> None:
        gone = partial(_forget, weakref.ref(self), id(variable))
        self._positions[id(variable)] = weakref.ref(variable, gone), position

    def __getstate__(self) -> dict[str, list[tuple[Variable | None, State]]]:
        variables = {position: ref() for ref, position in self._positions.values()}
        kept = [(variables.get(position), self._states[position]) for position in sorted(self._states)]
        return {"kept": kept}  # a dict: pickle protocols 0 and 1 drop an empty state

    def __setstate__(self, state: dict[str, list[tuple[Variable | None, State]]]) -> None:
        self.__init__()  # type: ignore[misc]
        self.set_pending([arrays for _, arrays in state["kept"]])  # which copies the arrays
        for position, (variable, _) in enumerate(state["kept"]):
            if variable is not None:
                self._keep(variable, position)
        self._loaded = True


def _forget(slots: weakref.ref[Slots], key: int, _: Any) -> None:
    """Frees the state of a variable that was freed."""
    self = slots()
    if self is not None:
        _, position = self._positions.pop(key)
        if not self._loaded:
            del self._states[position]
        self.groups.clear()


def _check_fit(variables: list[Variable], kept: list[State], fresh: list[State]) -> None:
    if len(kept) != len(fresh):
        raise ValueError(
            f"[optimizer] variables: expected the {len(kept)} variables of the loaded state, got {len(fresh)}; pass "
            "all of them at once, or use a new optimizer"
        )
    for variable, old, new in zip(variables, kept, fresh, strict=True):
        shapes = [[(a.shape, a.dtype.name) for a in state] for state in (new, old)]
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"[optimizer] variables: {variable.path!r}, shape {variable.shape}: expected loaded state of "
                f"{shapes[0]}, got {shapes[1]}; use a new optimizer"
            )
