"""Recurrent layers over sequences: inference (all outputs), and training (outputs and all gradients)."""

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

BIDIRECTIONAL = [(100, 32, 128, 128), (100, 8, 128, 128), (50, 64, 256, 256)]

Shape = tuple[int, int, int, int]


def arguments(cell: str, shape: Shape, mode: str, rng: np.random.Generator) -> Arguments:
    time, batch, inputs, units = shape
    columns = GATES[cell] * units
    draw = partial(normal, rng)
    made: Arguments = {
        "cell": cell,
        "x": draw(batch, time, inputs),
        "kernel": draw(inputs, columns, scale=inputs**-0.5),
        "recurrent_kernel": draw(units, columns, scale=units**-0.5),
        "bias": draw(*((2, columns) if cell == "gru" else (columns,)), scale=0.1),  # gru: reset_after
    }
    return made | {"dy": draw(batch, time, units)} if mode == "train" else made


def flops(cell: str, shape: Shape, mode: str) -> float:
    time, batch, inputs, units = shape
    return 2.0 * time * batch * (inputs + units) * GATES[cell] * units * (3 if mode == "train" else 1)


def _case(cell: str, shape: Shape, mode: str) -> Case:
    name = f"{cell}/{'x'.join(map(str, shape))}/{mode}"
    make = partial(arguments, cell, shape, mode)
    return Case(name, f"recurrent_{mode}", make, flops=flops(cell, shape, mode))


def _bidirectional(cell: str, shape: Shape, mode: str) -> Case:
    """Outputs of both directions concatenated, as in all libraries."""

    def make(rng: np.random.Generator) -> Arguments:
        forward, backward = (arguments(cell, shape, mode, rng) for _ in range(2))
        names = ("kernel", "recurrent_kernel", "bias")
        made: Arguments = {"cell": cell, "x": forward["x"]}
        made["directions"] = [[direction[name] for name in names] for direction in (forward, backward)]
        return made | {"dy": np.concatenate((forward["dy"], backward["dy"]), -1)} if mode == "train" else made

    name = f"bidirectional/{cell}/{'x'.join(map(str, shape))}/{mode}"
    return Case(name, f"bidirectional_{mode}", make, flops=2 * flops(cell, shape, mode))


MODES = ("inference", "train")
CASES = (
    *(_case(cell, shape, mode) for cell, shapes in SHAPES.items() for shape in shapes for mode in MODES),
    *(_bidirectional("lstm", shape, mode) for shape in BIDIRECTIONAL for mode in MODES),
)
