"""Activation functions, elementwise; softmax is in softmax.py."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array, state
from ..autograd.tensor import Tensor, as_tensor, record, will_record, wrap
from ..base.errors import number
from .arrays import cast, fits, floating, sum_to
from .manipulation import broadcast_to

ACTIVATIONS = (
    "linear", "relu", "sigmoid", "tanh", "elu", "gelu", "gelu_tanh", "softplus", "softsign", "selu", "silu",
    "leaky_relu", "hard_sigmoid", "exponential", "relu6",
)  # fmt: skip

# Their derivative needs the input; that of the others is a function of the output (csrc/contract/elementwise.h).
SAVES_INPUT = frozenset({"gelu", "gelu_tanh", "silu"})


_OF_INTEGERS = {"relu": None, "relu6": 6}  # the highest value


def apart(name: str, *inputs: Tensor | None) -> bool:
    """Whether the activation is an op of its own after a product of these, because what it reads is needed later.

    The derivative of some needs it; and the loss needs what goes into a sigmoid at the end of a model.
    """
    wanted = name in SAVES_INPUT or (name == "sigmoid" and not state.hidden)
    return wanted and will_record(*inputs)


ALPHAS = {"elu": 1.0, "leaky_relu": 0.2}  # as in Keras; the others have no alpha


def alpha_of(activation: str, alpha: float | None) -> float:
    """The given alpha, or else the one that the activation has by itself."""
    return ALPHAS.get(activation, 0.0) if alpha is None else alpha


def activate(x: Any, name: str, alpha: float | None = None) -> Tensor:
    """The activation called `name` (see ACTIVATIONS) of every element.

    alpha: of leaky_relu the slope below zero (0.2), of elu the scale (1); others have none. ValueError: unknown name.
    Integers become float32, but relu and relu6 of integers are integers.
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
    """max(x, 0); in general x above `threshold`, at most `max_value`, and negative_slope · (x - threshold) below.

    ValueError if one of the numbers is negative.
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
    """x, times `alpha` where it is negative (He et al. 2015); alpha broadcasts to the shape of x.

    It stays one kernel call for an alpha of the shape of x, or a scalar, row or column of it.
    """
    x = floating(as_tensor(x))
    alpha = cast(as_tensor(alpha), x.dtype)
    if not fits(alpha.shape, x.shape):
        alpha = broadcast_to(alpha, x.shape)
    array, slope = x.array, alpha.array

    def backward(dy: Array) -> tuple[Array, Array | None]:
        dx, terms = _core.prelu_backward(dy, array, slope)
        return dx, sum_to(terms, slope.shape) if alpha.requires_grad else None

    return record(_core.prelu_forward(array, slope), (x, alpha), backward)


def relu6(x: Any) -> Tensor:
    """min(max(x, 0), 6)"""
    return activate(x, "relu6")


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Tensor:
    """x, times `negative_slope` where it is negative."""
    return activate(x, "leaky_relu", negative_slope)


def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """x where positive, else alpha (exp(x) - 1) (Clevert et al. 2015)."""
    return activate(x, "elu", alpha)


def selu(x: Any) -> Tensor:
    """1.0507… elu(x, 1.6732…) (Klambauer et al. 2017)."""
    return activate(x, "selu")


def gelu(x: Any, approximate: bool = True) -> Tensor:
    """x Φ(x), Φ the normal distribution; by a tanh formula if approximate (Hendrycks and Gimpel 2016)."""
    return activate(x, "gelu_tanh" if approximate else "gelu")


def sigmoid(x: Any) -> Tensor:
    """1 / (1 + exp(-x))"""
    return activate(x, "sigmoid")


def hard_sigmoid(x: Any) -> Tensor:
    """relu6(x + 3) / 6"""
    return activate(x, "hard_sigmoid")


def tanh(x: Any) -> Tensor:
    """The hyperbolic tangent."""
    return activate(x, "tanh")


def softplus(x: Any) -> Tensor:
    """log(1 + exp(x))"""
    return activate(x, "softplus")


def softsign(x: Any) -> Tensor:
    """x / (1 + |x|)"""
    return activate(x, "softsign")


def silu(x: Any) -> Tensor:
    """x sigmoid(x), also called swish."""
    return activate(x, "silu")


def exp(x: Any) -> Tensor:
    """The exponential function."""
    return activate(x, "exponential")
