"""What the ops of all recurrent layers share: arguments on the way in, gradients on the way out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..tape import Array
from ..tensor import Tensor, as_array, as_tensor, record_many, will_record, wrap
from .arrays import floating

Forward = Callable[..., tuple[Array, Array, Array | None, Array | None]]
Backward = Callable[..., tuple[Array | None, Array, Array | None, Array | None]]


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


def run(
    op: str,
    x: Any,
    weights: Sequence[Any],
    states: Sequence[Any],
    options: dict[str, Any],
    forward: Forward,
    backward: Backward,
) -> list[Tensor]:
    """[outputs, final state, ...] of a recurrent layer, on the tape.

    Args:
        op: its name, for errors.
        weights: kernel, recurrent kernel, bias or None.
        states: as many initial states as the cell has, tensors or None.
        options: of the two functions of `_core`; "mask" and the dropout masks may be tensors or None.
    """
    x = floating(as_tensor(x))
    if x.ndim != 3:
        raise ShapeError(f"[{op}] x: expected 3 axes (batch, time, inputs), got shape {x.shape}")
    kernel, recurrent_kernel = (as_tensor(w) for w in weights[:2])
    if kernel.ndim != 2:
        raise ShapeError(f"[{op}] kernel: expected 2 axes (inputs, gates * units), got shape {kernel.shape}")
    bias, *initial = (None if t is None else as_tensor(t) for t in (weights[2], *states))
    options = {n: as_array(v) if n.endswith("mask") and v is not None else v for n, v in options.items()}
    arrays = {"x": x.array, "kernel": kernel.array, "recurrent_kernel": recurrent_kernel.array}
    arrays["bias"] = None if bias is None else bias.array
    arrays |= {name: None if t is None else t.array for name, t in zip(("h0", "c0"), initial, strict=False)}
    inputs = [t for t in (x, kernel, recurrent_kernel, bias, *initial) if t is not None]
    outputs, h, c, saved = forward(**arrays, **options, training=will_record(*inputs))
    if saved is None:
        return [wrap(a) for a in (outputs, h, c) if a is not None]
    rows = x.shape[2]
    kept: list[Array | None] = [saved]  # for one walk back: it is overwritten, and made again for a further walk

    def gradients(dys: Sequence[Array | None]) -> list[Array | None]:
        once = kept.pop() if kept else forward(**arrays, **options, training=True)[3]
        names = dict(zip(("dy", "dh", "dc"), dys, strict=False))
        with_initial = any(t is not None and t.requires_grad for t in initial)
        dx, dw, dh0, dc0 = backward(
            **arrays, **options, saved=once, **names, with_dx=x.requires_grad, with_initial=with_initial
        )
        found: list[Array | None] = [dx, dw[:rows], dw[rows + 1 : rows + 1 + recurrent_kernel.shape[0]]]
        if bias is not None:
            found.append(dw[rows] if bias.ndim == 1 else np.stack([dw[rows], dw[-1]]))
        return found + [d for d, t in zip((dh0, dc0), initial, strict=False) if t is not None]

    return record_many([a for a in (outputs, h, c) if a is not None], inputs, gradients)
