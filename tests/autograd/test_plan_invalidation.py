"""A plan is invalidated by every change of what it was recorded from, and by nothing else."""

import copy
import gc
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Input, Model, Sequential, layers, ops
from pydl.losses import CategoricalCrossentropy

X = np.linspace(-1, 1, 32, dtype=np.float32).reshape(8, 4)
Y = np.eye(3, dtype=np.float32)[np.arange(8) % 3]


def net() -> Sequential:
    return Sequential([Input((4,)), layers.Dense(5, activation="tanh"), layers.Dense(3)])


def plan_of(model: Any) -> Any:
    for _ in range(3):  # builds, records, replays
        model(X)
    assert model._plans.latest is not None
    return model._plans.latest


def compiled() -> Sequential:
    model = Sequential([Input((4,)), layers.Dense(5, activation="tanh"), layers.Dense(3, activation="softmax")])
    model.compile(pydl.optimizers.SGD(0.1), CategoricalCrossentropy())
    for _ in range(2):
        model.train_on_batch(X, Y)
    return model


def training_plan(model: Any) -> Any:
    (entry,) = model._training_plans._entries.values()
    return entry.plan


OTHERS: dict[str, Callable[[Any], Any]] = {
    "a new layer": lambda other: layers.Dense(3),
    "a new model": lambda other: net()(X),
    "frozen": lambda other: setattr(other, "trainable", False),
    "compiled": lambda other: other.compile("adam", "mse"),
    "trained": lambda other: (other.compile("sgd", "mse"), other.fit(X, Y, verbose=0)),
    "a note": lambda other: setattr(other.layers[0], "note", 3),
    "a weight": lambda other: other.layers[0].kernel.assign_add(1),
    "a loss": lambda other: setattr(CategoricalCrossentropy(), "label_smoothing", 0.5),
    "deleted": lambda other: (setattr(other, "note", 3), delattr(other, "note")),
}


@pytest.mark.parametrize("change", OTHERS)
def test_changes_of_other_models_do_not_invalidate(change: str) -> None:
    model, other = net(), net()
    plan, _ = plan_of(model), plan_of(other)
    trained = compiled()
    step = training_plan(trained)
    OTHERS[change](other)
    model(X)
    trained.train_on_batch(X, Y)
    assert model._plans.latest is plan
    assert plan.replay(X) is not None
    assert training_plan(trained) is step


def test_fit_again_keeps_the_training_plan() -> None:
    model = compiled()
    model.fit(X, Y, batch_size=8, verbose=0)
    step = training_plan(model)
    model.train_on_batch(X, Y)
    assert training_plan(model) is step


