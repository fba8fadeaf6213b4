"""Constants: tensors that depend on shapes only. A plan that records keeps them for all replays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.tape import plan_constant
from ..autograd.tensor import Tensor, wrap


def zeros(shape: Any, dtype: Any) -> Tensor:
    return wrap(plan_constant(np.zeros(shape, dtype)))


def ones(shape: Any, dtype: Any) -> Tensor:
    return wrap(plan_constant(np.ones(shape, dtype)))


def scalar(value: float, dtype: Any) -> Tensor:
    return wrap(plan_constant(np.asarray(value, dtype)))


def off_diagonal(size: int, dtype: Any) -> Tensor:
    """A square of ones with a diagonal of zeros."""
    return wrap(plan_constant(1.0 - np.eye(size, dtype=dtype)))
