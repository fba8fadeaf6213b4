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
    """Bounds the idle memory that is kept for reuse. ValueError if negative."""
    _core.set_memory_limit(bytes)
