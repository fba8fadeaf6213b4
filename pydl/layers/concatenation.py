"""Concatenate: tensors concatenated along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ops
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError, as_integer
from ..ops.constants import ones
from .layer import Shape
from .merging import _Merge

__all__ = ["Concatenate"]


class Concatenate(_Merge):
    """All inputs one after the other along `axis`. Their masks are joined too.

    Args:
        axis: Axis, not the batch.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        A list of at least two tensors that differ in the size of the axis only.

    Output shape:
        That of the inputs, with the sum of their sizes along the axis. Integers stay integers; floating inputs are cast
        to the layer's dtype.

    Raises:
        TypeError: axis is not an integer.
        ShapeError: The input is no list of at least two tensors, axis is none of theirs, or they differ in another one.

    Example:
        >>> layer = pydl.layers.Concatenate()
        >>> layer([np.zeros((2, 3)), np.zeros((2, 1))]).shape
        (2, 4)
    """

    _recordable = True

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if as_integer(axis) is None:
            raise TypeError(f"[{self.name}] axis: expected an integer, got {axis!r}")
        self.axis = axis

    def call(self, inputs: Sequence[Tensor], mask: Any = None) -> Tensor:
        self._check_number(inputs)
        self.compute_output_shape([x.shape for x in inputs])
        return ops.concatenate(inputs, self.axis)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The masks one after the other too, if the axis is one of theirs; an input without one counts everywhere.

        Otherwise a step counts if it does in any input.
        """
        masks = [m for m in mask if m is not None] if isinstance(mask, list) else []
        if not masks:
            return None
        rank = masks[0].ndim
        counts = [
            ones((*x.shape[:rank], 1), np.float32) if m is None else ops.mask_values(m)
            for x, m in zip(inputs, mask, strict=True)
        ]
        axis = self.axis % inputs[0].ndim
        if axis >= rank and len(masks) < len(mask):
            self._warn_of_missing(inputs, mask)
        return ops.step_mask(ops.concatenate(counts, axis)) if axis < rank else self._any(counts)

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        first = input_shape[0]
        axis = self.axis % len(first) if -len(first) <= self.axis < len(first) else None
        if not axis:
            raise ShapeError(f"[{self.name}] axis: expected an axis of {tuple(first)} after the batch, got {self.axis}")
        total: Any = 0
        for shape in input_shape:
            pairs = zip(first, shape, strict=False)
            if len(shape) != len(first) or any(
                i != axis and None not in p and p[0] != p[1] for i, p in enumerate(pairs)
            ):
                shapes = " and ".join(str(tuple(s)) for s in input_shape)
                raise ShapeError(f"[{self.name}] inputs: expected shapes that differ in axis {axis} only, got {shapes}")
            total = None if total is None or shape[axis] is None else total + shape[axis]
        return (*first[:axis], total, *first[axis + 1 :])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}
