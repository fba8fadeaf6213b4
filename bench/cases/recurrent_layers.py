"""Recurrent layers through the public API: what an option costs, what padding costs, one step per call.

An option here changes nothing but the way: masks that hide no step, states of zeros, dropout that drops nothing. So the
answers are those of the plain layer, which is the peer `pydl-plain`. In `recurrent_lengths` that peer does the padding
too. The outputs of padding are compared as zeros, and its gradients are zero.
"""

import numpy as np

from .case import Arguments, Case
from .recurrent import GATES, arguments, flops

SHAPE = (100, 32, 128, 128)
OPTIONS = {
    "inference": ("mask", "initial_state", "return_state"),
    "train": ("mask", "initial_state", "return_state", "dropout", "recurrent_dropout"),
}


def _with_option(cell: str, what: str, option: str) -> Case:
    def make(rng: np.random.Generator) -> Arguments:
        return arguments(cell, SHAPE, what, rng) | {"option": option}

    return Case(f"recurrent_options/{cell}/{what}/{option}", f"layer_{what}", make, flops=flops(cell, SHAPE, what))


def _with_lengths(cell: str, what: str) -> Case:
    """From a tenth to all of the steps, evenly: 55 % of them count."""
    time, batch, *_ = SHAPE
    lengths = np.linspace(time // 10, time, batch).round().astype(np.int64)

    def make(rng: np.random.Generator) -> Arguments:
        found = arguments(cell, SHAPE, what, rng) | {"lengths": rng.permutation(lengths)}
        if what == "train":
            found["dy"][~steps_that_count(found["x"], found["lengths"])] = 0
        return found

    share = float(lengths.mean()) / time
    return Case(f"recurrent_lengths/{cell}/{what}", f"lengths_{what}", make, flops=share * flops(cell, SHAPE, what))


def steps_that_count(x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """(B, T) of bools: the padding is on the right."""
    return np.asarray(np.arange(x.shape[1]) < lengths[:, None])


def _step(cell: str, units: int) -> Case:
    shape = (1, 1, units, units)

    def make(rng: np.random.Generator) -> Arguments:
        return arguments(cell, shape, "inference", rng)

    return Case(f"recurrent_step/{cell}/{units}", "layer_step", make, flops=flops(cell, shape, "inference"))


CASES = (
    *(_with_option(cell, what, option) for cell in GATES for what, options in OPTIONS.items() for option in options),
    *(_with_lengths(cell, what) for cell in GATES for what in OPTIONS),
    *(_step("lstm", units) for units in (192, 256)),
)
