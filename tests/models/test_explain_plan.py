"""`explain_plan`: whether calls and steps replay a plan, with which kernels, or else why not."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import numpy as np
import pytest

from pydl import Input, Model, Sequential, Tensor, layers, losses, ops
from pydl.layers.layer import Layer
from tests.layers.test_layers import CASES

Array = np.ndarray[Any, Any]


def dense() -> list[Any]:
    return [Input((6,)), layers.Dense(8, "relu"), layers.Dense(3)]


def layer_calls(model: Model, run: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> int:
    """The number of layer calls in Python: 0 if a plan is replayed."""
    calls: list[Any] = []
    call = Layer.__call__

    def counting(self: Layer, *args: Any, **kwargs: Any) -> Any:
        calls.append(self)
        return call(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Layer, "__call__", counting)
        run()
    return len(calls)


def check(
    model: Model, x: Any, y: Any, monkeypatch: pytest.MonkeyPatch, inference: bool, training: bool, **options: Any
) -> Any:
    """Checks the report after three calls and steps against what the next call and step do; returns the report."""
    for _ in range(3):
        model.predict_on_batch(x)
        model.train_on_batch(x, y, **options)
    report = model.explain_plan()
    for state, replays, run in (
        (report.inference, inference, lambda: model.predict_on_batch(x)),
        (report.training, training, lambda: model.train_on_batch(x, y, **options)),
    ):
        assert state.replays is replays, report
        assert (layer_calls(model, run, monkeypatch) == 0) is replays
        assert bool(state.kernels) is replays
        assert bool(state.reasons) is not replays
        assert all("; " in reason for reason in state.reasons), state.reasons
        if replays:
            assert state.plans[-1]["runs"] >= 1
    return model.explain_plan()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[0] is not layers.InputLayer])
def test_report_before_training_agrees_with_the_recording(name: str, rng: np.random.Generator) -> None:
    cls, arguments, shape, _, _ = CASES[name]
    inner = layers.Activation("tanh"), cls(**arguments), layers.Flatten(), layers.Dense(2)
    model = Sequential([Input(shape[1:]), *inner])
    model.compile("sgd", "mse")
    before, x = model.explain_plan(), rng.standard_normal(shape).astype(np.float32)
    for _ in range(3):
        model.train_on_batch(x, np.zeros((len(x), 2)))
        model(x)
    after = model.explain_plan()
    step_by_step = name == "gru-elu"  # its backward sums outside the kernels: known only after recording
    for state, then in ((before.inference, after.inference), (before.training, after.training)):
        assert (state.replays is False) == (then.replays is False) or step_by_step, (state, then)
        assert then.replays is not None


def test_report_before_and_after_compile_and_the_first_call(rng: np.random.Generator) -> None:
    model, x, y = Sequential(dense()), rng.standard_normal((4, 6)), np.zeros((4, 3))
    text = str(model.explain_plan())
    assert "inference: no obstacle to a plan so far; the first call records one" in text
    assert "training: runs layer by layer\n    the model is not compiled\n" in text
    assert "to change: call compile(optimizer, loss)" in text
    model.compile("sgd", "mse")
    assert model.explain_plan().training.replays is None
    for _ in range(4):
        model.train_on_batch(x, y)
        model(x)
    report = model.explain_plan()
    assert report.inference.kernels == ["matmul", "matmul"]
    assert "(4, 6) float32: 2 kernels, replayed 3 times\n        2 x matmul" in str(report)
    assert report.training.kernels[:2] == ["matmul", "matmul"]
    assert "(4, 6) float32, (4, 3) float32: " in str(report)
    assert repr(report) == str(report)
    assert Sequential([layers.Dense(2)]).explain_plan().inference.replays is None  # no weights yet


def functional() -> Model:
    x = Input((6,))
    return Model(x, layers.Dense(3)(layers.Add()([layers.Dense(6, "tanh")(x), x * 2.0])))


def masked() -> Model:
    stack = [layers.Embedding(7, 4, mask_zero=True), layers.LSTM(5, return_sequences=True), layers.GRU(4)]
    return Sequential([Input((6,), dtype="int32"), *stack, layers.Dense(3)])


def both_directions() -> Model:
    return Sequential([Input((6,)), layers.Reshape((3, 2)), layers.Bidirectional(layers.LSTM(4)), layers.Dense(3)])


def nested() -> Model:
    return Sequential([Input((6,)), Sequential(dense()), layers.Dense(3)])


@pytest.mark.parametrize("build", [lambda: Sequential(dense()), functional, masked, both_directions, nested])
def test_models_of_pydl_replay(
    build: Callable[[], Model], rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build()
    model.compile("adam", "mse")
    x = rng.integers(0, 7, (4, 6)) if build is masked else rng.standard_normal((4, 6))
    check(model, x, rng.standard_normal((4, 3)), monkeypatch, inference=True, training=True)


@pytest.mark.parametrize(
    ("layer", "reason", "change"),
    [
        (lambda: layers.Dropout(0.5), "Dropout 'odd': dropout draws random numbers", "rate of 0"),
        (lambda: layers.GaussianNoise(0.5), "GaussianNoise 'odd': noise draws random numbers", "stddev of 0"),
        (layers.BatchNormalization, "BatchNormalization 'odd': each batch updates its moving averages", "frozen"),
        (lambda: layers.Dense(6, kernel_regularizer="l2"), "Variable 'odd/kernel': its regularizer", "weight_decay"),
        (
            lambda: layers.Dense(6, activation=lambda z: ops.tanh(z)),
            "Python code of activation=<lambda>",
            "activations",
        ),
    ],
)
def test_reasons_of_layers_against_a_training_plan(
    layer: Callable[[], Any], reason: str, change: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = layer()
    odd.name = "odd"
    for variable in odd.weights:
        variable.path = f"odd/{variable.name}"
    model = Sequential([*dense()[:2], odd, layers.Dense(3)])
    for weight in odd.weights:
        weight.path = f"odd/{weight.name}"
    model.compile("sgd", "mse")
    (stated,) = model.explain_plan().training.reasons
    report = check(model, rng.standard_normal((4, 6)), np.zeros((4, 3)), monkeypatch, inference=True, training=False)
    assert report.training.reasons == [stated]
    assert reason in stated
    assert change in stated.partition("; ")[2]
    assert f"to change: {stated.partition('; ')[2]}"[:40] in str(report)


def test_step_replays_after_the_suggested_changes(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    dropout, norm = layers.Dropout(0.5), layers.BatchNormalization()
    model = Sequential([*dense()[:2], dropout, norm, layers.Dense(3)])
    model.compile("sgd", "mse")
    assert len(model.explain_plan().training.reasons) == 2
    x, y = rng.standard_normal((4, 6)), np.zeros((4, 3))
    check(model, x, y, monkeypatch, inference=True, training=False)
    dropout.rate, norm.trainable = 0.0, False
    assert model.explain_plan().training.replays is None
    check(model, x, y, monkeypatch, inference=True, training=True)


class CountsCalls(layers.Dense):
    """A subclass may have side effects that a recording does not repeat: this one counts."""

    calls = [0]  # noqa: RUF012

    def call(self, inputs: Tensor) -> Tensor:
        self.calls[0] += 1
        return super().call(inputs)


class OwnStep(layers.LSTMCell):
    def _step(self, x: Any, h: Any, states: Any) -> Any:
        y, states = super()._step(x, h, states)
        return ops.relu(y), states


class PlainCell:
    """Not a Layer, so not among the tracked parts of a model."""

    state_size = 6

    def call(self, inputs: Any, states: Any) -> Any:
        y = ops.tanh(inputs)
        return y, [y]


class CalledCell(PlainCell):
    def __call__(self, inputs: Any, states: Any) -> Any:
        return self.call(inputs, states)


class OwnLoss(losses.MeanSquaredError):
    def call(self, y_true: Any, y_pred: Any) -> Any:
        return super().call(y_true, y_pred) + 0.0


class OwnTrainStep(Sequential):
    def train_step(self, batch: Any) -> Any:
        return super().train_step(batch)


class Subclassed(Model):
    def __init__(self) -> None:
        super().__init__()
        self.stack = [layers.Dense(8, "relu"), layers.Dense(3)]

    def call(self, inputs: Any) -> Any:
        return self.stack[1](self.stack[0](inputs))


@wraps(ops.relu)
def looks_like_relu(x: Any) -> Any:
    return ops.tanh(x)


def replaced(name: str, of: str = "layer") -> Callable[[], tuple[Model, Any]]:
    def build() -> tuple[Model, Any]:
        model, loss = Sequential(dense()), losses.MeanSquaredError()
        thing: Any = {"layer": model.layers[0], "model": model, "loss": loss}[of]
        method = getattr(thing, name)
        setattr(thing, name, lambda *args, **kwargs: method(*args, **kwargs))
        return model, loss

    return build


def with_layer(layer: Any) -> tuple[Model, Any]:
    return Sequential([*dense()[:2], layer, layers.Flatten(), layers.Dense(3)]), "mse"


USER_CODE: dict[str, tuple[Callable[[], tuple[Model, Any]], str]] = {
    "subclass of a layer": (lambda: with_layer(CountsCalls(4, name="odd")), "CountsCalls 'odd': a plan cannot record"),
    "subclass of a model": (lambda: (Subclassed(), "mse"), "Python code of class Subclassed"),
    "custom train step": (lambda: (OwnTrainStep(dense()), "mse"), "Python code of class OwnTrainStep"),
    "subclass of a loss": (lambda: (Sequential(dense()), OwnLoss()), "Python code of class OwnLoss"),
    "function as a loss": (lambda: (Sequential(dense()), lambda y, z: ops.mean((z - y) * (z - y))), "fn=<lambda>"),
    "loss outside the kernels": (lambda: (Sequential(dense()), "hinge"), "fn=hinge"),
    "label smoothing": (
        lambda: (Sequential(dense()), losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)),
        "label_smoothing",
    ),
    "method of a layer replaced": (replaced("call"), "its method call is overridden"),
    "method of a loss replaced": (replaced("call", "loss"), "its method call is overridden"),
    "compute_loss replaced": (replaced("compute_loss", "model"), "its method compute_loss is overridden"),
    "wrapped activation": (lambda: with_layer(layers.Dense(4, looks_like_relu)), "activation=relu"),
    "partial": (lambda: with_layer(layers.Activation(partial(ops.leaky_relu, negative_slope=0.3))), "=partial"),
}


@pytest.mark.parametrize("name", USER_CODE)
def test_user_code_is_not_recorded_in_training(
    name: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, reason = USER_CODE[name]
    model, loss = build()
    model.compile("sgd", loss)
    assert any(reason in each for each in model.explain_plan().training.reasons), model.explain_plan()
    y = np.eye(3, dtype=np.float32)[rng.integers(0, 3, 4)]
    check(model, rng.standard_normal((4, 6)), y, monkeypatch, inference=True, training=False)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (lambda: OwnStep(6), "OwnStep"),
        (CalledCell, "Python code of cell=CalledCell; use cells of pydl"),
        (PlainCell, "a plan cannot record the Python code of cell PlainCell; use cells of pydl"),
        (
            lambda: [layers.LSTMCell(6), CalledCell()],
            "a plan cannot record the Python code of cell CalledCell; use cells",
        ),
        (lambda: layers.GRUCell(6, recurrent_dropout=0.5), "dropout draws random numbers"),
    ],
)
def test_custom_cells_are_not_recorded_in_training(
    cell: Callable[[], Any], reason: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Sequential([Input((5, 6)), layers.RNN(cell()), layers.Dense(3)])
    model.compile("sgd", "mse")
    assert any(reason in each for each in model.explain_plan().training.reasons), model.explain_plan()
    check(model, rng.standard_normal((4, 5, 6)), np.zeros((4, 3)), monkeypatch, inference=True, training=False)


def test_subclass_of_a_cell_runs_its_own_step(rng: np.random.Generator) -> None:
    own, plain = layers.RNN(OwnStep(4)), layers.LSTM(4)
    x = rng.standard_normal((2, 3, 5)).astype(np.float32)
    own(x), plain(x)
    own.set_weights(plain.get_weights())
    assert (own(x).numpy() >= 0).all()
    assert not (plain(x).numpy() >= 0).all()


def test_sample_weights_prevent_a_training_plan(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    model, x, y = Sequential(dense()), rng.standard_normal((4, 6)), np.zeros((4, 3))
    model.compile("sgd", "mse")
    weights = np.ones(4)
    report = check(model, x, y, monkeypatch, inference=True, training=False, sample_weight=weights)
    assert report.training.reasons == [
        "the last step: the batch has sample or class weights; without them the step replays"
    ]
    check(model, x, y, monkeypatch, inference=True, training=True)


def test_several_outputs_prevent_a_training_plan(rng: np.random.Generator) -> None:
    x = Input((6,))
    model = Model(x, [layers.Dense(3, name="a")(x), layers.Dense(2, name="b")(x)])
    model.compile("sgd", "mse")
    assert "several outputs or losses" in model.explain_plan().training.reasons[0]
    for _ in range(2):
        model.train_on_batch(rng.standard_normal((4, 6)), [np.zeros((4, 3)), np.zeros((4, 2))])
        model.predict(rng.standard_normal((4, 6)), verbose=0)
    assert model._training_plans.info() == []
    assert model.explain_plan().inference.kernels == ["matmul", "matmul"]


def test_reasons_known_only_after_recording(rng: np.random.Generator) -> None:
    class ReadsValues(layers.Layer):
        def call(self, inputs: Tensor) -> Tensor:
            return ops.relu(inputs) if inputs.numpy().mean() > 0 else ops.tanh(inputs)

    model = Sequential([Input((6,)), layers.Dense(4), ReadsValues(name="looks")])
    assert model.explain_plan().inference.replays is None
    for _ in range(2):
        model(rng.standard_normal((4, 6)))
    state = model.explain_plan().inference
    assert state.replays is False
    assert state.reasons == [
        "ReadsValues 'looks': the forward pass reads the values of a tensor; compute with pydl.ops instead"
    ]

    model = Sequential([*dense(), layers.Activation("hard_sigmoid")])
    model.compile("sgd", "binary_crossentropy")  # hard_sigmoid gives probabilities, but has no logits
    for _ in range(2):
        model.train_on_batch(rng.standard_normal((4, 6)), np.zeros((4, 3)))
    (reason,) = model.explain_plan().training.reasons
    assert "a cross-entropy of probabilities; it replays from logits" in reason


def test_every_class_of_pydl_defines_recordable() -> None:
    classes = [thing for module in (layers, losses) for thing in vars(module).values() if isinstance(thing, type)]
    classes = [cls for cls in classes if issubclass(cls, (layers.Layer, losses.Loss))]
    silent = {cls.__name__ for cls in [*classes, Model, Sequential] if "_recordable" not in vars(cls)}
    assert silent == {"Layer", "Loss"}
