"""A model that goes out of scope frees its memory at once, without the garbage collector."""

import gc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Input, Model, Sequential, layers, losses, ops
from pydl.callbacks import Callback, EarlyStopping, GradientMonitor, LambdaCallback
from pydl.generation import generate

L = layers
X = np.linspace(-1, 1, 8 * 16, dtype=np.float32).reshape(8, 16)
SEQUENCES = np.linspace(-1, 1, 8 * 5 * 16, dtype=np.float32).reshape(8, 5, 16)
Y = np.ones((8, 4), np.float32)


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def used_bytes() -> int:
    return pydl.memory_stats()["used_bytes"]


def assert_returns(make: Callable[[], object]) -> None:
    make()  # allocated once per process: names, tables
    before = used_bytes()
    for _ in range(3):
        make()
        assert used_bytes() == before


def fitted(model: Any, x: Any = X, y: Any = Y, **options: Any) -> Any:
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(x, y, epochs=2, batch_size=4, validation_data=(x, y), verbose=0, **options)
    model.evaluate(x, y, verbose=0)
    model.predict(x, verbose=0)
    return model


def sequential(*stack: Any, shape: tuple[int, ...] = (16,)) -> Sequential:
    return Sequential([Input(shape), *stack, L.Dense(4)])


def functional() -> Model:
    i = Input((16,))
    h = L.Dense(8, activation="relu")(i)
    return Model(i, L.Dense(4)(L.Concatenate()([h, ops.tanh(h) * 2])))


def residual() -> Model:
    i = Input((16,))
    shared = L.Dense(16)
    return Model(i, L.Dense(4)(shared(shared(i)) + i))  # the second call takes the output of the first


def nested() -> Model:
    i = Input((16,))
    return Model(i, functional()(sequential(L.Dense(16), L.Dense(16))(i) @ np.ones((4, 16), np.float32)))


class Own(Model):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = [L.Dense(8), L.Dense(8)]
        self.head = {"out": L.Dense(4)}

    def call(self, inputs: Any, training: Any = None) -> Any:
        x = inputs
        for block in self.blocks:
            x = ops.relu(block(x))
        return self.head["out"](x)


class OwnTrainStep(Own):
    def train_step(self, batch: Any) -> Any:
        with pydl.GradientTape() as tape:
            loss = self.compute_loss(batch.x, batch.y, self(batch.x, training=True))
        self.optimizer.apply(tape.gradient(loss, self.trainable_weights), self.trainable_weights)


class FunctionalSubclass(Model):
    def __init__(self) -> None:
        i = Input((16,))
        super().__init__(inputs=i, outputs=L.Dense(4)(i))


FITTED: dict[str, Callable[[], Any]] = {
    "sequential": lambda: fitted(sequential(L.Dense(8))),
    "unbuilt sequential": lambda: fitted(Sequential([L.Dense(8), L.Dense(4)])),
    "functional": lambda: fitted(functional()),
    "shared layer": lambda: fitted(residual()),
    "nested": lambda: fitted(nested()),
    "subclass": lambda: fitted(Own()),
    "own train step": lambda: fitted(OwnTrainStep()),
    "functional subclass": lambda: fitted(FunctionalSubclass()),
    "dropout and batch norm": lambda: fitted(sequential(L.Dense(8), L.BatchNormalization(), L.Dropout(0.5))),
    "conv": lambda: fitted(sequential(L.Reshape((4, 4, 1)), L.Conv2D(4, 3), L.MaxPooling2D(), L.Flatten())),
    "lstm": lambda: fitted(sequential(L.LSTM(8), shape=(5, 16)), SEQUENCES),
    "bidirectional": lambda: fitted(sequential(L.Bidirectional(L.GRU(8)), shape=(5, 16)), SEQUENCES),
    "time distributed": lambda: fitted(
        sequential(L.TimeDistributed(L.Dense(3)), L.Flatten(), shape=(5, 16)), SEQUENCES
    ),
    "stacked cells": lambda: fitted(sequential(L.RNN([L.LSTMCell(8), L.GRUCell(8)]), shape=(5, 16)), SEQUENCES),
    "regularized": lambda: fitted(sequential(L.Dense(8, kernel_regularizer="l2", kernel_constraint="max_norm"))),
    "callbacks": lambda: fitted(
        sequential(L.Dense(8)),
        callbacks=[EarlyStopping(), LambdaCallback(on_epoch_end=lambda epoch, logs: None), Callback()],
    ),
    "gradient monitor": lambda: fitted(
        sequential(L.LSTM(8), shape=(5, 16)), SEQUENCES, callbacks=[GradientMonitor((SEQUENCES, Y))]
    ),
}


