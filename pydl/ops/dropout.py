"""Dropout (Srivastava et al. 2014)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array, cannot_replay
from ..autograd.tensor import Tensor, as_tensor, record, wrap
from ..base.errors import drop_rate
from ..base.random_streams import Stream
from .arrays import floating
from .math import where

__all__ = ["dropout"]

_default = Stream("dropout")
NOISE = "noise draws random numbers; with a stddev of 0 the layer replays"
DRAWS = "dropout draws random numbers; with a rate of 0 the layer replays"  # see pydl.autograd.recordable


def dropout(x: Any, rate: float, stream: Stream | None = None) -> Tensor:
    """Sets each element to zero with probability `rate`, and divides the others by 1 - rate.

    Args:
        x: Tensor or array of any shape; integers and bools become float32.
        rate: The probability, from 0 to 1; with 1 all elements are zero.
        stream: Where the random numbers come from, a `pydl.base.random_streams.Stream`;
            None for one that `pydl.set_seed` governs.

    Returns:
        Tensor of the shape of x. The mask is not stored; the gradient draws the same numbers again.

    Raises:
        ValueError: Unless 0 <= rate <= 1.

    Source:
        Srivastava et al. 2014, "Dropout".

    Example:
        >>> pydl.set_seed(0)
        >>> y = pydl.ops.dropout(np.ones(1000), rate=0.5).numpy()
        >>> sorted(set(y.tolist()))
        [0.0, 2.0]
    """
    tensor = floating(as_tensor(x))
    rate = drop_rate("dropout", rate)
    if rate == 0:
        return tensor
    if rate == 1:
        return where(False, tensor, 0.0)
    cannot_replay(DRAWS)
    seed, offset = (stream or _default).take(tensor.size)

    def backward(dy: Array) -> tuple[Array]:
        return (_core.dropout(dy, rate, seed, offset),)

    return record(_core.dropout(tensor.array, rate, seed, offset), (tensor,), backward)


def normal_noise(like: Tensor, stddev: float, stream: Stream) -> Tensor:
    """Normal noise of mean 0, of the shape and dtype of a tensor."""
    cannot_replay(NOISE)
    noise = np.random.default_rng(stream.take(like.size)).standard_normal(like.shape, like.dtype)
    noise *= stddev
    return wrap(noise)
