"""Activation functions by Keras's names: what layers resolve `activation="relu"` with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import ops
from .autograd.recordable import recordable
from .autograd.tensor import Tensor, as_tensor
from .base.argument_names import unknown_name
from .ops.activation import alpha_of

Activation = Callable[[Any], Tensor]


@recordable
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


@recordable
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


# Those of the kernels that are ops by their own name, and the others.
_FUNCTIONS: dict[str, Activation] = {name: getattr(ops, name) for name in ops.ACTIVATIONS if hasattr(ops, name)} | {
    "exponential": ops.exp, "gelu": gelu, "linear": linear, "log_softmax": ops.log_softmax, "softmax": ops.softmax
}  # fmt: skip
__all__ = sorted(_FUNCTIONS)
globals().update(_FUNCTIONS)

# What a kernel does as the end of a matrix product or convolution: its name there, and its alpha with Keras's default.
_FUSED: dict[Activation, tuple[str, float]] = {
    function: (name, alpha_of(name, None)) for name, function in _FUNCTIONS.items() if name in ops.ACTIVATIONS
} | {ops.gelu: ("gelu_tanh", 0.0)}
_FUNCTIONS["swish"] = ops.silu

if TYPE_CHECKING:

    def __getattr__(name: str) -> Activation: ...


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
        The name; a function that is not pydl's is returned unchanged.

    Example:
        >>> pydl.activations.serialize(pydl.activations.relu)
        'relu'
    """
    name = getattr(activation, "__name__", None)
    name = "exponential" if activation is ops.exp else name
    return name if name in _FUNCTIONS and _FUNCTIONS[name] is activation else activation


def split(activation: Activation) -> tuple[str, float, Activation | None]:
    """(name, alpha, rest): what a kernel can fuse, and what is left to do after it (None: nothing)."""
    if activation in _FUSED:
        return *_FUSED[activation], None
    return "linear", 0.0, activation
