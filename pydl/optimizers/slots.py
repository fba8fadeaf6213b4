"""What an optimizer keeps for each variable. It belongs to the variable itself: copies of both belong together too."""

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

    The variables are not kept alive: with a variable its state goes. State that was loaded without its variables (an
    optimizer that was copied alone) waits, and goes by its place to the first variables that it fits.
    """

    def __init__(self) -> None:
        self._states: dict[int, State] = {}  # by place
        self._places: dict[int, tuple[weakref.ref[Variable], int]] = {}  # by id(variable)
        self._loaded = False  # until one of the variables is used: if they go before, their state waits
        self.groups: dict[Any, Any] = {}  # for the optimizer: what it made of some variables; they are all alive

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[State]:
        return iter([self._states[place] for place in sorted(self._states)])

    def __getitem__(self, variable: Variable) -> State:
        return self._states[self._places[id(variable)][1]]

    def add(self, variables: Sequence[Variable], make: Callable[[Variable], State]) -> None:
        """Gives state to the variables that have none. ValueError if there is state that waits and does not fit."""
        taken = {place for _, place in self._places.values()}
        if self._loaded and taken:  # copied along with variables: the state of those that have gone is for no others
            self._states = {place: state for place, state in self._states.items() if place in taken}
        self._loaded = False
        new = list({id(v): v for v in variables if id(v) not in self._places}.values())
        if not new:
            return
        states = [make(v) for v in new]
        places = sorted(self._states.keys() - taken)
        if places:
            _check_fit(new, [self._states[place] for place in places], states)
        else:
            first = max(self._states, default=-1) + 1
            places = list(range(first, first + len(new)))
            self._states |= zip(places, states, strict=True)
        for variable, place in zip(new, places, strict=True):
            self._keep(variable, place)

    def wait(self, states: Sequence[State]) -> None:
        """Keeps state for variables to come; those of now, if any, are forgotten."""
        self._places.clear()
        self._states = {place: tuple(np.array(a) for a in state) for place, state in enumerate(states)}

    def settle(self) -> None:
        """In a copy: it is one of a model too, so what has no variables there has gone, and its state goes too."""
        self._loaded = False

    def _keep(self, variable: Variable, place: int) -> None:
        gone = partial(_forget, weakref.ref(self), id(variable))
        self._places[id(variable)] = weakref.ref(variable, gone), place

    def __getstate__(self) -> dict[str, list[tuple[Variable | None, State]]]:
        variables = {place: ref() for ref, place in self._places.values()}
        kept = [(variables.get(place), self._states[place]) for place in sorted(self._states)]
        return {"kept": kept}  # in a dict, as the first protocols of pickle drop what is empty

    def __setstate__(self, state: dict[str, list[tuple[Variable | None, State]]]) -> None:
        self.__init__()  # type: ignore[misc]
        self.wait([arrays for _, arrays in state["kept"]])  # copies: no views of what this was made from
        for place, (variable, _) in enumerate(state["kept"]):
            if variable is not None:
                self._keep(variable, place)
        self._loaded = True


def _forget(slots: weakref.ref[Slots], key: int, _: Any) -> None:
    """A variable has gone."""
    self = slots()
    if self is not None:
        _, place = self._places.pop(key)
        if not self._loaded:
            del self._states[place]
        self.groups.clear()


def _check_fit(variables: list[Variable], kept: list[State], fresh: list[State]) -> None:
    if len(kept) != len(fresh):
        raise ValueError(
            f"[optimizer] the state was loaded for {len(kept)} variables, got {len(fresh)}: give all variables that it "
            "was made for at once, or take a new optimizer"
        )
    for variable, old, new in zip(variables, kept, fresh, strict=True):
        shapes = [[(a.shape, a.dtype.name) for a in state] for state in (new, old)]
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"[optimizer] the state loaded for {variable.path!r}, shape {variable.shape}, is that of another "
                f"variable: expected {shapes[0]}, got {shapes[1]}; take a new optimizer"
            )
