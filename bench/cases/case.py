"""The benchmark case."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Arguments = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """Work for all peers: function `op` of the adapter, with the arguments from `make`."""

    name: str  # family/shape/direction
    op: str
    make: Callable[[np.random.Generator], Arguments]
    flops: float = 0.0  # of the textbook algorithm; 0: the case is memory-bound
    bytes: float = 0.0  # read or written once
    suite: str = "kernels"
    # Of the difference from the reference, relative to its largest value. Permits any float32 algorithm and both
    # positions of Adam's epsilon: it finds different work, not rounding errors.
    tolerance: float = 1e-3

    @property
    def family(self) -> str:
        return self.name.split("/")[0]

    def arguments(self) -> Arguments:
        """The same arguments in every process."""
        return self.make(np.random.default_rng(20240229))


def normal(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> Array:
    """Standard normal float32 values times `scale`."""
    return rng.standard_normal(shape, dtype=np.float32) * np.float32(scale)
