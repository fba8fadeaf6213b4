"""Variable: a tensor that lives on between steps."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from .. import _core
from ..base import trial
from ..base.errors import ShapeError
from .tape import Array, spoil_plan
from .tensor import Tensor, as_array

numbers = itertools.count(1)  # of variables and layers, in the order in which they are made


class Variable(Tensor):
    """A weight: a tensor with a name that is written in place, where every write is counted.

    `array`, `numpy()` and all views of them are read-only, so that each write goes through `assign`, `assign_add`,
    `assign_sub` or `v[...] = ...`: what is packed from the weight elsewhere asks `version` whether it is still right.

    Args:
        initial_value: an array, a tensor, numbers; always copied.
        trainable: whether ops on it are recorded. Integers and bools are not trained.
        regularizer: a function from the variable to a loss (see `pydl.regularizers`).
        constraint: a function from an array to an array, applied after every update (see `pydl.constraints`).
    """

    __slots__ = ("_changes", "_number", "_regularizer", "constraint", "declared_trainable", "name", "path", "version")

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
        _core.writable(self.array)[...] = source
        self.array.flags.writeable = False  # for good: its memory belongs to the extension
        self.fixed_array = True
        self.declared_trainable = trainable  # what it goes back to when its layer is no longer frozen
        self.name = self.path = name  # a layer that makes the variable puts its own name before the path
        self._number = next(numbers)
        self.version = _core.Version()  # of the values
        self._changes = _core.Changes()  # of the rest
        self.regularizer = regularizer
        self.constraint = constraint

    @property
    def trainable(self) -> bool:
        return self.requires_grad

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self.requires_grad = bool(value)
        self._changes.bump()

    @property
    def regularizer(self) -> Callable[[Tensor], Tensor] | None:
        return self._regularizer

    @regularizer.setter
    def regularizer(self, value: Callable[[Tensor], Tensor] | None) -> None:
        self._regularizer = value
        self._changes.bump()

    def numpy(self) -> Array:
        return super().numpy().view()

    def _writable(self) -> Array:
        """A view for kernels that write. Who has used it calls `version.bump()`."""
        return _core.writable(self.array)

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
        running = trial.current()
        if running is not None:
            running.keep(self, self._undo)
        self._writable()[index] = as_array(value, self.dtype)
        self.version.bump()

    def _undo(self) -> Callable[[], None]:
        values = self.array.copy()
        return lambda: self.__setitem__(..., values)

    def __repr__(self) -> str:
        return f"<Variable {self.name!r} shape={self.shape} dtype={self.dtype} trainable={self.trainable}>"

    def __reduce__(self) -> tuple[Any, ...]:
        made = (self.array, self.trainable, None, self.name, self.regularizer, self.constraint)
        kept = ("_number", "declared_trainable", "path")  # the number: its place in the order of its layer
        return type(self), made, (None, {name: getattr(self, name) for name in kept})
