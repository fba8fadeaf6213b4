"""Long short-term memory."""

from __future__ import annotations

from typing import Any

from ..autograd.tensor import Tensor
from .recurrent import run

__all__ = ["lstm"]


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
    """Long short-term memory over whole sequences: c' = f · c + i · g and h' = o · activation(c').

    The gates i, f and o are recurrent_activation(z), and g is activation(z), of their parts of
    z = x · kernel + bias + h · recurrent_kernel.

    Args:
        x: Tensor or array (batch, steps, inputs); or ids (batch, steps), integers that choose rows of the kernel.
        kernel: Tensor or array (inputs, 4 · units), of the dtype of x; the gates in the order i f g o.
        recurrent_kernel: Tensor or array (units, 4 · units).
        bias: Tensor or array (4 · units,), or None.
        initial_state: (h, c), each a tensor or array (batch, units); None for zeros.
        mask: Bools (batch, steps), or None. Where False, states and output stay what they are (the output is zero
            before the first step); such steps take no time.
        activation: linear, relu, sigmoid, tanh or hard_sigmoid.
        recurrent_activation: The same, for the gates.
        go_backwards: Whether to run from the last step to the first; the outputs come in this order.
        return_sequences: Whether to return the outputs of all steps, or only the last.
        dropout_mask: (batch, inputs), or None: the factors of the inputs, the same in every step.
        recurrent_dropout_mask: (batch, units), or None: what the fed-back outputs are multiplied with.
        recompute_every: In training, keep only the states after so many steps, and compute what lies between them again
            in the backward pass: less memory, about half more time. The square root of the steps needs least.

    Returns:
        The tuple (outputs, h, c), tensors (batch, steps, units), or (batch, units) without `return_sequences`, and the
        last states (batch, units).

    Raises:
        TypeError: If the dtypes of the arrays differ.
        ValueError: If a shape or another argument does not fit.

    Source:
        Hochreiter and Schmidhuber 1997, "Long Short-Term Memory"; the gate f: Gers et al. 2000; dropout: Gal and
        Ghahramani 2016.

    Example:
        >>> x, w = np.zeros((2, 5, 3), "float32"), pydl.initializers.GlorotUniform(seed=0)
        >>> y, h, c = pydl.ops.lstm(x, w((3, 16)), w((4, 16)))
        >>> y.shape, h.shape, c.shape
        ((2, 5, 4), (2, 4), (2, 4))
    """
    outputs, h, c = run("lstm", "lstm", x, locals())
    return outputs, h, c
