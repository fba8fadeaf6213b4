"""Transposes, padding and upsampling: memory-bound."""

from collections.abc import Callable

import numpy as np

from .case import Arguments, Case, normal

Shape = tuple[int, int, int, int]
IMAGES: dict[str, Shape] = {"conv1": (8, 56, 56, 64), "input": (16, 224, 224, 3)}
PAD_WIDTH = ((0, 0), (1, 1), (1, 1), (0, 0))


def _case(name: str, op: str, shape: Shape, writes: float, options: Arguments) -> Case:
    make: Callable[[np.random.Generator], Arguments] = lambda rng: {"x": normal(rng, *shape), **options}  # noqa: E731
    return Case(f"transpose/{name}/{op}", op, make, bytes=4.0 * float(np.prod(shape)) * (1 + writes))


CASES = tuple(
    case
    for name, shape in IMAGES.items()
    for case in (
        _case(f"{name}/first", "transpose", shape, 1, {"axes": (0, 3, 1, 2)}),
        _case(f"{name}/last", "transpose", (shape[0], shape[3], *shape[1:3]), 1, {"axes": (0, 2, 3, 1)}),
        _case(name, "pad", shape, 1, {"pad_width": PAD_WIDTH}),
        *(
            _case(f"{name}/{kind}", "upsample", shape, 4, {"factor": 2, "interpolation": kind})
            for kind in ("nearest", "bilinear")
        ),
    )
)
