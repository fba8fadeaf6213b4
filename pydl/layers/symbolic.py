"""Symbolic tensors: layers are called on them to describe a model without data.

Such a call builds the layer, creates a `Call` and returns symbolic tensors for the outputs. The calls between inputs
and outputs are the graph of a model (pydl/models/graph.py).

References: a tensor holds its layer and its call, a call its input tensors, a layer its only call. All of them lead
from outputs to inputs, so there are no cycles, and a model is freed with its last reference. The references from a call
to its layer and its outputs are weak.
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
    """The method of an operator: it calls the op of this name."""

    def method(self: Any, *other: Any) -> Any:
        return getattr(ops, name)(*other, self) if swap else getattr(ops, name)(self, *other)

    return method


class SymbolicTensor:
    """A future output: its shape (None: any size), its dtype, and the call of a layer that computes it."""

    __slots__ = ("__weakref__", "_layer", "call", "dtype", "name", "shape")
    __array_ufunc__ = None  # so that ndarray + SymbolicTensor is symbolic

    def __init__(self, shape: tuple[Any, ...], dtype: Any, name: str = "", call: Call | None = None) -> None:
        self.shape, self.dtype, self.name, self.call = tuple(shape), np.dtype(dtype), name, call
        self._layer = None if call is None else call.layer  # a strong reference: the call has a weak one

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise SymbolicError(
            f"[{self.name}] values of a symbolic tensor were requested; call layers on it, and the model on arrays"
        )

    def __bool__(self) -> bool:
        raise TypeError(f"[{self.name}] values of a symbolic tensor were requested; `if` cannot branch on it")

    def __iter__(self) -> Any:
        raise TypeError(f"[{self.name}] values of a symbolic tensor were requested; it cannot be iterated over")

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
    """An output of a call: its shape, dtype and name, with a weak reference to the tensor."""

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
    """One call of a layer, `layer(*args, **kwargs)`, with symbolic tensors anywhere in the arguments."""

    def __init__(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._layer, self.args, self.kwargs = weakref.ref(layer), args, kwargs
        self.number = next(_numbers)  # topological order: it is larger than the numbers of the calls before
        self._structure: Any = ""  # of the outputs
        self._output_specs: list[_Output] = []

    @property
    def layer(self) -> Any:
        """The layer (a Layer, whose module imports this one)."""
        layer = self._layer()
        assert layer is not None, "a tensor of the call holds the layer"
        return layer

    @property
    def inputs(self) -> list[SymbolicTensor]:
        """The symbolic tensors among the arguments."""
        found = flatten(list(self.args)) + flatten(self.kwargs)
        return [leaf for leaf in found if isinstance(leaf, SymbolicTensor)]

    def make_outputs(self, shapes: Any, dtype: Any) -> Any:
        """Creates the outputs."""
        count = len(flatten(shapes))
        names = iter([self.layer.name] if count == 1 else [f"{self.layer.name}[{i}]" for i in range(count)])
        self._output_specs = [_Output(shape, getattr(shape, "dtype", dtype), next(names)) for shape in flatten(shapes)]
        self._structure = map_structure(lambda _: "", shapes)  # not None: a tuple of None is taken for a shape
        return self.outputs

    @property
    def outputs(self) -> Any:
        """The symbolic output tensors; one without other references is created again."""
        return pack_sequence_as(self._structure, [output.tensor(self) for output in self._output_specs])

    def spec(self) -> tuple[Any, list[Any]]:
        """The structure of the outputs, and their shapes, dtypes and names: the arguments of `restore`."""
        return self._structure, [(spec.shape, spec.dtype, spec.name) for spec in self._output_specs]

    def restore(self, structure: Any, specs: list[Any]) -> Any:
        """Creates outputs like those of another call, from its `spec`."""
        self._structure, self._output_specs = structure, [_Output(*each) for each in specs]
        return self.outputs

    def __getstate__(self) -> tuple[Any, ...]:
        return self.layer, self.args, self.kwargs, self.spec()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        layer, args, kwargs, spec = state
        Call.__init__(self, layer, args, kwargs)
        self.restore(*spec)
        layer._called(self)


def _output_of(call: Call, index: int) -> SymbolicTensor:
    tensor: SymbolicTensor = flatten(call.outputs)[index]
    return tensor


def is_symbolic(structure: Any) -> bool:
    """Whether any leaf is a symbolic tensor."""
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
    outputs = call.make_outputs(shapes, layer.dtype)
    layer._called(call)
    return outputs
