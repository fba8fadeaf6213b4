"""What is right: every case's answer in float64, by plain NumPy, and how far another one is from it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .cases.case import Case
from .peers import Way, numpy_, numpy_nets

CHECKED_STEPS = 3  # a training case must agree after each of the first steps

Answers = list[NDArray[Any]]


def answers(way: Way, op: str) -> Answers:
    steps = CHECKED_STEPS if op == "train" else 1
    return [array for _ in range(steps) for array in way.answer(way.call())]


def reference(case: Case) -> Answers:
    if case.op == "fit":  # only as a reference, and in float32: with NumPy an epoch takes minutes
        return [numpy_nets.epoch(**case.arguments())]
    way = getattr(numpy_, case.op)(**{name: _float64(value) for name, value in case.arguments().items()})[0]
    return answers(way, case.op)


def _float64(value: Any) -> Any:
    if isinstance(value, list):
        return [_float64(item) for item in value]
    is_real = isinstance(value, np.ndarray) and value.dtype == np.float32
    return value.astype(np.float64) if is_real else value


def largest_error(got: Sequence[NDArray[Any]], expected: Sequence[NDArray[Any]]) -> float:
    """Relative to the largest value of each array; infinite when the shapes differ, NaN when a NaN is there."""
    if [np.shape(array) for array in got] != [np.shape(array) for array in expected]:
        return float("inf")
    errors = [
        np.max(np.abs(array - right), initial=0) / max(np.max(np.abs(right), initial=0), 1e-30)
        for array, right in zip(got, expected, strict=True)
    ]
    return float(np.max(errors))
