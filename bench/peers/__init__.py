"""Adapters that run the cases, one package per library.

An adapter has one function per `Case.op` that the library can run. It takes the case's arguments and returns the
variants of that work. `set_threads(n)` and `versions()` belong to it too. What a user prepares once, such as arrays in
the library's own type and layout, is prepared before the call and not timed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..cases.case import Array

Pair = tuple[int, int]


@dataclass(frozen=True)
class Variant:
    """One implementation of a case's work."""

    call: Callable[[], Any]  # is timed
    to_arrays: Callable[[Any], Sequence[Array]]  # from what `call` returns, in pydl's layout
    name: str = ""


@dataclass(frozen=True)
class Peer:
    module: str
    environment: dict[str, str] = field(default_factory=dict)


# glibc returns large blocks to the system at once, and page faults cost more than many kernels. `torch-heap` is PyTorch
# with an allocator that keeps its memory: a user can set these variables too.
KEEP_HEAP = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}

PEERS = {
    "pydl": Peer("pydl"),
    "pydl-plain": Peer("pydl.plain"),
    "pydl-before": Peer("pydl"),  # of another folder: see --against
    "numpy": Peer("numpy"),
    "torch": Peer("torch"),
    "torch-heap": Peer("torch", KEEP_HEAP),
    "onnxruntime": Peer("onnxruntime"),
    "jax": Peer("jax"),
    "tensorflow": Peer("tensorflow"),
}


def dropout_statistics(y: Any) -> list[Array]:
    """The share of zeros and the scale of a dropout of ones: each library draws its own mask."""
    y = np.asarray(y)
    return [np.mean(y == 0), np.max(y)]


def as_arrays(result: Any) -> list[Array]:
    """For a result that is an array or a sequence of arrays; None is left out."""
    several = result if isinstance(result, (tuple, list)) else [result]
    return [np.asarray(array) for array in several if array is not None]
