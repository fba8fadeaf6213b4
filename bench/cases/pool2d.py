"""Pooling layers of real networks, forward and backward; max pooling also with the argmax, for training."""

from typing import Any

import numpy as np

from .case import Arguments, Case, normal
from .shapes import POOL2D_NETS


def _case(layer: Any, kind: str, direction: str) -> Case:
    n, h, width, c = x = layer.x
    oh = (h - layer.pool_size[0]) // layer.strides[0] + 1
    ow = (width - layer.pool_size[1]) // layer.strides[1] + 1
    y = (n, oh, ow, c)

    def make(rng: np.random.Generator) -> Arguments:
        arguments: Arguments = {"pool_size": layer.pool_size, "strides": layer.strides}
        if direction == "forward" or kind != "avg":  # backward of max pooling needs the argmax
            arguments["x"] = normal(rng, *x)
        if direction == "backward":
            arguments |= {"dy": normal(rng, *y), "input_shape": x}
        return arguments

    x_size, y_size = float(np.prod(x)), float(np.prod(y))
    argmax = y_size if kind == "max_argmax" or (kind, direction) == ("max", "backward") else 0.0  # bytes
    return Case(
        f"pool2d/{layer.name}/{kind}_{direction}",
        f"{kind}_pool2d_{direction}",
        make,
        bytes=4.0 * (x_size + y_size) + argmax,
    )


CASES = tuple(
    _case(layer, kind, direction)
    for layer in POOL2D_NETS
    for kind, direction in (
        *(("max", "forward"), ("max_argmax", "forward"), ("max", "backward")),
        *(("avg", "forward"), ("avg", "backward")),
    )
)
