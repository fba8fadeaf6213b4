"""Layers as plain values: {"class_name", "config"}, and back."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .. import layers, models
from ..layers import Layer

if TYPE_CHECKING:
    from .sequential import Sequential


def serialize(layer: Layer) -> dict[str, Any]:
    """The name of the layer's class, and what its constructor needs."""
    return {"class_name": type(layer).__name__, "config": layer.get_config()}


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, type[Layer]] | None = None) -> Layer:
    """The layer that `serialize` described. ValueError for a class that is neither pydl's nor in custom_objects."""
    name, known = config["class_name"], custom_objects or {}
    cls = known.get(name) or getattr(layers, name, None) or getattr(models, name, None)
    if not (inspect.isclass(cls) and issubclass(cls, Layer)):
        raise ValueError(f"[from_config] custom_objects: there is no layer class {name!r}; give {{{name!r}: {name}}}")
    if issubclass(cls, models.Sequential):
        return cls.from_config(config["config"], custom_objects)
    return cls.from_config(config["config"])


def clone_model(model: Sequential) -> Sequential:
    """A model of the same layers with new weights, not compiled. Classes of users' own need no custom_objects here.

    NotImplementedError for a subclass of Model that does not define get_config().
    """
    own = {type(layer).__name__: type(layer) for layer in model._flatten()}
    return type(model).from_config(model.get_config(), own)
