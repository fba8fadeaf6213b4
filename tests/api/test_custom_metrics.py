"""Custom metrics, as in the guide of Keras and in its tests of the base class."""

import pickle

import numpy as np
import pytest

from pydl import Input, Sequential, Variable, layers, losses, metrics, ops

RNG = np.random.default_rng(0)


class SquaredError(metrics.Metric):
    """The example of Keras: sum and total in variables."""

    def __init__(self, name="mean_square_error", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.sum = self.add_variable(name="sum", shape=(), initializer="zeros")
        self.total = self.add_weight(name="total", shape=(), initializer="zeros", dtype="int32")

    def update_state(self, y_true, y_pred):
        self.sum.assign(self.sum + ops.sum((ops.cast(y_true, self.dtype) - ops.cast(y_pred, self.dtype)) ** 2))
        self.total.assign(self.total + len(y_true))

    def result(self):
        return ops.cast(self.sum, self.dtype) / (ops.cast(self.total, self.dtype) + 1e-7)

    def reset_state(self):
        self.sum.assign(0)
        self.total.assign(0)


class TruePositives(metrics.Metric):
    """The guide of Keras: no reset_state, with weights."""

    def __init__(self, name="binary_true_positives", **kwargs):
        super().__init__(name=name, **kwargs)
        self.true_positives = self.add_weight(name="tp", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        values = ops.cast(y_true, "bool").numpy() & (ops.cast(y_pred, self.dtype) > 0.5).numpy()
        values = ops.cast(values, self.dtype)
        if sample_weight is not None:
            values = ops.multiply(values, ops.broadcast_to(ops.cast(sample_weight, self.dtype), values.shape))
        self.true_positives.assign(self.true_positives + ops.sum(values))

    def result(self):
        return self.true_positives


Y, P = RNG.random((20, 3)), RNG.random((20, 3))
EXPECTED = ((Y - P) ** 2).sum() / 20


def updated(metric: metrics.Metric) -> metrics.Metric:
    for start in range(0, 20, 8):
        metric.update_state(Y[start : start + 8], P[start : start + 8])
    return metric


def test_from_updates_to_reset() -> None:
    metric = updated(SquaredError(name="mse"))
    assert metric.name == "mse"
    assert [v.name for v in metric.variables] == ["sum", "total"]
    assert metric.total.dtype == np.int32
    assert float(metric.total) == 20
    assert float(metric.result()) == pytest.approx(EXPECTED, rel=1e-5)
    metric.reset_state()
    assert float(metric.result()) == 0


def test_without_state() -> None:
    metric = SquaredError()
    values = [v.numpy() for v in metric.variables]
    for start in range(0, 20, 8):
        values = metric.stateless_update_state(values, Y[start : start + 8], P[start : start + 8])
    assert float(metric.total) == 0
    assert float(metric.stateless_result(values)) == pytest.approx(EXPECTED, rel=1e-5)
    assert metric.stateless_result([12.0, 3.0]).item() == pytest.approx(4.0)
    updated(metric)
    assert [float(v) for v in metric.stateless_reset_state()] == [0, 0]
    assert float(metric.total) == 20
    with pytest.raises(ValueError, match="expected 2 values, got 1"):
        metric.stateless_result([1.0])


@pytest.mark.parametrize(
    ("more", "count"),
    [
        ([Variable(0.0), Variable(1.0)], 4),
        ({"a": Variable(0.0), "b": Variable(1.0)}, 4),
        ({"a": [Variable(0.0), Variable(1.0)]}, 4),
        (SquaredError("inner"), 4),
        ([SquaredError("one"), SquaredError("two")], 6),
        ({"1": SquaredError("one"), "2": SquaredError("two")}, 6),
    ],
)
def test_variables_and_nested_metrics_are_tracked(more, count) -> None:
    metric = SquaredError()
    metric.more = more
    assert len(metric.variables) == count


def test_copies_and_configs() -> None:
    metric = updated(SquaredError(name="mse"))
    twin = pickle.loads(pickle.dumps(metric))
    assert float(twin.result()) == float(metric.result())
    twin.reset_state()
    assert float(metric.total) == 20
    described = {"class_name": "SquaredError", "config": metric.get_config()}
    made = metrics.deserialize(described, {"SquaredError": SquaredError})
    assert made.get_config() == metric.get_config() == {"name": "mse", "dtype": "float32"}
    assert isinstance(pickle.loads(pickle.dumps(metrics.get("mse"))), metrics.MeanSquaredError)


def test_get() -> None:
    for name, kind in (("mse", metrics.MeanSquaredError), ("categorical_accuracy", metrics.CategoricalAccuracy)):
        assert type(metrics.get(name)) is kind
    assert metrics.get(None) is None
    with pytest.raises(ValueError, match="unknown metric 'typo'"):
        metrics.get("typo")


def test_dtype() -> None:
    metric = SquaredError(dtype="float64")
    assert metric.result().dtype == np.float64
    with pytest.raises(AttributeError):
        metric.dtype = "float32"


def test_state_made_after_super_init() -> None:
    class Plain(metrics.Metric):
        def __init__(self):
            super().__init__(name="m")
            self.t = 0.0

        def reset_state(self):
            self.t = self.t * 0

    assert Plain().t == 0.0


def test_missing_super_init_is_an_error() -> None:
    class Forgot(metrics.Metric):
        def __init__(self):
            self.x = 1

    with pytest.raises(RuntimeError, match=r"expected a call of super\(\).__init__\(\) first"):
        Forgot()()


def test_in_a_model() -> None:
    x, y = RNG.random((20, 3)).astype("f4"), (np.arange(20) % 2).astype("f4")[:, None]
    model = Sequential([Input((3,)), layers.Dense(1, activation="sigmoid")])
    own = TruePositives()
    model.compile("sgd", "binary_crossentropy", metrics=[own, SquaredError()], weighted_metrics=[TruePositives("w")])
    history = model.fit(
        x, y, sample_weight=np.full((20, 1), 0.5), epochs=2, batch_size=8, verbose=0, shuffle=False
    ).history
    logs = model.evaluate(x, y, sample_weight=np.full((20, 1), 0.5), verbose=0, return_dict=True)
    expected = float(((model.predict(x, verbose=0) > 0.5) & (y > 0)).sum())
    assert (logs["binary_true_positives"], logs["w"]) == (expected, expected / 2)
    assert set(history) == {"loss", "binary_true_positives", "mean_square_error", "w"}


def test_functions_with_targets_of_one_axis_less() -> None:
    x = RNG.standard_normal((20, 4)).astype("f4")
    y = x @ np.array([1, -2, 3, 0.5], "f4")

    class Own(losses.Loss):
        def call(self, y_true, y_pred):
            return ops.square(y_pred - y_true)

    for loss in (lambda t, p: ops.square(p - t), Own(), lambda t, p: ops.mean(ops.square(p - t))):
        model = Sequential([Input((4,)), layers.Dense(1)])
        model.compile("sgd", loss, metrics=[lambda t, p: ops.abs(p - t)])
        model.optimizer.learning_rate = 0.1
        history = model.fit(x, y, epochs=100, verbose=0).history
        assert np.abs(model.predict(x, verbose=0)[:, 0] - y).max() < 0.05
        assert history["lambda" if "lambda" in history else "<lambda>"][-1] < 0.05
