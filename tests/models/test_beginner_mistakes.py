"""Frequent mistakes of beginners: messages name the argument, the expected and the given value, and a solution."""

import re
import warnings

import numpy as np
import pytest

from pydl import GradientTape, Input, Model, Sequential, callbacks, layers, losses, metrics, ops, optimizers
from pydl.base.errors import ShapeError

X = np.random.default_rng(0).random((8, 6), dtype=np.float32)
Y = np.arange(8) % 3
IMAGES = np.zeros((4, 9, 9, 3), np.float32)


def fit(x=X, y=Y, units=3, activation="softmax", loss="sparse_categorical_crossentropy", metric=None, **options):
    model = Sequential([layers.Dense(units, activation=activation)])
    model.compile("sgd", loss, metrics=[metric] if metric else None)
    return model.fit(x, y, verbose=0, **options)


class NameFirst(layers.Layer):
    def build(self, input_shape):
        self.w = self.add_weight("w", input_shape[1:])


class OneSize(layers.Layer):
    def build(self, input_shape):
        self.w = self.add_weight(input_shape[-1])


class NoResult(metrics.Metric):
    def update_state(self, y_true, y_pred, sample_weight=None):
        pass

    def result(self):
        pass


def swapped():
    model = Sequential([Input((6,)), layers.Dense(3)])
    with GradientTape() as tape:
        loss = losses.MeanSquaredError()(X[:, :3], model(X))
    gradients = tape.gradient(loss, model.trainable_weights)
    optimizers.SGD().apply_gradients(zip(model.trainable_weights, gradients, strict=True))


def functional(**arrays):
    class Named(Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1, name="first")

        def call(self, x):
            return self.dense(x)

    model = Named()
    model.compile("sgd", "mse")
    model.fit(arrays, X[:, :1], verbose=0)


@pytest.mark.parametrize(
    ("mistake", "error", "message"),
    [
        (
            lambda: fit(y=Y % 2, units=1, activation="sigmoid"),
            "LabelError",
            "for 2 classes the last layer needs 2 units",
        ),
        (lambda: fit(y=np.where(Y == 2, 9, Y)), "LabelError", "for 10 classes the last layer needs 10 units"),
        (lambda: fit(y=Y + 1), "LabelError", "for labels from 1 to 3 pass y - 1"),
        (lambda: fit(X.astype(str)), "TypeError", r"x: .* got <U32 of shape \(8, 6\); convert digits with"),
        (lambda: fit([[1, 2], [1]], [0, 1]), "ShapeError", "x: expected lists of one length.*pad sequences"),
        (lambda: fit(callbacks=[callbacks.EarlyStopping]), "TypeError", r"did you mean EarlyStopping\(\.\.\.\)"),
        (lambda: fit(loss=lambda a, b: None), "TypeError", "expected a value per sample, got None; is a ret"),
        (lambda: fit(metric=lambda a, b: None), "TypeError", "expected a value per sample, got None"),
        (lambda: fit(metric=NoResult(name="mine")), "TypeError", r"\[mine\] result: expected a number, got None"),
        (lambda: Input(6), "ValueError", r"shape: expected a tuple .* got 6; did you mean \(6,\)\?"),
        (lambda: Input((6,), dtype="flot"), "ValueError", "dtype: expected a dtype such as .* got .flot."),
        (lambda: Sequential(layers.ReLU()), "TypeError", "layers: expected a list of layers"),
        (lambda: Sequential(layers.ReLU(), layers.ReLU()), "TypeError", "layers: expected a list of layers"),
        (lambda: Sequential([layers.ReLU]), "TypeError", r"did you mean ReLU\(\.\.\.\)\?"),
        (lambda: NameFirst(name="own")(X), "TypeError", r"\[own\] shape: expected a tuple of sizes .* got 'w'"),
        (lambda: OneSize(name="own")(X), "TypeError", r"\[own\] shape: expected a tuple of sizes .* got 6"),
        (swapped, "TypeError", r"variables: expected pairs \(gradient, Variable\), got Tensor"),
        (lambda: functional(a=X, b=X), "ShapeError", r"\[first\] .*got a dict with the keys \['a', 'b'\]"),
        (lambda: layers.ReLU(name="r").output, "AttributeError", r"\[r\] output: .* call it on an Input"),
    ],
)
def test_messages(mistake, error, message):
    with pytest.raises(Exception, match=message) as caught:
        mistake()
    assert type(caught.value).__name__ == error


