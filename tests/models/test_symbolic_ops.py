"""Operators and ops on symbolic tensors become layers of the model."""

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Input, Model, ShapeError, layers, ops
from pydl.models import clone_model

ROW = np.array([0.5, -1.0, 2.0], np.float32)
EXPRESSIONS: dict[str, Callable[[Any, Any], Any]] = {
    "numbers": lambda a, b: 2 * a + 1 - b / 4,
    "numbers on the left": lambda a, b: 1 - a + 2 / (b + 3),
    "arrays": lambda a, b: ROW * a + b - ROW,
    "powers": lambda a, b: -(a**2) + abs(b) ** 1.5,
    "products": lambda a, b: a @ np.ones((3, 2), np.float32) + ops.matmul(b, np.ones((3, 2), np.float32)),
    "parts": lambda a, b: a[:, 1:, None, -1] + b[:, :3:2, :1][:, :1],
    "picked": lambda a, b: a[:, :, np.array([2, 0])] + b[..., :2],
    "reduced": lambda a, b: ops.mean(a, axis=1) + ops.sum(b, axis=(1,), keepdims=False),
    "several": lambda a, b: ops.concatenate([a, ops.maximum(a, b), ops.expand_dims(b[:, 0], 1)], axis=1),
    "functions": lambda a, b: ops.softmax(ops.tanh(a) + ops.clip(b, -0.5, 0.5)),
    "chosen": lambda a, b: ops.where(a > b, a, ops.cast(b < 0, "float32")),
    "taken apart": lambda a, b: ops.stack(ops.unstack(a, axis=1)[::-1], axis=1) * b,
    "reshaped": lambda a, b: ops.reshape(ops.transpose(a, (0, 2, 1)), (-1, 12)) + ops.flatten(b),
}
IN_PLANS = {"numbers", "numbers on the left", "arrays", "products", "reduced", "several", "functions", "taken apart"}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions_are_models(name: str, rng: np.random.Generator) -> None:
    a, b = rng.standard_normal((2, 5, 4, 3)).astype(np.float32)
    x, y = Input((4, 3)), Input((4, 3))
    symbolic = EXPRESSIONS[name](x, y)
    model = Model([x, y], symbolic)
    expected = EXPRESSIONS[name](pydl.Tensor(a), pydl.Tensor(b)).numpy()
    assert symbolic.shape == (None, *expected.shape[1:])
    assert symbolic.dtype == expected.dtype
    for _ in range(2):
        np.testing.assert_allclose(model([a, b]).numpy(), expected, rtol=1e-6, atol=1e-6)
    if name in IN_PLANS:
        assert model._plans.info()[0]["reason"] is None
    config = json.loads(json.dumps(model.get_config()))
    for twin in (
        Model.from_config(config),
        clone_model(model),
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
    ):
        np.testing.assert_array_equal(twin([a, b]).numpy(), model([a, b]).numpy())


def test_model_with_operators_learns(rng: np.random.Generator) -> None:
    pydl.set_seed(0)
    x = Input((8,))
    gate = ops.sigmoid(layers.Dense(8)(x))
    y = layers.Dense(1)(gate * layers.Dense(8, activation="tanh")(x) + (1 - gate) * x)
    model = Model(x, y)
    model.compile(pydl.optimizers.Adam(0.02), "mse")
    data = rng.standard_normal((64, 8)).astype(np.float32)
    losses = model.fit(data, data[:, :1] * data[:, 1:2], epochs=40, verbose=0).history["loss"]
    assert losses[-1] < 0.3 * losses[0]
    assert [layer.name.split("_")[0] for layer in model.layers if isinstance(layer, layers.Operation)] == [
        "sigmoid", "subtract", "multiply", "multiply", "add"
    ]  # fmt: skip


def test_unknown_sizes_stay_unknown() -> None:
    x = Input((None, 3))
    assert (x * 2)[:, 1:].shape == (None, None, 3)
    assert ops.mean(x, axis=1).shape == (None, 3)
    assert ops.sum(x).shape == ()
    assert ops.argmax(x).dtype == np.int32
    assert (x > 0).dtype == bool
    assert (Input((2,), dtype="float64") * 2).dtype == np.float64


def test_errors_name_the_op() -> None:
    x = Input((4, 3), name="x")
    with pytest.raises(
        ShapeError, match=r"(?s)\[add\] x1, x2: .* broadcast.*Layers up to the failing one.*x .*fails here"
    ):
        x + Input((7,))
    with pytest.raises(TypeError, match="got Variable; to use weights, write a layer"):
        x * pydl.Variable(1.0)
    with pytest.raises(ValueError, match=r"op: expected a function of pydl\.ops, got 'no_such'"):
        layers.Operation("no_such")
