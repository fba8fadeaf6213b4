"""Keras's options of weights: an initializer, a regularizer and a constraint each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import constraints, initializers, regularizers
from ..autograd.variable import Variable
from .layer import Layer, Shape

_KINDS: dict[str, Any] = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}


class WeightOptions:
    """The options of a layer's weights. They are attributes of the layer: `kernel_initializer` and so on.

    Args:
        weights: the names that begin those of the options, such as "kernel" and "bias".
    """

    def __init__(self, *weights: str) -> None:
        self._names = {weight: {kind: f"{weight}_{kind}" for kind in _KINDS} for weight in weights}

    def get(self, layer: Layer, arguments: Mapping[str, Any]) -> None:
        """Sets the attributes from the arguments of the layer's constructor: names, configs or objects."""
        for names in self._names.values():
            for kind, name in names.items():
                setattr(layer, name, _KINDS[kind].get(arguments[name]))

    def add(self, layer: Layer, weight: str, shape: Shape, **others: Any) -> Variable:
        """A new weight of the layer with its options; `others` for `Layer.add_weight` override them."""
        options = {kind: getattr(layer, name) for kind, name in self._names[weight].items()}
        return layer.add_weight(shape, **{"name": weight, **options, **others})

    def serialize(self, layer: Layer) -> dict[str, Any]:
        """The layer's options for its config: the input of `get`."""
        config: dict[str, Any] = {}
        for names in self._names.values():
            config |= {name: _KINDS[kind].serialize(getattr(layer, name)) for kind, name in names.items()}
        return config
