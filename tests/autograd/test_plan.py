"""Inference plans: replays are bit for bit what the layers compute, and what cannot be replayed is noticed."""

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Tensor, Variable, _core, config, layers, ops
from pydl.autograd.plan import PlanCache
from tests.plan_owner import Weights

Array = np.ndarray[Any, Any]


class Net:
    """A list of layers with a plan cache, as Model uses it."""

    def __init__(self, *stack: layers.Layer) -> None:
        self.stack = stack
        self.plans = PlanCache()

    def call(self, x: Tensor) -> Tensor:
        for layer in self.stack:
            x = layer(x)
        return x

    def _all_weights(self) -> list[Variable]:
        return [v for layer in self.stack for v in layer.weights]

    def _plan_parts(self) -> list[Any]:
        return [part for layer in self.stack for part in layer._plan_parts()]

    def __call__(self, x: Array) -> Array:
        y = self.plans.run(self.call, x, self)
        assert isinstance(y, Tensor)
        return y.numpy()

    def eager(self, x: Array) -> Array:
        with pydl.no_grad():
            return self.call(Tensor(x)).numpy()

    def reasons(self) -> list[str | None]:
        return [entry["reason"] for entry in self.plans.info()]


def images(rng: np.random.Generator, n: int = 2) -> Array:
    return rng.standard_normal((n, 8, 8, 3)).astype(np.float32)


def cnn() -> Net:
    net = Net(
        layers.Conv2D(8, 3, activation="relu", padding="same"),
        layers.MaxPooling2D(),
        layers.Conv2D(4, 3),
        layers.AveragePooling2D(padding="same"),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(16, activation="tanh"),
        layers.Dense(10, activation="softmax"),
    )
    net.eager(np.zeros((1, 8, 8, 3), np.float32))
    return net


def check(net: Net, draw: Callable[[], Array], replays: bool) -> None:
    for _ in range(3):
        x = draw()
        np.testing.assert_array_equal(net(x), net.eager(x))
    assert [reason is None for reason in net.reasons()] == [replays], net.reasons()


def test_a_cnn_replays(rng: np.random.Generator) -> None:
    net = cnn()
    check(net, lambda: images(rng), replays=True)
    ops_recorded = net.plans.info()[0]["ops"]
    assert ops_recorded[:2] == ["conv2d_forward", "max_pool2d_forward"]
    assert len(ops_recorded) == 7


def test_one_plan_for_each_shape_and_no_more_than_the_capacity(rng: np.random.Generator) -> None:
    net = cnn()
    net.plans = PlanCache(capacity=3)
    for n in (1, 2, 3, 4, 1, 2, 0):
        x = images(rng, n)
        np.testing.assert_array_equal(net(x), net.eager(x))
    assert [entry["inputs"][0][0] for entry in net.plans.info()] == [1, 2, 0]


def test_the_plan_that_replayed_last_takes_only_what_it_has_recorded(rng: np.random.Generator) -> None:
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


def test_a_replay_is_refused_where_the_call_is_part_of_something(rng: np.random.Generator) -> None:
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


def test_an_array_alone_is_not_taken_for_a_structure_of_one(rng: np.random.Generator) -> None:
    class Either(pydl.Model):
        def call(self, inputs: Any) -> Any:
            return ops.negative(inputs["x"]) if isinstance(inputs, dict) else ops.abs(inputs)

    model, x = Either(), rng.standard_normal((4, 5)).astype(np.float32)
    for _ in range(3):
        np.testing.assert_array_equal(model({"x": x}), -x)
        np.testing.assert_array_equal(model(x), np.abs(x))
        np.testing.assert_array_equal(model(x), np.abs(x))


def test_a_plan_without_a_single_output_must_say_what_it_gives(rng: np.random.Generator) -> None:
    plan, x = _core.Plan(), np.ones((2, 4))
    plan.begin([x], [])
    y, z = _core.matmul(x, x, transpose_b=True), _core.matmul(x, x, transpose_a=True)
    with pytest.raises(ValueError, match=r"\[plan\] rebuild: needed for 2 outputs"):
        plan.end([y, z])
    assert plan.end([y, z], rebuild=lambda *arrays: list(arrays)) is None
    np.testing.assert_array_equal(plan.run(x)[1], z)


