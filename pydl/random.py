"""One seed for everything random in pydl: initialisers, dropout, shuffling.

Every consumer has a stream of its own, so that one more dropout layer does not change how the next layer is
initialised. NumPy's global generator is never touched.
"""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_MASK64 = 2**64 - 1
_seed = int.from_bytes(os.urandom(8), "little")
_epoch = 0  # how often set_seed was called: streams made before start anew
_consumers: dict[str, int] = {}


def set_seed(seed: int) -> None:
    """Makes everything that follows reproducible, also in layers that exist already. `seed` is an int ≥ 0."""
    global _seed, _epoch
    if not hasattr(seed, "__index__") or seed < 0:
        raise ValueError(f"[set_seed] seed: expected an integer of at least 0, got {seed!r}")
    _seed = int(seed)
    _epoch += 1
    _consumers.clear()


def _next(kind: str) -> int:
    number = _consumers.get(kind, 0)
    _consumers[kind] = number + 1
    return number


def generator(kind: str, seed: int | None = None) -> np.random.Generator:
    """A fresh NumPy generator, for the next consumer of this kind ("initializer", "shuffle", …) or of its own seed."""
    from numpy.random import default_rng

    return default_rng(seed if seed is not None else [_seed, zlib.crc32(kind.encode()), _next(kind)])


class Stream:
    """Hands out places (seed, offset) in a counter-based generator, for kernels such as dropout.

    The place depends on how many numbers this stream gave before, and on its own seed or on `set_seed`.
    """

    def __init__(self, kind: str, seed: int | None = None) -> None:
        self.kind = kind
        self.seed = seed
        self._epoch = -1

    def take(self, count: int) -> tuple[int, int]:
        """The seed and the offset of `count` numbers that nobody else gets."""
        if self._epoch != _epoch:
            self._epoch = _epoch
            self._offset = 0
            key = self.seed
            if key is None:
                key = (_seed * 0x9E3779B97F4A7C15) ^ (zlib.crc32(self.kind.encode()) << 32 | _next(self.kind))
            self._key = key & _MASK64
        offset = self._offset
        self._offset += count
        return self._key, offset
