"""Layers to configs, {"class_name", "config"}, and back."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from ..base.layer_classes import find
from ..base.registry import plain


def serialize(layer: Any) -> dict[str, Any]:
    """The name of the layer's class, and the arguments of its constructor."""
    return {"class_name": type(layer).__name__, "config": plain(layer.get_config())}


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, type[Any]] | None = None) -> Any:
    """A layer from its config. ValueError for a class that is neither pydl's nor in custom_objects."""
    name, known = config["class_name"], custom_objects or {}
    cls, layer = known.get(name) or find(name), find("Layer")
    if not isinstance(cls, type) or layer is None or not issubclass(cls, layer):
        raise ValueError(
            f"[from_config] config: expected a known class, got {name!r}; pass custom_objects={{{name!r}: {name}}}"
        )
    has_layers_inside = "custom_objects" in inspect.signature(cls.from_config).parameters
    options = {"custom_objects": custom_objects} if has_layers_inside else {}
    return cls.from_config(config["config"], **options)
