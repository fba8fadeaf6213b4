"""Descriptors of layer attributes, default names, and the check of a flag."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..base.locks import counting
from ..base.registry import base_name

_used_names: dict[str, int] = {}


def unique_name(class_name: str) -> str:
    """conv2d, conv2d_1, conv2d_2, … for class Conv2D."""
    base = base_name(class_name)
    with counting:
        number = _used_names.get(base, 0)
        _used_names[base] = number + 1
    return f"{base}_{number}" if number else base


class replaceable:
    """A property that an attribute may replace, so that a user's subclass may use the name."""

    def __init__(self, get: Callable[[Any], Any]) -> None:
        self._get = get
        self.__doc__ = get.__doc__

    def __get__(self, owner: Any, _: Any = None) -> Any:
        return self if owner is None else self._get(owner)


class OfOnlyCall:
    """`layer.input` and `layer.output`: symbolic tensors, for models that begin or end inside another one.

    No property, because a user's layer may have an attribute of this name.
    """

    def __init__(self, what: str) -> None:
        self._what = what

    def __get__(self, layer: Any, _: Any = None) -> Any:
        if layer is None:
            return self
        call = layer._only_call
        if call is None:
            raise AttributeError(
                f"[{layer.name}] {self._what}: expected one call on symbolic tensors, got {layer._call_count}; "
                "call it on an Input(...), as in a functional model"
            )
        return call.args[0] if self._what == "input" else call.outputs


class OfGraph(OfOnlyCall):
    """`input` and `output` of a functional model: those it was made from, even if another model calls it.

    For a Sequential, as in Keras, only if no other model has called it.
    """

    def __get__(self, model: Any, owner: Any = None) -> Any:
        graph = None if model is None else model._graph
        called = graph is not None and graph.by_sequential and model._only_call is not None
        return super().__get__(model, owner) if graph is None or called else getattr(graph, f"{self._what}s")


class SetByInit:
    """An attribute that `Layer.__init__` sets. Before that, reading it raises an error.

    No `__getattr__`, because that makes every attribute of the class slower.
    """

    def __get__(self, layer: Any, owner: type) -> Any:
        if layer is None:
            return self
        raise AttributeError(f"[{owner.__name__}] __init__: expected a call of super().__init__() first")


def checked_flag(layer: str, name: str, value: Any) -> bool:
    """The value as a bool; ValueError if it is none."""
    if not isinstance(value, bool | np.bool_) and not (isinstance(value, int) and value in (0, 1)):
        raise ValueError(f"[{layer}] {name}: expected True or False, got {value!r}")
    return bool(value)
