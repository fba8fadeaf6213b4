"""Inference plans: a replay gives bit for bit what the layers compute."""

from typing import Any

import numpy as np
import pytest

from pydl import Tensor, Variable, layers, ops
from pydl.autograd.plan import PlanCache
from tests.plan_owner import Net, Weights, check, cnn, images


def test_cnn_replays(rng: np.random.Generator) -> None:
    net = cnn()
    check(net, lambda: images(rng), replays=True)
    ops_recorded = net.plans.info()[0]["ops"]
    assert ops_recorded[:2] == ["conv2d_forward", "max_pool2d_forward"]
    assert len(ops_recorded) == 7


@pytest.mark.parametrize(
    "stack",
    [
        [layers.Dropout],  # in inference the output is the input
        [layers.Flatten],
        [layers.ReLU, layers.Flatten],
        [layers.Flatten, layers.ReLU],
        [layers.ReLU, layers.ReLU, layers.Flatten, layers.Dropout],
    ],
)
def test_outputs_may_be_views_of_inputs(stack: list[Any], rng: np.random.Generator) -> None:
    net = Net(*(layer(0.5) if layer is layers.Dropout else layer() for layer in stack))
    check(net, lambda: images(rng), replays=True)


def test_several_inputs_and_outputs(rng: np.random.Generator) -> None:
    w = Variable(rng.standard_normal((4, 3)))

    def call(inputs: tuple[Tensor, Tensor]) -> list[Tensor]:
        a, b = inputs
        hidden = ops.dense(a, w)
        return [ops.relu(hidden), hidden + b, hidden, a]

    cache = PlanCache()
    for _ in range(3):
        x = rng.standard_normal((2, 4)), rng.standard_normal((2, 3))
        product = x[0] @ w.numpy()
        y = cache.run(call, x, Weights(w))
        assert isinstance(y, list)
        for actual, expected in zip(y, [np.maximum(product, 0), product + x[1], product, x[0]], strict=True):
            np.testing.assert_allclose(actual.array, expected, rtol=1e-12)
    assert cache.info()[0]["reason"] is None


def test_layer_built_in_the_first_run_is_recorded_in_the_second(rng: np.random.Generator) -> None:
    net = Net(layers.Dense(3))
    for _ in range(3):
        x = rng.standard_normal((2, 5)).astype(np.float32)
        np.testing.assert_array_equal(net(x), net.eager(x))
    assert net.reasons() == [None]


def test_error_while_recording_does_not_affect_later_runs(rng: np.random.Generator) -> None:
    net = Net(layers.ReLU())

    def fails(x: Tensor) -> Tensor:
        raise KeyError

    with pytest.raises(KeyError):
        net.plans.run(fails, np.ones((2, 2)), net)
    check(net, lambda: rng.standard_normal((2, 5)).astype(np.float32), replays=True)


def test_nested_model_is_recorded_with_the_outer_one(rng: np.random.Generator) -> None:
    inner = cnn()
    outer = Net(layers.ReLU())

    def call(x: Tensor) -> Tensor:
        y = inner.plans.run(inner.call, outer.call(x).array, inner)
        assert isinstance(y, Tensor)
        return y

    inner(images(rng))
    cache = PlanCache()
    for _ in range(2):
        x = images(rng)
        np.testing.assert_array_equal(cache.run(call, x, inner).array, inner.eager(np.maximum(x, 0)))
    assert len(cache.info()[0]["ops"]) == 8
