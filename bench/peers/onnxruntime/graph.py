"""ONNX graphs of one operator after the other, with the weights inside, run by ONNX Runtime."""

from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from .. import Array, Variant, as_arrays

IR_VERSION, OPSET = 10, 21  # ONNX Runtime 1.20 and later has them
ACTIVATIONS = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh"}
OPTIONS = onnxruntime.SessionOptions()


class Graph:
    """A chain of operators: each takes the output of the one before."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def add(self, operator: str, *weights: Array, inputs: tuple[str, ...] = (), **attributes: Any) -> None:
        self.add_node(operator, [f"v{len(self.nodes)}", *inputs, *map(self.weight, weights)], **attributes)

    def add_node(self, operator: str, inputs: list[str], skip: int = 0, **attributes: Any) -> None:
        """An operator on any inputs. Its first `skip` outputs are unused."""
        self.nodes.append(helper.make_node(operator, inputs, [""] * skip + [f"v{len(self.nodes) + 1}"], **attributes))

    def weight(self, w: Array) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(w), f"w{len(self.weights)}"))
        return self.weights[-1].name

    def variant(self, to_arrays: Any = as_arrays, **inputs: Array) -> Variant:
        """Runs the graph on its inputs, by name. The first operator takes v0."""
        last = f"v{len(self.nodes)}"
        values = [
            helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
            for n, x in inputs.items()
        ]
        result = helper.make_tensor_value_info(last, TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, "bench", values, [result], self.weights)
        model = helper.make_model(graph, ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)])
        session = onnxruntime.InferenceSession(model.SerializeToString(), OPTIONS, ["CPUExecutionProvider"])
        return Variant(lambda: session.run(None, inputs)[0], to_arrays)


def to_nchw(x: Array) -> Array:
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2))


def channels_last(y: Array) -> list[Array]:
    return [y.transpose(0, 2, 3, 1)]
