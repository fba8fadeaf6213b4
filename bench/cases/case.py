"""What a benchmark case is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Arguments = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One piece of work that every peer does: function `op` of its adapter, on the arguments that `make` draws."""

    name: str  # family/shape/direction
    op: str
    make: Callable[[np.random.Generator], Arguments]
    flops: float = 0.0  # of the textbook algorithm; 0: the case is bound by memory
    bytes: float = 0.0  # read or written once
    suite: str = "kernels"
    # The largest difference from the reference, relative to its largest value. Wide enough for any float32 algorithm
    # and for the two places where libraries put Adam's epsilon: the tests are strict, this only makes sure that nobody
    # is timed for doing something else.
    tolerance: float = 1e-3

    @property
    def family(self) -> str:
        return self.name.split("/")[0]

    def arguments(self) -> Arguments:
        """The same arguments in every process."""
        return self.make(np.random.default_rng(20240229))


def normal(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> Array:
    """Float32 standard normal numbers times `scale`."""
    return rng.standard_normal(shape, dtype=np.float32) * np.float32(scale)
