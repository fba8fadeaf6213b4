"""Arguments of layer calls: binding by position and name, conversion to tensors, and their shapes for build()."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd.tensor import Tensor
from ..base.argument_names import arguments_of, refuse_unknown
from ..base.errors import ShapeError
from ..base.tree import flatten, is_nested, map_structure
from .masks import as_masks


class TypedShape(tuple[Any, ...]):
    """A shape with a dtype."""

    dtype: np.dtype[Any]

    def __new__(cls, shape: Any, dtype: Any) -> TypedShape:
        typed = super().__new__(cls, shape)
        typed.dtype = np.dtype(dtype)
        return typed

    def __reduce__(self) -> tuple[Any, ...]:  # copies, of a layer that stores its input shape, need no dtype
        return tuple, (tuple(self),)


def shape_of(x: Any) -> Any:
    """The shape of a tensor, symbolic or not; None for None."""
    return None if x is None else TypedShape(x.shape, x.dtype)


class Signature:
    """The parameters of a layer's method, computed once per class. A call with one tensor does not need them."""

    def __init__(self, method: Callable[..., Any]) -> None:
        arguments = arguments_of(method, is_method=True)
        self.names, self.defaults, self.has_var_positional = (
            arguments.names,
            arguments.defaults,
            arguments.has_var_positional,
        )
        self._known = None if arguments.has_var_keyword else frozenset(arguments.names)
        self._by_position = arguments.by_position
        self.masks = {name: f"{name}_mask" for name in self.names if f"{name}_mask" in self.names}
        # The annotation of the first argument of pydl's layers: whether they take a single tensor.
        own = (getattr(method, "__module__", None) or "").startswith("pydl.layers.")
        self.takes_one = (
            own and bool(self.names) and getattr(method, "__annotations__", {}).get(self.names[0]) == "Tensor"
        )

    def bind(self, layer: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The first argument, and the others by name."""
        if not args:
            if not self.names:
                raise TypeError(f"[{layer}] call: expected an argument, got none")
            name = self.names[0]
            if name not in kwargs and name not in self.defaults:
                raise TypeError(f"[{layer}] call: expected the argument {name!r}, got none")
            return kwargs.pop(name, self.defaults.get(name)), kwargs
        if kwargs and self._by_position[:1] and self._by_position[0] in kwargs:
            raise TypeError(
                f"[{layer}] call: expected one value for the argument {self._by_position[0]!r}, got several"
            )
        names = self._by_position[1 : len(args)]
        if len(names) < len(args) - 1:
            raise TypeError(f"[{layer}] call: expected at most {len(self._by_position)} arguments, got {len(args)}")
        for name, value in zip(names, args[1:], strict=True):
            if name in kwargs:
                raise TypeError(f"[{layer}] call: expected one value for the argument {name!r}, got several")
            kwargs[name] = value
        return args[0], kwargs

    def check_names(self, layer: Any, kwargs: dict[str, Any]) -> None:
        """TypeError for an argument that the layer's `call` does not take."""
        if self._known is not None and not self._known.issuperset(kwargs):
            refuse_unknown(f"{type(layer).__name__}.call()", kwargs, [*self.names[1:], "training"])

    @property
    def first_by_name(self) -> bool:
        """Whether the first argument is keyword-only."""
        return not self._by_position and not self.has_var_positional

    def arguments(self, layer: str, call: Signature, x: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The shapes that this method, `build` or `compute_output_shape`, takes by name, for a call with x and kwargs.

        `a_shape` is the shape of the argument `a` of `call`; a first parameter of another name gets that of x.
        """
        tensors = {call.names[0] if call.names else "inputs": x} | {
            name: value for name, value in kwargs.items() if is_tensors(value)
        }
        found: dict[str, Any] = {}
        for place, name in enumerate(self.names):
            argument = name.removesuffix("_shape")
            if argument in tensors and argument != name:
                found[name] = map_structure(shape_of, tensors[argument])
            elif place == 0:
                found[name] = map_structure(shape_of, x)
            elif name not in self.defaults:
                raise TypeError(
                    f"[{layer}] build: expected parameters named after arguments of call(), such as "
                    f"{next(iter(tensors))}_shape, got {name!r}"
                )
        return found


def is_tensors(value: Any) -> bool:
    """Whether the value is a tensor, symbolic or not, or a structure of tensors."""
    if is_nested(value):
        found = flatten(value)
        return bool(found) and any(hasattr(leaf, "shape") and hasattr(leaf, "dtype") for leaf in found)
    return hasattr(value, "shape") and hasattr(value, "dtype")


def is_several(inputs: Any) -> bool:
    """Whether the inputs are several tensors or arrays. A list of numbers, nested or not, is one array."""
    return is_nested(inputs) and (isinstance(inputs, dict) or any(hasattr(leaf, "shape") for leaf in flatten(inputs)))


def convert_keywords(layer: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments after the first: arrays as tensors like the inputs, masks as arrays of bools, others unchanged."""

    def convert(value: Any) -> Any:
        return layer._convert(value) if isinstance(value, np.ndarray | Tensor) or hasattr(value, "__array__") else value

    return {
        name: as_masks(value)
        if name == "mask"
        else map_structure(convert, value)
        if is_nested(value)
        else convert(value)
        for name, value in kwargs.items()
    }


def refuse_several(layer: str, inputs: Any) -> None:
    """Raises for a layer that takes one tensor: ShapeError for several, TypeError for None."""
    if inputs is None:
        raise TypeError(f"[{layer}] inputs: expected a tensor, got None")
    if isinstance(inputs, dict):
        raise ShapeError(f"[{layer}] inputs: expected one tensor, got a dict with the keys {list(inputs)}")
    found = flatten(inputs)
    shapes = ", ".join(str(tuple(np.shape(x))) for x in found[:4])
    raise ShapeError(
        f"[{layer}] inputs: expected one tensor, got {len(found)} of shapes {shapes}{', …' * (len(found) > 4)}; "
        "pass further tensors, such as states, as separate arguments"
    )
