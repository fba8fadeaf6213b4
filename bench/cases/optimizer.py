"""One step of Adam: for one large array, and for the eight arrays of a small network."""

import numpy as np

from .case import Arguments, Case, normal

PARAMETERS: dict[str, list[tuple[int, ...]]] = {
    "4M": [(1 << 22,)],
    "slide_cnn": [(3, 3, 1, 25), (25,), (3, 3, 25, 50), (50,), (1250, 100), (100,), (100, 10), (10,)],
}


def _case(name: str) -> Case:
    shapes = PARAMETERS[name]

    def make(rng: np.random.Generator) -> Arguments:
        return {
            "params": [normal(rng, *shape) for shape in shapes],
            "grads": [normal(rng, *shape) for shape in shapes],
            "learning_rate": 1e-3,
            "beta_1": 0.9,
            "beta_2": 0.999,
            "epsilon": 1e-7,
        }

    size = sum(float(np.prod(shape)) for shape in shapes)
    return Case(f"optimizer/adam_{name}", "adam", make, bytes=4.0 * 7 * size)  # reads w g m v, writes w m v


CASES = tuple(_case(name) for name in PARAMETERS)
