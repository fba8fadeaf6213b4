"""Updates of variables by their gradients: the kernels, what clipping does to gradients, the arrays of slots."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor
from ..autograd.variable import Variable

adam_update, rmsprop_update, sgd_update = _core.adam_update, _core.rmsprop_update, _core.sgd_update


def zeros_like(variable: Variable) -> Array:
    """A slot of a variable, before the first update."""
    return np.zeros_like(variable.array)


def as_arrays(gradients: Sequence[Any], members: Sequence[int], dtype: Any) -> list[Array]:
    """Some of the gradients, tensors or arrays, as contiguous arrays of a dtype."""
    chosen = map(gradients.__getitem__, members)
    return [np.asarray(g.array if isinstance(g, Tensor) else g, dtype, order="C") for g in chosen]


def constrain(variable: Variable) -> None:
    """Applies the constraint of a variable to it."""
    assert variable.constraint is not None
    variable.assign(variable.constraint(variable.array))


def clipped(
    gradients: Sequence[Any],
    clipvalue: float | None = None,
    clipnorm: float | None = None,
    global_clipnorm: float | None = None,
) -> list[Array]:
    """The gradients, clipped by the one bound that is given."""
    arrays = [g.array if isinstance(g, Tensor) else np.asarray(g) for g in gradients]
    with np.errstate(over="ignore", invalid="ignore"):  # gradients that are not finite reach the weights
        if clipvalue is not None:
            return [np.clip(g, -clipvalue, clipvalue) for g in arrays]
        if clipnorm is not None:
            return [g * _scale(float(clipnorm), _norm([g])) for g in arrays]
        norm, limit = _norm(arrays), float(global_clipnorm or 0.0)
        scale = _scale(limit, norm) if norm < math.inf else math.nan
        return [g * scale for g in arrays]


def _norm(grads: list[Array]) -> float:
    total = sum(float(np.sum(np.square(g, dtype=np.float64))) for g in grads)
    if 1e-200 < total < math.inf:
        return math.sqrt(total)
    largest = max([float(np.max(np.abs(g), initial=0.0)) for g in grads], default=0.0)
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * _norm([g / largest for g in grads])  # the squares overflow or underflow


def _scale(limit: float, norm: float) -> float:
    """The factor that scales a norm above the limit down to it."""
    return limit / norm if norm > limit or norm != norm else 1.0
