"""The simple recurrent network."""

from __future__ import annotations

from typing import Any

from ..autograd.tensor import Tensor
from .recurrent import run

__all__ = ["rnn"]


def rnn(
    x: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any = None,
    initial_state: Any = None,
    mask: Any = None,
    activation: str = "tanh",
    go_backwards: bool = False,
    return_sequences: bool = True,
    dropout_mask: Any = None,
    recurrent_dropout_mask: Any = None,
    recompute_every: int | None = None,
) -> tuple[Tensor, Tensor]:
    """The simple recurrent network over whole sequences: h' = activation(x · kernel + bias + h · recurrent_kernel).

    Args:
        x: Tensor or array (batch, steps, inputs); or ids (batch, steps), integers that choose rows of the kernel.
        kernel: Tensor or array (inputs, units), of the dtype of x.
        recurrent_kernel: Tensor or array (units, units).
        bias: Tensor or array (units,), or None.
        initial_state: h, a tensor or array (batch, units), or a list of this one; None for zeros.
        mask: Bools (batch, steps), or None. Where False, state and output stay what they are (the output is zero before
            the first step); such steps take no time.
        activation: linear, relu, sigmoid, tanh or hard_sigmoid.
        go_backwards: Whether to run from the last step to the first; the outputs come in this order.
        return_sequences: Whether to return the outputs of all steps, or only the last.
        dropout_mask: (batch, inputs), or None: the factors of the inputs, the same in every step.
        recurrent_dropout_mask: (batch, units), or None: what the fed-back outputs are multiplied with.
        recompute_every: In training, keep only the states after so many steps, and compute what lies between them again
            in the backward pass: less memory, about half more time. The square root of the steps needs least.

    Returns:
        The tuple (outputs, h), tensors (batch, steps, units), or (batch, units) without `return_sequences`, and (batch,
        units).

    Raises:
        TypeError: If the dtypes of the arrays differ.
        ValueError: If a shape or another argument does not fit.

    Source:
        Elman 1990, "Finding Structure in Time"; dropout: Gal and Ghahramani 2016.

    Example:
        >>> x = [[[1.0], [2.0], [4.0]]]
        >>> y, h = pydl.ops.rnn(x, [[1.0]], [[1.0]], activation="linear")  # the running sum
        >>> y.numpy().ravel()
        array([1., 3., 7.], dtype=float32)
    """
    outputs, h = run("rnn", "rnn", x, locals())
    return outputs, h