@pytest.mark.parametrize("kind", FITTED)
def test_fitted_model_frees_its_memory(kind: str) -> None:
    assert_returns(FITTED[kind])


@pytest.mark.parametrize("make", [functional, residual, nested, Own, FunctionalSubclass])
def test_model_that_was_made_or_called_frees_its_memory(make: Callable[[], Any]) -> None:
    assert_returns(make)
    assert_returns(lambda: make()(X))
    assert_returns(lambda: [model(X) for model in [make()] for _ in range(3)])
    assert_returns(lambda: make()(X, training=True))


def test_memory_is_freed_after_errors() -> None:
    def wrong(model: Any, x: Any) -> None:
        with pytest.raises(ValueError, match="expected"):
            model(x)

    assert_returns(lambda: wrong(functional(), X[:, :3]))
    assert_returns(lambda: wrong(sequential(L.Dense(4)), X[:, :3]))
    assert_returns(lambda: wrong(fitted(Own()), X[:, :3]))


def invalid_labels(model: Any) -> None:
    model.compile("adam", losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(X, np.full(len(X), 1000), verbose=0)


ERRORS: dict[str, Callable[[Any], Any]] = {
    "labels": invalid_labels,
    "an op": lambda model: ops.matmul(model(X), np.ones((7, 7))),
    "an op that names its argument": lambda model: ops.reshape(model(X), "x"),
    "inputs that are none": lambda model: Model(Input((3,)), model(Input((16,)))),
    "the next layer": lambda model: L.Conv2D(3, 3)(model(Input((16,)))),
    "the layer's argument": lambda model: L.RNN(model.layers),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_memory_is_freed_after_errors_that_are_raised_again(kind: str) -> None:
    def wrong(model: Any) -> None:
        with pytest.raises((ValueError, TypeError)):
            ERRORS[kind](model)

    assert_returns(lambda: wrong(functional()))


def test_parts_copies_and_files_free_their_memory(tmp_path: Any) -> None:
    import copy
    import pickle

    def parts() -> None:
        model = functional()
        Model(model.inputs[0], model.layers[1].output)(X)

    assert_returns(parts)
    assert_returns(lambda: copy.deepcopy(fitted(functional())))
    assert_returns(lambda: pickle.loads(pickle.dumps(fitted(functional()))))
    assert_returns(lambda: Model.from_config(functional().get_config()))
    assert_returns(lambda: pydl.models.clone_model(functional()))
    assert_returns(lambda: functional().save_weights(tmp_path / "weights.npz"))
    assert_returns(lambda: functional().summary(print_fn=lambda _: None))


def test_generate_frees_its_memory() -> None:
    def text() -> None:
        model = Sequential([Input((None,), dtype="int32"), L.Embedding(7, 8), L.LSTM(8), L.Dense(7, "softmax")])
        generate(model, np.array([[1, 2]]), 3)

    assert_returns(text)


def test_layer_keeps_its_symbolic_output() -> None:
    layer = L.Dense(4)
    layer(Input((3,)))  # no reference to the output
    assert layer.output is not None
    assert layer.output.shape == (None, 4)
    assert Model(layer.input, layer.output)(np.ones((2, 3), np.float32)).shape == (2, 4)
    output = layer.output
    assert layer.output is output
    layer(output @ np.ones((4, 3), np.float32))
    with pytest.raises(AttributeError, match="symbolic tensors, got 2"):
        _ = layer.output


def test_symbolic_tensor_keeps_its_layers_alive() -> None:
    y = L.Dense(4)(L.Dense(3)(Input((2,))))
    assert y.call is not None
    model = Model(y.call.layer.input.call.layer.input, y)
    assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", "Dense", "Dense"]
    np.testing.assert_array_equal(model(np.zeros((1, 2), np.float32)).numpy(), np.zeros((1, 4)))
