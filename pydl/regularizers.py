"""Penalties on weights or activities: `regularizer(tensor)` returns a scalar tensor, as in Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import ops
from .autograd.tensor import Tensor
from .base.argument_names import NamesArguments
from .base.registry import Registry, plain
from .ops.constants import off_diagonal

__all__ = ["L1", "L1L2", "L2", "OrthogonalRegularizer", "Regularizer", "get", "l1", "l1_l2", "l2", "serialize"]


class Regularizer(NamesArguments):
    """Base of all regularizers: functions from a weight, or an output, to a penalty that is added to the loss.

    A subclass overrides `__call__`; its attributes are its config.

    Example:
        >>> class Mean(pydl.regularizers.Regularizer):
        ...     def __call__(self, x):
        ...         return pydl.ops.mean(x)
        >>> Mean()(pydl.Tensor([1.0, 3.0])).item()
        2.0
    """

    def __call__(self, x: Tensor) -> Tensor:
        """The penalty on a tensor.

        Args:
            x: Tensor of any shape, of floats.

        Returns:
            A scalar tensor.

        Example:
            >>> pydl.regularizers.L1(0.5)(pydl.Tensor([-2.0, 4.0])).item()
            3.0
        """
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments.

        Returns:
            A dict of plain values.

        Example:
            >>> pydl.regularizers.L1(0.5).get_config()
            {'l1': 0.5}
        """
        return dict(plain(vars(self)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"


class L1(Regularizer):
    """l1 · Σ|x|

    Args:
        l1: The factor.

    Example:
        >>> pydl.regularizers.L1(0.5)(pydl.Tensor([-2.0, 4.0])).item()
        3.0
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = float(l1)

    def __call__(self, x: Tensor) -> Tensor:
        return self.l1 * ops.sum(ops.abs(x))


class L2(Regularizer):
    """l2 · Σx²

    Args:
        l2: The factor.

    Example:
        >>> pydl.regularizers.L2(0.5)(pydl.Tensor([-2.0, 4.0])).item()
        10.0
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = float(l2)

    def __call__(self, x: Tensor) -> Tensor:
        return self.l2 * ops.sum(ops.square(x))


class L1L2(Regularizer):
    """l1 · Σ|x| + l2 · Σx²

    Args:
        l1: The factor of the absolute values.
        l2: The factor of the squares.

    Example:
        >>> pydl.regularizers.L1L2(l1=0.5, l2=0.5)(pydl.Tensor([-2.0, 4.0])).item()
        13.0
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1, self.l2 = float(l1), float(l2)

    def __call__(self, x: Tensor) -> Tensor:
        return self.l1 * ops.sum(ops.abs(x)) + self.l2 * ops.sum(ops.square(x))


class OrthogonalRegularizer(Regularizer):
    """`factor` times the mean absolute cosine between different rows, or columns, of a matrix.

    Calls raise ValueError unless the tensor has two axes.

    Args:
        factor: The factor.
        mode: "rows" or "columns".

    Raises:
        ValueError: For another mode.

    Example:
        >>> penalty = pydl.regularizers.OrthogonalRegularizer(factor=1.0)
        >>> penalty(pydl.Tensor([[1.0, 0.0], [0.0, 3.0]])).item()
        0.0
    """

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
        return self.factor * ops.sum(ops.abs(cosines * off_diagonal(n, x.dtype))) * (0.5 / max(1.0, n * (n - 1) / 2))


l1, l2, l1_l2 = L1, L2, L1L2  # Keras has both spellings

_registry: Registry[Regularizer] = Registry("regularizer", [L1, L2, L1L2, OrthogonalRegularizer], {"l1_l2": L1L2})


def get(identifier: Any) -> Callable[[Tensor], Tensor] | None:
    """A regularizer from its name.

    Args:
        identifier: A name such as "l2", a class, a config {"class_name", "config"}, a regularizer or function from a
            tensor to a scalar tensor, or None.

    Returns:
        The regularizer, or None for None.

    Raises:
        ValueError: If there is no regularizer of this name; the error lists the names.
        TypeError: If it is none of these.

    Example:
        >>> pydl.regularizers.get("l2")
        L2(l2=0.01)
    """
    return None if identifier is None else _registry.get(identifier)


def serialize(regularizer: Any) -> Any:
    """A config from which `get` makes this regularizer again.

    Args:
        regularizer: A regularizer, or None.

    Returns:
        A dict of the class name and the config, or None for None; a user's function is returned unchanged.

    Example:
        >>> pydl.regularizers.serialize(pydl.regularizers.L2(0.5))
        {'class_name': 'L2', 'config': {'l2': 0.5}}
    """
    return None if regularizer is None else _registry.serialize(regularizer)
