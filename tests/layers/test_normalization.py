"""Normalization layers: batch statistics, moving averages, freezing, plans, convergence."""

from typing import Any

import numpy as np
import pytest

import pydl
from pydl import layers

Array = np.ndarray[Any, Any]


def test_training_uses_batch_statistics_and_updates_the_averages(rng: np.random.Generator) -> None:
    layer = layers.BatchNormalization(momentum=0.9, dtype="float64")
    x = rng.normal(3, 2, (50, 4))
    y = layer(x, training=True)
    np.testing.assert_allclose(y.numpy().mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(y.numpy().var(0), x.var(0) / (x.var(0) + 1e-3), rtol=1e-12)
    np.testing.assert_allclose(layer.moving_mean.numpy(), 0.1 * x.mean(0))
    np.testing.assert_allclose(layer.moving_variance.numpy(), 0.9 + 0.1 * x.var(0))
    for _ in range(300):
        layer(x, training=True)
    np.testing.assert_allclose(layer(x).numpy(), y.numpy(), atol=1e-10)


def test_inference_uses_the_averages_and_does_not_update_them(rng: np.random.Generator) -> None:
    layer = layers.BatchNormalization()
    layer._build_once((None, 2))
    layer.set_weights([[2.0, 3.0], [0.5, -1.0], [1.0, -1.0], [4.0, 0.25]])  # gamma, beta, mean, variance
    x = np.array([[5.0, 0.0]], np.float32)
    before = layer.get_weights()
    expected = [[(5 - 1) / np.sqrt(4.001) * 2 + 0.5, (0 + 1) / np.sqrt(0.251) * 3 - 1]]
    np.testing.assert_allclose(layer(x).numpy(), expected, rtol=1e-6)
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_frozen_layer_runs_in_inference_mode(rng: np.random.Generator) -> None:
    layer = layers.BatchNormalization()
    x = rng.normal(3, 2, (20, 4)).astype(np.float32)
    layer(x, training=True)
    layer.trainable = False
    y = layer(x)
    np.testing.assert_array_equal(layer(x, training=True).numpy(), y.numpy())
    assert layer.trainable_weights == []
    layer.trainable = True
    assert [w.name for w in layer.trainable_weights] == ["gamma", "beta"]
    assert [w.name for w in layer.non_trainable_weights] == ["moving_mean", "moving_variance"]
    assert not np.array_equal(layer(x, training=True).numpy(), y.numpy())


def net(normalization: layers.Layer) -> pydl.Sequential:
    stack = [
        layers.Input((8, 8, 3)),
        layers.Conv2D(6, 3),
        normalization,
        layers.Activation("relu"),
        layers.Flatten(),
        layers.Dense(3, activation="softmax"),
    ]
    return pydl.Sequential(stack)


@pytest.mark.parametrize(
    "normalization",
    [
        layers.BatchNormalization(momentum=0.8),
        layers.LayerNormalization(axis=[1, 2, 3]),
        layers.GroupNormalization(3),
        layers.LocalResponseNormalization(),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_nets_learn_and_replay(normalization: layers.Layer, rng: np.random.Generator) -> None:
    pydl.set_seed(1)
    model = net(normalization)
    labels = rng.integers(0, 3, 120)
    x = (rng.normal(size=(120, 8, 8, 3)) * 0.5 + 5 + labels[:, None, None, None]).astype(np.float32)
    x[..., 0] += labels[:, None, None]
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, labels, batch_size=20, epochs=12, verbose=0).history
    assert history["loss"][-1] < 0.7 * history["loss"][0]
    before = model(x[:4]).numpy()
    eager = model(x[:4], training=False)
    np.testing.assert_array_equal(before, model(x[:4]).numpy())
    np.testing.assert_array_equal(before, np.asarray(eager.numpy()))
    assert [entry["reason"] for entry in model._plans.info()] == [None] * len(model._plans.info())


def test_plans_use_updated_averages(rng: np.random.Generator) -> None:
    model = pydl.Sequential([layers.Input((4,)), layers.BatchNormalization(), layers.Dense(2)])
    model.compile("sgd", "mse")
    x = rng.normal(5, 2, (64, 4)).astype(np.float32)
    first = model.predict(x, verbose=0)
    model.fit(x, np.zeros((64, 2)), epochs=1, verbose=0)
    second = model.predict(x, verbose=0)
    assert not np.array_equal(first, second)
    with pydl.GradientTape():  # without a plan
        np.testing.assert_array_equal(second, model(x, training=False).numpy())


def test_instance_normalization_equals_one_group_per_channel(rng: np.random.Generator) -> None:
    x = rng.normal(3, 2, (2, 5, 6, 4))
    y = layers.GroupNormalization(-1, dtype="float64")(x).numpy()
    expected = (x - x.mean((1, 2), keepdims=True)) / np.sqrt(x.var((1, 2), keepdims=True) + 1e-3)
    np.testing.assert_allclose(y, expected, rtol=1e-10, atol=1e-12)


def test_positional_arguments_are_in_the_order_of_keras() -> None:
    batch = layers.BatchNormalization(1, 0.9, 1e-5, False, True, "zeros", "ones", "ones", "zeros").get_config()
    assert (batch["axis"], batch["momentum"], batch["epsilon"], batch["center"]) == (1, 0.9, 1e-5, False)
    assert batch["moving_mean_initializer"]["class_name"] == "Ones"
    assert layers.GroupNormalization(4, 1, 1e-5).get_config()["groups"] == 4
    assert layers.LayerNormalization([1, 2], 1e-5).get_config()["axis"] == [1, 2]
