"""Batch and layer normalization in training: forward, and forward with all gradients."""

from functools import partial

import numpy as np

from .case import Arguments, Case, normal

SHAPES: dict[str, list[tuple[int, ...]]] = {
    "batch_norm": [(16, 56, 56, 64), (64, 13, 13, 50)],
    "layer_norm": [(2048, 768), (32, 500)],
}


def _case(op: str, shape: tuple[int, ...], direction: str) -> Case:
    def make(rng: np.random.Generator) -> Arguments:
        draw = partial(normal, rng)
        arguments: Arguments = {"x": draw(*shape), "gamma": draw(shape[-1]), "beta": draw(shape[-1]), "epsilon": 1e-3}
        return arguments if direction == "forward" else arguments | {"dy": draw(*shape)}

    arrays = 2 if direction == "forward" else 5  # x and y; then x, dy and dx
    name = f"{op}/{'x'.join(map(str, shape))}/{direction}"
    return Case(name, f"{op}_{direction}", make, bytes=4.0 * arrays * float(np.prod(shape)))


CASES = tuple(
    _case(op, shape, direction)
    for op, shapes in SHAPES.items()
    for shape in shapes
    for direction in ("forward", "forward_backward")
)
