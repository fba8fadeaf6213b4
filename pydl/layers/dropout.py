"""Layers of random noise: Dropout, SpatialDropout, GaussianNoise."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError, drop_rate, number, positive_integer
from ..base.random_streams import Stream, checked_seed
from ..ops.constants import ones
from ..ops.dropout import DRAWS, NOISE, normal_noise
from .image import check_data_format
from .layer import Layer, Shape

__all__ = ["Dropout", "GaussianNoise", "SpatialDropout1D", "SpatialDropout2D"]


class Dropout(Layer):
    """In training, sets elements to 0 with probability `rate` and divides the others by 1 - rate (Srivastava 2014).

    Args:
        rate: Probability, 0 <= rate <= 1.
        noise_shape: Shape of the mask, with the rank of the input: 1 for one draw along an axis, None for the input's
            size. None in place of the shape draws for each element.
        seed: Integer for masks of the layer's own; None leaves them to `pydl.set_seed`.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        Any shape. Other dtypes are cast to the layer's dtype.

    Output shape:
        That of the input, in the layer's dtype.

    Raises:
        ValueError: rate is not in [0, 1], a size in noise_shape is not a positive integer, or seed is negative.
        TypeError: rate is not a number, noise_shape is no tuple, or seed is no integer.
        ShapeError: The input does not fit noise_shape.

    Example:
        >>> layer = pydl.layers.Dropout(0.5, noise_shape=(None, 1), seed=1)
        >>> x = np.ones((2, 3))
        >>> layer(x).numpy()
        array([[1., 1., 1.],
               [1., 1., 1.]], dtype=float32)
        >>> sorted({tuple(row) for row in layer(np.ones((99, 3)), training=True).numpy().tolist()})
        [(0.0, 0.0, 0.0), (2.0, 2.0, 2.0)]
    """

    _recordable = True
    _keeps_integers = False

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if noise_shape is not None and not isinstance(noise_shape, list | tuple):
            raise TypeError(f"[{self.name}] noise_shape: expected None or a tuple of sizes, got {noise_shape!r}")
        self.rate, self.seed = drop_rate(self.name, rate), checked_seed(self.name, seed)
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        for size in self.noise_shape or ():
            if size is not None:
                positive_integer(self.name, "noise_shape", size)
        self._stream = Stream("dropout", self.seed)

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        if not training:
            return inputs
        if self.noise_shape is None:
            return ops.dropout(inputs, self.rate, self._stream)
        return inputs * ops.dropout(ones(self._mask_shape(inputs.shape), inputs.dtype), self.rate, self._stream)

    def _mask_shape(self, shape: Shape) -> Shape:
        """noise_shape with each None replaced by the size of the input."""
        wanted = self.noise_shape or ()
        if len(wanted) != len(shape) or any(
            m not in (None, 1, n) and n is not None for m, n in zip(wanted, shape, strict=True)
        ):
            raise ShapeError(f"[{self.name}] inputs: expected a shape for noise_shape={wanted}, got {tuple(shape)}")
        return tuple(n if m is None else m for m, n in zip(wanted, shape, strict=True))

    def _replay_obstacle(self, training: bool) -> str | None:
        drops = training and self.rate > 0
        return DRAWS if drops else super()._replay_obstacle(training)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if self.noise_shape is not None:
            self._mask_shape(input_shape)
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "noise_shape": self.noise_shape, "seed": self.seed}


class SpatialDropout1D(Dropout):
    """In training, drops whole channels of sequences: one draw for all steps (Tompson et al. 2015).

    Args:
        rate: Probability of a channel to be set to 0; the others are divided by 1 - rate. 0 <= rate <= 1.
        seed: Integer for masks of the layer's own; None leaves them to `pydl.set_seed`.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (N, T, C). Other dtypes are cast to the layer's dtype.

    Output shape:
        That of the input, in the layer's dtype.

    Raises:
        ValueError: rate is not in [0, 1], or seed is negative.
        ShapeError: The input does not have 3 axes (in training, or in a functional model).

    Example:
        >>> layer = pydl.layers.SpatialDropout1D(0.5, seed=1)
        >>> y = layer(np.ones((8, 5, 16)), training=True).numpy()
        >>> bool((y == y[:, :1]).all())
        True
    """

    _recordable = True
    _mask: tuple[int | None, ...] = (None, 1, None)

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(rate, self._mask, seed, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {key: value for key, value in super().get_config().items() if key != "noise_shape"}


class SpatialDropout2D(SpatialDropout1D):
    """In training, drops whole channels of images: one draw for all rows and columns (Tompson et al. 2015).

    Args:
        rate: Probability of a channel to be set to 0; the others are divided by 1 - rate. 0 <= rate <= 1.
        data_format: "channels_last" (N, H, W, C), the default, or "channels_first" (N, C, H, W).
        seed: Integer for masks of the layer's own; None leaves them to `pydl.set_seed`.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (N, H, W, C), or (N, C, H, W) for channels_first. Other dtypes are cast to the layer's dtype.

    Output shape:
        That of the input, in the layer's dtype.

    Raises:
        ValueError: rate is not in [0, 1], seed is negative, or data_format is unknown.
        ShapeError: The input does not have 4 axes (in training, or in a functional model).

    Example:
        >>> layer = pydl.layers.SpatialDropout2D(0.5, seed=1)
        >>> y = layer(np.ones((8, 5, 5, 16)), training=True).numpy()
        >>> bool((y == y[:, :1, :1]).all())
        True
    """

    _recordable = True
    _mask = (None, 1, 1, None)

    def __init__(self, rate: float, data_format: str | None = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(rate, seed, **kwargs)
        self.data_format = check_data_format(self.name, data_format)
        if self.data_format == "channels_first":
            self.noise_shape = (None, None, 1, 1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}


class GaussianNoise(Layer):
    """In training, adds normal noise of mean 0.

    Args:
        stddev: Standard deviation of the noise, at least 0.
        seed: Integer for noise of the layer's own; None leaves it to `pydl.set_seed`.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        Any shape. Other dtypes are cast to the layer's dtype.

    Output shape:
        That of the input, in the layer's dtype.

    Raises:
        ValueError: stddev is less than 0, or seed is negative.

    Example:
        >>> layer = pydl.layers.GaussianNoise(0.1, seed=1)
        >>> layer(np.ones(3)).numpy()
        array([1., 1., 1.], dtype=float32)
        >>> bool((layer(np.ones(3), training=True).numpy() == 1).any())
        False
    """

    _recordable = True
    _keeps_integers = False

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not number(self.name, "stddev", stddev) >= 0:
            raise ValueError(f"[{self.name}] stddev: expected a number of at least 0, got {stddev}")
        self.stddev, self.seed = stddev, checked_seed(self.name, seed)
        self._stream = Stream("noise", self.seed)

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        if not training or self.stddev == 0:
            return inputs
        return inputs + normal_noise(inputs, self.stddev, self._stream)

    def _replay_obstacle(self, training: bool) -> str | None:
        return NOISE if training and self.stddev else super()._replay_obstacle(training)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "stddev": self.stddev, "seed": self.seed}
