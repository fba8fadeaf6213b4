"""The gated recurrent unit."""

from __future__ import annotations

from typing import Any

from ..autograd.tensor import Tensor
from .recurrent import run

__all__ = ["gru"]


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
    """The gated recurrent unit over whole sequences: h' = z · h + (1 - z) · n.

    The gates z and r are recurrent_activation(x · kernel + bias + h · recurrent_kernel), each of its part.

    Args:
        x: Tensor or array (batch, steps, inputs); or ids (batch, steps), integers that choose rows of the kernel.
        kernel: Tensor or array (inputs, 3 · units), of the dtype of x; the gates in the order z r n.
        recurrent_kernel: Tensor or array (units, 3 · units).
        bias: Tensor or array (2, 3 · units), for kernel and recurrent kernel; (3 · units,) without `reset_after`; or
            None.
        initial_state: h, a tensor or array (batch, units), or a list of this one; None for zeros.
        mask: Bools (batch, steps), or None. Where False, state and output stay what they are (the output is zero before
            the first step); such steps take no time.
        activation: linear, relu, sigmoid, tanh or hard_sigmoid.
        recurrent_activation: The same, for the gates.
        reset_after: Whether n = activation(x · W + r · (h · R + b)), as in cuDNN and PyTorch, or
            n = activation(x · W + (r · h) · R), with W and R the third parts of the kernels.
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
        Cho et al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder"; dropout: Gal and Ghahramani 2016.

    Example:
        >>> x, w = np.zeros((2, 5, 3), "float32"), pydl.initializers.GlorotUniform(seed=0)
        >>> y, h = pydl.ops.gru(x, w((3, 12)), w((4, 12)), return_sequences=False)
        >>> y.shape, h.shape
        ((2, 4), (2, 4))
    """
    outputs, h = run("gru", "gru", x, locals())
    return outputs, h