class Blocks(Model):
    """Layers in containers of every kind, and attributes that choose between ops."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = 1.0
        self.blocks: list[Any] = [layers.Dense(4, name="b0")]
        self.by_name: dict[str, Any] = {"a": layers.Dense(4, name="a"), "steps": [1.0]}
        self.deep: Any = ([[2.0]], {"k": [3.0]})
        self.flags: set[str] = set()
        self.extra: Any = layers.Dense(4, name="extra")

    def call(self, inputs: Any) -> Any:
        x = inputs
        for block in self.blocks:
            x = block(x)
        x = self.by_name["a"](x)
        choices = {
            ops.tanh: self.scale != 1,
            ops.sigmoid: self.by_name["steps"][0] != 1,
            ops.exp: self.deep[0][0][0] != 2,
            ops.relu: self.deep[1]["k"][0] != 3,
            ops.abs: "abs" in self.flags,
            ops.negative: hasattr(self, "shift"),
        }
        for op, chosen in choices.items():
            x = op(x) if chosen else x
        return x


def built(layer: Any) -> Any:
    layer.build((None, 4))
    return layer


def double(layer: Any) -> None:
    layer.kernel.assign(2 * layer.kernel.array)


CHANGES: dict[str, Callable[[Any], Any]] = {
    "attribute": lambda m: setattr(m, "scale", 2.0),
    "new attribute": lambda m: setattr(m, "shift", 1.0),
    "list append": lambda m: m.blocks.append(built(layers.Dense(4))),
    "list item": lambda m: m.blocks.__setitem__(0, built(layers.Dense(4))),
    "list clear": lambda m: m.blocks.clear(),
    "dict item": lambda m: m.by_name.__setitem__("a", built(layers.Dense(4))),
    "list in a dict": lambda m: m.by_name["steps"].__setitem__(0, 7.0),
    "list in a list in a tuple": lambda m: m.deep[0][0].__setitem__(0, 5.0),
    "list in a dict in a tuple": lambda m: m.deep[1]["k"].__setitem__(0, 5.0),
    "set": lambda m: m.flags.add("abs"),
    "layer inside": lambda m: setattr(m.blocks[0], "kernel", built(layers.Dense(4)).kernel),
    "weights": lambda m: double(m.blocks[0]),
    "bias": lambda m: setattr(m.by_name["a"], "bias", pydl.Variable(np.ones(4, np.float32))),
    "activation": lambda m: setattr(m.by_name["a"], "activation", ops.tanh),
}


@pytest.mark.parametrize("change", CHANGES)
def test_change_of_the_model_invalidates(change: str) -> None:
    model = Blocks()
    before = plan_of(model).replay(X).numpy()
    CHANGES[change](model)
    after = model(X).numpy()
    np.testing.assert_array_equal(after, model(X, training=True).numpy())
    np.testing.assert_array_equal(after, model(X).numpy())
    assert not np.array_equal(before, after)


def test_deleted_attribute_invalidates() -> None:
    model = Blocks()
    model.shift = 1.0
    with_shift = plan_of(model).replay(X).numpy()
    del model.shift
    np.testing.assert_array_equal(model(X).numpy(), -with_shift)


def test_change_invalidates_all_models_of_a_shared_layer() -> None:
    shared = layers.Dense(4, activation="tanh")
    inner = Sequential([Input((4,)), shared])
    i = Input((4,))
    outer = Model(i, layers.Dense(2)(inner(i)))
    alone = net()
    plans = [plan_of(model) for model in (inner, outer, alone)]
    shared.activation = ops.sigmoid
    assert [plan.replay(X) is None for plan in plans] == [True, True, False]
    for model in (inner, outer):
        np.testing.assert_array_equal(model(X).numpy(), model(X, training=True).numpy())
    plans = [plan_of(model) for model in (inner, outer)]
    outer.layers[-1].note = 1
    assert [plan.replay(X) is None for plan in plans] == [False, True]


def test_change_of_an_untracked_layer_invalidates() -> None:
    act = layers.LeakyReLU(0.5)

    class Net(Model):
        def call(self, inputs: Any) -> Any:
            return act(inputs)

    model = Net()
    plan_of(model)
    act.negative_slope = 0.25
    np.testing.assert_array_equal(model(X).numpy(), np.where(X > 0, X, X * np.float32(0.25)))


def test_variable_shared_by_two_layers() -> None:
    first, second = built(layers.Dense(4)), built(layers.Dense(4))
    second.kernel = first.kernel
    a, b = Sequential([Input((4,)), first]), Sequential([Input((4,)), second])
    plan_of(a), plan_of(b)
    first.kernel.assign(np.zeros((4, 4)))
    assert not a(X).numpy().any()
    assert not b(X).numpy().any()


def test_freezing_and_loss_options_invalidate_training_plans() -> None:
    model = compiled()
    kernel = model.layers[0].kernel
    before = kernel.numpy().copy()
    kernel.trainable = False
    model.train_on_batch(X, Y)
    np.testing.assert_array_equal(kernel.numpy(), before)
    kernel.trainable = True
    model.train_on_batch(X, Y)
    assert not np.array_equal(kernel.numpy(), before)
    loss = model._loss.parts()[0]
    plain = model.test_on_batch(X, Y)
    loss.label_smoothing = 0.5
    assert model.train_on_batch(X, Y) == pytest.approx(model_loss(model, 0.5, plain), abs=0.5)
    smooth = model.test_on_batch(X, Y)
    assert smooth != pytest.approx(plain, abs=1e-3)


def model_loss(model: Any, smoothing: float, plain: float) -> float:
    p = model(X).numpy()
    target = Y * (1 - smoothing) + smoothing / Y.shape[1]
    return float(-(target * np.log(p)).sum(1).mean())


def test_regularizer_set_later_is_used() -> None:
    model = compiled()
    plain = model.test_on_batch(X, Y)
    model.layers[0].kernel.regularizer = pydl.regularizers.L2(10.0)
    assert model.test_on_batch(X, Y) > plain + 1


def test_changes_of_a_copy_do_not_invalidate_the_original() -> None:
    model = net()
    plan = plan_of(model)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        other = plan_of(twin)
        twin.layers[0].note = 1
        assert plan.replay(X) is not None
        assert other.replay(X) is None


def test_model_in_its_own_list_is_garbage_collected() -> None:
    model = Blocks()
    model.callbacks = [model]
    plan_of(model)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def test_equal_values_do_not_invalidate() -> None:
    model = net()
    plan = plan_of(model)
    model.stop_training = False
    model.layers[0].name = model.layers[0].name
    model(X)
    assert model._plans.latest is plan
