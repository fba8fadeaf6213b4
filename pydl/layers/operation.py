"""Ops on symbolic tensors: in a functional model, `x * 2` or `ops.mean(x, axis=1)` become layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import ops
from ..autograd.tape import no_grad, plan_constant
from ..autograd.tensor import Tensor, as_tensor, wrap
from ..base.tree import flatten, pack_sequence_as
from ..ops import entry
from ..ops.arrays import as_number
from ..ops.constants import ones
from ..ops.math import READS_NUMBERS
from .attributes import unique_name
from .layer import Layer
from .symbolic import SymbolicTensor

__all__ = ["Operation"]


@dataclass(frozen=True)
class _Input:
    """A placeholder for one of the tensors that the layer is called on."""

    number: int


class Operation(Layer):
    """Function of `pydl.ops` as a layer: what an op on symbolic tensors puts into a functional model.

    Args:
        op: Name of the function.
        args: Its positional arguments as plain values; {"input": i} stands for the i-th tensor that the layer is called
            on.
        kwargs: Its arguments by name, likewise.
        name: Name of the layer; None makes a unique one of op.
        **options: Further arguments of `Layer`.

    Input shape:
        A list of the tensors that args and kwargs refer to. They are not cast.

    Output shape:
        The output of the function.

    Raises:
        ValueError: op is no function of `pydl.ops`.

    Example:
        >>> layer = pydl.layers.Operation("multiply", [{"input": 0}, 2.0])
        >>> layer([np.array([1.0, 3.0])]).numpy()
        array([2., 6.])
    """

    _recordable = True
    autocast = False
    _casts_integers = True
    supports_masking = False

    def __init__(self, op: str, args: Any = (), kwargs: Any = None, name: str | None = None, **options: Any) -> None:
        super().__init__(name=name or unique_name(op), **options)
        if op not in ops.__all__:
            raise ValueError(f"[{self.name}] op: expected a function of pydl.ops, got {op!r}")
        self.op, self._arguments, self._options = op, _decoded(list(args)), _decoded(dict(kwargs or {}))
        arrays = any(isinstance(part, np.ndarray) for part in [*self._arguments, *self._options.values()])
        self._wraps_numbers = op in READS_NUMBERS and not arrays
        self.built = True

    def call(self, inputs: Any) -> Any:
        def value(part: Any) -> Any:
            if isinstance(part, np.ndarray):
                return as_tensor(plan_constant(part))
            if isinstance(part, _Input):
                return inputs[part.number]
            # A number takes the dtype of the only tensor. It is a constant of the plan, as it cannot change.
            if self._wraps_numbers and len(inputs) == 1 and isinstance(part, int | float):
                number = as_number(part, inputs[0].dtype)
                return part if number is None else wrap(plan_constant(number))
            return part

        function: Callable[..., Any] = getattr(ops, self.op)
        return function(*_map(value, self._arguments), **_map(value, self._options))

    def _output_shapes_of(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Found by calling the op on ones, twice. A size that depends on an unknown one is unknown too."""

        def outputs(open_size: int) -> Any:
            with no_grad(), np.errstate(all="ignore"):
                return self.call([ones([open_size if n is None else n for n in x.shape], x.dtype) for x in inputs])

        first, second = outputs(16), outputs(17)
        self.dtype = flatten(first)[0].dtype
        pairs = zip(flatten(first), flatten(second), strict=True)
        return pack_sequence_as(
            first, [tuple([n if n == m else None for n, m in zip(a.shape, b.shape, strict=True)]) for a, b in pairs]
        )

    def get_config(self) -> dict[str, Any]:
        args, kwargs = _encoded(self._arguments), _encoded(self._options)
        return {"name": self.name, "trainable": self.trainable, "op": self.op, "args": args, "kwargs": kwargs}


def symbolic_call(op: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The op as a layer called on symbolic arguments. TypeError for arguments that a config cannot hold."""
    inputs: list[SymbolicTensor] = []

    def as_input(part: Any) -> Any:
        if isinstance(part, SymbolicTensor):
            inputs.append(part)
            return _Input(len(inputs) - 1)
        return part

    arguments = _encoded(_map(as_input, list(args))), _encoded(_map(as_input, kwargs))
    return Operation(op, *arguments)(inputs)


entry.on_symbolic = symbolic_call


def _map(function: Callable[[Any], Any], part: Any) -> Any:
    """`map_structure` that also maps the sizes of a shape."""
    if isinstance(part, dict):
        return {key: _map(function, value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return type(part)([_map(function, value) for value in part])
    return function(part)


def _encoded(part: Any) -> Any:
    """Arguments as values for a config. TypeError for others, such as variables."""
    if isinstance(part, _Input):
        return {"input": part.number}
    if isinstance(part, dict):
        return {key: _encoded(value) for key, value in part.items()}
    if isinstance(part, tuple):
        return {"tuple": [_encoded(value) for value in part]}
    if isinstance(part, list):
        return [_encoded(value) for value in part]
    if isinstance(part, slice):
        return {"slice": [_encoded(value) for value in (part.start, part.stop, part.step)]}
    if part is ...:
        return {"ellipsis": True}
    if isinstance(part, np.generic):
        return part.item()
    if type(part) is Tensor and not part.requires_grad:
        part = part.array
    if isinstance(part, np.ndarray):
        return {"array": part.tolist(), "dtype": part.dtype.name}
    if isinstance(part, np.dtype | type):
        return np.dtype(part).name
    if part is None or isinstance(part, bool | int | float | str):
        return part
    raise TypeError(
        f"[ops] argument: expected numbers or arrays beside symbolic tensors, got {type(part).__name__}; to use "
        "weights, write a layer"
    )


def _decoded(part: Any) -> Any:
    """The inverse of `_encoded`."""
    if isinstance(part, list):
        return [_decoded(value) for value in part]
    if not isinstance(part, dict):
        return part
    match part:
        case {"input": number}:
            return _Input(number)
        case {"tuple": values}:
            return tuple([_decoded(value) for value in values])
        case {"slice": bounds}:
            return slice(*bounds)
        case {"ellipsis": True}:
            return ...
        case {"array": values, "dtype": dtype}:
            return np.array(values, dtype)
    return {key: _decoded(value) for key, value in part.items()}
