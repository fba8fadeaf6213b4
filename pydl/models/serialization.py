"""Configs of models: the layers, and for a graph their calls; and back."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import partial
from typing import Any

from ..base.tree import flatten, map_structure, pack_sequence_as
from ..layers import Layer
from ..saving.serialization import deserialize, serialize
from .graph import Graph, Slot


def graph_config(graph: Graph) -> dict[str, Any]:
    """The layers, their calls in order, and the outputs; tensors are numbered in the order of the calls."""

    def numbered(leaf: Any) -> Any:
        return {"tensor": leaf.number} if isinstance(leaf, Slot) else leaf

    number = {id(layer): i for i, layer in enumerate(graph.layers)}
    count = len(graph.calls) - len(graph.steps)
    inputs = [{"layer": number[id(call.layer)]} for call in graph.calls[:count]]
    steps = [
        {
            "layer": number[id(s.layer)],
            "args": map_structure(numbered, s.args),
            "kwargs": map_structure(numbered, s.kwargs),
        }
        for s in graph.steps
    ]
    return {
        "layers": [serialize(layer) for layer in graph.layers],
        "calls": inputs + steps,
        "inputs": pack_sequence_as(graph.inputs, ({"tensor": i} for i in range(count))),
        "outputs": map_structure(numbered, graph.results),
    }


def graph_from_config(
    config: Mapping[str, Any], custom_objects: Mapping[str, type[Layer]] | None = None
) -> tuple[Any, Any]:
    """The symbolic inputs and outputs of the graph from `graph_config`."""
    layers = [deserialize(layer, custom_objects) for layer in config["layers"]]
    tensors: list[Any] = []
    value = partial(_value, tensors)
    for call in config["calls"]:
        layer = layers[call["layer"]]
        tensors += flatten(layer(*value(call["args"]), **value(call["kwargs"])) if "args" in call else layer.output)
    return value(config["inputs"]), value(config["outputs"])


def _value(tensors: list[Any], config: Any) -> Any:
    """`config` with tensors in place of their numbers."""
    value = partial(_value, tensors)
    if isinstance(config, dict):
        return tensors[config["tensor"]] if set(config) == {"tensor"} else {k: value(v) for k, v in config.items()}
    return type(config)(map(value, config)) if isinstance(config, list | tuple) else config


GRAPH_KEYS = ("layers", "calls", "inputs", "outputs")  # of graph_config


def made_from(cls: Any, own: dict[str, Any], parts: dict[str, Any]) -> Any:
    """A model of this class from the constructor's own arguments and its parts (inputs and outputs, or layers).

    If the constructor of a subclass does not take the parts, it must create them. TypeError for other arguments that it
    does not take; name and trainable are set instead.
    """
    parameters = inspect.signature(cls.__init__).parameters
    kinds = {parameter.kind for parameter in parameters.values()}
    open_ended = inspect.Parameter.VAR_KEYWORD in kinds
    takes_parts = all(name in parameters for name in parts) or inspect.Parameter.VAR_POSITIONAL in kinds
    arguments = {name: value for name, value in own.items() if open_ended or name in parameters}
    left = own.keys() - arguments.keys() - {"name", "trainable"}
    if left:
        raise TypeError(
            f"[from_config] {cls.__name__}: expected arguments of __init__ from get_config(), got {sorted(left)}; "
            "let __init__ take them, or define from_config()"
        )
    model = cls(**arguments, **parts) if takes_parts else _made_alone(cls, arguments, parts, open_ended)
    if "name" in own and model.name != own["name"]:
        model.name = own["name"]
    if "trainable" in own and model.trainable != own["trainable"]:
        model.trainable = own["trainable"]
    return model


def _made_alone(cls: Any, arguments: dict[str, Any], parts: dict[str, Any], open_ended: bool) -> Any:
    """Whether `**kwargs` may hold the parts shows only when the base class is called with them."""
    if open_ended:
        try:
            return cls(**arguments, **parts)
        except TypeError as error:
            if "multiple values" not in str(error):
                raise
    return cls(**arguments)
