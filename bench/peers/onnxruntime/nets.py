"""The networks of cases/nets.py as ONNX graphs."""

from itertools import islice
from typing import Any

import numpy as np

from ...cases.nets import Conv, Dense, Embedding, Flatten, Lstm, Net, Pool
from .. import Array, Variant
from .graph import ACTIVATIONS, Graph, to_nchw
from .recurrent import add_recurrent


def inference(net: Net, weights: list[Array], x: Array) -> list[Variant]:
    graph = Graph()
    parameters = iter(weights)
    rows_of_dense: Any = slice(None)  # flattened NCHW has another order: permute the rows of the next dense layer
    for layer, shape in zip(net.layers, net.shapes(), strict=False):
        match layer:
            case Conv(_, k, _, padding):
                kernel = np.ascontiguousarray(next(parameters).transpose(3, 2, 0, 1))
                graph.add("Conv", kernel, next(parameters), pads=[(k - 1) // 2 * (padding == "same")] * 4)
            case Pool(size):
                graph.add("MaxPool", kernel_shape=(size, size), strides=(size, size))
            case Flatten():
                graph.add("Flatten")
                rows_of_dense = np.arange(np.prod(shape)).reshape(shape).transpose(2, 0, 1).ravel()
            case Dense() if len(shape) == 2:
                graph.add("MatMul", next(parameters))
                graph.add("Add", next(parameters))
            case Dense():
                graph.add("Gemm", next(parameters)[rows_of_dense], next(parameters))
                rows_of_dense = slice(None)
            case Embedding():
                graph.add_node("Gather", [graph.weight(next(parameters)), f"v{len(graph.nodes)}"])
            case Lstm(_, sequences, bidirectional):
                directions = [tuple(islice(parameters, 3)) for _ in range(1 + bidirectional)]
                add_recurrent(graph, "lstm", directions, sequences)
                if sequences:
                    assert not bidirectional
                    graph.add("Squeeze", np.array([1]))
                else:
                    graph.add("Transpose", perm=[1, 0, 2])
                    graph.add("Flatten")
        activation = getattr(layer, "activation", "linear")
        if activation != "linear":
            graph.add(ACTIVATIONS[activation])
    if isinstance(net.layers[0], Embedding):  # the graph is time first
        sequences = len(net.shapes()[-1]) == 2
        return [graph.variant(lambda y: [y.swapaxes(0, 1) if sequences else y], v0=np.ascontiguousarray(x.T))]
    return [graph.variant(v0=to_nchw(x) if x.ndim == 4 else x)]
