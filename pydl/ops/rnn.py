"""The simple recurrent network."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..autograd.tensor import Tensor
from .recurrent import run, states


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
    """Elman's network over whole sequences: h' = activation(x W + b + h R) (Elman 1990).

    Args:
        x: (B, T, I).
        kernel: (I, U).
        recurrent_kernel: (U, U).
        bias: (U,) or None.
        initial_state: h (B, U), or a sequence of this one; None for zeros.
        mask: (B, T) of bools or None. Where it is False, state and output stay what they are (the output zero before
            the first step); such steps take no time.
        activation: linear, relu, sigmoid, tanh or hard_sigmoid.
        go_backwards: from the last step to the first; the outputs come in this order.
        return_sequences: whether all outputs are wanted, or the last alone.
        dropout_mask, recurrent_dropout_mask: (B, I) and (B, U) or None: what the inputs and the fed-back outputs are
            multiplied with, alike in every step (Gal and Ghahramani 2016).
        recompute_every: in training, keep only the states after so many steps, and make what lies between them again
            on the way back: less memory, about half more time. The square root of T needs least.

    Returns:
        (outputs (B, T, U), or (B, U) without return_sequences; the last state h (B, U)).

    Raises:
        ShapeError, ValueError or TypeError if something does not fit.
    """
    options = {
        "mask": mask,
        "activation": activation,
        "go_backwards": go_backwards,
        "return_sequences": return_sequences,
        "dropout_mask": dropout_mask,
        "recurrent_dropout_mask": recurrent_dropout_mask,
        "recompute_every": recompute_every,
    }
    initial = states("rnn", initial_state, 1)
    weights = (kernel, recurrent_kernel, bias)
    outputs, h = run("rnn", x, weights, initial, options, _core.rnn_forward, _core.rnn_backward)
    return outputs, h
