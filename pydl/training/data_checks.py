"""Warnings about data, given once: values that are not finite, and unscaled images.

Values are searched only when the loss is no longer finite: NaN that a mask or a weight of 0 leaves out is harmless, and
the search would make every step slower.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..base.tree import is_nested
from ..layers import Layer
from .batches import ArrayBatches, Batch, IterableBatches
from .sparse_rows import SparseRows

_MAX_SEARCHED = 1 << 28  # elements of one array; a memory-mapped file of a terabyte is not read for a warning
_PASS_ON = ("Input", "Flatten", "Reshape", "Permute", "Dropout", "SpatialDropout", "ZeroPadding", "MaxPool", "Average")


def not_finite(batch: Batch, step: int, batches: ArrayBatches | IterableBatches | None = None) -> str | None:
    """The position of NaN or infinity in this batch or, for arrays, in all samples, as text; None if all are finite."""
    samples = batches.samples if isinstance(batches, ArrayBatches) else None
    where = "" if samples is not None else f" of batch {step}" if batches is not None else ""
    found = _first(batch, samples, where)
    if found is None and isinstance(batches, ArrayBatches):
        found = _first(batches.whole(), None, "")
    return found


def _first(batch: Batch, samples: Sequence[int] | Any, where: str) -> str | None:
    for part, structure in zip(batch._fields, batch, strict=True):
        for name, array in _named(part, structure):
            found = _first_not_finite(array)
            if found is None:
                continue
            value, (row, *element) = found
            row = row if samples is None else int(samples[row])
            at = f" at {tuple(element)}" if len(element) > 1 else f" at feature {element[0]}" if element else ""
            return f"{name} is {value} in sample {row}{where}{at}"
    return None


def _named(part: str, structure: Any) -> Iterator[tuple[str, Any]]:
    """Every array with its name, such as x, x[0] or y['out']."""
    if not is_nested(structure):
        if structure is not None:
            yield part, structure
        return
    for key, value in structure.items() if isinstance(structure, dict) else enumerate(structure):
        yield from _named(f"{part}[{key!r}]", value)


def _first_not_finite(array: Any) -> tuple[Any, list[int]] | None:
    """The first value that is not finite, and its index."""
    if array.dtype.kind != "f":
        return None
    rows = max(1, (1 << 20) // max(1, int(np.prod(array.shape[1:]))))
    for start in range(0, min(len(array), _MAX_SEARCHED // max(1, int(np.prod(array.shape[1:]))) + 1), rows):
        part = array[start : start + rows]
        values = part.dense() if isinstance(part, SparseRows) else np.asarray(part)
        bad = ~np.isfinite(values)
        if bad.any():
            first = [int(i) for i in np.unravel_index(bad.argmax(), bad.shape)]
            return values[tuple(first)], [first[0] + start, *first[1:]]
    return None


def unscaled(model: Any, batch: Batch) -> str | None:
    """A warning if pixels of 0 to 255 are the input of a layer with weights; else None."""
    if not _weights_come_first(model.layers):
        return None
    for name, array in _named("x", batch.x):
        if array.dtype.kind != "f" or array.ndim < 2 or not array.size or array.min() < 0:
            continue
        largest = array.max()
        images = array.ndim == 4 and array.shape[-1] in (1, 3, 4)
        rows = array.ndim in (2, 3) and array[0].size >= 64 and largest >= 200
        if not (images or rows) or not 32 < largest <= 255 or not (array == np.rint(array)).all():
            continue
        return (
            f"{name} holds integers up to {largest:.0f}, like unscaled pixels; networks learn from values near 1: pass "
            "x / 255, or put BatchNormalization first"
        )
    return None


def _weights_come_first(layers: Sequence[Layer]) -> bool:
    """Whether no layer before the first Dense or convolution may scale the input."""
    for layer in layers:
        kind = type(layer)
        if not kind.__module__.startswith("pydl."):
            return False
        if kind.__name__.startswith(("Dense", "Conv", "Depthwise", "Separable")):
            return True
        if not any(kind.__name__.startswith(name) for name in _PASS_ON):
            return False
    return False
