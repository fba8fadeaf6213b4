"""TimeDistributed and RepeatVector."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError, positive_integer
from ..saving.serialization import deserialize, serialize
from .layer import Layer, Shape

__all__ = ["RepeatVector", "TimeDistributed"]


class TimeDistributed(Layer):
    """Applies a layer to each step of a sequence, with the same weights.

    Args:
        layer: Layer that takes one step, such as `Conv2D` for videos.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Call arguments:
        inputs: The input. training: Whether the layer inside trains. mask: Bools (batch, steps, ...); a layer that
        takes a mask gets that of its step.

    Input shape:
        (batch, steps, ...), at least 3 axes.

    Output shape:
        (batch, steps, ...), the last axes as the layer gives them.

    Raises:
        ValueError: layer is no `Layer`.
        ShapeError: The input has fewer than 3 axes, or the mask does not fit it.

    Example:
        >>> layer = pydl.layers.TimeDistributed(pydl.layers.Conv2D(8, 3))
        >>> layer(np.zeros((2, 5, 9, 9, 1))).shape
        (2, 5, 7, 7, 8)
    """

    _recordable = True
    autocast = False  # the inner layer casts

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(layer, Layer):
            raise ValueError(f"[{self.name}] layer: expected a Layer, got {layer!r}")
        self.layer = layer

    def build(self, input_shape: Shape) -> None:
        if len(input_shape) < 3:
            raise ShapeError(f"[{self.name}] inputs: expected at least 3 axes (batch, steps, …), got {input_shape}")
        self.layer._build_once((None, *input_shape[2:]))

    def call(self, inputs: Tensor, training: bool | None = None, mask: Any = None) -> Tensor:
        if mask is not None and mask.shape[:2] != inputs.shape[:2]:
            raise ShapeError(
                f"[{self.name}] mask: expected shape {inputs.shape[:2]}, then axes of the inner layer, got {mask.shape}"
            )
        batch, steps = inputs.shape[:2]
        x = ops.reshape(inputs, (batch * steps, *inputs.shape[2:]))
        # The inner layer gets a mask only if it has the layer's own steps, not if it is one per outer step.
        if mask is not None and self.layer._takes_mask and mask.ndim >= min(inputs.ndim - 1, 3):
            y = self.layer(x, mask=mask.reshape(batch * steps, *mask.shape[2:]))
        else:
            y = self.layer(x)
        return ops.reshape(y, (batch, steps, *y.shape[1:]))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        inner = self.layer.compute_output_shape((None, *input_shape[2:]))
        return (*input_shape[:2], *inner[1:])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "layer": serialize(self.layer)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> TimeDistributed:
        """Makes a layer of what `get_config` returned.

        Args:
            config: Dict of arguments of the constructor, the inner layers as dicts of class name and config.
            custom_objects: Dict of users' own classes of inner layers by their names.
        """
        return cls(**{**config, "layer": deserialize(config["layer"], custom_objects)})


class RepeatVector(Layer):
    """One vector as `n` equal steps, such as the last state of an encoder for a decoder.

    Args:
        n: Number of steps.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (batch, features).

    Output shape:
        (batch, n, features); integers stay integers.

    Raises:
        ValueError: n is not a positive integer.
        ShapeError: The input does not have 2 axes.

    Example:
        >>> layer = pydl.layers.RepeatVector(3)
        >>> layer(np.zeros((2, 4))).shape
        (2, 3, 4)
    """

    _recordable = True
    _passes_dtype = True
    supports_masking = False

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = positive_integer(self.name, "n", n, 2**31)

    def call(self, inputs: Tensor) -> Tensor:
        self.compute_output_shape(inputs.shape)
        return ops.concatenate([ops.expand_dims(inputs, 1)] * self.n, axis=1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 2:
            raise ShapeError(f"[{self.name}] inputs: expected 2 axes (batch, features), got shape {tuple(input_shape)}")
        return (input_shape[0], self.n, input_shape[1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "n": self.n}
