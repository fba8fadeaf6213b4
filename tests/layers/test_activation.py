"""Activations as layers."""

import numpy as np

import pydl
from pydl import layers, ops


def test_relu_of_all_options() -> None:
    layer = layers.ReLU(max_value=2, negative_slope=0.5, threshold=1)
    np.testing.assert_allclose(layer(np.array([-1.0, 0.5, 1.0, 1.5, 3.0])), [-1.0, -0.25, 1.0, 1.5, 2.0])


def test_rectifiers_replay(rng: np.random.Generator) -> None:
    stack = [layers.ReLU(2.0, 0.1, 0.3), layers.LeakyReLU(), layers.ELU(), layers.ReLU(1.5), layers.GaussianNoise(1.0)]
    model = pydl.Sequential([layers.Input((4, 5)), *stack, layers.PReLU("he_normal", shared_axes=[1]), layers.PReLU()])
    x = rng.standard_normal((3, 4, 5)).astype(np.float32)
    first = model.predict(x, verbose=0)
    with pydl.GradientTape():
        np.testing.assert_array_equal(model(x, training=False).numpy(), first)
    np.testing.assert_array_equal(model.predict(x, verbose=0), first)
    assert [entry["reason"] for entry in model._plans.info()] == [None] * len(model._plans.info())


def test_softmax_over_several_axes(rng: np.random.Generator) -> None:
    x = rng.normal(size=(2, 3, 4, 5))
    e = np.exp(x)
    np.testing.assert_allclose(ops.softmax(x, (1, 3)).numpy(), e / e.sum((1, 3), keepdims=True), rtol=1e-12)
