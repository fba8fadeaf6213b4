"""Dot: products of two tensors, summed along an axis of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import ops
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError, as_integer
from .layer import Shape
from .merging import _Merge

__all__ = ["Dot"]


class Dot(_Merge):
    """Product of two inputs per sample, summed along an axis of each.

    Args:
        axes: Axis of both inputs, or a tuple of one of each; not the batch.
        normalize: Whether the vectors along the axes are divided by their lengths, so that the output is a cosine.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        A list of two tensors of the same batch and of equal size along the axes.

    Output shape:
        The batch, then the other axes of the first input, then those of the second; (batch, 1) if there are none. In
        the layer's dtype, to which inputs are cast.

    Raises:
        ValueError: axes is the batch, or more than two.
        ShapeError: The input is no list of two tensors, or their sizes along the axes differ.

    Example:
        >>> layer = pydl.layers.Dot(axes=1)
        >>> layer([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).numpy()
        array([[11.]], dtype=float32)
    """

    _recordable = True
    _keeps_integers = _passes_dtype = False
    _max_inputs = 2

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        both = tuple(axes) if isinstance(axes, list | tuple) else (axes, axes)
        if len(both) != 2 or not all(as_integer(a) for a in both):
            raise ValueError(f"[{self.name}] axes: expected an axis other than the batch, or two of them, got {axes!r}")
        self.axes, self.normalize = axes, normalize
        self._both = both

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """None: the sums have no steps."""

    def call(self, inputs: Sequence[Tensor], mask: Any = None) -> Tensor:
        self._check_number(inputs)
        shape = self.compute_output_shape([x.shape for x in inputs])
        a, b = [self._last(x, axis) for x, axis in zip(inputs, self._both, strict=True)]
        size = a.shape[-1]
        rows, columns = [ops.reshape(x, (x.shape[0], -1, size) if size else (x.shape[0], 1, 0)) for x in (a, b)]
        return ops.reshape(ops.matmul(rows, ops.transpose(columns, (0, 2, 1))), shape)

    def _last(self, x: Tensor, axis: int) -> Tensor:
        """x with the axis moved to the end, of unit length along it if `normalize`."""
        x = ops.moveaxis(x, axis, -1)
        if not self.normalize:
            return x
        squares = ops.sum(ops.square(x), axis=-1, keepdims=True)
        return x / ops.sqrt(ops.maximum(squares, 1e-12))

    def _replay_obstacle(self, training: bool) -> str | None:
        if self.normalize:
            return "NumPy computes the lengths of normalize=True; with normalize=False the layer replays"
        return super()._replay_obstacle(training)

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        rest: list[Any] = []
        sizes = []
        for shape, axis in zip(input_shape, self._both, strict=True):
            if len(shape) < 2 or not -len(shape) < axis < len(shape):
                raise ShapeError(f"[{self.name}] inputs: expected an axis {axis} after the batch, got shape {shape}")
            sizes.append(shape[axis])
            rest += [n for i, n in enumerate(shape) if i not in (0, axis % len(shape))]
        if None not in sizes and sizes[0] != sizes[1]:
            first, second = map(tuple, input_shape)
            raise ShapeError(
                f"[{self.name}] inputs: expected equal sizes along axes {self._both}, got {first} and {second}"
            )
        return (input_shape[0][0], *(rest or [1]))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}
