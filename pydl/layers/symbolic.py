"""Symbolic tensors: what layers are called with to describe a model before there is data.

A layer called on one makes its weights, leaves a `Call` and gives symbolic tensors for what it will compute. The calls
between some tensors and others are a model (pydl/models/graph.py).

Who holds whom: a tensor its layer and its call, a call the tensors that it reads, a layer its only call. All of these
lead from outputs to inputs, so that a model is not part of a cycle and its memory returns with its last reference. What
leads the other way, from a call to its layer and to its outputs, is weak.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from ..base.errors import ShapeError, SymbolicError
from ..base.tree import flatten, map_structure, pack_sequence_as
from .shape_errors import explain_call

_numbers = itertools.count()


def _sign(name: str, swap: bool = False) -> Callable[..., Any]:
    """The method of an operator sign: the op of this name."""

    def method(self: Any, *other: Any) -> Any:
        return getattr(ops, name)(*other, self) if swap else getattr(ops, name)(self, *other)

    return method


class SymbolicTensor:
    """An output that will be: its shape (None: any size), its dtype, and the call of a layer that gives it."""

    __slots__ = ("__weakref__", "_layer", "call", "dtype", "name", "shape")
    __array_ufunc__ = None  # so that ndarray + SymbolicTensor is symbolic

    def __init__(self, shape: tuple[Any, ...], dtype: Any, name: str = "", call: Call | None = None) -> None:
        self.shape, self.dtype, self.name, self.call = tuple(shape), np.dtype(dtype), name, call
        self._layer = None if call is None else call.layer  # keeps it: the call does not

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

    def __reduce__(self) -> tuple[Any, ...]:
        if self.call is None:
            return SymbolicTensor, (self.shape, self.dtype, self.name)
        return _output_of, (self.call, [t is self for t in flatten(self.call.outputs)].index(True))

    def __repr__(self) -> str:
        return f"<SymbolicTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


class _Output:
    """An output of a call: what it is, and the tensor while somebody keeps it."""

    __slots__ = ("_tensor", "dtype", "name", "shape")

    def __init__(self, shape: tuple[Any, ...], dtype: Any, name: str) -> None:
        self.shape, self.dtype, self.name = shape, dtype, name
        self._tensor: Callable[[], SymbolicTensor | None] = lambda: None

    def tensor(self, call: Call) -> SymbolicTensor:
        tensor = self._tensor()
        if tensor is None:
            tensor = SymbolicTensor(self.shape, self.dtype, self.name, call)
            self._tensor = weakref.ref(tensor)
        return tensor


class Call:
    """One call of a layer: `layer(*args, **kwargs)`, with symbolic tensors anywhere in them, gives `outputs`."""

    def __init__(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._layer, self.args, self.kwargs = weakref.ref(layer), args, kwargs
        self.number = next(_numbers)  # a call comes after those that made its inputs
        self._form: Any = ""  # of the outputs: how they are nested
        self._made: list[_Output] = []

    @property
    def layer(self) -> Any:
        """A Layer, which stands on this file."""
        layer = self._layer()
        assert layer is not None, "who keeps a call keeps its layer"
        return layer

    @property
    def inputs(self) -> list[SymbolicTensor]:
        """The symbolic tensors that the layer is called with."""
        found = flatten(list(self.args)) + flatten(self.kwargs)
        return [leaf for leaf in found if isinstance(leaf, SymbolicTensor)]

    def give(self, shapes: Any, dtype: Any) -> Any:
        """Makes the outputs."""
        count = len(flatten(shapes))
        names = iter([self.layer.name] if count == 1 else [f"{self.layer.name}[{i}]" for i in range(count)])
        self._made = [_Output(shape, getattr(shape, "dtype", dtype), next(names)) for shape in flatten(shapes)]
        self._form = map_structure(lambda _: "", shapes)  # not None: a tuple of those is a shape
        return self.outputs

    @property
    def outputs(self) -> Any:
        """The symbolic tensors that the layer gives; one that nobody has kept is made anew."""
        return pack_sequence_as(self._form, [output.tensor(self) for output in self._made])

    def form(self) -> tuple[Any, list[Any]]:
        """How the outputs are nested, and what each is: enough to make them again."""
        return self._form, [(made.shape, made.dtype, made.name) for made in self._made]

    def restore(self, form: Any, made: list[Any]) -> Any:
        """Makes outputs of the form of another call."""
        self._form, self._made = form, [_Output(*each) for each in made]
        return self.outputs

    def __getstate__(self) -> tuple[Any, ...]:
        return self.layer, self.args, self.kwargs, self.form()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        layer, args, kwargs, form = state
        Call.__init__(self, layer, args, kwargs)
        self.restore(*form)
        layer._called(self)


def _output_of(call: Call, place: int) -> SymbolicTensor:
    tensor: SymbolicTensor = flatten(call.outputs)[place]
    return tensor


def is_symbolic(structure: Any) -> bool:
    """Whether a symbolic tensor is among the leaves."""
    if isinstance(structure, list | tuple | dict):
        return any([isinstance(leaf, SymbolicTensor) for leaf in flatten(structure)])
    return isinstance(structure, SymbolicTensor)


def call_layer(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Symbolic outputs of `layer(*args, **kwargs)`. ShapeError, with the layers before, if an input does not fit."""
    call = Call(layer, args, kwargs)
    try:
        shapes = layer._output_shapes_of(*args, **kwargs)
    except ValueError as error:
        raise ShapeError(explain_call(call, error)) from error
    outputs = call.give(shapes, layer.dtype)
    layer._called(call)
    return outputs
