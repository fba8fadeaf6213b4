"""Rows of a table by number."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor, record, wrap
from ..base.errors import DTypeError, ShapeError


def embedding(ids: Any, table: Any) -> Tensor:
    """table[ids]: a row of the table for each number.

    Args:
        ids: integers of any shape (…), or floats that are cut off to such.
        table: (V, D). Its gradient adds up in the order of `ids`, so its bits do not depend on threads.

    Returns:
        (…, D). ValueError names the first number outside [0, V).
    """
    ids, table = as_tensor(ids), as_tensor(table)
    if table.ndim != 2:
        raise ShapeError(f"[embedding] table: expected 2 axes (V, D), got shape {table.shape}")
    if ids.dtype == bool or table.dtype.kind != "f":
        raise DTypeError(f"[embedding] ids, table: expected integers and floats, got {ids.dtype} and {table.dtype}")
    numbers = ids.array
    if numbers.dtype not in (np.int32, np.int64, np.float32, np.float64):
        numbers = numbers.astype(np.int64)

    def backward(dy: Array) -> tuple[None, Array]:
        return None, _core.embedding_backward(dy, numbers, table.shape[0])

    rows = record(_core.embedding_forward(numbers, table.array), (ids, table), backward)
    rows.lookup = wrap(numbers), table
    return rows
