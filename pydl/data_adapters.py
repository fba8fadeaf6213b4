"""What users give as data, as arrays of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import ShapeError
from .tape import Array
from .tensor import Tensor


def as_numbers(name: str, data: Any) -> Array:
    """An array of what the user gave, its dtype untouched. TypeError unless it is numbers with a batch axis."""
    try:
        array = data.array if isinstance(data, Tensor) else np.asarray(data)
    except ValueError as error:
        raise ShapeError(
            f"[data] {name}: expected lists of one length, got a list whose elements differ in shape; "
            "batches come from a generator or another iterable that is not a list"
        ) from error
    if array.ndim == 0 or array.dtype.kind not in "fiub":
        hint = "; number the classes, as np.unique(y, return_inverse=True) does" if array.dtype.kind in "US" else ""
        what = f"{array.dtype} of shape {array.shape}" if array.ndim else f"{data!r:.80}"
        raise TypeError(f"[data] {name}: expected an array of numbers with a batch axis, got {what}{hint}")
    return array
