"""Recurrent layers in ONNX Runtime, time first."""

from typing import Any

import numpy as np

from .. import Array, Variant
from .graph import Graph


def _reordered(cell: str, w: Array) -> Array:
    """The columns of the gates in the order of ONNX, for an lstm i o f g."""
    if cell != "lstm":
        return w
    i, f, g, o = np.split(w, 4, -1)
    return np.concatenate((i, o, f, g), -1)


def add_recurrent(graph: Graph, cell: str, directions: list[tuple[Array, ...]], sequences: bool = True) -> None:
    """directions: kernel, recurrent kernel and bias of each."""
    reordered = [[_reordered(cell, w) for w in direction] for direction in directions]
    kernels, recurrent_kernels, biases = zip(*reordered, strict=True)
    bias_pairs = [bias.ravel() if bias.ndim == 2 else np.concatenate((bias, np.zeros_like(bias))) for bias in biases]
    weights = [np.stack([w.T for w in kernels]), np.stack([w.T for w in recurrent_kernels]), np.stack(bias_pairs)]
    attributes: dict[str, Any] = {"hidden_size": weights[1].shape[2]}
    attributes |= {"linear_before_reset": 1} if cell == "gru" else {}
    attributes |= {"direction": "bidirectional"} if len(directions) == 2 else {}
    inputs = [f"v{len(graph.nodes)}", *map(graph.weight, weights)]
    graph.add_node(cell.upper(), inputs, skip=0 if sequences else 1, **attributes)


def recurrent_inference(cell: str, x: Array, kernel: Array, recurrent_kernel: Array, bias: Array) -> list[Variant]:
    graph = Graph()
    add_recurrent(graph, cell, [(kernel, recurrent_kernel, bias)])
    return [graph.variant(lambda y: [y[:, 0].swapaxes(0, 1)], v0=np.ascontiguousarray(x.swapaxes(0, 1)))]


def bidirectional_inference(cell: str, x: Array, directions: list[list[Array]]) -> list[Variant]:
    graph = Graph()
    add_recurrent(graph, cell, [tuple(weights) for weights in directions])
    return [
        graph.variant(
            lambda y: [np.concatenate((y[:, 0], y[:, 1]), -1).swapaxes(0, 1)],
            v0=np.ascontiguousarray(x.swapaxes(0, 1)),
        )
    ]
