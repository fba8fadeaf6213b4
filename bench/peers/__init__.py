"""The participants: small adapters that do a case's work with one library each.

An adapter is a module with one function per `Case.op` that takes the case's arguments and returns the ways this library
has to do the work, and with `set_threads(n)` and `versions()`. It prepares whatever a user would prepare once (arrays
in the library's own type and layout), so that only the work is timed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Way:
    """One way to do a case's work."""

    call: Callable[[], Any]  # what is timed
    answer: Callable[[Any], Sequence[NDArray[Any]]]  # what it returned, as arrays in pydl's layout
    name: str = ""


@dataclass(frozen=True)
class Peer:
    module: str
    environment: dict[str, str] = field(default_factory=dict)


# glibc's allocator gives large blocks back at once, and a fresh page costs more than many kernels. `torch-heap` is a
# PyTorch that has been spared this, as a user may do by setting these variables.
KEEP_HEAP = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}

PEERS = {
    "pydl": Peer("pydl_"),
    "pydl-plain": Peer("pydl_plain"),
    "pydl-before": Peer("pydl_"),  # of another folder: see --against
    "numpy": Peer("numpy_"),
    "torch": Peer("torch_"),
    "torch-heap": Peer("torch_", KEEP_HEAP),
    "onnxruntime": Peer("onnxruntime_"),
    "jax": Peer("jax_"),
    "tensorflow": Peer("tensorflow_"),
}


def share_dropped(y: Any) -> list[NDArray[Any]]:
    """The answer of a dropout whose input is all ones; a mask drawn at random has no other."""
    y = np.asarray(y)
    return [np.mean(y == 0), np.max(y)]


def as_arrays(result: Any) -> list[NDArray[Any]]:
    """An answer that already is an array or a sequence of arrays (None left out)."""
    several = result if isinstance(result, (tuple, list)) else [result]
    return [np.asarray(array) for array in several if array is not None]
