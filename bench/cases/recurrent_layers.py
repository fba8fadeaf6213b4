"""Recurrent layers through the public API: the cost of options and of padding, and one step per call.

The options do not change results: masks of ones, zero states, a dropout rate near 0. The peer `pydl-plain` is the layer
without them. In `recurrent_lengths` it computes padding too. Outputs at padding are compared as zeros.
"""

import numpy as np

from .case import Arguments, Case
from .recurrent import GATES, arguments, flops

SHAPE = (100, 32, 128, 128)
OPTIONS = {
    "inference": ("mask", "initial_state", "return_state"),
    "train": ("mask", "initial_state", "return_state", "dropout", "recurrent_dropout"),
}


def _with_option(cell: str, mode: str, option: str) -> Case:
    def make(rng: np.random.Generator) -> Arguments:
        return arguments(cell, SHAPE, mode, rng) | {"option": option}

    return Case(f"recurrent_options/{cell}/{mode}/{option}", f"layer_{mode}", make, flops=flops(cell, SHAPE, mode))


def _with_lengths(cell: str, mode: str) -> Case:
    """Lengths are uniform from a tenth to all of the steps: 55 % are valid."""
    time, batch, *_ = SHAPE
    lengths = np.linspace(time // 10, time, batch).round().astype(np.int64)

    def make(rng: np.random.Generator) -> Arguments:
        made = arguments(cell, SHAPE, mode, rng) | {"lengths": rng.permutation(lengths)}
        if mode == "train":
            made["dy"][~valid_steps(made["x"], made["lengths"])] = 0
        return made

    valid = float(lengths.mean()) / time
    return Case(f"recurrent_lengths/{cell}/{mode}", f"lengths_{mode}", make, flops=valid * flops(cell, SHAPE, mode))


def valid_steps(x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """A mask of shape (B, T), with padding at the end."""
    return np.asarray(np.arange(x.shape[1]) < lengths[:, None])


def _step(cell: str, units: int) -> Case:
    shape = (1, 1, units, units)

    def make(rng: np.random.Generator) -> Arguments:
        return arguments(cell, shape, "inference", rng)

    return Case(f"recurrent_step/{cell}/{units}", "layer_step", make, flops=flops(cell, shape, "inference"))


CASES = (
    *(_with_option(cell, mode, option) for cell in GATES for mode, options in OPTIONS.items() for option in options),
    *(_with_lengths(cell, mode) for cell in GATES for mode in OPTIONS),
    *(_step("lstm", units) for units in (192, 256)),
)
