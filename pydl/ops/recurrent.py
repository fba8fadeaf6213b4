"""What the ops of all recurrent layers share: arguments on the way in, gradients on the way out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .. import _core
from ..errors import DTypeError, ShapeError, positive_integer
from ..tape import Array
from ..tensor import Tensor, as_array, as_tensor, record_many, will_record, wrap
from .arrays import floating
from .recompute import run_in_stretches

Forward = Callable[..., tuple[Array, Array, Array | None, Array | None]]
Backward = Callable[..., tuple[Array | None, Array, Array | None, Array | None]]
STATES = ("h0", "c0")  # of the cells, by their names in `_core`
_IDS = (np.int32, np.int64, np.float32, np.float64)


def states(op: str, initial: Any, count: int) -> Sequence[Any]:
    """The initial states as a sequence of `count`; ValueError for another number of them."""
    if initial is None:
        return (None,) * count
    if isinstance(initial, list | tuple):
        if len(initial) != count:
            raise ValueError(f"[{op}] initial_state: expected {count} state(s), got {len(initial)}")
        return initial
    if count != 1:
        raise ValueError(f"[{op}] initial_state: expected a sequence of {count} states, got {type(initial).__name__}")
    return (initial,)


class Direction:
    """What one pass over the sequences needs: `arguments` of `_core` by name, and the tensors among them.

    Args:
        weights: kernel, recurrent kernel, bias or None.
        states: as many initial states as the cell has, tensors or None.
        options: of the function of `_core`; "mask" and the dropout masks may be tensors or None.
    """

    def __init__(
        self, op: str, weights: Sequence[Any], states: Sequence[Any], options: Mapping[str, Any], ids: bool = False
    ) -> None:
        kernel, recurrent_kernel = (as_tensor(w) for w in weights[:2])
        if kernel.ndim != 2:
            rows = "ids" if ids else "inputs"
            raise ShapeError(f"[{op}] kernel: expected 2 axes ({rows}, gates * units), got shape {kernel.shape}")
        bias, *initial = (None if t is None else as_tensor(t) for t in (weights[2], *states))
        self.tensors = [t for t in (kernel, recurrent_kernel, bias, *initial) if t is not None]
        self.arguments = {n: as_array(v) if n.endswith("mask") and v is not None else v for n, v in options.items()}
        self.arguments |= {"kernel": kernel.array, "recurrent_kernel": recurrent_kernel.array}
        self.arguments["bias"] = None if bias is None else bias.array
        self.arguments |= {name: None if t is None else t.array for name, t in zip(STATES, initial, strict=False)}
        self._initial, self._bias_axes = initial, 0 if bias is None else bias.ndim

    @property
    def learns_states(self) -> bool:
        return any(t is not None and t.requires_grad for t in self._initial)

    def gradients(self, dweights: Array, *dstates: Array | None) -> list[Array | None]:
        """Those of `tensors`, from what `_core` gives: the rows of kernel, bias, recurrent kernel, its bias."""
        rows, units = (len(self.arguments[name]) for name in ("kernel", "recurrent_kernel"))
        found: list[Array | None] = [dweights[:rows], dweights[rows + 1 : rows + 1 + units]]
        if self._bias_axes:
            last = len(dweights) - 1
            both = [dweights[rows : rows + 1], dweights[last:]]
            found.append(dweights[rows] if self._bias_axes == 1 else _core.concatenate(both, 0))
        return found + [d for d, t in zip(dstates, self._initial, strict=False) if t is not None]


def sequences(op: str, x: Any) -> Tensor:
    """x as the kernels take it: (B, T, I), or ids (B, T)."""
    given = as_tensor(x)
    if given.ndim == 2:
        if given.dtype == bool:
            raise DTypeError(f"[{op}] x: expected ids (batch, time) that are integers, got {given.dtype}")
        return given if given.dtype in _IDS else wrap(given.array.astype(np.int64))
    if given.ndim != 3:
        raise ShapeError(
            f"[{op}] x: expected 3 axes (batch, time, inputs) or ids (batch, time), got shape {given.shape}"
        )
    return floating(given)


def run(
    op: str,
    x: Any,
    weights: Sequence[Any],
    states: Sequence[Any],
    options: Mapping[str, Any],
    forward: Forward,
    backward: Backward,
) -> list[Tensor]:
    """[outputs, final state, ...] of a recurrent layer, on the tape; `Direction` has the arguments."""
    x = sequences(op, x)
    one = Direction(op, weights, states, options, x.ndim == 2)
    inputs = [x, *one.tensors]
    every = one.arguments.pop("recompute_every")
    if every is not None and will_record(*inputs):
        return run_in_stretches(x, one, forward, backward, positive_integer(op, "recompute_every", every))
    outputs, h, c, saved = forward(x.array, **one.arguments, training=will_record(*inputs))
    if saved is None:
        return [wrap(a) for a in (outputs, h, c) if a is not None]
    kept: list[Array | None] = [saved]  # for one walk back: it is overwritten, and made again for a further walk

    def gradients(dys: Sequence[Array | None]) -> list[Array | None]:
        once = kept.pop() if kept else forward(x.array, **one.arguments, training=True)[3]
        names = dict(zip(("dy", "dh", "dc"), dys, strict=False))
        dx, dweights, *dstates = backward(
            x.array,
            **one.arguments,
            saved=once,
            **names,
            with_dx=x.requires_grad and x.ndim == 3,
            with_initial=one.learns_states,
        )
        return [dx, *one.gradients(dweights, *dstates)]

    return record_many([a for a in (outputs, h, c) if a is not None], inputs, gradients)
