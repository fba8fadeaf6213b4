"""Recurrent weights to and from PyTorch and ONNX: round trips, equal outputs and gradients."""

from typing import Any

import numpy as np
import pytest

from pydl import Tensor, interop, layers, ops

Array = np.ndarray[Any, Any]
B, T, F, U = 3, 7, 4, 5
LAYERS = {"RNN": layers.SimpleRNN, "LSTM": layers.LSTM, "GRU": layers.GRU}


def build(name: str, both: bool, rng: np.random.Generator, **options: Any) -> Any:
    layer: Any = LAYERS[name](U, return_sequences=True, return_state=True, dtype="float64", **options)
    if both:
        layer = layers.Bidirectional(layer, dtype="float64")
    layer._build_once((B, T, F))
    layer.set_weights([rng.standard_normal(w.shape) for w in layer.weights])
    return layer


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_round_trips(name: str, both: bool, rng: np.random.Generator) -> None:
    layer, x = build(name, both, rng), rng.standard_normal((B, T, F))
    for there, back in (
        (interop.to_torch(layer), interop.from_torch),
        (interop.to_onnx(layer), lambda one, arrays: interop.from_onnx(one, **arrays)),
    ):
        other = build(name, both, rng)
        back(other, there)
        for a, b in zip(layer.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-15)
        np.testing.assert_allclose(layer(x)[0].numpy(), other(x)[0].numpy(), atol=1e-12)


def test_errors(rng: np.random.Generator) -> None:
    with pytest.raises(TypeError, match="expected a SimpleRNN, LSTM, GRU or a Bidirectional"):
        interop.to_torch(layers.Dense(3))
    with pytest.raises(RuntimeError, match="has no weights yet"):
        interop.to_onnx(layers.LSTM(3))
    with pytest.raises(ValueError, match="reset_after=True"):
        interop.to_torch(build("GRU", False, rng, reset_after=False))
    state = interop.to_torch(build("LSTM", False, rng))
    with pytest.raises(ValueError, match="expected biases of zeros"):
        interop.from_torch(build("LSTM", False, rng, use_bias=False), state)
    with pytest.raises(ValueError, match="expected 15 rows"):
        interop.from_torch(build("GRU", False, rng), state)
    with pytest.raises(ValueError, match="expected 2 directions, got 1 and 1"):
        interop.from_onnx(build("LSTM", True, rng), **interop.to_onnx(build("LSTM", False, rng)))


@pytest.mark.oracle
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_torch(name: str, both: bool, rng: np.random.Generator) -> None:
    import torch

    layer = build(name, both, rng)
    theirs = getattr(torch.nn, name)(F, U, batch_first=True, bidirectional=both, dtype=torch.float64)
    theirs.load_state_dict({key: torch.from_numpy(array) for key, array in interop.to_torch(layer).items()})
    x, dy = rng.standard_normal((B, T, F)), rng.standard_normal((B, T, U * (1 + both)))
    ours, their_x = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    y, *states = layer(ours)
    z, last = theirs(their_x)
    z.backward(torch.tensor(dy))
    ops.sum(y * dy).backward()
    np.testing.assert_allclose(y.numpy(), z.detach().numpy(), atol=1e-12)
    kinds = last if isinstance(last, tuple) else (last,)
    for number, state in enumerate(states):
        direction, kind = divmod(number, len(kinds))
        np.testing.assert_allclose(state.numpy(), kinds[kind][direction].detach().numpy(), atol=1e-12)
    assert their_x.grad is not None
    np.testing.assert_allclose(ours.grad, their_x.grad.numpy(), atol=1e-11)
    gradients = [w.grad.copy() for w in layer.weights if w.grad is not None]
    layer.set_weights(gradients)  # gates in the order of PyTorch
    for key, gradient in interop.to_torch(layer).items():
        if not key.startswith("bias_hh") or name == "GRU":  # PyTorch has two biases, whose gradients are equal
            np.testing.assert_allclose(gradient, theirs.get_parameter(key).grad.numpy(), atol=1e-11)


@pytest.mark.oracle
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("reset_after", [True, False])
def test_onnx_runtime(name: str, both: bool, reset_after: bool, rng: np.random.Generator) -> None:
    import onnx
    import onnxruntime

    options = {"reset_after": reset_after} if name == "GRU" else {}
    layer = build(name, both, rng, **options)
    arrays = {key: array.astype(np.float32) for key, array in interop.to_onnx(layer).items()}
    attributes: dict[str, Any] = {"hidden_size": U, "direction": "bidirectional" if both else "forward"}
    if name == "GRU":
        attributes["linear_before_reset"] = int(reset_after)
    node = onnx.helper.make_node(name, ["X", "W", "R", "B"], ["Y"], **attributes)
    kinds = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [node],
        "one",
        [onnx.helper.make_tensor_value_info("X", kinds, (T, B, F))],
        [onnx.helper.make_tensor_value_info("Y", kinds, None)],
        [onnx.numpy_helper.from_array(array, key) for key, array in arrays.items()],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 14)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    x = rng.standard_normal((B, T, F)).astype(np.float32)
    (y,) = session.run(None, {"X": x.transpose(1, 0, 2)})  # (T, directions, B, U)
    np.testing.assert_allclose(layer(x)[0].numpy(), y.transpose(2, 0, 1, 3).reshape(B, T, -1), atol=1e-5)
