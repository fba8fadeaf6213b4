"""Layers as plain values: {"class_name", "config"}, and back."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from .. import layers, models
from ..layers import Layer
from ..lookup import plain
from ..structure import leaves, map_leaves, rebuild

if TYPE_CHECKING:
    from .graph import Graph
    from .model import Model


def serialize(layer: Layer) -> dict[str, Any]:
    """The name of the layer's class, and what its constructor needs."""
    return {"class_name": type(layer).__name__, "config": plain(layer.get_config())}


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, type[Layer]] | None = None) -> Layer:
    """The layer that `serialize` described. ValueError for a class that is neither pydl's nor in custom_objects."""
    name, known = config["class_name"], custom_objects or {}
    cls = known.get(name) or getattr(layers, name, None) or getattr(models, name, None)
    if not (inspect.isclass(cls) and issubclass(cls, Layer)):
        raise ValueError(f"[from_config] custom_objects: there is no layer class {name!r}; give {{{name!r}: {name}}}")
    from_config: Any = cls.from_config
    if "custom_objects" in inspect.signature(from_config).parameters:  # it has layers inside
        made: Layer = from_config(config["config"], custom_objects=custom_objects)
        return made
    return cls.from_config(config["config"])


def graph_config(graph: Graph) -> dict[str, Any]:
    """The layers, their calls in order, and the outputs; the tensors are numbered as the calls give them."""

    def numbered(leaf: Any) -> Any:
        return {"tensor": leaf.number} if isinstance(leaf, models.graph.Slot) else leaf

    number = {id(layer): i for i, layer in enumerate(graph.layers)}
    count = len(graph.calls) - len(graph.steps)
    inputs = [{"layer": number[id(call.layer)]} for call in graph.calls[:count]]
    steps = [
        {"layer": number[id(s.layer)], "args": map_leaves(numbered, s.args), "kwargs": map_leaves(numbered, s.kwargs)}
        for s in graph.steps
    ]
    return {
        "layers": [serialize(layer) for layer in graph.layers],
        "calls": inputs + steps,
        "inputs": rebuild(graph.inputs, ({"tensor": i} for i in range(count))),
        "outputs": map_leaves(numbered, graph.results),
    }


def graph_from_config(
    config: Mapping[str, Any], custom_objects: Mapping[str, type[Layer]] | None = None
) -> tuple[Any, Any]:
    """Inputs and outputs, symbolic tensors, of the graph that `graph_config` described."""
    made = [deserialize(layer, custom_objects) for layer in config["layers"]]
    tensors: list[Any] = []
    value = partial(_value, tensors)
    for call in config["calls"]:
        layer = made[call["layer"]]
        tensors += leaves(layer(*value(call["args"]), **value(call["kwargs"])) if "args" in call else layer.output)
    return value(config["inputs"]), value(config["outputs"])


def _value(tensors: list[Any], plain: Any) -> Any:
    """What `plain` describes, with these tensors in place of their numbers."""
    value = partial(_value, tensors)
    if isinstance(plain, dict):
        return tensors[plain["tensor"]] if set(plain) == {"tensor"} else {k: value(v) for k, v in plain.items()}
    return type(plain)(map(value, plain)) if isinstance(plain, list | tuple) else plain


GRAPH_KEYS = ("layers", "calls", "inputs", "outputs")  # what graph_config gives


def made_from(cls: Any, own: dict[str, Any], parts: dict[str, Any]) -> Any:
    """A model of this class from the constructor's own arguments and its parts (inputs and outputs, or layers).

    A subclass whose constructor does not take the parts makes them itself. TypeError for an argument that it does not
    take either; name and trainable are set where it does not.
    """
    parameters = inspect.signature(cls.__init__).parameters
    kinds = {parameter.kind for parameter in parameters.values()}
    open_ended = inspect.Parameter.VAR_KEYWORD in kinds
    takes_parts = all(name in parameters for name in parts) or inspect.Parameter.VAR_POSITIONAL in kinds
    given = {name: value for name, value in own.items() if open_ended or name in parameters}
    left = own.keys() - given.keys() - {"name", "trainable"}
    if left:
        raise TypeError(
            f"[from_config] {cls.__name__}: get_config() has {sorted(left)}, which __init__ does not take; "
            "let it take them, or define from_config()"
        )
    model = cls(**given, **parts) if takes_parts else _made_alone(cls, given, parts, open_ended)
    if "name" in own and model.name != own["name"]:
        model.name = own["name"]
    if "trainable" in own and model.trainable != own["trainable"]:
        model.trainable = own["trainable"]
    return model


def _made_alone(cls: Any, given: dict[str, Any], parts: dict[str, Any], open_ended: bool) -> Any:
    """From `**kwargs` alone one cannot tell whether they may hold the parts: the base class says so."""
    if open_ended:
        try:
            return cls(**given, **parts)
        except TypeError as error:
            if "multiple values" not in str(error):
                raise
    return cls(**given)


def clone_model(model: Model) -> Any:
    """A model of the same layers with new weights, not compiled. Classes of users' own need no custom_objects here.

    NotImplementedError for a subclass of Model that does not define get_config().
    """
    own = {type(layer).__name__: type(layer) for layer in model._all_layers()}
    return deserialize(serialize(model), own)
