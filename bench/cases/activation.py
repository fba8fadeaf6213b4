"""Activation functions on a small array, in cache, and on a large one."""

import numpy as np

from .case import Arguments, Case, normal

SIZES = {"16k": 1 << 14, "4M": 1 << 22}
FUNCTIONS = ("relu", "sigmoid", "tanh", "gelu")


def _case(size: str, function: str, direction: str) -> Case:
    n = SIZES[size]

    def make(rng: np.random.Generator) -> Arguments:
        arguments: Arguments = {"x": normal(rng, n), "function": function}
        if direction == "backward":
            arguments["dy"] = normal(rng, n)
        return arguments

    arrays = 2 if direction == "forward" else 3
    return Case(f"activation/{size}/{function}_{direction}", f"activation_{direction}", make, bytes=4.0 * n * arrays)


CASES = tuple(
    _case(size, function, direction)
    for size in SIZES
    for function in FUNCTIONS
    for direction in ("forward", "backward")
)
