"""Losses that layers add belong to the forward pass that added them."""

import numpy as np
import pytest

import pydl
from pydl import Input, Model, Sequential, layers, ops

X, Y = np.zeros((8, 3), "float32"), np.zeros((8, 1), "float32")


class Penalty(layers.Layer):
    """Adds 100 in training; counts its calls."""

    calls = 0

    def call(self, x, training=None):
        self.calls += 1
        if training:
            self.add_loss(ops.mean(ops.square(x)) * 0 + 100.0)
        return x


class AddsAlways(layers.Layer):
    def call(self, x):
        self.add_loss(ops.sum(ops.square(x)))
        return x


class AddsOnSomeBatches(layers.Layer):
    def call(self, x):
        if float(ops.max(x)) > 0:
            self.add_loss(ops.sum(x) * 0 + 10.0)
        return x


def compiled(*parts: layers.Layer) -> Model:
    model = Sequential([Input((3,)), layers.Dense(1, kernel_initializer="zeros"), *parts])
    model.compile("sgd", "mse")
    return model


def test_loss_of_training_is_absent_in_evaluation() -> None:
    model = compiled(Penalty())
    history = model.fit(X, Y, validation_data=(X, Y), epochs=2, verbose=0).history
    assert history == {"loss": [100.0, 100.0], "val_loss": [0.0, 0.0]}
    assert model.evaluate(X, Y, verbose=0) == 0.0
    assert model.test_on_batch(X, Y) == 0.0
    assert model.train_on_batch(X, Y) == 100.0


def test_losses_are_those_of_the_last_pass_replayed_or_not() -> None:
    model = compiled(Penalty())
    model.layers[-1].calls = 0
    for _ in range(3):
        model(X, training=True)
        assert [loss.item() for loss in model.losses] == [100.0]
        for _ in range(3):
            model(X)
            assert model.losses == []
        model.predict(X, verbose=0)
        assert model.layers[-1].losses == []


def test_loss_added_on_some_batches_only() -> None:
    model = Sequential([Input((3,)), AddsOnSomeBatches(), layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse")
    x = np.concatenate([np.ones((4, 3)), np.zeros((4, 3)), np.ones((4, 3))]).astype("float32")
    history = model.fit(x, np.zeros((12, 1)), batch_size=4, shuffle=False, verbose=0).history
    assert history["loss"] == pytest.approx([20 / 3])


def test_each_call_of_a_shared_layer_or_nested_model_adds() -> None:
    inputs, shared = Input((3,)), AddsAlways()
    inner = Model(inputs, shared(shared(inputs) + 1.0))
    outer_inputs = Input((3,))
    outer = Model(outer_inputs, layers.Dense(1)(inner(outer_inputs)))
    assert outer.losses == inner.losses == []  # shape inference is no forward pass
    for _ in range(2):
        outer(np.ones((2, 3), "float32"), training=True)
        assert [loss.item() for loss in outer.losses] == [6.0, 24.0]
        assert [loss.item() for loss in inner.losses] == [6.0, 24.0]


def test_submodels_called_separately_in_a_train_step() -> None:
    class Pair(Model):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = Sequential([Input((3,)), AddsAlways()])
            self.decoder = Sequential([Input((3,)), layers.Dense(3), AddsAlways()])

        def call(self, x):
            return self.decoder(self.encoder(x))

        def train_step(self, batch):
            self.decoder(self.encoder(batch.x, training=True), training=True)
            return {"terms": float(len(self.losses))}

    model = Pair()
    model.compile("sgd", "mse")
    assert model.fit(np.ones((4, 3)), np.ones((4, 3)), epochs=2, verbose=0).history["terms"] == [2.0, 2.0]


def test_gradients_of_added_losses_in_a_custom_loop() -> None:
    dense = layers.Dense(2, use_bias=False, activity_regularizer="l2")
    model, x = Sequential([Input((3,)), dense]), np.ones((4, 3), "float32")
    for _ in range(2):
        with pydl.GradientTape() as tape:
            y = model(x, training=True)
            total = ops.sum(y) * 0 + model.losses[0]
        (gradient,) = tape.gradient(total, model.trainable_weights)
        y = y.numpy()
        np.testing.assert_allclose(gradient.numpy(), 0.01 * 2 * x.T @ y / 4, rtol=1e-5)


def test_vector_loss_counts_as_its_sum() -> None:
    class Vector(layers.Layer):
        def call(self, x):
            self.add_loss([ops.sum(x, axis=0) * 0 + 1.0, ops.sum(x) * 0 + 2.0])
            return x

    model = compiled(Vector())
    assert model.evaluate(X, Y, verbose=0) == 3.0


def test_add_loss_outside_a_pass_is_refused() -> None:
    model = compiled(Penalty())
    for layer in (model, model.layers[-1]):
        with pytest.raises(ValueError, match=r"add_loss: expected a call within build\(\) or call\(\)"):
            layer.add_loss(pydl.Tensor(1.0))

    class AddsNumber(layers.Layer):
        def call(self, x):
            self.add_loss(1.0)
            return x

    with pytest.raises(ValueError, match=r"expected a tensor, got 1\.0"):
        AddsNumber()(X)


def test_loss_added_in_build_counts_in_the_first_pass() -> None:
    class AddsInBuild(layers.Layer):
        def build(self, shape):
            self.kernel = self.add_weight((3, 1), "ones")
            self.add_loss(ops.sum(self.kernel))

        def call(self, x):
            return x @ self.kernel

    layer = AddsInBuild()
    layer.build((None, 3))
    assert [loss.item() for loss in layer.losses] == [3.0]
    layer(X)
    assert layer.losses == []
