"""Unstacking of sequences into steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor, record
from ..base.errors import ShapeError, shown
from .arrays import transposed
from .axes import axis_of

__all__ = ["unstack"]

_MAX_SLICES = 1 << 20  # each is a Python object: more would fill the memory before any work is done


def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """The slices of x along an axis, without this axis: the reverse of `stack`.

    Args:
        x: Tensor or array of any shape but a scalar, and any dtype.
        num: The expected number of slices, or None.
        axis: The axis along which x is cut.

    Returns:
        List of tensors.

    Raises:
        ShapeError: If x does not have the axis, or not `num` slices.

    Example:
        >>> first, second = pydl.ops.unstack([[1, 2], [3, 4]])
        >>> second.numpy()
        array([3, 4], dtype=int32)
    """
    x = as_tensor(x)
    axis = axis_of("unstack", axis, x.ndim)
    if num is not None and num != x.shape[axis]:
        raise ShapeError(f"[unstack] num: expected {x.shape[axis]} for shape {x.shape}, got {shown(num)}")
    if x.shape[axis] > _MAX_SLICES:
        raise ShapeError(
            f"[unstack] x: expected at most {_MAX_SLICES} slices, got {x.shape[axis]} along axis {axis} of shape "
            f"{x.shape}; index the tensor instead, x[i] makes one slice"
        )
    slices = transposed(x.array, (axis, *range(axis), *range(axis + 1, x.ndim)))
    gathered: list[Array] = []  # the gradient of x while backward visits the slices

    def collect(_: Array) -> tuple[Array]:
        return (gathered.pop(),)

    # An empty tensor between x and its slices: backward visits it after all slices.
    between = record(np.zeros((), x.dtype), (x,), collect)

    def slice_of(number: int) -> Tensor:
        def backward(dy: Array) -> tuple[Array]:
            if not gathered:
                gathered.append(_core.empty(x.shape, x.dtype))
                gathered[0][...] = 0
            np.moveaxis(gathered[0], axis, 0)[number] = dy
            return (np.zeros((), x.dtype),)

        return record(slices[number], (between,), backward)

    return [slice_of(number) for number in range(len(slices))]
