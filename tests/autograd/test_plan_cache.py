"""The cache of inference plans: which plan a call replays, and when plans are dropped."""

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Tensor, _core, layers, ops
from pydl.autograd.plan import PlanCache
from tests.plan_owner import Net, cnn, images


def test_one_plan_per_shape_up_to_the_capacity(rng: np.random.Generator) -> None:
    net = cnn()
    net.plans = PlanCache(capacity=3)
    for n in (1, 2, 3, 4, 1, 2, 0):
        x = images(rng, n)
        np.testing.assert_array_equal(net(x), net.eager(x))
    assert [entry["inputs"][0][0] for entry in net.plans.info()] == [1, 2, 0]


def test_latest_plan_replays_only_inputs_of_its_signature(rng: np.random.Generator) -> None:
    model = pydl.Sequential([layers.Dense(3, activation="tanh")])
    wide = rng.standard_normal((4, 10)).astype(np.float32)
    given = [
        wide[:, :5].copy(),
        wide[:, ::2],
        wide[:2, :5].copy(),
        wide[:, :5].astype(">f4"),
        wide[:, :5].astype(float),
    ]
    for x in [*given, *given, given[0], given[0], given[2]]:
        expected = np.tanh(x.astype(np.float32) @ model.layers[0].kernel.numpy()) if model.built else model(x).numpy()
        np.testing.assert_allclose(model(x).numpy(), expected, rtol=1e-5, atol=1e-6)
    assert len(model._plans.info()) == 2
    with pytest.raises(pydl.ShapeError):
        model(wide)


def test_fast_path_refuses_tapes_nested_calls_and_other_types(rng: np.random.Generator) -> None:
    model = pydl.Sequential([layers.Dense(3)])
    x = rng.standard_normal((4, 5)).astype(np.float32)
    for _ in range(2):
        model(x)
    plan = model._plans.latest
    assert plan is not None
    refused: list[Any] = [Tensor(x), x.view(np.ma.MaskedArray), x.tolist(), None]
    with pydl.GradientTape():
        refused.append(plan.replay(x))
    _core.state.layer_depth += 1
    refused.append(plan.replay(x))
    _core.state.layer_depth -= 1
    np.testing.assert_array_equal(plan.replay(x), model(x))
    model.layers[0].note = 1
    refused.append(plan.replay(x))
    assert [plan.replay(r) for r in refused[:4]] + refused[4:] == [None] * 7
    with pytest.raises(ValueError, match=r"\[plan\] __init__ was not called"):
        _core.Plan.__new__(_core.Plan).replay(x)


def test_array_and_structure_of_one_array_have_different_plans(rng: np.random.Generator) -> None:
    class Either(pydl.Model):
        def call(self, inputs: Any) -> Any:
            return ops.negative(inputs["x"]) if isinstance(inputs, dict) else ops.abs(inputs)

    model, x = Either(), rng.standard_normal((4, 5)).astype(np.float32)
    for _ in range(3):
        np.testing.assert_array_equal(model({"x": x}), -x)
        np.testing.assert_array_equal(model(x), np.abs(x))
        np.testing.assert_array_equal(model(x), np.abs(x))


def test_evicted_plan_does_not_replay(rng: np.random.Generator) -> None:
    model = pydl.Sequential([layers.Dense(3)])
    model._plans = PlanCache(capacity=2)
    x = [rng.standard_normal((n, 5)).astype(np.float32) for n in (1, 2, 3)]
    for n in (0, 0, 0, 1, 1, 0, 2, 2, 1, 0):  # the plan that replays most often is not the oldest one
        np.testing.assert_allclose(model(x[n]).numpy(), x[n] @ model.layers[0].kernel.numpy(), rtol=1e-5, atol=1e-6)
        assert x[n].shape in [entry["inputs"][0] for entry in model._plans.info()]
        assert len(model._plans.info()) <= 2
    model(x[0])
    for n in (1, 2):  # tensors bypass the latest plan, and evict it
        model(Tensor(x[n]))
    assert x[0].shape not in [entry["inputs"][0] for entry in model._plans.info()]
    model(x[0])
    assert x[0].shape in [entry["inputs"][0] for entry in model._plans.info()]


def test_changed_layer_invalidates_its_plans(rng: np.random.Generator) -> None:
    relu = layers.ReLU()
    net, x = Net(relu), rng.standard_normal((2, 5))
    net(x)
    relu.negative_slope = 0.5
    np.testing.assert_array_equal(net(x), net.eager(x))
    assert (net(x) < 0).any()


def test_several_threads_share_the_plans(rng: np.random.Generator) -> None:
    net = cnn()
    net.plans = PlanCache(capacity=2)
    batches = [images(rng, n) for n in (1, 2, 3, 4)]
    expected = [net.eager(x) for x in batches]
    with ThreadPoolExecutor(4) as pool:
        for i, y in enumerate(pool.map(net, batches * 50)):
            np.testing.assert_array_equal(y, expected[i % 4])


def test_copied_cache_is_empty(rng: np.random.Generator) -> None:
    net = cnn()
    net(images(rng))
    assert copy.deepcopy(net).plans.info() == []
