"""Variable: a tensor that lives on between steps."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from . import _core
from .errors import ShapeError
from .tape import Array, spoil_plan
from .tensor import Tensor, as_array

numbers = itertools.count(1)  # of variables and layers, in the order in which they are made


class Variable(Tensor):
    """A weight: a tensor with a name that is written in place, where every write is counted.

    `numpy()` is a read-only view, so that each write goes through `assign` (or `v[...] = ...`): what is packed from the
    weight elsewhere asks `version` whether it is still right. Kernels that write to `array` call `version.bump()`.

    Args:
        initial_value: an array, a tensor, numbers; always copied.
        trainable: whether ops on it are recorded. Integers and bools are not trained.
        regularizer: a function from the variable to a loss (see `pydl.regularizers`).
        constraint: a function from an array to an array, applied after every update (see `pydl.constraints`).
    """

    __slots__ = ("_number", "constraint", "declared_trainable", "name", "path", "regularizer", "version")

    def __init__(
        self,
        initial_value: Any,
        trainable: bool = True,
        dtype: Any = None,
        name: str = "variable",
        regularizer: Callable[[Tensor], Tensor] | None = None,
        constraint: Callable[[Array], Array] | None = None,
    ) -> None:
        source = as_array(initial_value, dtype)
        trainable = bool(trainable) and source.dtype.kind == "f"
        super().__init__(_core.empty(source.shape, source.dtype), requires_grad=trainable)
        self.array[...] = source
        self.declared_trainable = trainable  # what it goes back to when its layer is no longer frozen
        self.name = self.path = name  # a layer that makes the variable puts its own name before the path
        self._number = next(numbers)
        self.version = _core.Version()
        self.regularizer = regularizer
        self.constraint = constraint

    @property
    def trainable(self) -> bool:
        return self.requires_grad

    @trainable.setter
    def trainable(self, value: bool) -> None:
        from . import plan  # plans hold variables

        self.requires_grad = bool(value)
        plan.invalidate()

    def numpy(self) -> Array:
        view = super().numpy().view()
        view.flags.writeable = False
        return view

    def assign(self, value: Any) -> Variable:
        """Copies `value`, of the same shape, into the variable; ShapeError if it does not fit."""
        array = as_array(value)
        if array.shape != self.shape:
            raise ShapeError(f"[assign] {self.path}: expected shape {self.shape}, got {array.shape}")
        self[...] = array
        return self

    def assign_add(self, value: Any) -> Variable:
        return self.assign(self.array + as_array(value, self.dtype))

    def assign_sub(self, value: Any) -> Variable:
        return self.assign(self.array - as_array(value, self.dtype))

    def __setitem__(self, index: Any, value: Any) -> None:
        spoil_plan(f"the forward pass writes to the variable {self.name!r}")
        np.asarray(self.array)[index] = as_array(value, self.dtype)
        self.version.bump()

    def __repr__(self) -> str:
        return f"<Variable {self.name!r} shape={self.shape} dtype={self.dtype} trainable={self.trainable}>"

    def __reduce__(self) -> tuple[Any, ...]:
        made = (self.array, self.trainable, None, self.name, self.regularizer, self.constraint)
        kept = ("_number", "declared_trainable", "path")  # the number: its place in the order of its layer
        return type(self), made, (None, {name: getattr(self, name) for name in kept})
