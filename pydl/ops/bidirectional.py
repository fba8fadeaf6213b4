"""A recurrent layer in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..autograd.tensor import Tensor
from ..base.argument_names import arguments_of
from ..base.errors import shown
from .direction import STATES
from .gru import gru
from .lstm import lstm
from .recurrent import run
from .rnn import rnn

__all__ = ["bidirectional"]

_TAKEN = {op.__name__: {*arguments_of(op).names} - {"x", "recompute_every"} for op in (rnn, lstm, gru)}


def bidirectional(
    cell: str, x: Any, first: Mapping[str, Any], second: Mapping[str, Any]
) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """Two passes of a recurrent cell over the same x in one call, usually one forwards and one backwards.

    With two threads or more, each direction runs in a thread of its own.

    Args:
        cell: "rnn", "lstm" or "gru".
        x: Tensor or array (batch, steps, inputs); or ids (batch, steps), integers that choose rows of the kernels.
        first: The arguments of `rnn`, `lstm` or `gru` by name, without x and `recompute_every`.
        second: The same; both have the same `return_sequences`.

    Returns:
        The outputs and the states of the first and the second, a tensor (batch, steps, units of both), in the order of
        x, or (batch, units of both) without `return_sequences`; and two lists of last states (batch, units).

    Raises:
        TypeError: If the dtypes of the arrays differ.
        ValueError: If a shape or another argument does not fit.

    Source:
        Schuster and Paliwal 1997, "Bidirectional Recurrent Neural Networks".

    Example:
        >>> weights = {"kernel": [[1.0]], "recurrent_kernel": [[1.0]], "activation": "linear"}  # running sums
        >>> x = [[[1.0], [2.0], [4.0]]]
        >>> y, _, _ = pydl.ops.bidirectional("rnn", x, weights, weights | {"go_backwards": True})
        >>> y[0].numpy()
        array([[1., 7.],
               [3., 6.],
               [7., 4.]], dtype=float32)
    """
    if cell not in _TAKEN:
        raise ValueError(f"[bidirectional] cell: expected rnn, lstm or gru, got {shown(cell)}")
    for given in (first, second):
        if unknown := given.keys() - _TAKEN[cell]:
            raise TypeError(f"[bidirectional] first, second: expected arguments of {cell}, got {min(unknown)!r}")
    outputs, *ends = run("bidirectional", cell, x, first, second)
    count = len(STATES[cell])
    return outputs, ends[:count], ends[count:]
