"""What the ops of all recurrent layers share: arguments on the way in, gradients on the way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor, record_many, will_record, wrap
from ..base.errors import DTypeError, ShapeError, positive_integer
from .arrays import floating
from .direction import Backward, Direction, Forward
from .recompute import run_in_stretches

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
