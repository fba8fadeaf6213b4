"""Group normalization (Wu and He 2018)."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor
from ..base.errors import number, positive_integer
from .arrays import floating
from .batch_norm import array_of, parameter, record_normalized

__all__ = ["group_norm"]


def group_norm(x: Any, gamma: Any = None, beta: Any = None, groups: int = 32, epsilon: float = 1e-3) -> Tensor:
    """(x - mean) · gamma / √(variance + epsilon) + beta, with the statistics of each sample and group of channels.

    Args:
        x: Tensor or array (batch, ..., channels); integers and bools become float32.
        gamma: Tensor or array (channels,), or None for ones.
        beta: Tensor or array (channels,), or None for zeros.
        groups: The number of groups, a divisor of the channels; as many groups as channels are instance normalisation.
        epsilon: What is added to the variance.

    Returns:
        Tensor of the shape of x.

    Raises:
        ValueError: If groups, gamma or beta do not fit.

    Source:
        Wu and He 2018, "Group Normalization", equation 7.

    Example:
        >>> pydl.ops.group_norm([[1.0, 3.0, 10.0, 30.0]], groups=2, epsilon=0.0).numpy()
        array([[-1.,  1., -1.,  1.]], dtype=float32)
    """
    x, epsilon = floating(as_tensor(x)), number("group_norm", "epsilon", epsilon)
    groups = positive_integer("group_norm", "groups", groups)
    gamma, beta = parameter(gamma, x), parameter(beta, x)
    y, mean, variance = _core.group_norm_forward(x.array, array_of(gamma), array_of(beta), groups, epsilon)
    array, factor = x.array, array_of(gamma)

    def gradients(dy: Array) -> tuple[Array, Array, Array]:
        return _core.group_norm_backward(dy, array, factor, mean, variance, groups, epsilon)

    return record_normalized(y, x, gamma, beta, gradients)
