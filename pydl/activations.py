"""Activation functions by Keras's names: what layers resolve `activation="relu"` with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import ops
from .autograd.tensor import Tensor, as_tensor
from .base.argument_names import unknown_name
from .ops import (
    elu,
    hard_sigmoid,
    leaky_relu,
    log_softmax,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    tanh,
)
from .ops import exp as exponential

__all__ = [
    "elu", "exponential", "gelu", "hard_sigmoid", "leaky_relu", "linear", "log_softmax", "relu", "relu6", "selu",
    "sigmoid", "silu", "softmax", "softplus", "softsign", "tanh",
]  # fmt: skip

Activation = Callable[[Any], Tensor]


def linear(x: Any) -> Tensor:
    """x itself.

    Args:
        x: Tensor or array of any shape and dtype.

    Returns:
        Tensor of the values of x.

    Example:
        >>> pydl.activations.linear([1.0, -2.0]).numpy()
        array([ 1., -2.], dtype=float32)
    """
    return as_tensor(x)


def gelu(x: Any, approximate: bool = False) -> Tensor:
    """The Gaussian error linear unit: x · Φ(x), where Φ is the normal distribution.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.
        approximate: Whether to take the tanh formula in place of Φ. As in Keras, `ops.gelu` has True here.

    Returns:
        Tensor of the shape of x.

    Source:
        Hendrycks and Gimpel 2016, "Gaussian Error Linear Units".

    Example:
        >>> pydl.activations.gelu([-1.0, 0.0, 1.0]).numpy().round(3)
        array([-0.159,  0.   ,  0.841], dtype=float32)
    """
    return ops.gelu(x, approximate)


_FUNCTIONS: dict[str, Activation] = {name: globals()[name] for name in __all__} | {"swish": silu}

# What a kernel does as the end of a matrix product or convolution: its name there, and its alpha with Keras's default.
_FUSED: dict[Activation, tuple[str, float]] = {
    linear: ("linear", 0.0),
    relu: ("relu", 0.0),
    sigmoid: ("sigmoid", 0.0),
    tanh: ("tanh", 0.0),
    elu: ("elu", 1.0),
    gelu: ("gelu", 0.0),
    ops.gelu: ("gelu_tanh", 0.0),
    softplus: ("softplus", 0.0),
    softsign: ("softsign", 0.0),
    selu: ("selu", 0.0),
    silu: ("silu", 0.0),
    leaky_relu: ("leaky_relu", 0.2),
    hard_sigmoid: ("hard_sigmoid", 0.0),
    exponential: ("exponential", 0.0),
    relu6: ("relu6", 0.0),
}


def get(identifier: Any) -> Activation:
    """An activation function from its name.

    Args:
        identifier: A name such as "relu", a function from a tensor to a tensor, or None for `linear`.

    Returns:
        The function.

    Raises:
        ValueError: If there is no activation of this name; the error lists the names.
        TypeError: If it is neither a name nor a callable.

    Example:
        >>> pydl.activations.get("relu")([-1.0, 2.0]).numpy()
        array([0., 2.], dtype=float32)
    """
    if identifier is None:
        return linear
    if isinstance(identifier, str):
        if identifier not in _FUNCTIONS:
            raise unknown_name("activation", "activation", identifier, _FUNCTIONS)
        return _FUNCTIONS[identifier]
    if not callable(identifier):
        raise TypeError(f"[activation] identifier: expected a name or a callable, got {type(identifier).__name__}")
    function: Activation = identifier
    return function


def serialize(activation: Activation) -> Any:
    """The name from which `get` makes this activation again.

    Args:
        activation: A function.

    Returns:
        The name; a function that is none of pydl's stays as it is.

    Example:
        >>> pydl.activations.serialize(pydl.activations.relu)
        'relu'
    """
    name = getattr(activation, "__name__", None)
    name = "exponential" if activation is exponential else name
    return name if name in _FUNCTIONS and _FUNCTIONS[name] is activation else activation


def split(activation: Activation) -> tuple[str, float, Activation | None]:
    """(name, alpha, rest): what a kernel can fuse, and what is left to do after it (None: nothing)."""
    if activation in _FUSED:
        return *_FUSED[activation], None
    return "linear", 0.0, activation
