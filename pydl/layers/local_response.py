"""Local response normalization, across neighboring channels."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.tensor import Tensor
from ..base.errors import as_integer, number
from .layer import Layer, Shape

__all__ = ["LocalResponseNormalization"]


class LocalResponseNormalization(Layer):
    """x / (bias + alpha * sum(x^2))^beta, the sum over neighbours along the last axis (Krizhevsky et al. 2012).

    As in TensorFlow, alpha is not divided by the number of neighbours.

    Args:
        depth_radius: Largest distance of a neighbour, at least 0; the channel itself is one.
        bias: Summand of the denominator, a number more than 0.
        alpha: Factor of the sum, a number of at least 0.
        beta: Exponent, a number of at least 0.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (batch, ..., C). Other dtypes are cast to the layer's dtype.

    Output shape:
        That of the input, in the layer's dtype.

    Raises:
        ValueError: An argument is out of range.

    Example:
        >>> layer = pydl.layers.LocalResponseNormalization(depth_radius=1, bias=1, alpha=1, beta=1)
        >>> layer(np.array([[1.0, 1.0, 0.0]])).numpy().round(4)
        array([[0.3333, 0.3333, 0.    ]], dtype=float32)
    """

    _recordable = True
    _keeps_integers = False

    def __init__(
        self,
        depth_radius: int = 2,
        bias: float = 2.0,
        alpha: float = 1e-4,
        beta: float = 0.75,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        radius = as_integer(depth_radius)
        if radius is None or radius < 0:
            raise ValueError(f"[{self.name}] depth_radius: expected an integer of at least 0, got {depth_radius!r}")
        bias, alpha, beta = (number(self.name, n, v) for n, v in (("bias", bias), ("alpha", alpha), ("beta", beta)))
        if not bias > 0 or not alpha >= 0 or not beta >= 0:
            raise ValueError(
                f"[{self.name}] bias, alpha, beta: expected bias > 0, alpha and beta of at least 0, "
                f"got {bias}, {alpha}, {beta}"
            )
        self.depth_radius, self.bias, self.alpha, self.beta = radius, bias, alpha, beta

    def call(self, inputs: Tensor) -> Tensor:
        return ops.local_response_norm(inputs, self.depth_radius, self.bias, self.alpha, self.beta)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        own = {"depth_radius": self.depth_radius, "bias": self.bias, "alpha": self.alpha, "beta": self.beta}
        return {**super().get_config(), **own}
