"""A recurrent layer over the sequences from both ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, record_many, will_record, wrap
from .direction import Direction
from .recurrent import sequences, states

_DEFAULTS: dict[str, dict[str, Any]] = {
    "rnn": {"activation": "tanh"},
    "lstm": {"activation": "tanh", "recurrent_activation": "sigmoid"},
    "gru": {"activation": "tanh", "recurrent_activation": "sigmoid", "reset_after": True},
}
_WEIGHTS = ("kernel", "recurrent_kernel", "bias")
_OPTIONS = ("initial_state", "mask", "go_backwards", "return_sequences", "dropout_mask", "recurrent_dropout_mask")


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
        (outputs, states of the first, states of the second): a tensor (batch, steps, units of both), in the order of x,
        or (batch, units of both) without `return_sequences`; and two lists of last states (batch, units).

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
    if cell not in _DEFAULTS:
        raise ValueError(f"[bidirectional] cell: expected rnn, lstm or gru, got {cell!r}")
    x = sequences("bidirectional", x)
    both = [_direction(cell, given, x.ndim == 2) for given in (first, second)]
    count = 2 if cell == "lstm" else 1
    inputs = [x, *both[0].tensors, *both[1].tensors]

    def forward(training: bool) -> tuple[Array, list[Array], list[Array | None]]:
        """Outputs, all states, and what backward needs of each direction."""
        y, *rest = _core.bidirectional_forward(cell, x.array, both[0].arguments, both[1].arguments, training)
        return y, [state for one in rest for state in one[:count] if state is not None], [one[2] for one in rest]

    y, last, saved = forward(will_record(*inputs))
    if saved[0] is None:
        outputs, *ends = (wrap(a) for a in (y, *last))
        return outputs, ends[:count], ends[count:]
    kept = [saved]  # for one walk back: it is overwritten, and made again for a further walk

    def gradients(dys: Sequence[Array | None]) -> list[Array | None]:
        once = kept.pop() if kept else forward(True)[2]
        dy, *dstates = dys
        given_first, given_second = (
            {**one.arguments, "saved": of_one, **dict(zip(("dh", "dc"), ends, strict=False))}
            for one, of_one, ends in zip(both, once, (dstates[:count], dstates[count:]), strict=True)
        )
        with_dx, with_initial = x.requires_grad and x.ndim == 3, any(one.learns_states for one in both)
        dx, *found = _core.bidirectional_backward(cell, x.array, given_first, given_second, dy, with_dx, with_initial)
        return [dx, *both[0].gradients(*found[0]), *both[1].gradients(*found[1])]

    outputs, *ends = record_many([y, *last], inputs, gradients)
    return outputs, ends[:count], ends[count:]


def _direction(cell: str, given: Mapping[str, Any], ids: bool) -> Direction:
    if unknown := given.keys() - {*_WEIGHTS, *_OPTIONS, *_DEFAULTS[cell]}:
        raise TypeError(
            f"[bidirectional] {min(unknown)}: expected arguments of a direction of {cell}, got this one too"
        )
    options = {**_DEFAULTS[cell], "return_sequences": True, **given}
    weights = [options.pop(name, None) for name in _WEIGHTS]
    initial = states("bidirectional", options.pop("initial_state", None), 2 if cell == "lstm" else 1)
    return Direction("bidirectional", weights, initial, options, ids)