def hint_of(call):
    with pytest.raises(ShapeError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize("layer", [layers.LSTM, layers.GRU, layers.SimpleRNN])
def test_hint_for_sequences_of_two_axes(layer):
    for call in (lambda: Sequential([layer(4)])(X), lambda: Sequential([Input((5, 3)), layer(4), layer(4)])):
        assert re.search(rf"Hint: {layer.__name__} expects \(batch, steps, features\).*return_sequences", hint_of(call))


def test_hints_for_images():
    model = Sequential([Input((9, 9, 3)), layers.Conv2D(4, 3)])
    assert "channels are the last axis" in hint_of(lambda: model(IMAGES.transpose(0, 3, 1, 2)))
    assert "Hint" not in hint_of(lambda: model(IMAGES[..., :2]))
    inner = Sequential([layers.Conv2D(4, 3, groups=2)])
    text = hint_of(lambda: inner(IMAGES))
    assert "a multiple of groups=2" in text
    assert "Hint" not in text
    flat = Sequential([layers.Conv2D(4, 3), layers.Dense(3, activation="softmax")])
    flat.compile("sgd", "categorical_crossentropy")
    text = hint_of(lambda: flat.fit(IMAGES, np.eye(3)[[0, 1, 2, 0]], verbose=0))
    assert "Flatten" in text
    assert "integer labels" not in text


@pytest.mark.parametrize("loss", ["binary_crossentropy", "categorical_crossentropy"])
def test_targets_outside_0_to_1_warn(loss):
    for bad in (X + 1, X - 1):
        with pytest.warns(UserWarning, match=f"{loss}: y_true: expected probabilities from 0 to 1, got"):
            fit(y=bad, units=6, loss=loss)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(y=X / X.sum(axis=1, keepdims=True), units=6, loss=loss)
        fit(y=np.where(X > 2, 0, 1 + 1e-6), units=6, loss=loss)
        fit(y=np.where(np.arange(8)[:, None] > 5, -1, 1) + 0 * X, units=6, loss=loss, sample_weight=np.arange(8) < 6)


def test_input_and_output_of_nested_models():
    a = Input((6,))
    inner = Model(a, {"y": layers.Dense(3)(a)}, name="inner")
    b = Input((6,))
    outer = Model(b, ops.relu(inner(b)["y"]))
    assert inner.input is a
    assert inner.output["y"].shape == (None, 3)
    assert inner.output["y"] is inner.outputs[0]
    assert outer.input is b
    np.testing.assert_array_equal(Model(inner.input, inner.output)(X)["y"].numpy(), inner(X)["y"].numpy())


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (lambda: layers.Conv2DTranspose(1, 3), "conv2d_transpose"),
        (lambda: layers.LSTMCell(3), "lstm_cell"),
        (lambda: layers.SimpleRNNCell(3), "simple_rnn_cell"),
        (lambda: layers.PReLU(), "p_re_lu"),
        (lambda: layers.LeakyReLU(), "leaky_re_lu"),
        (lambda: layers.ReLU(), "re_lu"),
        (lambda: layers.LSTM(3), "lstm"),
        (lambda: layers.GlobalAveragePooling2D(), "global_average_pooling2d"),
        (lambda: type("MLPBlock", (layers.Layer,), {})(), "mlp_block"),
    ],
)
def test_default_names_are_those_of_keras(layer, name):
    assert re.fullmatch(rf"{name}(_\d+)?", layer().name)
