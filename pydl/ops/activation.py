"""Activation functions, elementwise; softmax is in softmax.py."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor, record, will_record, wrap
from ..base.errors import number
from .arrays import broadcasts_in_kernel, cast, floating, sum_to
from .manipulation import broadcast_to

__all__ = [
    "ACTIVATIONS", "activate", "elu", "exp", "gelu", "hard_sigmoid", "leaky_relu", "prelu", "relu", "relu6", "selu",
    "sigmoid", "silu", "softplus", "softsign", "tanh",
]  # fmt: skip

# The names in csrc/contract/activations.def. The derivative of some needs the input, not the output.
ACTIVATIONS = tuple(_core.ACTIVATIONS)
SAVES_INPUT = frozenset(name for name, (saves_input, _) in _core.ACTIVATIONS.items() if saves_input)

_OF_INTEGERS = {"relu": None, "relu6": 6}  # the upper limit


def needs_preactivation(name: str, keeps_logits: bool, *inputs: Tensor | None) -> bool:
    """Whether the activation must not be fused into the product of these inputs, because its own input is saved.

    The derivative of some activations needs it, and a cross-entropy the logits of a sigmoid at the end of a model.
    """
    needed = name in SAVES_INPUT or (keeps_logits and name == "sigmoid")
    return needed and will_record(*inputs)


def alpha_of(activation: str, alpha: float | None) -> float:
    """The given alpha, or the activation's default."""
    return _core.ACTIVATIONS.get(activation, (False, 0.0))[1] if alpha is None else alpha


def activate(x: Any, name: str, alpha: float | None = None) -> Tensor:
    """The activation called `name`, element by element.

    Args:
        x: Tensor or array of any shape. Integers and bools become float32, but relu and relu6 of integers are integers.
        name: One of `pydl.ops.ACTIVATIONS`, such as "relu".
        alpha: The slope of "leaky_relu" below zero (None: 0.2), or the scale of "elu" (None: 1). Others have none.

    Returns:
        Tensor of the shape of x.

    Raises:
        ValueError: If there is no activation of this name.

    Example:
        >>> pydl.ops.activate([-2.0, 3.0], "leaky_relu", alpha=0.5).numpy()
        array([-1.,  3.], dtype=float32)
    """
    tensor = as_tensor(x)
    if tensor.dtype.kind != "f":
        if name in _OF_INTEGERS and tensor.dtype.kind in "iu":
            return wrap(np.clip(tensor.array, 0, _OF_INTEGERS[name]))
        tensor = floating(tensor)
    if name == "linear":
        return tensor
    slope = alpha_of(name, alpha)
    y = _core.activation_forward(tensor.array, name, slope)
    saved = tensor.array if name in SAVES_INPUT else y

    def backward(dy: Array) -> tuple[Array]:
        return (_core.activation_backward(dy, saved, name, slope),)

    return record(y, (tensor,), backward, name)


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Tensor:
    """The rectified linear unit: max(x, 0), or a variant of it.

    In general: x between `threshold` and `max_value`, `max_value` above, and
    `negative_slope · (x - threshold)` below the threshold.

    Args:
        x: Tensor or array of any shape. Integers become float32, unless all options have their defaults.
        negative_slope: The slope below the threshold.
        max_value: The highest output; None for no bound.
        threshold: The value below which x counts as negative.

    Returns:
        Tensor of the shape of x.

    Raises:
        ValueError: If one of the numbers is negative.

    Example:
        >>> pydl.ops.relu([-2.0, 3.0]).numpy()
        array([0., 3.], dtype=float32)
        >>> pydl.ops.relu([-2.0, 3.0, 9.0], negative_slope=0.5, max_value=5.0).numpy()
        array([-1.,  3.,  5.], dtype=float32)
    """
    if not threshold and max_value is None:
        return activate(x, "leaky_relu", negative_slope) if negative_slope else activate(x, "relu")
    if max_value == 6 and not threshold and not negative_slope:
        return activate(x, "relu6")
    tensor = floating(as_tensor(x))
    array = tensor.array
    rule = (
        number("relu", "negative_slope", negative_slope),
        math.inf if max_value is None else number("relu", "max_value", max_value),
        number("relu", "threshold", threshold),
    )

    def backward(dy: Array) -> tuple[Array]:
        return (_core.rectify_backward(dy, array, *rule),)

    return record(_core.rectify_forward(array, *rule), (tensor,), backward)


def prelu(x: Any, alpha: Any) -> Tensor:
    """x, times `alpha` where it is negative: the parametric rectified linear unit.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.
        alpha: The slopes, a tensor or array whose shape broadcasts to that of x.

    Returns:
        Tensor of the shape of x. Both x and alpha get gradients.

    Raises:
        ShapeError: If alpha does not broadcast to the shape of x.

    Source:
        He et al. 2015, "Delving Deep into Rectifiers", equation 1.

    Example:
        >>> pydl.ops.prelu([[-2.0, -2.0, 1.0]], [0.5, 0.25, 0.5]).numpy()
        array([[-1. , -0.5,  1. ]], dtype=float32)
    """
    x = floating(as_tensor(x))
    alpha = cast(as_tensor(alpha), x.dtype)
    if not broadcasts_in_kernel(alpha.shape, x.shape):
        alpha = broadcast_to(alpha, x.shape)
    array, slope = x.array, alpha.array

    def backward(dy: Array) -> tuple[Array, Array | None]:
        dx, terms = _core.prelu_backward(dy, array, slope)
        return dx, sum_to(terms, slope.shape) if alpha.requires_grad else None

    return record(_core.prelu_forward(array, slope), (x, alpha), backward)


