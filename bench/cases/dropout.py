"""Dropout of half the elements of a large array, as in training: forward, and forward with the gradient."""

import numpy as np

from .case import Arguments, Case

SIZE = 1 << 22


def _make(rng: np.random.Generator) -> Arguments:
    return {"x": np.ones(SIZE, np.float32), "rate": 0.5}


# Every library draws its own mask: the share of zeros agrees only roughly.
CASES = (
    Case("dropout/4M/forward", "dropout_forward", _make, bytes=4.0 * 2 * SIZE, tolerance=0.01),
    Case("dropout/4M/forward_backward", "dropout_forward_backward", _make, bytes=4.0 * 4 * SIZE, tolerance=0.01),
)
