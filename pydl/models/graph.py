"""The graph of a functional model: calls of layers in topological order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..autograd.tensor import Tensor
from ..base.errors import ShapeError
from ..base.tree import flatten, map_structure, pack_sequence_as
from ..layers import InputLayer, Layer
from ..layers.shape_errors import explain_call
from ..layers.symbolic import Call, SymbolicTensor
from .input_shapes import shape_with_last_axis
from .order import by_depth


class Slot:
    """The index of a tensor while the graph runs."""

    def __init__(self, number: int) -> None:
        self.number = number


class Step:
    """A call with slots in place of its symbolic tensors."""

    def __init__(self, call: Call, slots: dict[int, Slot]) -> None:
        def as_slot(leaf: Any) -> Any:
            return slots[id(leaf)] if isinstance(leaf, SymbolicTensor) else leaf

        self.call, self.layer = call, call.layer
        self.args, self.kwargs = map_structure(as_slot, list(call.args)), map_structure(as_slot, call.kwargs)
        self.reads = [slots[id(tensor)].number for tensor in call.inputs]
        self.writes = [slots[id(tensor)].number for tensor in flatten(call.outputs)]
        self.last: list[int] = []  # slots that are free after this step
        self.hidden = True  # whether no output of the model is among its outputs


class Graph:
    """The calls of layers from `inputs` to `outputs`: symbolic tensors, or lists and dicts of them."""

    by_sequential = False  # whether a Sequential made the calls, not the user

    def __init__(self, name: str, inputs: Any, outputs: Any) -> None:
        for argument, structure in (("inputs", inputs), ("outputs", outputs)):
            for tensor in flatten(structure) or [structure]:
                if not isinstance(tensor, SymbolicTensor):
                    raise TypeError(f"[{name}] {argument}: expected symbolic tensors, as from Input(), got {tensor!r}")
        self.name, self.inputs, self.outputs = name, map_structure(_as_input, inputs), outputs
        # An input may be any symbolic tensor: the model then starts inside another one.
        self.starts: list[Any] = flatten(self.inputs)
        starts = {id(given): own for given, own in zip(flatten(inputs), self.starts, strict=True)}
        self.calls = [tensor.call for tensor in self.starts] + _calls_between(name, starts, flatten(outputs))
        self.layers = by_depth([t.call for t in self.starts], outputs, lambda t: starts.get(id(t), t).call)
        names = [layer.name for layer in self.layers]
        for layer in names:
            if names.count(layer) > 1:
                raise ValueError(f"[{name}] layers: expected different names, got two layers named {layer!r}")
        self._assign_slots(starts)

    def _assign_slots(self, starts: dict[int, SymbolicTensor]) -> None:
        """Assigns a slot to every tensor, and to every step the slots that are free after it."""
        tensors = [tensor for call in self.calls for tensor in flatten(call.outputs)]
        slots = {id(tensor): Slot(number) for number, tensor in enumerate(tensors)}
        slots |= {given: slots[id(own)] for given, own in starts.items()}
        self._size, count = len(tensors), len(self.starts)
        self.steps = [Step(call, slots) for call in self.calls[count:]]
        self.results = map_structure(lambda tensor: slots[id(tensor)], self.outputs)
        results = {slot.number for slot in flatten(self.results)}
        self._logits_set = False  # whether the layers know which of them keep logits
        live = set(results)
        for step in reversed(self.steps):
            step.hidden = results.isdisjoint(step.writes)
            step.last = [n for n in {*step.reads, *step.writes} if n not in live]
            live.update(step.last)

    def __getstate__(self) -> dict[str, Any]:
        """The list of calls, with slots in place of tensors: the recursion of a copy does not follow the graph."""
        number = {id(layer): i for i, layer in enumerate(self.layers)}
        count = len(self.starts)
        given = [((), {})] * count + [(step.args, step.kwargs) for step in self.steps]
        calls = [(number[id(c.layer)], *each, *c.spec()) for c, each in zip(self.calls, given, strict=True)]
        inputs = pack_sequence_as(self.inputs, map(Slot, range(count)))
        return {"name": self.name, "layers": self.layers, "calls": calls, "ends": (inputs, self.results)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        tensors: list[SymbolicTensor] = []

        def value(leaf: Any) -> Any:
            return tensors[leaf.number] if isinstance(leaf, Slot) else leaf

        self.name, self.layers, self.calls = state["name"], state["layers"], []
        for layer, args, kwargs, *form in state["calls"]:
            call = Call(self.layers[layer], tuple(map_structure(value, list(args))), map_structure(value, kwargs))
            tensors += flatten(call.restore(*form))
            call.layer._called(call, self.by_sequential)
            self.calls.append(call)
        self.inputs, self.outputs = (map_structure(value, structure) for structure in state["ends"])
        self.starts = flatten(self.inputs)
        self._assign_slots({})

    # -- execution

    def run(self, inputs: Any) -> Any:
        """The outputs for tensors in the structure of `inputs`."""
        slots: list[Any] = [None] * self._size
        if isinstance(inputs, Tensor):
            slots[0] = inputs
        else:
            values = flatten(inputs)
            slots[: len(values)] = values

        def value(leaf: Any) -> Any:
            return slots[leaf.number] if isinstance(leaf, Slot) else leaf

        if not self._logits_set:
            self._logits_set = True
            set_keeps_logits([(step.layer, not step.hidden) for step in self.steps])
        for step in self.steps:
            args, kwargs = step.args, step.kwargs
            try:
                if len(args) == 1 and isinstance(args[0], Slot) and not kwargs:  # the fast path
                    y = step.layer(slots[args[0].number])
                else:
                    y = step.layer(*map_structure(value, args), **map_structure(value, kwargs))
            except ShapeError as error:
                raise ShapeError(self._explained(step.call, inputs, error)) from error
            if isinstance(y, Tensor):
                slots[step.writes[0]] = y
            else:
                for number, tensor in zip(step.writes, flatten(y), strict=True):
                    slots[number] = tensor
            for number in step.last:
                slots[number] = None
        results = self.results
        return slots[results.number] if isinstance(results, Slot) else map_structure(value, results)

    def _explained(self, failing: Call, inputs: Any, error: ShapeError) -> str:
        """The error of a layer called during a run on `inputs`, with the layers before it."""
        return explain_call(failing, error)

    def output_shapes(self, shapes: Any) -> Any:
        """The shapes of the outputs for inputs of other shapes than declared."""
        stand_ins: dict[int, SymbolicTensor] = {}

        def value(leaf: Any) -> Any:
            return stand_ins[leaf.number] if isinstance(leaf, Slot) else leaf

        for number, (shape, tensor) in enumerate(zip(flatten(shapes), flatten(self.inputs), strict=True)):
            stand_ins[number] = SymbolicTensor(shape_with_last_axis(tensor.shape, tuple(shape)), tensor.dtype)
        for step in self.steps:
            found = step.layer._output_shapes_of(*map_structure(value, step.args), **map_structure(value, step.kwargs))
            for number, shape in zip(step.writes, flatten(found), strict=True):
                stand_ins[number] = SymbolicTensor(shape, getattr(shape, "dtype", step.layer.dtype))
        return map_structure(lambda slot: stand_ins[slot.number].shape, self.results)

    def readers_of(self, index: int) -> list[Layer]:
        """The layers that are called on the input of this index."""
        return [step.layer for step in self.steps if index in step.reads]

    def calls_of(self, layer: Layer) -> Iterator[Call]:
        """The calls of this layer in the graph."""
        return (call for call in self.calls if call.layer is layer)


def set_keeps_logits(layers: Sequence[tuple[Layer, bool]]) -> None:
    """Sets `_keeps_logits` of layers: True for those that compute an output, where a loss may need a sigmoid's logits.

    The others may fuse the sigmoid. A layer that is an output of any model keeps True: in other models that costs
    memory and changes no result. Written to `vars`, because setattr would invalidate plans.
    """
    for layer, is_output in layers:
        for inner in layer._all_layers():
            if not is_output:
                vars(inner).setdefault("_keeps_logits", False)
            elif not hasattr(layer, "_graph"):  # a nested model sets those of its own layers
                vars(inner)["_keeps_logits"] = True


def _as_input(tensor: SymbolicTensor) -> SymbolicTensor:
    """The tensor if it is from an Input, else a new Input like it."""
    assert tensor.call is not None
    if isinstance(tensor.call.layer, InputLayer):
        return tensor
    fresh: SymbolicTensor = InputLayer(tensor.shape[1:], tensor.shape[0], tensor.dtype).output
    return fresh


def _calls_between(name: str, starts: dict[int, Any], outputs: Sequence[SymbolicTensor]) -> list[Call]:
    """The calls that the outputs depend on, in order of creation. ValueError if an input is missing."""
    found: dict[int, Call] = {}
    stack = list(outputs)
    while stack:
        tensor = stack.pop()
        call = tensor.call
        if id(tensor) in starts or call is None or call.number in found:
            continue
        if isinstance(call.layer, InputLayer):
            raise ValueError(
                f"[{name}] outputs: expected outputs of the inputs, got some that depend on {tensor.name!r}, which is "
                "not among the inputs"
            )
        found[call.number] = call
        stack.extend(call.inputs)
    return [found[number] for number in sorted(found)]
