"""Convolution layers of real networks, forward and both gradients."""

from functools import partial
from typing import Any

import numpy as np

from .case import Arguments, Case, normal
from .shapes import CONV2D_NETS

DIRECTIONS = ("forward", "backward_input", "backward_weight")


def case(layer: Any, direction: str) -> Case:
    x, w = layer.x, layer.w
    n, h, width, _ = x
    kh, kw, c, o = w
    top, bottom, left, right = layer.padding
    oh = (h + top + bottom - kh) // layer.strides[0] + 1
    ow = (width + left + right - kw) // layer.strides[1] + 1
    y = (n, oh, ow, o)
    options = {"strides": layer.strides, "padding": layer.padding, "groups": layer.groups}

    def make(rng: np.random.Generator) -> Arguments:
        draw = partial(normal, rng)
        if direction == "forward":
            return {"x": draw(*x), "w": draw(*w, scale=(kh * kw * c) ** -0.5), "bias": draw(o), **options}
        if direction == "backward_input":
            return {"dy": draw(*y), "w": draw(*w, scale=(kh * kw * o) ** -0.5), "input_shape": x, **options}
        return {"x": draw(*x), "dy": draw(*y, scale=(n * oh * ow) ** -0.5), "kernel_shape": w, **options}

    return Case(
        f"conv2d/{layer.name}/{direction}",
        f"conv2d_{direction}",
        make,
        flops=2.0 * n * oh * ow * o * kh * kw * c,
        bytes=4.0 * sum(float(np.prod(shape)) for shape in (x, w, y)),
    )


CASES = tuple(case(layer, direction) for layer in CONV2D_NETS for direction in DIRECTIONS)
