"""Variable: a named tensor that is written in place, such as a weight."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from .. import _core
from ..base import trial
from ..base.errors import ShapeError
from .tape import Array, cannot_replay
from .tensor import Tensor, as_array

numbers = itertools.count(1)  # numbers variables and layers in order of creation


class Variable(Tensor):
    """A weight: a tensor with a name that is written in place.

    `array`, `numpy()` and all views of them are read-only: writes go through `assign`, `assign_add`, `assign_sub` or
    `v[...] = ...`, so that what was packed from the old values is packed again.

    Args:
        initial_value: An array, a tensor or numbers of any shape; always copied.
        trainable: Whether ops that read it are recorded. Integers and bools are not trained.
        dtype: The dtype; None for that of the value, as in `Tensor`.
        name: What it is called in a summary and in files.
        regularizer: A function from the variable to a loss (see `pydl.regularizers`), or None.
        constraint: A function from an array to an array, applied after every update (see `pydl.constraints`), or None.

    Attributes:
        path: The name behind those of the layers that it belongs to: "dense/kernel".
        version: Counts the writes.

    Raises:
        DTypeError: If the value holds no numbers.

    Example:
        >>> v = pydl.Variable([1.0, 2.0], name="v")
        >>> v.assign([3.0, 4.0])
        <Variable 'v' shape=(2,) dtype=float32 trainable=True>
        >>> v[0] = 10.0
        >>> v.numpy()
        array([10.,  4.], dtype=float32)
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
        self.array.flags.writeable = False  # never undone: only the extension writes to it
        self.fixed_array = True
        self.declared_trainable = trainable  # the value of `trainable` when its layer is not frozen
        self.name = self.path = name  # a layer prefixes the path of its variables with its own name
        self._number = next(numbers)
        self.version = _core.Version()  # of the values
        self._changes = _core.Changes()  # of the other attributes
        self.regularizer = regularizer
        self.constraint = constraint

    @property
    def trainable(self) -> bool:
        """Whether ops that read it are recorded, and `fit` updates it. It may be set."""
        return self.requires_grad

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self.requires_grad = bool(value)
        self._changes.bump()

    @property
    def regularizer(self) -> Callable[[Tensor], Tensor] | None:
        """The function that gives its penalty, or None. It may be set."""
        return self._regularizer

    @regularizer.setter
    def regularizer(self, value: Callable[[Tensor], Tensor] | None) -> None:
        self._regularizer = value
        self._changes.bump()

    def numpy(self) -> Array:
        return super().numpy().view()

    def _writable(self) -> Array:
        """A writable view for kernels. The caller must call `version.bump()` after a write."""
        return _core.writable(self.array)

    def assign(self, value: Any) -> Variable:
        """Writes new values into the variable.

        Args:
            value: Tensor or array of the shape of the variable; it is cast to the dtype of the variable.

        Returns:
            The variable itself.

        Raises:
            ShapeError: If the shape differs.
        """
        array = as_array(value)
        if array.shape != self.shape:
            raise ShapeError(f"[assign] {self.path}: expected shape {self.shape}, got {array.shape}")
        self[...] = array
        return self

    def assign_add(self, value: Any) -> Variable:
        """Adds to the values of the variable.

        Args:
            value: Tensor or array whose shape broadcasts to that of the variable, or a number; cast to its dtype.

        Returns:
            The variable itself.

        Raises:
            ShapeError: If the sum has another shape.

        Example:
            >>> pydl.Variable([1.0, 2.0]).assign_add([10.0, 20.0]).numpy()
            array([11., 22.], dtype=float32)
        """
        return self.assign(self.array + as_array(value, self.dtype))

    def assign_sub(self, value: Any) -> Variable:
        """Subtracts from the values of the variable.

        Args:
            value: Tensor or array whose shape broadcasts to that of the variable, or a number; cast to its dtype.

        Returns:
            The variable itself.

        Raises:
            ShapeError: If the difference has another shape.

        Example:
            >>> pydl.Variable([1.0, 2.0]).assign_sub(1.0).numpy()
            array([0., 1.], dtype=float32)
        """
        return self.assign(self.array - as_array(value, self.dtype))

    def __setitem__(self, index: Any, value: Any) -> None:
        cannot_replay(f"the forward pass writes to the variable {self.name!r}; return the value as an output")
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
        arguments = (self.array, self.trainable, None, self.name, self.regularizer, self.constraint)
        attributes = ("_number", "declared_trainable", "path")  # _number: its position among the weights of its layer
        return type(self), arguments, (None, {name: getattr(self, name) for name in attributes})