def test_a_plan_that_is_thrown_out_does_not_replay(rng: np.random.Generator) -> None:
    model = pydl.Sequential([layers.Dense(3)])
    model._plans = PlanCache(capacity=2)
    x = [rng.standard_normal((n, 5)).astype(np.float32) for n in (1, 2, 3)]
    for n in (0, 0, 0, 1, 1, 0, 2, 2, 1, 0):  # the one that replays most often is not the oldest
        np.testing.assert_allclose(model(x[n]).numpy(), x[n] @ model.layers[0].kernel.numpy(), rtol=1e-5, atol=1e-6)
        assert x[n].shape in [entry["inputs"][0] for entry in model._plans.info()]
        assert len(model._plans.info()) <= 2
    model(x[0])
    for n in (1, 2):  # tensors do not go by way of the plan that replayed last, and throw it out
        model(Tensor(x[n]))
    assert x[0].shape not in [entry["inputs"][0] for entry in model._plans.info()]
    model(x[0])
    assert x[0].shape in [entry["inputs"][0] for entry in model._plans.info()]


def test_outputs_do_not_share_memory(rng: np.random.Generator) -> None:
    net = cnn()
    net(images(rng))
    first, second = net(images(rng)), net(images(rng))
    assert not np.shares_memory(first, second)
    assert not np.array_equal(first, second)


def test_changed_weights_are_seen(rng: np.random.Generator) -> None:
    net = cnn()
    x = images(rng)
    net(x)
    for weight in net._all_weights():
        weight.assign(rng.standard_normal(weight.shape))
        np.testing.assert_array_equal(net(x), net.eager(x))
    assert net.reasons() == [None]


@pytest.mark.parametrize("rows", [1, 8])
@pytest.mark.parametrize("units", [3, 64, 200, 1501])
def test_packed_weights_follow_their_version_and_the_instruction_set(
    rng: np.random.Generator, units: int, rows: int
) -> None:
    net = Net(layers.Dense(units), layers.Dense(units, activation="relu"))
    x = rng.standard_normal((rows, 100)).astype(np.float32)
    net.eager(x)
    for name in [name for name, there in config.isas().items() if there] * 2:
        with config.isa(name):
            np.testing.assert_array_equal(net(x), net.eager(x))
            net.stack[0].weights[0].assign_add(np.ones((100, units)))
            np.testing.assert_array_equal(net(x), net.eager(x))
    assert net.reasons() == [None]


@pytest.mark.parametrize(
    ("layer", "channels"),
    [
        (layers.Conv2DTranspose(24, 3, padding="same"), 32),  # Winograd
        (layers.Conv2DTranspose(20, 4, strides=2, padding="same", activation="relu"), 16),
        (layers.Conv2DTranspose(3, 5, strides=2, output_padding=1), 40),  # blocks of pixels
        (layers.Conv2DTranspose(8, 1), 16),
        (layers.Conv2DTranspose(8, 3, dilation_rate=2), 5),
    ],
)
def test_a_transposed_convolution_packs_its_weights(rng: np.random.Generator, layer: Any, channels: int) -> None:
    net = Net(layer)
    x = rng.standard_normal((2, 12, 12, channels)).astype(np.float32)
    net.eager(x)
    net(x)
    for name in [name for name, there in config.isas().items() if there]:
        for precision in ("default", "strict"):
            with config.isa(name), config.precision(precision):
                np.testing.assert_array_equal(net(x), net.eager(x))
                layer.kernel.assign_add(rng.standard_normal(layer.kernel.shape))
                np.testing.assert_array_equal(net(x), net.eager(x))
    assert net.reasons() == [None]


def test_packed_weights_follow_the_precision(rng: np.random.Generator) -> None:
    net = Net(layers.Conv2D(32, 3, padding="same"), layers.Conv2D(40, 3))
    x = rng.standard_normal((2, 12, 12, 32)).astype(np.float32)
    net.eager(x)
    results = []
    for name in ["default", "strict"] * 2:
        with config.precision(name):
            np.testing.assert_array_equal(net(x), net.eager(x))
            results.append(net(x))
    assert np.array_equal(results[0], results[2])
    assert not np.array_equal(results[0], results[1])
    assert net.reasons() == [None]


