"""Pooling layers of real networks, forward (of max pooling: with the argmax, as in training) and backward."""

import numpy as np

from .case import Arguments, Case, normal

# name: batch, channels, height = width, window, stride
LAYERS = {
    "lenet": (64, 20, 24, 2, 2),
    "slide": (64, 25, 26, 2, 2),
    "vgg": (8, 64, 224, 2, 2),
    "alex": (16, 96, 55, 3, 2),
    "res": (16, 64, 112, 3, 2),
}


def _case(name: str, kind: str, direction: str) -> Case:
    n, c, h, k, stride = LAYERS[name]
    out = (h - k) // stride + 1
    x, y = (n, h, h, c), (n, out, out, c)

    def make(rng: np.random.Generator) -> Arguments:
        arguments: Arguments = {"pool_size": (k, k), "strides": (stride, stride)}
        if direction == "forward" or kind == "max":  # the gradient of max pooling needs to know where the maxima were
            arguments["x"] = normal(rng, *x)
        if direction == "backward":
            arguments |= {"dy": normal(rng, *y), "input_shape": x}
        return arguments

    x_size, y_size = float(np.prod(x)), float(np.prod(y))
    return Case(
        f"pool2d/{name}/{kind}_{direction}",
        f"{kind}_pool2d_{direction}",
        make,
        bytes=4.0 * (x_size + y_size * (2 if kind == "max" else 1)),
    )


CASES = tuple(
    _case(name, kind, direction) for name in LAYERS for kind in ("max", "avg") for direction in ("forward", "backward")
)
