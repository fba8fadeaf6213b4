"""The order of a functional model's layers, and so of its weights: Keras's, by depth and not by when they were made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..layers import Layer
from ..layers.symbolic import Call, SymbolicTensor

CallOf = Callable[[SymbolicTensor], Call]


def by_depth(inputs: Sequence[Call], outputs: Any, call_of: CallOf) -> list[Layer]:
    """The layers, those farthest from the outputs first; of one depth, as a walk back from the outputs meets them.

    The depth of a layer is the longest way from it to an output. call_of: the call that gives a tensor, or the input
    that stands for it. Inputs that no output needs come last.
    """
    calls, met = _walked(outputs, call_of)
    depths: dict[int, int] = {}  # of layers
    of_calls: dict[int, int] = {}
    for call in reversed(calls):
        depth = max(of_calls.get(id(call), 0), depths.get(id(call.layer), 0))
        of_calls[id(call)] = depths[id(call.layer)] = depth
        for tensor in _tensors([*call.args, call.kwargs]):
            before = id(call_of(tensor))
            of_calls[before] = max(of_calls.get(before, 0), depth + 1)
    unused = [call.layer for call in inputs if id(call.layer) not in depths]
    layers = {id(call.layer): call.layer for call in calls}
    ordered = sorted(layers.values(), key=lambda layer: (-depths[id(layer)], met[id(layer)]))
    connected = [layer for layer in ordered if depths[id(layer)] > 0]
    return [*connected, *unused, *ordered[len(connected) :]]  # what is unused has the depth of the last layers


def _walked(outputs: Any, call_of: CallOf) -> tuple[list[Call], dict[int, int]]:
    """The calls that lead to the outputs, each after those it needs; and when each layer was met on the way back."""
    calls: list[Call] = []
    seen: set[int] = set()
    met: dict[int, int] = {}
    for output in _tensors(outputs):
        stack: list[tuple[Call | None, Iterator[SymbolicTensor]]] = [(None, iter([output]))]
        while stack:
            call, remaining = stack[-1]
            tensor = next(remaining, None)
            if tensor is None:
                stack.pop()
                calls += [] if call is None else [call]
                continue
            found = call_of(tensor)
            if id(found) not in seen:
                seen.add(id(found))
                met.setdefault(id(found.layer), len(met))
                stack.append((found, iter(_tensors([*found.args, found.kwargs]))))
    return calls, met


def _tensors(structure: Any) -> list[SymbolicTensor]:
    """The symbolic tensors in nested lists, tuples and dicts; those of a dict by its sorted keys, as Keras has them."""
    if isinstance(structure, SymbolicTensor):
        return [structure]
    if isinstance(structure, dict):
        keys = sorted(structure, key=lambda key: (str(type(key)), key))
        return [tensor for key in keys for tensor in _tensors(structure[key])]
    if isinstance(structure, list | tuple):
        return [tensor for value in structure for tensor in _tensors(value)]
    return []
