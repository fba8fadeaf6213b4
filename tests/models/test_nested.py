"""Nested inputs and outputs, dicts and lists of any depth, in calls, fit, evaluate and predict."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from pydl import Input, Model, layers

rng = np.random.default_rng(0)
A, B, C = (rng.random((6, 3), "float32") for _ in range(3))
FORMS: dict[str, Any] = {
    "dict in dicts": lambda a, b, c: {"1": a, "2": {"3": b, "4": {"5": c}}},
    "list in lists": lambda a, b, c: [a, [b, [c]]],
    "tuples": lambda a, b, c: (a, (b, c)),
    "dict of lists": lambda a, b, c: {"x": [a, b], "y": c},
    "list of dicts": lambda a, b, c: [{"p": a}, {"q": b, "r": c}],
    "flat list": lambda a, b, c: [a, b, c],
    "flat dict": lambda a, b, c: {"a": a, "b": b, "c": c},
}


def made(inputs: Any, outputs: Any) -> Model:
    a, b, c = (Input((3,), name=n) for n in "abc")
    x = layers.Add(name="sum")([a, layers.Dense(3, name="d")(b), c])
    return Model(inputs(a, b, c), outputs(layers.Dense(2, name="one")(x), layers.Dense(1, name="two")(x), x))


@pytest.mark.parametrize("name", FORMS)
def test_nested_inputs(name: str) -> None:
    form = FORMS[name]
    model = made(form, lambda one, two, x: {"o": one})
    x = form(A, B, C)
    expected = model(x)["o"].numpy()
    for training in (False, False, True):
        assert np.allclose(model(x, training=training)["o"].numpy(), expected, atol=1e-6)
    assert np.allclose(model({"a": A, "b": B, "c": C} if "flat" in name else [A, B, C])["o"].numpy(), expected)
    assert np.allclose(model.predict(x, verbose=0, batch_size=4)["o"], expected, atol=1e-6)
    model.compile("sgd", "mse")
    y = {"o": np.zeros((6, 2), "float32")}
    losses = model.fit(x, y, epochs=5, verbose=0, validation_data=(x, y)).history["loss"]
    assert losses[-1] < losses[0]
    assert model.evaluate(x, y, verbose=0, return_dict=True)["loss"] < losses[0]
    model.train_on_batch(x, y)
    twin = copy.deepcopy(model)
    assert np.array_equal(twin.predict(x, verbose=0)["o"], model.predict(x, verbose=0)["o"])
    again = Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    assert np.array_equal(again.predict(x, verbose=0)["o"], model.predict(x, verbose=0)["o"])


@pytest.mark.parametrize("name", FORMS)
def test_nested_outputs(name: str) -> None:
    form = FORMS[name]
    model = made(lambda a, b, c: [a, b, c], form)
    y = form(np.zeros((6, 2), "f4"), np.zeros((6, 1), "f4"), np.zeros((6, 3), "f4"))
    model.compile("sgd", "mse", metrics=None)
    losses = model.fit([A, B, C], y, epochs=5, verbose=0).history
    assert losses["loss"][-1] < losses["loss"][0]
    assert len(losses) == 4  # the total and one loss per output
    found = model.predict([A, B, C], verbose=0)
    model.evaluate([A, B, C], y, verbose=0)
    first = form("one", "two", "x")
    assert type(found) is type(first)


def test_nested_inputs_of_a_subclass() -> None:
    class Net(Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.dense(x["p"]["q"] + x["r"][0])

    net = Net()
    x = {"p": {"q": A}, "r": [B]}
    assert np.array_equal(net(x).numpy(), net(x).numpy())
    net.compile("sgd", "mse")
    net.fit(x, A[:, :1], verbose=0)
    assert net.predict(x, verbose=0).shape == (6, 1)


def test_wrong_structure_is_refused() -> None:
    model = made(FORMS["dict in dicts"], lambda one, two, x: one)
    for wrong in ({"1": A, "2": {"3": B}}, {"1": A}, {"1": A, "2": {"3": B, "4": C}}, [A, B]):
        with pytest.raises(ValueError, match="inputs: expected"):
            model(wrong)
