"""Convolution layers of real networks, forward and both gradients."""

from functools import partial

import numpy as np

from .case import Arguments, Case, normal

# name: batch, input channels, height = width, output channels, kernel, stride, padding on every side
LAYERS = {
    "lenet1": (64, 1, 28, 20, 5, 1, 0),
    "lenet2": (64, 20, 12, 50, 5, 1, 0),
    "slide1": (64, 1, 28, 25, 3, 1, 0),
    "slide2": (64, 25, 13, 50, 3, 1, 0),
    "alex1": (8, 3, 227, 96, 11, 4, 0),
    "alex2": (8, 96, 27, 256, 5, 1, 2),
    "alex3": (8, 256, 13, 384, 3, 1, 1),
    "vgg1.2": (2, 64, 224, 64, 3, 1, 1),
    "vgg3.2": (4, 256, 56, 256, 3, 1, 1),
    "vgg5": (8, 512, 14, 512, 3, 1, 1),
    "res2": (16, 64, 56, 64, 3, 1, 1),
    "res_1x1": (16, 64, 56, 256, 1, 1, 0),
    "res_down": (16, 256, 56, 512, 1, 2, 0),
    "res3_s2": (16, 128, 56, 128, 3, 2, 1),
    "go1": (32, 48, 19, 192, 5, 1, 2),
    "go": (32, 192, 19, 192, 3, 1, 1),
    "cifar": (128, 32, 32, 32, 3, 1, 1),
}
DIRECTIONS = ("forward", "backward_input", "backward_weight")


def _case(name: str, direction: str) -> Case:
    n, c, h, o, k, stride, pad = LAYERS[name]
    out = (h + 2 * pad - k) // stride + 1
    x, w, y = (n, h, h, c), (k, k, c, o), (n, out, out, o)
    options = {"strides": (stride, stride), "padding": (pad,) * 4}

    def make(rng: np.random.Generator) -> Arguments:
        draw = partial(normal, rng)
        if direction == "forward":
            return {"x": draw(*x), "w": draw(*w, scale=(k * k * c) ** -0.5), "bias": draw(o), **options}
        if direction == "backward_input":
            return {"dy": draw(*y), "w": draw(*w, scale=(k * k * o) ** -0.5), "input_shape": x, **options}
        return {"x": draw(*x), "dy": draw(*y, scale=(n * out * out) ** -0.5), "kernel_shape": w, **options}

    return Case(
        f"conv2d/{name}/{direction}",
        f"conv2d_{direction}",
        make,
        flops=2.0 * n * out * out * o * k * k * c,
        bytes=4.0 * sum(float(np.prod(shape)) for shape in (x, w, y)),
    )


CASES = tuple(_case(name, direction) for name in LAYERS for direction in DIRECTIONS)
