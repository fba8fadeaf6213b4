"""Recurrent layers over whole sequences: inference (all outputs), and training (outputs, then every gradient)."""

from functools import partial

import numpy as np

from .case import Arguments, Case, normal

GATES = {"rnn": 1, "lstm": 4, "gru": 3}
# time steps, batch, inputs, units
SHAPES = {
    "lstm": [
        *((100, 32, 128, 128), (50, 64, 256, 256), (35, 20, 650, 650), (25, 64, 512, 512), (28, 128, 28, 128)),
        *((100, batch, 128, 128) for batch in (2, 4, 8, 16)),
        *((128, 1, 256, 256), (1, 1, 256, 256)),
    ],
    "gru": [(100, 32, 128, 128), (50, 64, 256, 256), (128, 1, 256, 256), (100, 4, 128, 128)],
    "rnn": [(100, 32, 128, 128), (50, 64, 256, 256), (128, 1, 256, 256), (100, 4, 128, 128)],
}


def _case(cell: str, shape: tuple[int, int, int, int], what: str) -> Case:
    time, batch, inputs, units = shape
    columns = GATES[cell] * units

    def make(rng: np.random.Generator) -> Arguments:
        draw = partial(normal, rng)
        arguments: Arguments = {
            "cell": cell,
            "x": draw(batch, time, inputs),
            "kernel": draw(inputs, columns, scale=inputs**-0.5),
            "recurrent_kernel": draw(units, columns, scale=units**-0.5),
            "bias": draw(*((2, columns) if cell == "gru" else (columns,)), scale=0.1),  # gru: reset_after
        }
        return arguments | {"dy": draw(batch, time, units)} if what == "train" else arguments

    flops = 2.0 * time * batch * (inputs + units) * columns * (3 if what == "train" else 1)
    return Case(f"{cell}/{time}x{batch}x{inputs}x{units}/{what}", f"recurrent_{what}", make, flops=flops)


CASES = tuple(
    _case(cell, shape, what) for cell, shapes in SHAPES.items() for shape in shapes for what in ("inference", "train")
)
