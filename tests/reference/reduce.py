"""Reductions over a middle axis, element by element in float64."""

import math

import numpy as np


def reduce(name: str, x: np.ndarray, begin: int, end: int) -> np.ndarray:
    """sum, mean, max or min over the axes [begin, end); a NaN makes the result NaN."""
    shape = x.shape[:begin] + x.shape[end:]
    outer, axis = math.prod(x.shape[:begin]), math.prod(x.shape[begin:end])
    inner = math.prod(x.shape[end:])
    cube = x.reshape(outer, axis, inner).astype(np.float64)
    y = np.empty((outer, inner))
    for o, i in np.ndindex(outer, inner):
        values = [float(v) for v in cube[o, :, i]]
        if any(math.isnan(v) for v in values):
            y[o, i] = math.nan
        elif name in ("max", "min"):
            y[o, i] = max(values) if name == "max" else min(values)
        else:
            finite = all(math.isfinite(v) for v in values)
            total = math.fsum(values) if finite else float(np.sum(values))
            y[o, i] = total if name == "sum" else total / axis if axis else math.nan
    return y.reshape(shape)


def argmax(x: np.ndarray, axis: int) -> np.ndarray:
    """The index of the first maximum, or of the first NaN."""
    moved = np.moveaxis(x, axis, -1)
    y = np.empty(moved.shape[:-1], np.int64)
    for where in np.ndindex(*y.shape):
        best = 0
        for i, v in enumerate(moved[where]):
            if math.isnan(moved[where][best]):
                break
            if math.isnan(v) or v > moved[where][best]:
                best = i
        y[where] = best
    return y
