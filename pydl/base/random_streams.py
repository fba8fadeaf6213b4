"""One seed for everything random in pydl: initializers, dropout, shuffling.

Every consumer has its own stream: one more dropout layer does not change how the next layer is initialized. NumPy's
global generator is never used.
"""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from . import trial
from .errors import as_integer, shown
from .locks import counting

if TYPE_CHECKING:
    import numpy as np

_MASK64 = 2**64 - 1
_seed = int.from_bytes(os.urandom(8), "little")
_epoch = 0  # number of set_seed calls: a stream of an earlier epoch restarts
_consumers: dict[str, int] = {}
_local = threading.local()  # `reserved`: the ReservedSeeds that this thread's generators come from, if any


def set_seed(seed: int) -> None:
    """Makes everything random that follows reproducible, also in layers that exist already.

    There is one seed for the process: threads that build or train at the same time take turns that no seed decides.
    There, give layers and initializers seeds of their own, and `fit` shuffle=False.

    Args:
        seed: An integer of at least 0.

    Raises:
        ValueError: If it is no such integer.

    Example:
        >>> pydl.set_seed(1)
        >>> a = pydl.initializers.RandomNormal()((2, 2))
        >>> pydl.set_seed(1)
        >>> b = pydl.initializers.RandomNormal()((2, 2))
        >>> bool((a == b).all())
        True
    """
    global _seed, _epoch
    value = as_integer(seed)
    if value is None or value < 0:
        raise ValueError(f"[set_seed] seed: expected an integer of at least 0, got {shown(seed)}")
    with counting:
        _seed = value
        _epoch += 1
        _consumers.clear()


def checked_seed(owner: str, seed: Any) -> int | None:
    """`seed`, Python's or NumPy's, as an int, or None. TypeError for other types, ValueError below 0."""
    if seed is None:
        return None
    value = as_integer(seed)
    if value is None:
        raise TypeError(f"[{owner}] seed: expected None or an integer of at least 0, got {shown(seed)}")
    if value < 0:
        raise ValueError(f"[{owner}] seed: expected None or an integer of at least 0, got {shown(seed)}")
    return value


def _next(kind: str) -> int:
    running = trial.current()
    with counting:
        number = _consumers.get(kind, 0)
        if running is not None:
            return number + running.next(kind)
        _consumers[kind] = number + 1
        return number


def generator(kind: str, seed: int | None = None) -> np.random.Generator:
    """A new NumPy generator: from `seed`, or for the next consumer of this kind ("initializer", "shuffle", …)."""
    from numpy.random import default_rng

    return default_rng(seed if seed is not None else _next_seed(kind))


def _next_seed(kind: str) -> list[int]:
    """The seed of the next consumer of this kind."""
    reserved: ReservedSeeds | None = getattr(_local, "reserved", None)
    if reserved is not None and reserved.kind == kind:
        return reserved.next()
    return [_seed, zlib.crc32(kind.encode()), _next(kind)]


class _Consumer:
    """Restarts after `set_seed`. A copy, in any process, continues with the same numbers as the original."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._epoch = -1

    def _renew(self) -> None:
        """Takes the next seed of its kind, unless it has done so since the last `set_seed`."""
        with counting:
            if self._epoch != _epoch:
                self._epoch = _epoch
                self._start()

    def _start(self) -> None:
        raise NotImplementedError

    def __getstate__(self) -> dict[str, Any]:
        self._renew()  # now, or original and copy would take different seeds
        return vars(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _epoch=_epoch)  # renewed above, so it belongs to the current epoch


class Stream(_Consumer):
    """Seeds and offsets of a counter-based generator (Philox), for kernels such as dropout.

    The offset is how many numbers the stream has given before; the key comes from its own seed or from `set_seed`.
    """

    def __init__(self, kind: str, seed: int | None = None) -> None:
        super().__init__(kind)
        self.seed = checked_seed(kind, seed)

    def take(self, count: int) -> tuple[int, int]:
        """Reserves `count` numbers; returns their seed and offset."""
        running = trial.current()
        if running is not None:
            running.keep(self, self._undo)
        with counting:
            self._renew()
            offset = self._offset
            self._offset += count
            return self._key, offset

    def _undo(self) -> Callable[[], None]:
        before = dict(vars(self))

        def undo() -> None:
            vars(self).clear()
            vars(self).update(before)

        return undo

    def _start(self) -> None:
        key = self.seed
        if key is None:
            key = (_seed * 0x9E3779B97F4A7C15) ^ (zlib.crc32(self.kind.encode()) << 32 | _next(self.kind))
        self._key, self._offset = key & _MASK64, 0


class SharedGenerator(_Consumer):
    """A NumPy generator that continues from use to use, such as the one that shuffles a model's epochs."""

    @property
    def generator(self) -> np.random.Generator:
        self._renew()
        return self._generator

    def _start(self) -> None:
        self._generator = generator(self.kind)


class ReservedSeeds(_Consumer):
    """Seeds for objects that do not exist yet, such as weights: a copy then makes the same ones."""

    @contextmanager
    def used(self) -> Iterator[None]:
        """In this block, generators of this kind get these seeds, unless `set_seed` was called since the copy."""
        before, _local.reserved = getattr(_local, "reserved", None), self if self._epoch == _epoch else None
        try:
            yield
        finally:
            _local.reserved = before

    def next(self) -> list[int]:
        self._count += 1
        return [*self._seeds, self._count]

    def _start(self) -> None:
        self._seeds, self._count = _next_seed(self.kind), 0
