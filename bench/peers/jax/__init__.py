"""JAX: each case is one compiled function."""

import os

import jax

from .kernels import *
from .nets import *
from .recurrent import *


def set_threads(n: int) -> None:
    """XLA takes one thread per core of the CPU affinity at its first call."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:n])


def versions() -> dict[str, str]:
    return {"jax": jax.__version__}
