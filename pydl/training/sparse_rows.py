"""Sparse matrices as samples: rows are converted to dense arrays batch by batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.tape import Array


def is_sparse(kind: type) -> bool:
    """Whether the class is a matrix or array of scipy.sparse, of any format, or behaves like one."""
    return callable(getattr(kind, "tocsr", None)) and hasattr(kind, "shape")


class SparseRows:
    """The rows of a sparse matrix (N, ...), with the array interface that batches need."""

    def __init__(self, matrix: Any, shape: tuple[int, ...] | None = None) -> None:
        self.shape: tuple[int, ...] = tuple(matrix.shape) if shape is None else shape
        self._rows = (matrix.reshape((matrix.shape[0], -1)) if len(matrix.shape) > 2 else matrix).tocsr()
        self.dtype: np.dtype[Any] = self._rows.dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> SparseRows:
        part = self._rows[rows]
        return SparseRows(part, (part.shape[0], *self.shape[1:]))

    def reshape(self, shape: tuple[int, ...]) -> SparseRows:
        """The same rows with another shape."""
        return SparseRows(self._rows, shape)

    def max(self, initial: Any) -> Any:
        return max(self._rows.max(), initial) if self._rows.nnz else initial

    def labels(self) -> Array:
        """The class of every row: the column of its only 1, or the value itself if there is one column."""
        rows = self._rows
        if rows.shape[1] == 1:
            return np.asarray(rows.toarray()).reshape(-1)
        if not (rows.max() == 1 and (rows.sum(axis=1) == 1).all() and rows.count_nonzero() == len(self)):
            raise ValueError("[data] class_weight: expected one-hot rows, got others; pass sample_weight instead")
        return np.asarray(rows.argmax(axis=1)).reshape(-1)

    def dense(self, rows: Any = slice(None), out: Array | None = None) -> Array:
        """These rows as an array, in `out` if given."""
        part = self._rows[rows]
        flat = None if out is None else out.reshape(part.shape)
        array: Array = part.toarray(out=flat) if flat is not None else part.toarray()
        return array.reshape(part.shape[0], *self.shape[1:])
