"""Constant initial values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .base import Array, Initializer


class Constant(Initializer):
    """Every element is `value`.

    Args:
        value: A number, or an array that broadcasts to the shape of the weight.

    Example:
        >>> pydl.initializers.Constant(0.5)((2, 2)).numpy()
        array([[0.5, 0.5],
               [0.5, 0.5]], dtype=float32)
    """

    _names = ("value",)

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        return np.full(shape, self.value, dtype)


class Zeros(Initializer):
    """Every element is 0.

    Example:
        >>> pydl.initializers.Zeros()((3,)).numpy()
        array([0., 0., 0.], dtype=float32)
    """

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        return np.zeros(shape, dtype)


class Ones(Initializer):
    """Every element is 1.

    Example:
        >>> pydl.initializers.Ones()((3,)).numpy()
        array([1., 1., 1.], dtype=float32)
    """

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        return np.ones(shape, dtype)


class Identity(Initializer):
    """The identity matrix times `gain`. Calls raise ValueError unless the shape has two axes.

    Args:
        gain: The number on the diagonal.

    Example:
        >>> pydl.initializers.Identity(2.0)((2, 2)).numpy()
        array([[2., 0.],
               [0., 2.]], dtype=float32)
    """

    _names = ("gain",)

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        if len(shape) != 2:
            raise ValueError(f"[identity] shape: expected 2 axes, got {tuple(shape)}")
        return np.asarray(self.gain * np.eye(*shape, dtype=dtype), dtype)