class InNumPy(layers.Layer):
    def call(self, inputs: Tensor) -> Tensor:
        return Tensor(np.sin(inputs.array))


class Looks(layers.Layer):
    def call(self, inputs: Tensor) -> Tensor:
        return ops.relu(inputs) if inputs.numpy().mean() > 0 else ops.tanh(inputs)


class Branches(layers.Layer):
    def call(self, inputs: Tensor) -> Tensor:
        return ops.relu(inputs) if ops.mean(inputs) > 0 else ops.tanh(inputs)


class Counts(layers.Layer):
    calls = 0

    def call(self, inputs: Tensor) -> Tensor:
        self.calls += 1
        return ops.relu(inputs)


class Writes(layers.Layer):
    def build(self, input_shape: Any) -> None:
        self.calls = self.add_weight((), "zeros", trainable=False)

    def call(self, inputs: Tensor) -> Tensor:
        self.calls.assign_add(1.0)
        return ops.relu(inputs)


class Scales(layers.Layer):
    """A number that the layer could change at any time is no kernel's output."""

    def call(self, inputs: Tensor) -> Tensor:
        return inputs * 2.0


class AddsLoss(layers.Layer):
    def call(self, inputs: Tensor) -> Tensor:
        self.add_loss(ops.sum(inputs))
        return ops.relu(inputs)


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (InNumPy, "neither an input, a weight nor the output"),
        (Looks, "reads the values"),
        (Branches, "reads the values"),
        (Counts, "sets its attribute 'calls'"),
        (Writes, "writes to the variable"),
        (Scales, "neither an input, a weight nor the output"),
        (AddsLoss, "adds a loss"),
    ],
)
def test_what_a_replay_would_not_repeat(layer: type[layers.Layer], reason: str, rng: np.random.Generator) -> None:
    net = Net(layers.Dense(6), layer(), layers.Dense(4))
    net.eager(np.zeros((1, 5), np.float32))
    check(net, lambda: (rng.standard_normal((2, 5)) + rng.choice([-3, 3])).astype(np.float32), replays=False)
    assert reason in str(net.reasons()[0])


def test_a_layer_that_draws_random_numbers_is_not_frozen(rng: np.random.Generator) -> None:
    class AlwaysDrops(layers.Layer):
        def call(self, inputs: Tensor) -> Tensor:
            return ops.dropout(inputs, 0.5)

    net = Net(AlwaysDrops())
    x = np.ones((4, 50), np.float32)
    assert len({net(x).tobytes() for _ in range(4)}) == 4
    assert net.reasons()[0].startswith("AlwaysDrops 'always_drops': dropout draws random numbers")


def test_numpy_as_the_last_step_is_noticed(rng: np.random.Generator) -> None:
    net = Net(layers.ReLU(), InNumPy())
    check(net, lambda: rng.standard_normal((2, 5)).astype(np.float32), replays=False)
    assert net.reasons()[0].startswith("output 0 is not the output of a recorded kernel")


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
def test_outputs_that_are_views(stack: list[Any], rng: np.random.Generator) -> None:
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


def test_a_changed_layer_invalidates_the_plans(rng: np.random.Generator) -> None:
    relu = layers.ReLU()
    net, x = Net(relu), rng.standard_normal((2, 5))
    net(x)
    relu.negative_slope = 0.5
    np.testing.assert_array_equal(net(x), net.eager(x))
    assert (net(x) < 0).any()


def test_a_layer_that_builds_during_the_first_run_is_recorded_at_the_second(rng: np.random.Generator) -> None:
    net = Net(layers.Dense(3))
    for _ in range(3):
        x = rng.standard_normal((2, 5)).astype(np.float32)
        np.testing.assert_array_equal(net(x), net.eager(x))
    assert net.reasons() == [None]


def test_an_error_while_recording_leaves_nothing_behind(rng: np.random.Generator) -> None:
    net = Net(layers.ReLU())

    def fails(x: Tensor) -> Tensor:
        raise KeyError

    with pytest.raises(KeyError):
        net.plans.run(fails, np.ones((2, 2)), net)
    check(net, lambda: rng.standard_normal((2, 5)).astype(np.float32), replays=True)


