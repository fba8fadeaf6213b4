"""Long short-term memory."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..autograd.tensor import Tensor
from .recurrent import run, states


def lstm(
    x: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any = None,
    initial_state: Any = None,
    mask: Any = None,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
    go_backwards: bool = False,
    return_sequences: bool = True,
    dropout_mask: Any = None,
    recurrent_dropout_mask: Any = None,
    recompute_every: int | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """LSTM over whole sequences (Hochreiter and Schmidhuber 1997; Gers et al. 2000): c' = f c + i g, h' = o act(c').

    Args:
        x: (B, T, I).
        kernel: (I, 4 U).
        recurrent_kernel: (U, 4 U), gates in the order i f g o.
        bias: (4 U,) or None.
        initial_state: (h, c), each (B, U); None for zeros.
        mask: (B, T) of bools or None. Where it is False, state and output stay what they are (the output zero before
            the first step); such steps take no time.
        activation, recurrent_activation: linear, relu, sigmoid, tanh or hard_sigmoid.
        go_backwards: from the last step to the first; the outputs come in this order.
        return_sequences: whether all outputs are wanted, or the last alone.
        dropout_mask, recurrent_dropout_mask: (B, I) and (B, U) or None: what the inputs and the fed-back outputs are
            multiplied with, alike in every step (Gal and Ghahramani 2016).
        recompute_every: in training, keep only the states after so many steps, and make what lies between them again
            on the way back: less memory, about half more time. The square root of T needs least.

    Returns:
        (outputs (B, T, U), or (B, U) without return_sequences; the last states h and c (B, U)).

    Raises:
        ShapeError, ValueError or TypeError if something does not fit.
    """
    options = {
        "mask": mask,
        "activation": activation,
        "recurrent_activation": recurrent_activation,
        "go_backwards": go_backwards,
        "return_sequences": return_sequences,
        "dropout_mask": dropout_mask,
        "recurrent_dropout_mask": recurrent_dropout_mask,
        "recompute_every": recompute_every,
    }
    initial = states("lstm", initial_state, 2)
    weights = (kernel, recurrent_kernel, bias)
    outputs, h, c = run("lstm", x, weights, initial, options, _core.lstm_forward, _core.lstm_backward)
    return outputs, h, c
