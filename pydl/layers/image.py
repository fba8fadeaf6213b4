"""The base class of image layers: they compute with channels last, and convert channels-first inputs and outputs."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError
from .layer import Layer, Shape


class ImageLayer(Layer):
    """A layer on (N, H, W, C), or on (N, C, H, W) if channels_first. Override _image_call and _image_output_shape."""

    _keeps_integers = False

    supports_masking = False  # a mask of steps does not apply to the output
    _spatial: tuple[str, ...] = "H", "W"  # the axes between batch and channels

    def __init__(self, *, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = check_data_format(self.name, data_format)

    def _image_call(self, x: Tensor) -> Tensor:
        """The computation from (N, H, W, C) to (N, OH, OW, O) or (N, O)."""
        raise NotImplementedError

    def _image_output_shape(self, shape: Shape) -> Shape:
        """The output shape of _image_call; ShapeError if the layer cannot take `shape`."""
        raise NotImplementedError

    def call(self, inputs: Tensor) -> Tensor:
        self._image_shape(inputs.shape)
        if self.data_format == "channels_last":
            return self._image_call(inputs)
        y = self._image_call(ops.moveaxis(inputs, 1, -1))
        return ops.moveaxis(y, -1, 1) if y.ndim == inputs.ndim else y

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        shape = self._image_output_shape(self._image_shape(input_shape))
        if any(n is not None and n <= 0 for n in shape[1:]):
            raise ShapeError(
                f"[{self.name}] inputs: expected an image that is at least as large as the window, got shape "
                f"{tuple(input_shape)}"
            )
        first = self.data_format == "channels_first" and len(shape) == len(input_shape)
        return (shape[0], shape[-1], *shape[1:-1]) if first else shape

    def _image_shape(self, shape: Shape) -> Shape:
        """An input shape as (N, H, W, C)."""
        rank = len(self._spatial) + 2
        if len(shape) != rank:
            raise ShapeError(f"[{self.name}] inputs: expected {rank} axes {self._axes()}, got shape {tuple(shape)}")
        return (shape[0], *shape[2:], shape[1]) if self.data_format == "channels_first" else tuple(shape)

    def _axes(self) -> str:
        axes = ("N", "C", *self._spatial) if self.data_format == "channels_first" else ("N", *self._spatial, "C")
        return f"({', '.join(axes)})"

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}


def check_data_format(layer: str, data_format: str | None) -> str:
    if data_format not in (None, "channels_last", "channels_first"):
        raise ValueError(f"[{layer}] data_format: expected channels_last or channels_first, got {data_format!r}")
    return data_format or "channels_last"
