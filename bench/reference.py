"""References: the result of each case in float64, by plain NumPy, and the error of another result."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .cases.case import Array, Case
from .peers import Variant
from .peers import numpy as baseline
from .peers.numpy.nets import epoch

CHECKED_STEPS = 3  # of training: the loss must agree after each

Arrays = list[Array]


def result_of(variant: Variant, op: str) -> Arrays:
    steps = CHECKED_STEPS if op == "train" else 1
    return [array for _ in range(steps) for array in variant.to_arrays(variant.call())]


def reference(case: Case) -> Arrays:
    if case.op == "fit":  # no variant of NumPy, whose epoch takes minutes; in float32
        return [epoch(**case.arguments())]
    variant = getattr(baseline, case.op)(**{name: _float64(value) for name, value in case.arguments().items()})[0]
    return result_of(variant, case.op)


def _float64(value: Any) -> Any:
    if isinstance(value, list):
        return [_float64(item) for item in value]
    is_float32 = isinstance(value, np.ndarray) and value.dtype == np.float32
    return value.astype(np.float64) if is_float32 else value


def largest_error(got: Sequence[Array], expected: Sequence[Array]) -> float:
    """Relative to the largest value of each array. Infinite if shapes differ, NaN if a value is NaN."""
    if [np.shape(array) for array in got] != [np.shape(array) for array in expected]:
        return float("inf")
    errors = [
        np.max(np.abs(array - right), initial=0) / max(np.max(np.abs(right), initial=0), 1e-30)
        for array, right in zip(got, expected, strict=True)
    ]
    return float(np.max(errors))
