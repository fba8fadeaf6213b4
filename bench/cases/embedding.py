"""Rows of tables of words and characters, and the gradients added back into them."""

from typing import Any

import numpy as np

from .case import Arguments, Case, normal
from .shapes import EMBEDDING_NETS


def _case(layer: Any, direction: str) -> Case:
    def make(rng: np.random.Generator) -> Arguments:
        ids = rng.integers(0, layer.rows, layer.ids)
        if direction == "forward":
            return {"ids": ids, "table": normal(rng, layer.rows, layer.cols)}
        return {"ids": ids, "dy": normal(rng, *layer.ids, layer.cols), "rows": layer.rows}

    taken = float(np.prod(layer.ids)) * layer.cols
    moved = 2 * taken if direction == "forward" else taken + layer.rows * layer.cols
    return Case(f"embedding/{layer.name}/{direction}", f"embedding_{direction}", make, bytes=4.0 * moved)


CASES = tuple(_case(layer, direction) for layer in EMBEDDING_NETS for direction in ("forward", "backward"))
