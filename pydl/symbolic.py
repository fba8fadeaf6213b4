"""Symbolic tensors: what layers are called with to describe a model before there is data.

A layer called on one makes its weights, leaves a `Call` and gives symbolic tensors for what it will compute. The calls
between some tensors and others are a model (pydl/models/graph.py).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np

from .errors import ShapeError
from .structure import leaves, map_leaves

if TYPE_CHECKING:
    from .layers import Layer

_numbers = itertools.count()
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class SymbolicError(TypeError):
    """A symbolic tensor was to have values."""


def accepts_symbolic(op: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """The op as users call it; on symbolic tensors it becomes a part of a model and gives symbolic ones.

    What it refuses, it refuses with its name and that of the argument.
    """

    @wraps(op)
    def function(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return op(*args, **kwargs)
        except SymbolicError:
            from .layers.operation import symbolic_call

            result: Result = symbolic_call(op.__name__, args, kwargs)
            return result
        except Exception as error:
            from .ops.refusal import refusal

            better = refusal(op, error, args, kwargs)
            if better is error:
                raise
            raise better from error

    function.__module__ = "pydl.ops"  # where pickle finds it
    return function


def _sign(name: str, swap: bool = False) -> Callable[..., Any]:
    """The method of an operator sign: the op of this name."""

    def method(self: Any, *other: Any) -> Any:
        from . import ops

        return getattr(ops, name)(*other, self) if swap else getattr(ops, name)(self, *other)

    return method


class SymbolicTensor:
    """An output that will be: its shape (None: any size), its dtype, and the call of a layer that gives it."""

    __slots__ = ("__weakref__", "call", "dtype", "name", "shape")
    __array_ufunc__ = None  # so that ndarray + SymbolicTensor is symbolic

    def __init__(self, shape: tuple[Any, ...], dtype: Any, name: str = "", call: Call | None = None) -> None:
        self.shape, self.dtype, self.name, self.call = tuple(shape), np.dtype(dtype), name, call

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise SymbolicError(f"[{self.name}] a symbolic tensor has no values: call layers on it, and a model on arrays")

    def __bool__(self) -> bool:
        raise TypeError(f"[{self.name}] a symbolic tensor has no values: `if` cannot look at it")

    def __iter__(self) -> Any:
        raise TypeError(f"[{self.name}] a symbolic tensor has no values: it cannot be iterated over")

    __add__, __radd__ = _sign("add"), _sign("add", swap=True)
    __sub__, __rsub__ = _sign("subtract"), _sign("subtract", swap=True)
    __mul__, __rmul__ = _sign("multiply"), _sign("multiply", swap=True)
    __truediv__, __rtruediv__ = _sign("divide"), _sign("divide", swap=True)
    __pow__, __rpow__ = _sign("power"), _sign("power", swap=True)
    __matmul__, __rmatmul__ = _sign("matmul"), _sign("matmul", swap=True)
    __lt__, __le__, __gt__, __ge__ = _sign("less"), _sign("less_equal"), _sign("greater"), _sign("greater_equal")
    __neg__, __abs__, __getitem__ = _sign("negative"), _sign("abs"), _sign("getitem")

    def __repr__(self) -> str:
        return f"<SymbolicTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


class Call:
    """One call of a layer: `layer(*args, **kwargs)`, with symbolic tensors anywhere in them, gives `outputs`."""

    def __init__(self, layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.layer, self.args, self.kwargs = layer, args, kwargs
        self.number = next(_numbers)  # a call comes after those that made its inputs
        self.outputs: Any = None

    @property
    def inputs(self) -> list[SymbolicTensor]:
        """The symbolic tensors that the layer is called with."""
        found = leaves(list(self.args)) + leaves(self.kwargs)
        return [leaf for leaf in found if isinstance(leaf, SymbolicTensor)]

    def give(self, shapes: Any, dtype: Any) -> Any:
        """Makes the outputs."""
        count = len(leaves(shapes))
        names = iter([self.layer.name] if count == 1 else [f"{self.layer.name}[{i}]" for i in range(count)])
        self.outputs = map_leaves(
            lambda shape: SymbolicTensor(shape, getattr(shape, "dtype", dtype), next(names), self), shapes
        )
        return self.outputs


def is_symbolic(structure: Any) -> bool:
    """Whether a symbolic tensor is among the leaves."""
    if isinstance(structure, list | tuple | dict):
        return any(isinstance(leaf, SymbolicTensor) for leaf in leaves(structure))
    return isinstance(structure, SymbolicTensor)


def call_layer(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The outputs of `layer(*args, **kwargs)`, symbolic. ShapeError with the way to here if an input does not fit."""
    call = Call(layer, args, kwargs)
    try:
        shapes = layer._output_shapes_of(*args, **kwargs)
    except ValueError as error:
        from .models.chain import explain_call

        raise ShapeError(explain_call(call, error)) from error
    layer._calls.append(call)
    return call.give(shapes, layer.dtype)
