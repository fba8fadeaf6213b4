"""fit, evaluate and predict with several inputs and outputs, in lists and dicts."""

from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Input, Model, layers, ops

Array = np.ndarray[Any, Any]


def net(as_dict: bool = False) -> Model:
    """A model of two inputs and two outputs, a class and a number."""
    pydl.set_seed(1)
    a, b = Input((4,), name="a"), Input((3,), name="b")
    x, y = layers.Dense(8, activation="relu")(a), layers.Dense(8, activation="relu")(b)
    kind = layers.Dense(3, activation="softmax", name="kind")(x)
    size = layers.Dense(1, name="size")(y)
    if as_dict:
        return Model({"a": a, "b": b}, {"kind": kind, "size": size})
    return Model([a, b], [kind, size])


def compiled(model: Any, **options: Any) -> Any:
    losses = {"kind": "sparse_categorical_crossentropy", "size": "mse"}
    model.compile("sgd", **{"loss": losses, "metrics": {"kind": ["accuracy"], "size": "mae"}, **options})
    return model


@pytest.fixture
def data(rng: np.random.Generator) -> tuple[dict[str, Array], dict[str, Array]]:
    a, b = rng.normal(size=(50, 4)).astype(np.float32), rng.normal(size=(50, 3)).astype(np.float32)
    return {"a": a, "b": b}, {"kind": a.argmax(axis=1) % 3, "size": b.sum(axis=1, keepdims=True)}


LOGS = ["loss", "kind_loss", "size_loss", "kind_accuracy", "size_mae"]


def test_lists_and_dicts_train_alike(data: Any) -> None:
    x, y = data
    runs = []
    for as_dict in (False, True):
        for xs, ys in ((x, y), (list(x.values()), list(y.values()))):
            model = compiled(net(as_dict))
            history = model.fit(xs, ys, epochs=3, validation_data=(xs, ys), verbose=0)
            assert list(history.history)[:5] == LOGS
            runs.append([*history.history.values(), *model.get_weights()])
    for run in runs[1:]:
        for got, expected in zip(run, runs[0], strict=True):
            np.testing.assert_array_equal(got, expected)


def test_total_loss_is_the_weighted_sum(data: Any) -> None:
    x, y = data
    model = compiled(net(), loss_weights=[0.5, 2.0])
    logs = model.evaluate(x, y, return_dict=True, verbose=0)
    assert list(logs) == LOGS
    assert logs["loss"] == pytest.approx(0.5 * logs["kind_loss"] + 2 * logs["size_loss"], rel=1e-5)
    kind, size = model.predict(x, verbose=0)
    picked = kind[np.arange(50), y["kind"]]
    assert logs["kind_loss"] == pytest.approx(-np.log(picked).mean(), rel=1e-5)
    assert logs["size_mae"] == pytest.approx(np.abs(size - y["size"]).mean(), rel=1e-5)
    assert model.metrics_names == LOGS


def test_one_loss_for_all_outputs_or_none_for_one(data: Any) -> None:
    x, y = data
    targets = [np.eye(3)[y["kind"]], y["size"]]
    logs = compiled(net(), loss="mse", metrics=None).evaluate(x, targets, return_dict=True, verbose=0)
    assert list(logs) == ["loss", "kind_loss", "size_loss"]
    only = compiled(net(), loss=[None, "mse"], metrics=None).evaluate(x, targets, return_dict=True, verbose=0)
    assert only == {"loss": logs["size_loss"], "size_loss": logs["size_loss"]}


def test_sample_weights_for_all_or_each_output(data: Any) -> None:
    x, y = data
    first = (np.arange(50) < 20).astype(np.float32)
    model = compiled(net())
    some = {name: a[:20] for name, a in x.items()}
    expected = model.evaluate(some, {name: a[:20] for name, a in y.items()}, return_dict=True, verbose=0)
    everywhere = model.evaluate(x, y, sample_weight=first, return_dict=True, verbose=0)
    for name in ("kind_loss", "size_loss"):
        assert everywhere[name] * 50 == pytest.approx(expected[name] * 20, rel=1e-5)
    weights = {"kind": first, "size": np.ones(50)}
    each = model.evaluate(x, y, sample_weight=weights, return_dict=True, verbose=0)
    assert each["kind_loss"] == pytest.approx(everywhere["kind_loss"], rel=1e-6)
    assert each["size_loss"] > everywhere["size_loss"]


def test_batches_from_a_generator_and_single_ones(data: Any) -> None:
    x, y = data
    arrays, batches = compiled(net(True)), compiled(net(True))
    expected = arrays.fit(x, y, shuffle=False, batch_size=25, verbose=0).history
    pieces = [[{k: v[i : i + 25] for k, v in d.items()} for d in (x, y)] for i in (0, 25)]
    got = batches.fit((tuple(piece) for piece in pieces), verbose=0).history
    assert got == expected
    logs = batches.train_on_batch(x, y, return_dict=True)
    assert list(logs) == LOGS
    assert set(batches.predict_on_batch(x)) == set(batches.predict(x, verbose=0)) == {"kind", "size"}
    assert len(batches.test_on_batch(x, y)) == 5


def test_validation_split_splits_all_arrays(data: Any) -> None:
    x, y = data
    history = compiled(net()).fit(x, y, validation_split=0.2, verbose=0).history
    assert f"val_{LOGS[-1]}" in history


def test_predict_replays_one_plan(data: Any) -> None:
    x, _ = data
    model = net()
    model.predict(x, verbose=0)
    model.predict(x, verbose=0)
    assert [(info["reason"], len(info["ops"])) for info in model._plans.info()] == [(None, 5), (None, 5)]


def test_subclass_with_several_inputs_and_outputs(data: Any) -> None:
    class Both(Model):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = layers.Dense(3), layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            return {"kind": ops.softmax(self.one(inputs["a"])), "size": self.two(inputs["b"])}

    x, y = data
    model = compiled(Both())
    history = model.fit(x, y, epochs=5, verbose=0).history
    assert list(history) == LOGS
    assert history["loss"][-1] < history["loss"][0]
    assert {name: p.shape for name, p in model.predict(x, verbose=0).items()} == {"kind": (50, 3), "size": (50, 1)}
    assert {info["reason"] for info in model._plans.info()} == {None}


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (["a"], ["kind", "size"], r"x: expected 2 arrays, got 1"),
        (["a", "b"], ["kind"], r"y: expected 2 arrays, got 1"),
        ({"a": "a", "c": "b"}, ["kind", "size"], r"x: expected \['a', 'b'\], got \['a', 'c'\]"),
        (["b", "a"], ["kind", "size"], r"a: expected shape \(None, 4\), got \(32, 3\)"),
    ],
)
def test_wrong_data_are_refused(data: Any, x: Any, y: Any, message: str) -> None:
    xs, ys = data
    x = {k: xs[v] for k, v in x.items()} if isinstance(x, dict) else [xs[k] for k in x]
    with pytest.raises(ValueError, match=message):
        compiled(net()).fit(x, [ys[k] for k in y], verbose=0)


def test_class_weights_need_a_single_output(data: Any) -> None:
    with pytest.raises(ValueError, match="class_weight: expected one output"):
        compiled(net()).fit(*data, class_weight={0: 2.0}, verbose=0)
