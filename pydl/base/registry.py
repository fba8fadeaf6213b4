"""Registries: from "relu", "he_normal" or {"class_name": …, "config": …} to objects."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from .argument_names import unknown_name

Thing = TypeVar("Thing")


def snake_case(name: str) -> str:
    """GlorotUniform → glorot_uniform, TopKAccuracy → top_k_accuracy, L1L2 → l1l2, AdamW → adamw."""
    return re.sub(r"(?<=[a-z])(?=[A-Z]{1,2}[a-z])|(?<=[a-z][A-Z])(?=[A-Z][a-z])", "_", name).lower()


def base_name(class_name: str) -> str:
    """Keras's default name of a layer: conv2d_transpose for Conv2DTranspose, lstm_cell for LSTMCell."""
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", class_name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def plain(value: Any) -> Any:
    """A config with Python numbers in place of NumPy's."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return type(value)([plain(each) for each in value]) if type(value) in (list, tuple) else value


class Registry(Generic[Thing]):
    """The classes of one kind by class name, by snake_case name, and by `more_names`."""

    def __init__(
        self, kind: str, classes: Sequence[type[Any]], more_names: Mapping[str, type[Any]] | None = None
    ) -> None:
        self.kind = kind
        self.classes = {cls.__name__: cls for cls in classes}
        self._callables = all(any("__call__" in vars(base) for base in cls.__mro__) for cls in classes)
        self._by_name = (
            {snake_case(name): cls for name, cls in self.classes.items()} | self.classes | dict(more_names or {})
        )

    def get(self, identifier: Any) -> Any:
        """An instance from a name, a config or a class; any other callable is returned unchanged."""
        config: dict[str, Any] = {}
        if isinstance(identifier, dict):
            identifier, config = self._parts(identifier)
        if isinstance(identifier, str):
            if identifier not in self._by_name:
                raise unknown_name(self.kind, self.kind, identifier, {snake_case(name) for name in self.classes})
            identifier = self._by_name[identifier]
        if isinstance(identifier, type):
            return self._made(identifier, config)
        if callable(identifier):
            return identifier
        raise TypeError(
            f"[{self.kind}] identifier: expected a name, a config or a callable, got {type(identifier).__name__}"
        )

    def _parts(self, config: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        name, arguments = config.get("class_name"), config.get("config", {})
        if not isinstance(name, str) or not isinstance(arguments, dict):
            raise ValueError(
                f"[{self.kind}] identifier: expected a config {{'class_name': …, 'config': {{…}}}}, got {config!r}"
            )
        return name, arguments

    def _made(self, cls: type[Any], config: dict[str, Any]) -> Any:
        try:
            thing = cls(**config)
        except TypeError as error:
            raise ValueError(f"[{self.kind}] identifier: {cls.__name__} does not take {config!r}: {error}") from error
        if self._callables and not callable(thing):
            raise TypeError(f"[{self.kind}] identifier: expected a class of callables, got {cls.__name__}")
        return thing

    def serialize(self, thing: Any) -> Any:
        """A config for `get`; a callable of another class is returned unchanged."""
        if self.classes.get(type(thing).__name__) is not type(thing):
            return thing
        return {"class_name": type(thing).__name__, "config": plain(thing.get_config())}

    def knows(self, name: str) -> bool:
        """Whether there is a class of this name."""
        return name in self._by_name
