"""Paths of variables in a model: "block/dense_1/kernel"."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from ..autograd.variable import Variable
from ..base.registry import base_name


class NamedWeight(NamedTuple):
    """A variable and its path: the names of the layers from the model, which is left out itself, to the variable."""

    variable: Variable
    path: str
    pattern: re.Pattern[str]  # matches paths that differ only in the numbers of default names


def named_weights(model: Any) -> list[NamedWeight]:
    """The paths of all `weights`, in order."""
    found: dict[int, NamedWeight] = {}
    seen: set[int] = set()
    stack: list[tuple[Any, str, str]] = [(model, "", "")]
    while stack:
        layer, path, pattern = stack.pop()
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        for v in layer._own_variables():
            name = _printable(v.name)
            found.setdefault(id(v), NamedWeight(v, path + name, re.compile(pattern + re.escape(name))))
        for child in reversed(list(layer._children())):
            stack.append((child, f"{path}{_printable(child.name)}/", f"{pattern}{_alike(child)}/"))
    return [found[id(v)] for v in model.weights]


def _printable(name: str) -> str:
    """The name with only printable characters, for the directory of a zip file."""
    return "".join(c if c.isprintable() else "?" for c in name)


def _alike(layer: Any) -> str:
    """A pattern for the name; for a default name, with any number."""
    base = re.escape(base_name(type(layer).__name__))
    return rf"{base}(?:_\d+)?" if re.fullmatch(rf"{base}(?:_\d+)?", layer.name) else re.escape(_printable(layer.name))


def same_path(path: str, weight: NamedWeight) -> bool:
    """Whether the path is that of the weight, up to numbers of default names. Older files have the variable's name."""
    return path in (weight.path, weight.variable.name) or weight.pattern.fullmatch(path) is not None
