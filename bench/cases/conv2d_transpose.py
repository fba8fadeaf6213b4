"""Transposed convolutions of one image through the public API: inference plans pack the weights once."""

import numpy as np

from .case import Arguments, Case, normal

# x, kernel (KH, KW, O, C), stride; without padding
LAYERS = (((1, 8, 8, 256), (4, 4, 128, 256), 2), ((1, 14, 14, 64), (3, 3, 64, 64), 1))


def _case(x: tuple[int, ...], w: tuple[int, ...], stride: int) -> Case:
    def make(rng: np.random.Generator) -> Arguments:
        return {"x": normal(rng, *x), "w": normal(rng, *w, scale=0.1), "stride": stride}

    name = "x".join(map(str, (*x[1:], *w[:3]))) + f"_stride_{stride}"
    flops = 2.0 * float(np.prod(x)) * float(np.prod(w[:3]))
    return Case(f"conv2d_transpose/{name}/inference", "conv2d_transpose_inference", make, flops=flops)


CASES = tuple(_case(*layer) for layer in LAYERS)
