"""ONNX Runtime: graphs of one operator, or of a whole network, with the weights inside. It only infers."""

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ..cases.nets import Conv, Dense, Flatten, Net, Pool
from . import Way, as_arrays

Array = NDArray[Any]
Pair = tuple[int, int]
IR_VERSION, OPSET = 10, 21  # every ONNX Runtime since 1.20 knows these
ACTIVATIONS = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh"}
_options = onnxruntime.SessionOptions()


def set_threads(n: int) -> None:
    _options.intra_op_num_threads = n
    _options.add_session_config_entry("session.set_denormal_as_zero", "1")  # as pydl does inside its kernels


def versions() -> dict[str, str]:
    return {"onnxruntime": onnxruntime.__version__}


class Graph:
    """Operators one after the other: each takes the last one's output."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def add(self, operator: str, *weights: Array, inputs: tuple[str, ...] = (), **attributes: Any) -> None:
        names = [f"w{len(self.weights) + i}" for i in range(len(weights))]
        self.weights += [numpy_helper.from_array(w, name) for w, name in zip(weights, names, strict=True)]
        before = [f"v{len(self.nodes)}", *inputs, *names]
        self.nodes.append(helper.make_node(operator, before, [f"v{len(self.nodes) + 1}"], **attributes))

    def way(self, answer: Any = as_arrays, **inputs: Array) -> Way:
        """Runs the graph on the first input, which is v0, and on the others, by name."""
        last = f"v{len(self.nodes)}"
        values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, x.shape) for name, x in inputs.items()]
        result = helper.make_tensor_value_info(last, TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, "bench", values, [result], self.weights)
        model = helper.make_model(graph, ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)])
        session = onnxruntime.InferenceSession(model.SerializeToString(), _options, ["CPUExecutionProvider"])
        return Way(lambda: session.run(None, inputs)[0], answer)


def _image(x: Array) -> Array:
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2))


def _channels_last(y: Array) -> list[Array]:
    return [y.transpose(0, 2, 3, 1)]


def matmul(a: Array, b: Array, bias: Array | None, activation: str, transpose_a: bool, transpose_b: bool) -> list[Way]:
    graph = Graph()
    if bias is None:
        graph.add("Gemm", inputs=("b",), transA=int(transpose_a), transB=int(transpose_b))
    else:
        graph.add("Gemm", inputs=("b", "bias"), transA=int(transpose_a), transB=int(transpose_b))
        graph.add(ACTIVATIONS[activation])
    return [graph.way(v0=a, b=b) if bias is None else graph.way(v0=a, b=b, bias=bias)]


def conv2d_forward(x: Array, w: Array, bias: Array, strides: Pair, padding: Any, groups: int) -> list[Way]:
    top, bottom, left, right = padding
    graph = Graph()
    kernel = np.ascontiguousarray(w.transpose(3, 2, 0, 1))
    graph.add("Conv", kernel, bias, strides=strides, pads=(top, left, bottom, right), group=groups)
    return [graph.way(_channels_last, v0=_image(x))]


def max_pool2d_forward(x: Array, pool_size: Pair, strides: Pair) -> list[Way]:
    graph = Graph()
    graph.add("MaxPool", kernel_shape=pool_size, strides=strides)
    return [graph.way(_channels_last, v0=_image(x))]


def activation_forward(x: Array, function: str) -> list[Way]:
    graph = Graph()
    graph.add(ACTIVATIONS[function])
    return [graph.way(v0=x)]


def recurrent_inference(cell: str, x: Array, kernel: Array, recurrent_kernel: Array, bias: Array) -> list[Way]:
    """Time first, weights by gates (lstm: i o f g) and one set of them per direction."""

    def by_gates(w: Array) -> Array:
        gates = np.split(w, 4, -1) if cell == "lstm" else [w]
        return np.concatenate([gates[i] for i in (0, 3, 1, 2)] if cell == "lstm" else gates, -1)

    both = bias if bias.ndim == 2 else np.stack((bias, np.zeros_like(bias)))
    weights = (by_gates(w).T[None] for w in (kernel, recurrent_kernel))
    attributes = {"linear_before_reset": 1} if cell == "gru" else {}
    graph = Graph()
    stacked = np.ascontiguousarray(by_gates(both).reshape(1, -1))
    graph.add(
        cell.upper(), *map(np.ascontiguousarray, weights), stacked, hidden_size=len(recurrent_kernel), **attributes
    )
    return [graph.way(lambda y: [y[:, 0].swapaxes(0, 1)], v0=np.ascontiguousarray(x.swapaxes(0, 1)))]


def inference(net: Net, weights: list[Array], x: Array) -> list[Way]:
    graph = Graph()
    parameters = iter(weights)
    rows_of_dense: Any = slice(None)  # NCHW flattens channels first: the next dense layer's rows in that order
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
            case Dense():
                graph.add("Gemm", next(parameters)[rows_of_dense], next(parameters))
                rows_of_dense = slice(None)
        activation = getattr(layer, "activation", "linear")
        if activation != "linear":
            graph.add(ACTIVATIONS[activation])
    return [graph.way(v0=_image(x) if x.ndim == 4 else x)]
