"""Matrix products in float64: c[i, j] = sum over k of op(a)[i, k] * op(b)[k, j] + bias[j]."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def matmul(
    a: NDArray[Any],
    b: NDArray[Any],
    bias: NDArray[Any] | None = None,
    transpose_a: bool = False,
    transpose_b: bool = False,
) -> Array:
    """a and b as stored, 2-D; the loop over K keeps the order of the sums plain."""
    left = a.astype(np.float64).T if transpose_a else a.astype(np.float64)
    right = b.astype(np.float64).T if transpose_b else b.astype(np.float64)
    c = np.zeros((left.shape[0], right.shape[1]))
    for k in range(left.shape[1]):
        c += np.outer(left[:, k], right[k])
    return c if bias is None else c + bias.astype(np.float64)
