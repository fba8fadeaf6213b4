"""The pool behind every array that pydl makes: what it holds, and how to give it back."""

from __future__ import annotations

from . import _core


def memory_stats() -> dict[str, int]:
    """Bytes and blocks in use and idle, the peak, and how many requests were met by reuse."""
    return _core.memory_stats()


def release_memory() -> None:
    """Gives every idle block back to the system."""
    _core.release_memory()


def set_memory_limit(bytes: int) -> None:
    """Bounds the idle memory that is kept for reuse. ValueError unless an integer from 0 to 2⁶³ - 1."""
    if not hasattr(bytes, "__index__") or not 0 <= bytes < 2**63:
        raise ValueError(f"[set_memory_limit] bytes: expected an integer from 0 to 2⁶³ - 1, got {bytes!r}")
    _core.set_memory_limit(bytes)
