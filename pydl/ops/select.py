"""A choice among several tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..autograd.tensor import Tensor, as_tensor
from .math import where


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Tensor:
    """Where the first condition holds the first choice, else where the second holds the second, ..., else `default`.

    All broadcast. ValueError unless there are as many conditions as choices.
    """
    if len(condlist) != len(choicelist) or not condlist:
        raise ValueError(
            f"[select] condlist, choicelist: expected as many, at least one, got {len(condlist)} and {len(choicelist)}"
        )
    y = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        y = where(condition, choice, y)
    return as_tensor(y)
