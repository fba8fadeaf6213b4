"""Embedding: rows of a table by id."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array, Node
from ..autograd.tensor import Tensor, as_tensor, will_record, wrap
from ..base.errors import DTypeError, ShapeError

__all__ = ["embedding"]


class TableRows(Tensor):
    """Rows of a table, with ids and table: a recurrent layer can index table @ kernel instead of multiplying the rows.

    Attributes:
        ids: which rows, a tensor of integers.
        table: (V, D).
    """

    __slots__ = ("ids", "table")

    def __init__(self, array: Array, ids: Tensor, table: Tensor) -> None:
        self.array, self.ids, self.table = array, ids, table


def embedding(ids: Any, table: Any) -> Tensor:
    """table[ids]: a row of the table for each id.

    Args:
        ids: Tensor or array of any shape, of integers, or of floats that are cut off to integers.
        table: Tensor or array (vocabulary, features) of floats.

    Returns:
        Tensor of the shape of `ids` with one more axis, the features. The gradient of the table adds up in the order of
        the ids, so that it does not depend on the number of threads.

    Raises:
        DTypeError: If the ids are bools or the table holds integers.
        ShapeError: If the table does not have two axes.
        ValueError: If an id lies outside the table; the error names the first.

    Example:
        >>> table = np.array([[0.0, 0.0], [1.0, 10.0], [2.0, 20.0]])
        >>> pydl.ops.embedding([2, 1], table).numpy()
        array([[ 2., 20.],
               [ 1., 10.]])
    """
    ids, table = as_tensor(ids), as_tensor(table)
    if table.ndim != 2:
        raise ShapeError(f"[embedding] table: expected 2 axes (V, D), got shape {table.shape}")
    if ids.dtype == bool or table.dtype.kind != "f":
        raise DTypeError(f"[embedding] ids, table: expected integers and floats, got {ids.dtype} and {table.dtype}")
    indices = ids.array
    if indices.dtype not in (np.int32, np.int64, np.float32, np.float64):
        indices = indices.astype(np.int64)

    def backward(dy: Array) -> tuple[None, Array]:
        return None, _core.embedding_backward(dy, indices, table.shape[0])

    rows = TableRows(_core.embedding_forward(indices, table.array), wrap(indices), table)
    if will_record(ids, table):
        rows.requires_grad, rows.node = True, Node((ids, table), backward)
    return rows
