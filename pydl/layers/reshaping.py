"""Layers that change only the shape."""

from __future__ import annotations

import math
from typing import Any

from .. import ops
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError
from .image import check_data_format
from .layer import Layer, Shape

__all__ = ["Flatten", "Permute", "Reshape"]


class Flatten(Layer):
    """Each sample as one row.

    Args:
        data_format: "channels_first" moves the channels (axis 1) to the end first; "channels_last", the default, does
            not.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (batch, ...).

    Output shape:
        (batch, product of the other sizes); integers stay integers.

    Raises:
        ValueError: data_format is unknown.

    Example:
        >>> layer = pydl.layers.Flatten()
        >>> layer(np.zeros((2, 3, 4))).shape
        (2, 12)
    """

    _recordable = True
    _passes_dtype = True
    supports_masking = False  # the output has no steps

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = check_data_format(self.name, data_format)

    def call(self, inputs: Tensor) -> Tensor:
        if self.data_format == "channels_first" and inputs.ndim > 2:
            inputs = ops.moveaxis(inputs, 1, -1)
        return ops.flatten(inputs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape[0], None if None in input_shape[1:] else math.prod(input_shape[1:])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}


class Reshape(Layer):
    """Each sample in another shape, with its elements in the same order.

    Args:
        target_shape: Shape of a sample, without the batch axis; one size may be -1, which follows from the others.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (batch, ...), with as many elements per sample as target_shape.

    Output shape:
        (batch, *target_shape); integers stay integers.

    Raises:
        ValueError: target_shape has a size below -1, or -1 twice.
        ShapeError: The samples do not fit.

    Example:
        >>> layer = pydl.layers.Reshape((2, -1))
        >>> layer(np.zeros((5, 6))).shape
        (5, 2, 3)
    """

    _recordable = True
    _passes_dtype = True
    supports_masking = False  # the output has no steps

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_shape = tuple(target_shape)
        if self.target_shape.count(-1) > 1 or any(n < -1 for n in self.target_shape):
            raise ValueError(f"[{self.name}] target_shape: expected sizes, at most one of them -1, got {target_shape}")

    def call(self, inputs: Tensor) -> Tensor:
        return ops.reshape(inputs, (inputs.shape[0], *self._sizes(inputs.shape[1:])))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if None in input_shape[1:]:
            return input_shape[0], *(None if n == -1 else n for n in self.target_shape)
        return input_shape[0], *self._sizes(input_shape[1:])

    def _sizes(self, sample: Shape) -> Shape:
        """target_shape with -1 replaced by its size."""
        total, known = math.prod(sample), math.prod(n for n in self.target_shape if n != -1)
        sizes = tuple(total // known if n == -1 and known else n for n in self.target_shape)
        if math.prod(sizes) != total:
            raise ShapeError(
                f"[{self.name}] inputs: expected samples that reshape to {self.target_shape}, got {tuple(sample)}"
            )
        return sizes

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "target_shape": self.target_shape}


class Permute(Layer):
    """The axes of each sample in another order.

    Args:
        dims: Axes in their new order, counted from 1, without the batch: (2, 1) swaps those of (N, A, B).
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (batch, ...), of len(dims) + 1 axes.

    Output shape:
        (batch, ...) with the sizes in the new order; integers stay integers.

    Raises:
        ValueError: dims does not have each of 1 to len(dims) once.
        ShapeError: The input has another number of axes.

    Example:
        >>> layer = pydl.layers.Permute((2, 1))
        >>> layer(np.zeros((5, 3, 4))).shape
        (5, 4, 3)
    """

    _recordable = True
    _passes_dtype = True
    supports_masking = False

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(f"[{self.name}] dims: expected each of 1 to {len(self.dims)} once, got {dims}")

    def call(self, inputs: Tensor) -> Tensor:
        self.compute_output_shape(inputs.shape)
        return ops.transpose(inputs, (0, *self.dims))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != len(self.dims) + 1:
            raise ShapeError(
                f"[{self.name}] inputs: expected {len(self.dims) + 1} axes for dims={self.dims}, "
                f"got shape {tuple(input_shape)}"
            )
        return (input_shape[0], *(input_shape[d] for d in self.dims))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dims": self.dims}
