"""Softmax with cross-entropy, forward and backward together."""

import numpy as np

from .case import Arguments, Case, normal

# rows, classes
SHAPES = [(32, 10), (2048, 65), (128, 1000), (1024, 10000)]


def _case(rows: int, cols: int) -> Case:
    def make(rng: np.random.Generator) -> Arguments:
        return {
            "logits": normal(rng, rows, cols),
            "labels": rng.integers(0, cols, rows),
            "dloss": np.full(rows, 1 / rows, np.float32),
        }

    # forward reads logits and writes probabilities; backward reads probabilities and writes the gradient
    return Case(f"loss/{rows}x{cols}", "softmax_cross_entropy", make, bytes=4.0 * 4 * rows * cols)


CASES = tuple(_case(*shape) for shape in SHAPES)
