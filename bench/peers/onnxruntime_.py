"""ONNX Runtime: graphs of one operator, or of a whole network, with the weights inside. It only infers."""

from itertools import islice
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ..cases.nets import Conv, Dense, Embedding, Flatten, Lstm, Net, Pool
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
        self.join(operator, [f"v{len(self.nodes)}", *inputs, *map(self.weight, weights)], **attributes)

    def join(self, operator: str, inputs: list[str], skip: int = 0, **attributes: Any) -> None:
        """An operator on any inputs, of whose outputs the first `skip` are not wanted."""
        self.nodes.append(helper.make_node(operator, inputs, [""] * skip + [f"v{len(self.nodes) + 1}"], **attributes))

    def weight(self, w: Array) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(w), f"w{len(self.weights)}"))
        return self.weights[-1].name

    def way(self, answer: Any = as_arrays, **inputs: Array) -> Way:
        """Runs the graph on the first input, which is v0, and on the others, by name."""
        last = f"v{len(self.nodes)}"
        values = [
            helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
            for n, x in inputs.items()
        ]
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


def _by_gates(cell: str, w: Array) -> Array:
    """Of an lstm in the order of ONNX: i o f g."""
    if cell != "lstm":
        return w
    i, f, g, o = np.split(w, 4, -1)
    return np.concatenate((i, o, f, g), -1)


def _recurrent(graph: Graph, cell: str, directions: list[tuple[Array, ...]], sequences: bool = True) -> None:
    """Time first; kernel, recurrent kernel and bias per direction."""
    sorted_directions = [[_by_gates(cell, w) for w in direction] for direction in directions]
    kernels, recurrent_kernels, biases = zip(*sorted_directions, strict=True)
    both = [bias.ravel() if bias.ndim == 2 else np.concatenate((bias, np.zeros_like(bias))) for bias in biases]
    weights = [np.stack([w.T for w in kernels]), np.stack([w.T for w in recurrent_kernels]), np.stack(both)]
    attributes: dict[str, Any] = {"hidden_size": weights[1].shape[2]}
    attributes |= {"linear_before_reset": 1} if cell == "gru" else {}
    attributes |= {"direction": "bidirectional"} if len(directions) == 2 else {}
    inputs = [f"v{len(graph.nodes)}", *map(graph.weight, weights)]
    graph.join(cell.upper(), inputs, skip=0 if sequences else 1, **attributes)


def recurrent_inference(cell: str, x: Array, kernel: Array, recurrent_kernel: Array, bias: Array) -> list[Way]:
    graph = Graph()
    _recurrent(graph, cell, [(kernel, recurrent_kernel, bias)])
    return [graph.way(lambda y: [y[:, 0].swapaxes(0, 1)], v0=np.ascontiguousarray(x.swapaxes(0, 1)))]


def bidirectional_inference(cell: str, x: Array, directions: list[list[Array]]) -> list[Way]:
    graph = Graph()
    _recurrent(graph, cell, [tuple(weights) for weights in directions])
    return [
        graph.way(
            lambda y: [np.concatenate((y[:, 0], y[:, 1]), -1).swapaxes(0, 1)],
            v0=np.ascontiguousarray(x.swapaxes(0, 1)),
        )
    ]


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
            case Dense() if len(shape) == 2:
                graph.add("MatMul", next(parameters))
                graph.add("Add", next(parameters))
            case Dense():
                graph.add("Gemm", next(parameters)[rows_of_dense], next(parameters))
                rows_of_dense = slice(None)
            case Embedding():
                graph.join("Gather", [graph.weight(next(parameters)), f"v{len(graph.nodes)}"])
            case Lstm(_, sequences, bidirectional):
                directions = [tuple(islice(parameters, 3)) for _ in range(1 + bidirectional)]
                _recurrent(graph, "lstm", directions, sequences)
                if sequences:
                    assert not bidirectional
                    graph.add("Squeeze", np.array([1]))
                else:
                    graph.add("Transpose", perm=[1, 0, 2])
                    graph.add("Flatten")
        activation = getattr(layer, "activation", "linear")
        if activation != "linear":
            graph.add(ACTIVATIONS[activation])
    if isinstance(net.layers[0], Embedding):  # time first
        sequences = len(net.shapes()[-1]) == 2
        return [graph.way(lambda y: [y.swapaxes(0, 1) if sequences else y], v0=np.ascontiguousarray(x.T))]
    return [graph.way(v0=_image(x) if x.ndim == 4 else x)]
