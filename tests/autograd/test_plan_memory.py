"""The memory of inference plans: outputs are new arrays, and nothing grows or stays after a recording."""

import numpy as np

import pydl
from pydl import Variable, layers, ops
from pydl.autograd.plan import PlanCache
from tests.plan_owner import Array, Weights, cnn, images


def test_outputs_do_not_share_memory(rng: np.random.Generator) -> None:
    net = cnn()
    net(images(rng))
    first, second = net(images(rng)), net(images(rng))
    assert not np.shares_memory(first, second)
    assert not np.array_equal(first, second)


def test_memory_does_not_grow(rng: np.random.Generator) -> None:
    net = cnn()
    batches = [images(rng, n) for n in (1, 2, 3, 5, 8)]
    for x in batches:
        net(x)
        net(x)
    held = pydl.memory_stats()["used_bytes"]
    for _ in range(200):
        for x in batches:
            net(x)
    assert pydl.memory_stats()["used_bytes"] == held


def test_inputs_that_share_memory_while_recording_may_differ_later(rng: np.random.Generator) -> None:
    plans = PlanCache()
    weight = Variable(rng.standard_normal((4, 4)).astype(np.float32))
    a, b, c = (rng.standard_normal((4, 4)).astype(np.float32) for _ in range(3))

    def run(x: Array, y: Array) -> Array:
        result = plans.run(lambda xy: ops.subtract(xy[0], ops.matmul(xy[1], weight)), (x, y), Weights(weight))
        return np.asarray(result.numpy())

    shared = run(a, a)
    np.testing.assert_array_equal(run(a, a), shared)
    np.testing.assert_array_equal(run(b, c), b - np.asarray(ops.matmul(c, weight).numpy()))
    assert [entry["reason"] for entry in plans.info()] == [None]


def test_recording_that_cannot_replay_keeps_no_intermediates() -> None:
    stack = [layers.Dense(64), layers.BatchNormalization(), *[layers.Activation("tanh") for _ in range(20)]]
    model = pydl.Sequential([pydl.Input((64,)), *stack])
    model.compile("sgd", "mse")
    x = np.ones((256, 64), np.float32)
    pydl.release_memory()
    model.train_on_batch(x, x)  # records, and finds that the step cannot replay
    first = pydl.memory_stats()["idle_bytes"]
    pydl.release_memory()
    model.train_on_batch(x, x)  # does not record again
    assert first <= 1.3 * pydl.memory_stats()["idle_bytes"]


def test_memory_of_a_recording_is_released() -> None:
    model = pydl.Sequential([pydl.Input((1024,)), *[layers.Dense(1024, activation="tanh") for _ in range(8)]])
    x = np.ones((8192, 1024), np.float32)  # 32 MB a layer
    pydl.release_memory()
    model(x)
    stats = pydl.memory_stats()
    in_use = stats["used_bytes"] + x.nbytes  # and the output, whose memory is idle now
    assert stats["idle_bytes"] <= x.nbytes + in_use / 4 + (16 << 20)
