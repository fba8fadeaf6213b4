"""Layer normalization (Ba, Kiros and Hinton 2016)."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor
from ..base.errors import number
from .arrays import floating
from .axes import axes_of
from .batch_norm import array_of, parameter, record_normalized
from .manipulation import transpose

__all__ = ["layer_norm"]


def layer_norm(x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: float = 1e-3) -> Tensor:
    """(x - mean) · gamma / √(variance + epsilon) + beta, with the statistics along `axis`.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.
        gamma: Tensor or array of the shape of the axes, in their order; None for ones.
        beta: The same; None for zeros.
        axis: An axis, or a tuple of several: each place on the other axes has statistics of its own.
        epsilon: What is added to the variance.

    Returns:
        Tensor of the shape of x.

    Raises:
        ShapeError: If x does not have the axis.
        ValueError: If gamma or beta does not fit.

    Source:
        Ba, Kiros and Hinton 2016, "Layer Normalization".

    Example:
        >>> pydl.ops.layer_norm([[1.0, 3.0], [10.0, 30.0]], epsilon=0.0).numpy()
        array([[-1.,  1.],
               [-1.,  1.]], dtype=float32)
    """
    x, epsilon = floating(as_tensor(x)), number("layer_norm", "epsilon", epsilon)
    axes = axes_of("layer_norm", axis, x.ndim)
    first = x.ndim - len(axes)
    if axes != list(range(first, x.ndim)):
        order = [a for a in range(x.ndim) if a not in axes] + axes
        moved = layer_norm(transpose(x, order), gamma, beta, tuple(range(first, x.ndim)), epsilon)
        return transpose(moved, sorted(range(x.ndim), key=order.__getitem__))
    gamma, beta = parameter(gamma, x), parameter(beta, x)
    y, mean, variance = _core.layer_norm_forward(x.array, array_of(gamma), array_of(beta), first, epsilon)
    array, factor = x.array, array_of(gamma)

    def gradients(dy: Array) -> tuple[Array, Array, Array]:
        return _core.layer_norm_backward(dy, array, factor, mean, variance, first, epsilon)

    return record_normalized(y, x, gamma, beta, gradients)
