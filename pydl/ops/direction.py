"""One direction of a recurrent layer: the arguments of its kernels, and the order of its gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import as_array, as_tensor
from ..base.errors import ShapeError

STATES = {"rnn": ("h0",), "lstm": ("h0", "c0"), "gru": ("h0",)}  # by cell: the names in `_core`
_OF_THE_OP = ("x", "initial_state", "recompute_every")  # arguments that `_core` does not take


class Direction:
    """What one pass over the sequences needs: `arguments` of `_core` by name, and the tensors among them.

    Args:
        op: the op that was called, for messages.
        cell: "rnn", "lstm" or "gru".
        options: the arguments of `ops.rnn`, `ops.lstm` or `ops.gru` by name.
        ids: whether the sequences are of ids.
    """

    def __init__(self, op: str, cell: str, options: Mapping[str, Any], ids: bool) -> None:
        kernel, recurrent_kernel = as_tensor(options.get("kernel")), as_tensor(options.get("recurrent_kernel"))
        if kernel.ndim != 2:
            rows = "ids" if ids else "inputs"
            raise ShapeError(f"[{op}] kernel: expected 2 axes ({rows}, gates * units), got shape {kernel.shape}")
        self.cell, self.states = cell, STATES[cell]
        first = states(op, options.get("initial_state"), len(self.states))
        bias, *initial = [None if t is None else as_tensor(t) for t in (options.get("bias"), *first)]
        self.tensors = [t for t in (kernel, recurrent_kernel, bias, *initial) if t is not None]
        self.arguments: dict[str, Any] = {}
        for name, value in options.items():
            if name not in _OF_THE_OP:
                self.arguments[name] = as_array(value) if name.endswith("mask") and value is not None else value
        self.arguments |= {"kernel": kernel.array, "recurrent_kernel": recurrent_kernel.array}
        self.arguments["bias"] = None if bias is None else bias.array
        for name, state in zip(self.states, initial, strict=True):
            self.arguments[name] = None if state is None else state.array
        self._initial, self._bias_axes = initial, 0 if bias is None else bias.ndim

    @property
    def learns_states(self) -> bool:
        return any(t is not None and t.requires_grad for t in self._initial)

    def gradients(self, dweights: Array, *dstates: Array | None) -> list[Array | None]:
        """The gradients of `tensors`; the rows of dweights are kernel, bias, recurrent kernel, recurrent bias."""
        rows, units = (len(self.arguments[name]) for name in ("kernel", "recurrent_kernel"))
        found: list[Array | None] = [dweights[:rows], dweights[rows + 1 : rows + 1 + units]]
        if self._bias_axes:
            last = len(dweights) - 1
            both = [dweights[rows : rows + 1], dweights[last:]]
            found.append(dweights[rows] if self._bias_axes == 1 else _core.concatenate(both, 0))
        return found + [d for d, t in zip(dstates, self._initial, strict=False) if t is not None]


def states(op: str, initial: Any, count: int) -> Sequence[Any]:
    """The initial states as a sequence of `count`; ValueError for another count."""
    if initial is None:
        return (None,) * count
    if isinstance(initial, list | tuple):
        if len(initial) != count:
            raise ValueError(f"[{op}] initial_state: expected {count} state(s), got {len(initial)}")
        return initial
    if count != 1:
        raise ValueError(f"[{op}] initial_state: expected a sequence of {count} states, got {type(initial).__name__}")
    return (initial,)
