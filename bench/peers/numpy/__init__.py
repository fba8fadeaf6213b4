"""NumPy: the baseline, and in float64 the reference of every result."""

import numpy as np

from .kernels import *
from .nets import *
from .norm import *
from .recurrent import *


def set_threads(n: int) -> None:
    """Does nothing: OpenBLAS reads its thread count from the environment."""


def versions() -> dict[str, str]:
    return {"numpy": np.__version__}
