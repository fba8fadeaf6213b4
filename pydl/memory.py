"""The memory pool of all arrays that pydl allocates: statistics, limit, release."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _core
from .base.errors import as_integer

__all__ = ["memory_stats", "release_memory", "set_memory_limit"]


def memory_stats() -> dict[str, int]:
    """Statistics of the memory pool, which allocates all arrays of pydl.

    The bytes of a model are free as soon as the last reference to it is deleted. Idle bytes are kept because the next
    batch will need them again: as many as the recent peak of use, and a quarter more.

    Returns:
        A dict of integers by name, "used_bytes", "idle_bytes", "peak_bytes", "used_blocks", "idle_blocks", "acquired"
        and "reused" (requests, and those that an idle block met), "limit_bytes" (see `set_memory_limit`).

    Example:
        >>> x = pydl.ops.add(np.zeros(1000, "float32"), 1.0)
        >>> pydl.memory_stats()["used_bytes"] >= 4000
        True
    """
    return _core.memory_stats()


def release_memory() -> None:
    """Returns every idle block of the memory pool to the system, for instance before a large allocation elsewhere.

    Later requests allocate fresh pages, which takes more time.

    Example:
        >>> pydl.release_memory()
        >>> pydl.memory_stats()["idle_bytes"]
        0
    """
    _core.release_memory()


def set_memory_limit(bytes: int) -> None:
    """Bounds the idle memory that the pool keeps for reuse. Without a call, it is a quarter of the machine's memory.

    A low bound saves memory and costs time.

    Args:
        bytes: The bound, an integer from 0 to 2⁶³ - 1.

    Raises:
        ValueError: If it is no such integer.

    Example:
        >>> before = pydl.memory_stats()["limit_bytes"]
        >>> pydl.set_memory_limit(1 << 20)
        >>> pydl.memory_stats()["limit_bytes"]
        1048576
        >>> pydl.set_memory_limit(before)
    """
    limit = as_integer(bytes)
    if limit is None or not 0 <= limit < 2**63:
        raise ValueError(f"[set_memory_limit] bytes: expected an integer from 0 to 2⁶³ - 1, got {bytes!r}")
    _core.set_memory_limit(limit)


def _empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray[Any, np.dtype[Any]]:
    """Uninitialized memory of the pool, aligned for kernels."""
    return _core.empty(shape, dtype)
