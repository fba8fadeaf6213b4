"""Elementwise selection among several tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..autograd.tensor import Tensor, as_tensor
from .math import where

__all__ = ["select"]


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Tensor:
    """The choice that belongs to the first condition that holds, element by element.

    Args:
        condlist: List of tensors or arrays of bools, of shapes that broadcast.
        choicelist: As many tensors, arrays or numbers, of shapes that broadcast with these.
        default: The value where no condition holds.

    Returns:
        Tensor of the common shape and dtype.

    Raises:
        ShapeError: If the shapes do not broadcast.
        ValueError: If there are not as many conditions as choices, or none.

    Example:
        >>> x = np.array([-3.0, 0.5, 9.0])
        >>> pydl.ops.select([x < 0, x > 1], [0.0, 1.0], x).numpy()
        array([0. , 0.5, 1. ])
    """
    if len(condlist) != len(choicelist) or not condlist:
        raise ValueError(
            f"[select] condlist, choicelist: expected equal lengths of at least 1, got {len(condlist)} and "
            f"{len(choicelist)}"
        )
    y = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        y = where(condition, choice, y)
    return as_tensor(y)
