"""The common part of all recurrent ops: the kernel call for one direction or two, recorded on the tape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor, record_many, will_record, wrap
from ..base.errors import DTypeError, ShapeError, positive_integer
from .arrays import floating
from .direction import Direction
from .recompute import run_in_segments

_IDS = (np.int32, np.int64, np.float32, np.float64)


def sequences(op: str, x: Any) -> Tensor:
    """x for the kernels: (B, T, I), or ids (B, T)."""
    tensor = as_tensor(x)
    rank = tensor.array.ndim
    if rank == 2:
        if tensor.dtype == bool:
            raise DTypeError(f"[{op}] x: expected ids (batch, time) that are integers, got {tensor.dtype}")
        return tensor if tensor.dtype in _IDS else wrap(tensor.array.astype(np.int64))
    if rank != 3:
        raise ShapeError(
            f"[{op}] x: expected 3 axes (batch, time, inputs) or ids (batch, time), got shape {tensor.shape}"
        )
    return floating(tensor)


def run(op: str, cell: str, x: Any, *options: Mapping[str, Any]) -> list[Tensor]:
    """[outputs, last states of each direction in turn], recorded. `options` holds the op's arguments per direction."""
    x = sequences(op, x)
    directions = [Direction(op, cell, one, x.ndim == 2) for one in options]
    inputs, arguments = [x], [one.arguments for one in directions]
    for one in directions:
        inputs += one.tensors
    training, every = will_record(*inputs), options[0].get("recompute_every")
    if every is not None and training:
        return run_in_segments(x, directions[0], positive_integer(op, "recompute_every", every))
    forward = partial(_core.recurrent_forward, cell, x.array, training, *arguments)
    y, *ends = forward()
    outputs, saved = [y], []
    for h, c, of_one in ends:
        outputs += [h] if c is None else [h, c]
        saved.append(of_one)
    if not training:
        return [wrap(a) for a in outputs]
    reserve = [saved]  # the reserve space, which one backward overwrites; a second backward computes it again

    def gradients(dys: Sequence[Array | None]) -> list[Array | None]:
        dy, *rest = dys
        dstates, last = iter(rest), list[dict[str, Any]]()
        once = reserve.pop() if reserve else [of_one[2] for of_one in forward()[1:]]
        for one, saved in zip(directions, once, strict=True):
            last.append({**one.arguments, "saved": saved, **{f"d{name[0]}": next(dstates) for name in one.states}})
        with_dx, with_initial = x.requires_grad and x.ndim == 3, any(one.learns_states for one in directions)
        dx, *of_directions = _core.recurrent_backward(cell, x.array, dy, with_dx, with_initial, *last)
        found: list[Array | None] = [dx]
        for one, of_one in zip(directions, of_directions, strict=True):
            found += one.gradients(*of_one)
        return found

    return record_many(outputs, inputs, gradients)
