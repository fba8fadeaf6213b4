"""The order of a functional model's layers, and so of its weights: by depth, as in Keras, not by creation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..layers import Layer
from ..layers.symbolic import Call, SymbolicTensor

CallOf = Callable[[SymbolicTensor], Call]


def by_depth(inputs: Sequence[Call], outputs: Any, call_of: CallOf) -> list[Layer]:
    """The layers by decreasing depth; those of one depth in the order of a traversal from the outputs.

    The depth of a layer is the length of the longest path from it to an output. call_of: from a tensor to its call, or
    to that of the input in its place. Inputs that no output depends on come last.
    """
    calls, met = _traverse(outputs, call_of)
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
    return [*connected, *unused, *ordered[len(connected) :]]  # unused inputs have depth 0, like the last layers


def _traverse(outputs: Any, call_of: CallOf) -> tuple[list[Call], dict[int, int]]:
    """The calls that the outputs depend on in topological order, and the order in which layers are first visited."""
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
    """The symbolic tensors in nested lists, tuples and dicts; those of a dict by sorted keys, as in Keras."""
    if isinstance(structure, SymbolicTensor):
        return [structure]
    if isinstance(structure, dict):
        keys = sorted(structure, key=lambda key: (str(type(key)), key))
        return [tensor for key in keys for tensor in _tensors(structure[key])]
    if isinstance(structure, list | tuple):
        return [tensor for value in structure for tensor in _tensors(value)]
    return []
