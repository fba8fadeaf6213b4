"""The base class of all initializers, and the arrays that they return."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from ..base.argument_names import NamesArguments
from ..base.registry import plain

Array = np.ndarray[tuple[int, ...], np.dtype[Any]]


def _converting(call: Callable[..., Any]) -> Callable[..., Any]:
    """The `__call__` of an initializer, with its arrays as InitialValues; other results are not changed."""

    @wraps(call)
    def converting(*args: Any, **kwargs: Any) -> Any:
        values = call(*args, **kwargs)
        return values.view(InitialValues) if type(values) is np.ndarray else values

    return converting


class InitialValues(np.ndarray[Any, Any]):
    """The result of an initializer: an array that converts like a tensor. One of size 1 and any rank is a number."""

    def numpy(self) -> Array:
        return np.asarray(self)

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        return operator.index(self.item())


class Initializer(NamesArguments):
    """Base of all initializers: functions from a shape and a dtype to an array of initial values.

    A subclass overrides `__call__`, and lists its constructor's arguments in `get_config`.

    Example:
        >>> class Sevens(pydl.initializers.Initializer):
        ...     def __call__(self, shape, dtype="float32"):
        ...         return np.full(shape, 7, dtype)
        >>> pydl.layers.Dense(2, bias_initializer=Sevens())(np.zeros((1, 3))).numpy()
        array([[7., 7.]], dtype=float32)
    """

    _names: tuple[str, ...] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__call__" in vars(cls):
            cls.__call__ = _converting(vars(cls)["__call__"])  # type: ignore[method-assign]

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        """Initial values for a weight.

        Args:
            shape: The shape of the weight.
            dtype: Its dtype.

        Returns:
            An array.

        Example:
            >>> pydl.initializers.Ones()((2,), "float64")
            InitialValues([1., 1.])
        """
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, from which `from_config` makes the initializer again.

        Returns:
            A dict of plain values.

        Example:
            >>> pydl.initializers.Constant(3.0).get_config()
            {'value': 3.0}
        """
        return {name: plain(getattr(self, name)) for name in self._names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """The initializer that `get_config` describes.

        Args:
            config: A dict from the names of the constructor's arguments to their values.

        Returns:
            A new initializer of this class.

        Example:
            >>> pydl.initializers.Constant.from_config({"value": 3.0})
            Constant(value=3.0)
        """
        return cls(**config)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.get_config().items())})"
