"""Penalties on weights or activities: `regularizer(tensor)` gives a scalar tensor, as in Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import ops
from .autograd.tensor import Tensor
from .base.argument_names import NamesArguments
from .base.registry import Registry, plain


class Regularizer(NamesArguments):
    """Base: override `__call__`."""

    def __call__(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return dict(plain(vars(self)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"


class L1(Regularizer):
    """l1 · Σ|x|"""

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = float(l1)

    def __call__(self, x: Tensor) -> Tensor:
        return self.l1 * ops.sum(ops.abs(x))


class L2(Regularizer):
    """l2 · Σx²"""

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = float(l2)

    def __call__(self, x: Tensor) -> Tensor:
        return self.l2 * ops.sum(ops.square(x))


class L1L2(Regularizer):
    """l1 · Σ|x| + l2 · Σx²"""

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1, self.l2 = float(l1), float(l2)

    def __call__(self, x: Tensor) -> Tensor:
        return self.l1 * ops.sum(ops.abs(x)) + self.l2 * ops.sum(ops.square(x))


class OrthogonalRegularizer(Regularizer):
    """factor times the mean absolute cosine between different rows (or columns) of a matrix."""

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise ValueError(f"[orthogonal_regularizer] mode: expected rows or columns, got {mode!r}")
        self.factor, self.mode = float(factor), mode

    def __call__(self, x: Tensor) -> Tensor:
        if x.ndim != 2:
            raise ValueError(f"[orthogonal_regularizer] x: expected 2 axes, got shape {x.shape}")
        axis = 1 if self.mode == "rows" else 0
        unit = x / ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis, keepdims=True), 1e-12))
        cosines = unit @ unit.T if self.mode == "rows" else unit.T @ unit
        n = cosines.shape[0]
        others = 1.0 - np.eye(n, dtype=x.dtype)
        return self.factor * ops.sum(ops.abs(cosines * others)) * (0.5 / max(1.0, n * (n - 1) / 2))


l1, l2, l1_l2 = L1, L2, L1L2  # Keras has both spellings

_registry: Registry[Regularizer] = Registry("regularizer", [L1, L2, L1L2, OrthogonalRegularizer], {"l1_l2": L1L2})


def get(identifier: Any) -> Callable[[Tensor], Tensor] | None:
    """A regularizer from its name, config or itself; None stays None. ValueError lists the names."""
    return None if identifier is None else _registry.get(identifier)


def serialize(regularizer: Any) -> Any:
    """What `get` turns back into the same regularizer."""
    return None if regularizer is None else _registry.serialize(regularizer)
