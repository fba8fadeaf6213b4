"""Embeddings of words and characters: rows of the table, and the gradient of the table."""

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

    gathered = float(np.prod(layer.ids)) * layer.cols
    values = 2 * gathered if direction == "forward" else gathered + layer.rows * layer.cols
    return Case(f"embedding/{layer.name}/{direction}", f"embedding_{direction}", make, bytes=4.0 * values)


CASES = tuple(_case(layer, direction) for layer in EMBEDDING_NETS for direction in ("forward", "backward"))