def relu6(x: Any) -> Tensor:
    """min(max(x, 0), 6), element by element.

    Args:
        x: Tensor or array of any shape; integers stay integers.

    Returns:
        Tensor of the shape of x.

    Source:
        Krizhevsky 2010, "Convolutional Deep Belief Networks on CIFAR-10".

    Example:
        >>> pydl.ops.relu6([-2.0, 3.0, 9.0]).numpy()
        array([0., 3., 6.], dtype=float32)
    """
    return activate(x, "relu6")


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Tensor:
    """x, times `negative_slope` where it is negative.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.
        negative_slope: The slope below zero.

    Returns:
        Tensor of the shape of x.

    Source:
        Maas et al. 2013, "Rectifier Nonlinearities Improve Neural Network Acoustic Models".

    Example:
        >>> pydl.ops.leaky_relu([-2.0, 3.0], negative_slope=0.5).numpy()
        array([-1.,  3.], dtype=float32)
    """
    return activate(x, "leaky_relu", negative_slope)


def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """The exponential linear unit: x where it is positive, else alpha · (exp(x) - 1).

    Args:
        x: Tensor or array of any shape; integers and bools become float32.
        alpha: The scale below zero.

    Returns:
        Tensor of the shape of x.

    Source:
        Clevert et al. 2015, "Fast and Accurate Deep Network Learning by Exponential Linear Units".

    Example:
        >>> pydl.ops.elu([-np.inf, 0.0, 2.0]).numpy()
        array([-1.,  0.,  2.], dtype=float32)
    """
    return activate(x, "elu", alpha)


def selu(x: Any) -> Tensor:
    """The scaled exponential linear unit: 1.0507… · elu(x, 1.6732…).

    Args:
        x: Tensor or array of any shape; integers and bools become float32.

    Returns:
        Tensor of the shape of x.

    Source:
        Klambauer et al. 2017, "Self-Normalizing Neural Networks", equation 2.

    Example:
        >>> pydl.ops.selu([-1.0, 0.0, 1.0]).numpy().round(3)
        array([-1.111,  0.   ,  1.051], dtype=float32)
    """
    return activate(x, "selu")


def gelu(x: Any, approximate: bool = True) -> Tensor:
    """The Gaussian error linear unit: x · Φ(x), where Φ is the normal distribution.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.
        approximate: Whether to take the tanh formula in place of Φ. As in Keras, `activations.gelu` has False here.

    Returns:
        Tensor of the shape of x.

    Source:
        Hendrycks and Gimpel 2016, "Gaussian Error Linear Units".

    Example:
        >>> pydl.ops.gelu([-1.0, 0.0, 1.0]).numpy().round(3)
        array([-0.159,  0.   ,  0.841], dtype=float32)
    """
    return activate(x, "gelu_tanh" if approximate else "gelu")


def sigmoid(x: Any) -> Tensor:
    """1 / (1 + exp(-x)), element by element.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.

    Returns:
        Tensor of the shape of x, with values from 0 to 1.

    Example:
        >>> pydl.ops.sigmoid([-np.inf, 0.0, np.inf]).numpy()
        array([0. , 0.5, 1. ], dtype=float32)
    """
    return activate(x, "sigmoid")


def hard_sigmoid(x: Any) -> Tensor:
    """relu6(x + 3) / 6: the sigmoid as three straight lines.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.

    Returns:
        Tensor of the shape of x, with values from 0 to 1.

    Example:
        >>> pydl.ops.hard_sigmoid([-4.0, 0.0, 3.0]).numpy()
        array([0. , 0.5, 1. ], dtype=float32)
    """
    return activate(x, "hard_sigmoid")


def tanh(x: Any) -> Tensor:
    """The hyperbolic tangent of each element.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.

    Returns:
        Tensor of the shape of x, with values from -1 to 1.

    Example:
        >>> pydl.ops.tanh([-np.inf, 0.0, np.inf]).numpy()
        array([-1.,  0.,  1.], dtype=float32)
    """
    return activate(x, "tanh")


def softplus(x: Any) -> Tensor:
    """log(1 + exp(x)), element by element, without overflow.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.

    Returns:
        Tensor of the shape of x.

    Example:
        >>> pydl.ops.softplus([-np.inf, 0.0, 100.0]).numpy().round(3)
        array([  0.   ,   0.693, 100.   ], dtype=float32)
    """
    return activate(x, "softplus")


def softsign(x: Any) -> Tensor:
    """x / (1 + |x|), element by element.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.

    Returns:
        Tensor of the shape of x, with values from -1 to 1.

    Example:
        >>> pydl.ops.softsign([-3.0, 0.0, 1.0]).numpy()
        array([-0.75,  0.  ,  0.5 ], dtype=float32)
    """
    return activate(x, "softsign")


def silu(x: Any) -> Tensor:
    """x · sigmoid(x), also called swish.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.

    Returns:
        Tensor of the shape of x.

    Source:
        Elfwing et al. 2017, "Sigmoid-Weighted Linear Units"; Ramachandran et al. 2017, "Searching for Activation
        Functions".

    Example:
        >>> pydl.ops.silu([0.0, 1.0]).numpy().round(3)
        array([0.   , 0.731], dtype=float32)
    """
    return activate(x, "silu")


def exp(x: Any) -> Tensor:
    """The exponential of each element.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.

    Returns:
        Tensor of the shape of x.

    Example:
        >>> pydl.ops.exp([-np.inf, 0.0]).numpy()
        array([0., 1.], dtype=float32)
    """
    return activate(x, "exponential")
