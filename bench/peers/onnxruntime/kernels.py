"""Kernels in ONNX Runtime: graphs of one operator."""

from typing import Any

import numpy as np

from .. import Array, Pair, Variant
from .graph import ACTIVATIONS, Graph, channels_last, to_nchw


def matmul(
    a: Array, b: Array, bias: Array | None, activation: str, transpose_a: bool, transpose_b: bool
) -> list[Variant]:
    graph = Graph()
    if bias is None:
        graph.add("Gemm", inputs=("b",), transA=int(transpose_a), transB=int(transpose_b))
    else:
        graph.add("Gemm", inputs=("b", "bias"), transA=int(transpose_a), transB=int(transpose_b))
        graph.add(ACTIVATIONS[activation])
    return [graph.variant(v0=a, b=b) if bias is None else graph.variant(v0=a, b=b, bias=bias)]


def conv2d_forward(x: Array, w: Array, bias: Array, strides: Pair, padding: Any, groups: int) -> list[Variant]:
    top, bottom, left, right = padding
    graph = Graph()
    kernel = np.ascontiguousarray(w.transpose(3, 2, 0, 1))
    graph.add("Conv", kernel, bias, strides=strides, pads=(top, left, bottom, right), group=groups)
    return [graph.variant(channels_last, v0=to_nchw(x))]


def max_pool2d_forward(x: Array, pool_size: Pair, strides: Pair) -> list[Variant]:
    graph = Graph()
    graph.add("MaxPool", kernel_shape=pool_size, strides=strides)
    return [graph.variant(channels_last, v0=to_nchw(x))]


def activation_forward(x: Array, function: str) -> list[Variant]:
    graph = Graph()
    graph.add(ACTIVATIONS[function])
    return [graph.variant(v0=x)]