def test_a_model_inside_a_model_is_recorded_with_it(rng: np.random.Generator) -> None:
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


def test_inputs_that_share_memory_while_recording_need_not_do_so_later(rng: np.random.Generator) -> None:
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


def test_several_threads_share_the_plans(rng: np.random.Generator) -> None:
    net = cnn()
    net.plans = PlanCache(capacity=2)
    batches = [images(rng, n) for n in (1, 2, 3, 4)]
    expected = [net.eager(x) for x in batches]
    with ThreadPoolExecutor(4) as pool:
        for i, y in enumerate(pool.map(net, batches * 50)):
            np.testing.assert_array_equal(y, expected[i % 4])


def test_a_copied_cache_starts_empty(rng: np.random.Generator) -> None:
    net = cnn()
    net(images(rng))
    assert copy.deepcopy(net).plans.info() == []


def test_a_run_writes_afterwards_and_counts_it(rng: np.random.Generator) -> None:
    """The state is read by each run before it is written: h = h w."""
    h, w, version = rng.standard_normal((2, 3)), rng.standard_normal((3, 3)), _core.Version()
    plan, x, expected = _core.Plan(), rng.standard_normal((2, 3)), h.copy()
    plan.begin([x], [(h, version), (w, _core.Version())])
    assert plan.end([_core.matmul(x, w), _core.matmul(h, w)], [(h, version)]) is None
    for run in (1, 2, 3):
        x, expected = rng.standard_normal((2, 3)), expected @ w
        np.testing.assert_allclose(plan.run(x), x @ w, rtol=1e-13)
        np.testing.assert_allclose(h, expected, rtol=1e-13)
        assert version.value == run


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        (np.zeros((2, 2)), ValueError, r"\[plan\] post_run_writes"),
        (np.zeros((2, 3), np.float32), TypeError, r"\[plan\] post_run_writes: expected the dtype of float64 \(2, 3\)"),
        (np.broadcast_to(0.0, (2, 3)), ValueError, r"\[plan\] post_run_writes"),
    ],
)
def test_a_write_that_does_not_fit_is_an_error(array: Array, error: type[Exception], message: str) -> None:
    plan, x = _core.Plan(), np.ones((2, 4))
    plan.begin([x], [])
    y = _core.matmul(x, np.ones((4, 3)))
    with pytest.raises(error, match=message):
        plan.end([y], [(array, _core.Version())])
    plan.abort()


def test_a_plan_may_go_in_another_thread_than_the_one_that_records() -> None:
    x, w = np.ones((3, 4), np.float32), np.ones((4, 5), np.float32)
    plan = _core.Plan()
    plan.begin([x], [])
    box = [plan]
    del plan
    with ThreadPoolExecutor(1) as other:
        other.submit(box.clear).result()
    for _ in range(50):
        _core.matmul(x, w)
    again = _core.Plan()
    again.begin([x], [])
    assert again.end([_core.matmul(x, x, transpose_b=True)]) is None
    np.testing.assert_array_equal(again.run(x), x @ x.T)


def test_a_recording_that_cannot_replay_keeps_no_intermediate_results() -> None:
    stack = [layers.Dense(64), layers.BatchNormalization(), *[layers.Activation("tanh") for _ in range(20)]]
    model = pydl.Sequential([pydl.Input((64,)), *stack])
    model.compile("sgd", "mse")
    x = np.ones((256, 64), np.float32)
    pydl.release_memory()
    model.train_on_batch(x, x)  # tries to record
    first = pydl.memory_stats()["idle_bytes"]
    pydl.release_memory()
    model.train_on_batch(x, x)  # does not
    assert first <= 1.3 * pydl.memory_stats()["idle_bytes"]


def test_what_a_recording_left_does_not_stay() -> None:
    model = pydl.Sequential([pydl.Input((1024,)), *[layers.Dense(1024, activation="tanh") for _ in range(8)]])
    x = np.ones((8192, 1024), np.float32)  # 32 MB a layer
    pydl.release_memory()
    model(x)
    stats = pydl.memory_stats()
    in_use = stats["used_bytes"] + x.nbytes  # with the output, which lies idle now
    assert stats["idle_bytes"] <= x.nbytes + in_use / 4 + (16 << 20)
