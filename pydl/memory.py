"""The pool behind every array that pydl makes: what it holds, and how to give it back."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _core


def memory_stats() -> dict[str, int]:
    """What the pool holds: bytes and blocks in use and idle, the peak, and how many requests were met by reuse.

    A model's bytes are no longer in use as soon as the last reference to it has gone. Idle bytes are kept because the
    next batch wants them again: as many as the highest use of late accounts for, and a quarter of it.
    """
    return _core.memory_stats()


def release_memory() -> None:
    """Gives every idle block back to the system: before a large allocation of another library, say.

    What is needed again is taken anew, at the cost of fresh pages.
    """
    _core.release_memory()


def set_memory_limit(bytes: int) -> None:
    """Bounds the idle memory that is kept for reuse: a quarter of the machine's memory if this is never called.

    A low bound saves memory and costs time. ValueError unless an integer from 0 to 2⁶³ - 1.
    """
    if not hasattr(bytes, "__index__") or not 0 <= bytes < 2**63:
        raise ValueError(f"[set_memory_limit] bytes: expected an integer from 0 to 2⁶³ - 1, got {bytes!r}")
    _core.set_memory_limit(bytes)


def _empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray[Any, np.dtype[Any]]:
    """Memory of the pool, aligned for kernels."""
    return _core.empty(shape, dtype)
