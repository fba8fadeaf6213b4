"""One seed for everything random in pydl: initialisers, dropout, shuffling.

Every consumer has a stream of its own, so that one more dropout layer does not change how the next layer is
initialised. NumPy's global generator is never touched.
"""

from __future__ import annotations

import operator
import os
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from . import trial
from .locks import counting

if TYPE_CHECKING:
    import numpy as np

_MASK64 = 2**64 - 1
_seed = int.from_bytes(os.urandom(8), "little")
_epoch = 0  # how often set_seed was called: streams made before start anew
_consumers: dict[str, int] = {}
_here = threading.local()  # its `ahead`: where the generators of this thread come from, if not from `_consumers`


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
    if not hasattr(seed, "__index__") or seed < 0:
        raise ValueError(f"[set_seed] seed: expected an integer of at least 0, got {seed!r}")
    with counting:
        _seed = int(seed)
        _epoch += 1
        _consumers.clear()


def checked_seed(owner: str, seed: Any) -> int | None:
    """`seed` as an int, also if it is NumPy's, or None. TypeError for other things, ValueError below 0."""
    if seed is None:
        return None
    try:
        value = operator.index(seed)
    except TypeError:
        raise TypeError(f"[{owner}] seed: expected None or an integer of at least 0, got {seed!r}") from None
    if value < 0:
        raise ValueError(f"[{owner}] seed: expected None or an integer of at least 0, got {seed!r}")
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
    """A fresh NumPy generator, for the next consumer of this kind ("initializer", "shuffle", …) or of its own seed."""
    from numpy.random import default_rng

    return default_rng(seed if seed is not None else _place(kind))


def _place(kind: str) -> list[int]:
    """The seed of the next consumer of this kind."""
    ahead: Ahead | None = getattr(_here, "ahead", None)
    if ahead is not None and ahead.kind == kind:
        return ahead.next()
    return [_seed, zlib.crc32(kind.encode()), _next(kind)]


class _Consumer:
    """Starts anew after `set_seed`. A copy, in whatever process, goes on with the numbers that come next here."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._epoch = -1

    def _renew(self) -> None:
        """Gets its place among the consumers of its kind, unless it has one since the last `set_seed`."""
        with counting:
            if self._epoch != _epoch:
                self._epoch = _epoch
                self._start()

    def _start(self) -> None:
        raise NotImplementedError

    def __getstate__(self) -> dict[str, Any]:
        self._renew()  # or the place would go to whoever draws first, this one or the copy
        return vars(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _epoch=_epoch)  # as current here as it was there


class Stream(_Consumer):
    """Hands out places (seed, offset) in a counter-based generator, for kernels such as dropout.

    The place depends on how many numbers this stream gave before, and on its own seed or on `set_seed`.
    """

    def __init__(self, kind: str, seed: int | None = None) -> None:
        super().__init__(kind)
        self.seed = checked_seed(kind, seed)

    def take(self, count: int) -> tuple[int, int]:
        """The seed and the offset of `count` numbers that nobody else gets."""
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


class Draws(_Consumer):
    """A NumPy generator that goes on from use to use, such as the orders of samples of a model's epochs."""

    @property
    def generator(self) -> np.random.Generator:
        self._renew()
        return self._generator

    def _start(self) -> None:
        self._generator = generator(self.kind)


class Ahead(_Consumer):
    """The generators of something that is not made yet, such as weights, so that they are those of its copies too."""

    @contextmanager
    def used(self) -> Iterator[None]:
        """Until the end, the generators of this kind come from here; not if `set_seed` was called since the copy."""
        before, _here.ahead = getattr(_here, "ahead", None), self if self._epoch == _epoch else None
        try:
            yield
        finally:
            _here.ahead = before

    def next(self) -> list[int]:
        self._count += 1
        return [*self._seeds, self._count]

    def _start(self) -> None:
        self._seeds, self._count = _place(self.kind), 0
