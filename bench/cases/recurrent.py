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

BIDIRECTIONAL = [(100, 32, 128, 128), (100, 8, 128, 128), (50, 64, 256, 256)]

Shape = tuple[int, int, int, int]


def arguments(cell: str, shape: Shape, what: str, rng: np.random.Generator) -> Arguments:
    time, batch, inputs, units = shape
    columns = GATES[cell] * units
    draw = partial(normal, rng)
    found: Arguments = {
        "cell": cell,
        "x": draw(batch, time, inputs),
        "kernel": draw(inputs, columns, scale=inputs**-0.5),
        "recurrent_kernel": draw(units, columns, scale=units**-0.5),
        "bias": draw(*((2, columns) if cell == "gru" else (columns,)), scale=0.1),  # gru: reset_after
    }
    return found | {"dy": draw(batch, time, units)} if what == "train" else found


def flops(cell: str, shape: Shape, what: str) -> float:
    time, batch, inputs, units = shape
    return 2.0 * time * batch * (inputs + units) * GATES[cell] * units * (3 if what == "train" else 1)


def _case(cell: str, shape: Shape, what: str) -> Case:
    name = f"{cell}/{'x'.join(map(str, shape))}/{what}"
    make = partial(arguments, cell, shape, what)
    return Case(name, f"recurrent_{what}", make, flops=flops(cell, shape, what))


def _bidirectional(cell: str, shape: Shape, what: str) -> Case:
    """Outputs and their gradients side by side, as every library has them."""

    def make(rng: np.random.Generator) -> Arguments:
        there, back = (arguments(cell, shape, what, rng) for _ in range(2))
        names = ("kernel", "recurrent_kernel", "bias")
        found: Arguments = {"cell": cell, "x": there["x"]}
        found["directions"] = [[one[name] for name in names] for one in (there, back)]
        return found | {"dy": np.concatenate((there["dy"], back["dy"]), -1)} if what == "train" else found

    name = f"bidirectional/{cell}/{'x'.join(map(str, shape))}/{what}"
    return Case(name, f"bidirectional_{what}", make, flops=2 * flops(cell, shape, what))


WAYS = ("inference", "train")
CASES = (
    *(_case(cell, shape, what) for cell, shapes in SHAPES.items() for shape in shapes for what in WAYS),
    *(_bidirectional("lstm", shape, what) for shape in BIDIRECTIONAL for what in WAYS),
)
