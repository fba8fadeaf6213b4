"""Dropout of half the values of a large array: forward, and forward with backward."""

import numpy as np

from .case import Arguments, Case

SIZE = 1 << 22


def _make(rng: np.random.Generator) -> Arguments:
    return {"x": np.ones(SIZE, np.float32), "rate": 0.5}


# Each library draws its own mask, so the fraction of zeros varies.
CASES = (
    Case("dropout/4M/forward", "dropout_forward", _make, bytes=4.0 * 2 * SIZE, tolerance=0.01),
    Case("dropout/4M/forward_backward", "dropout_forward_backward", _make, bytes=4.0 * 4 * SIZE, tolerance=0.01),
)
