"""Activations as layers."""

import numpy as np

import pydl
from pydl import activations, layers, ops


def test_relu_with_all_options() -> None:
    layer = layers.ReLU(max_value=2, negative_slope=0.5, threshold=1)
    np.testing.assert_allclose(layer(np.array([-1.0, 0.5, 1.0, 1.5, 3.0])), [-1.0, -0.25, 0.0, 1.5, 2.0])


def test_plans_replay_rectifiers(rng: np.random.Generator) -> None:
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


def test_relu_with_a_threshold() -> None:
    for dtype in ("float32", "float64"):
        x = np.array([-np.inf, -2, 0, 0.999, 1, 1.001, 5, np.inf], dtype)
        y = layers.ReLU(threshold=1.0, dtype=dtype)(x).numpy()
        assert y.tolist() == [0, 0, 0, 0, 0, x[5], 5, np.inf]
        assert not np.signbit(y).any()
        y = layers.ReLU(3.0, 0.5, 1.0, dtype=dtype)(x[1:]).numpy()
        assert np.allclose(y, [-1.5, -0.5, -0.0005, 0, x[5], 3, 3])
        for function in (activations.relu, ops.relu):
            t = pydl.Tensor(x[1:7], requires_grad=True)
            ops.sum(function(t, threshold=1.0)).backward()
            assert t.grad.tolist() == [0, 0, 0, 0, 1, 1]
