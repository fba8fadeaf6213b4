"""The gated recurrent unit."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..autograd.tensor import Tensor
from .recurrent import run, states


def gru(
    x: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any = None,
    initial_state: Any = None,
    mask: Any = None,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
    reset_after: bool = True,
    go_backwards: bool = False,
    return_sequences: bool = True,
    dropout_mask: Any = None,
    recurrent_dropout_mask: Any = None,
    recompute_every: int | None = None,
) -> tuple[Tensor, Tensor]:
    """GRU over whole sequences (Cho et al. 2014): h' = z h + (1 - z) n.

    Args:
        x: (B, T, I).
        kernel: (I, 3 U).
        recurrent_kernel: (U, 3 U), gates in the order z r n.
        bias: (2, 3 U), or (3 U,) without reset_after, or None.
        initial_state: h (B, U), or a sequence of this one; None for zeros.
        mask: (B, T) of bools or None. Where it is False, state and output stay what they are (the output zero before
            the first step); such steps take no time.
        activation, recurrent_activation: linear, relu, sigmoid, tanh or hard_sigmoid.
        reset_after: n = act(x W + r (h R + b)) as in cuDNN and PyTorch; else act(x W + (r h) R).
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
        "recurrent_activation": recurrent_activation,
        "reset_after": reset_after,
        "go_backwards": go_backwards,
        "return_sequences": return_sequences,
        "dropout_mask": dropout_mask,
        "recurrent_dropout_mask": recurrent_dropout_mask,
        "recompute_every": recompute_every,
    }
    initial = states("gru", initial_state, 1)
    weights = (kernel, recurrent_kernel, bias)
    outputs, h = run("gru", x, weights, initial, options, _core.gru_forward, _core.gru_backward)
    return outputs, h
