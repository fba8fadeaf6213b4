"""A copy of a model continues bit for bit like the original: weights, optimizer, random numbers, sample order."""

import copy
import io
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest

import pydl
from pydl import Input, Model, Sequential, layers, optimizers, regularizers
from pydl.optimizers import schedules

X = np.random.default_rng(0).random((20, 6), np.float32)
Y = np.arange(20) % 3


def by_joblib(model):
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


def out_of_band(thing):
    """Arrays in read-only memory of another owner."""
    buffers = []
    data = pickle.dumps(thing, protocol=5, buffer_callback=buffers.append)
    return pickle.loads(data, buffers=[bytes(b.raw()) for b in buffers])


COPIES = {
    "pickle": lambda m: pickle.loads(pickle.dumps(m)),
    "pickle 0": lambda m: pickle.loads(pickle.dumps(m, protocol=0)),
    "pickle 2": lambda m: pickle.loads(pickle.dumps(m, protocol=2)),
    "deepcopy": copy.deepcopy,
    "joblib": by_joblib,
    "buffers": out_of_band,
    "twice": lambda m: pickle.loads(pickle.dumps(copy.deepcopy(m))),
}
OPTIMIZERS = {
    "sgd": lambda: optimizers.SGD(0.1),
    "momentum": lambda: optimizers.SGD(schedules.ExponentialDecay(0.1, 3, 0.9), momentum=0.9, nesterov=True),
    "rmsprop": lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "adam": lambda: optimizers.Adam(0.01, amsgrad=True, global_clipnorm=0.5),
    "adamw": lambda: optimizers.AdamW(schedules.CosineDecay(0.01, 50), clipnorm=0.1),
}


def net(optimizer="adam", seed=None):
    model = Sequential(
        [
            Input((6,)),
            layers.Dense(8, "relu", kernel_regularizer=regularizers.L2(1e-3)),
            layers.GaussianNoise(0.1, seed=seed),
            layers.BatchNormalization(),
            layers.Reshape((2, 4)),
            layers.LSTM(5, dropout=0.2, recurrent_dropout=0.3, seed=seed),
            layers.Dropout(0.3, seed=seed),
            layers.Dense(3, activation="softmax", kernel_constraint="max_norm"),
        ]
    )
    model.compile(OPTIMIZERS[optimizer](), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def same(a, b):
    arrays = zip(a.get_weights() + a.optimizer.variables, b.get_weights() + b.optimizer.variables, strict=True)
    return all(np.array_equal(x, y) for x, y in arrays) and a.optimizer.iterations == b.optimizer.iterations


def assert_goes_on_alike(model, twin, x=X, y=Y):
    for each in (model, twin):
        each.logs = [each.train_on_batch(x, y), each.fit(x, y, batch_size=7, epochs=2, verbose=0).history]
    assert model.logs == twin.logs
    assert same(model, twin)
    assert len(model.optimizer.variables) == len(twin.optimizer.variables)


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("seed", [None, 3])
def test_after_training(how, seed):
    model = net(seed=seed)
    model.fit(X, Y, epochs=2, batch_size=7, verbose=0)
    twin = COPIES[how](model)
    assert twin.get_metrics_result() == model.get_metrics_result()
    assert_goes_on_alike(model, twin)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_optimizers(optimizer):
    model = net(optimizer)
    model.fit(X, Y, epochs=2, verbose=0)
    before = len(model.optimizer.variables)
    twins = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    twins.append(copy.deepcopy(twins[1]))
    model.fit(X, Y, epochs=2, verbose=0)
    for twin in twins:
        twin.fit(X, Y, epochs=2, verbose=0)
        assert same(model, twin)
        assert len(twin.optimizer.variables) == before


@pytest.mark.parametrize("how", COPIES)
def test_before_training(how):
    model = net()
    assert_goes_on_alike(model, COPIES[how](model))


class Late(layers.Layer):
    """Makes one layer in __init__, another one and a weight in build."""

    def __init__(self):
        super().__init__()
        self.first = layers.Dense(4)

    def build(self, shape):
        self.second, self.w = layers.Dense(4), self.add_weight((4,), "random_normal")

    def call(self, x):
        return self.second(self.first(x)) * self.w


@pytest.mark.parametrize("how", ["pickle", "deepcopy", "twice"])
def test_before_it_is_built(how):
    model = Sequential([layers.Dense(5), Late(), layers.Dropout(0.2), layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    twin = COPIES[how](model)
    model.build((None, 6))
    Sequential([Input((2,)), layers.Dense(3)])  # takes the next initializer seed
    assert_goes_on_alike(model, twin)
    assert len({w.tobytes() for w in model.get_weights()}) == 9


def test_original_uses_a_seed_set_after_the_copy():
    values = []
    for copied in (False, True):
        layer = layers.Dense(3)
        twin = copy.deepcopy(layer) if copied else None
        pydl.set_seed(5)
        layer.build((None, 4))
        values.append(layer.get_weights()[0])
        if twin is not None:
            twin.build((None, 4))
            assert not np.array_equal(values[-1], twin.get_weights()[0])
    np.testing.assert_array_equal(*values)


def test_copy_outlives_the_original():
    model = net()
    model.fit(X, Y, epochs=2, verbose=0)
    data = pickle.dumps(model)
    model.fit(X, Y, epochs=1, verbose=0)
    expected = model.get_weights()
    del model
    for _ in range(20):
        twin = pickle.loads(data)
        net().fit(X, Y, epochs=1, verbose=0)  # may reuse freed addresses
        twin.fit(X, Y, epochs=1, verbose=0)
        assert all(np.array_equal(a, b) for a, b in zip(expected, twin.get_weights(), strict=True))


ELSEWHERE = """
import pickle, sys
model, x, y = pickle.load(sys.stdin.buffer)
model.fit(x, y, epochs=2, batch_size=7, verbose=0)
sys.stdout.buffer.write(pickle.dumps(model))
"""


def test_in_another_process():
    model = net()
    model.fit(X, Y, verbose=0)
    command, data = [sys.executable, "-P", "-c", ELSEWHERE], pickle.dumps((model, X, Y))
    twin = pickle.loads(subprocess.run(command, input=data, stdout=subprocess.PIPE, cwd="/", check=True).stdout)
    model.fit(X, Y, epochs=2, batch_size=7, verbose=0)
    assert same(model, twin)
    assert_goes_on_alike(model, twin)


def test_copy_of_a_stateful_layer_continues():
    model = Sequential([Input((4, 2), batch_size=5), layers.GRU(3, stateful=True), layers.Dense(1)])
    model.compile("adam", "mse")
    x, y = np.random.default_rng(1).random((5, 4, 2), np.float32), np.ones((5, 1))
    model.fit(x, y, batch_size=5, epochs=2, verbose=0)
    twin = pickle.loads(pickle.dumps(model))
    assert model.fit(x, y, batch_size=5, verbose=0).history == twin.fit(x, y, batch_size=5, verbose=0).history
    np.testing.assert_array_equal(model.predict(x, verbose=0), twin.predict(x, verbose=0))


def test_two_epochs_and_two_of_the_copy_equal_four():
    histories = []
    for parts in ((4,), (2, 2), (1, 3)):
        pydl.set_seed(1)
        model = net()
        histories.append([e for n in parts for e in model.fit(X, Y, epochs=n, verbose=0).history["loss"]])
    assert histories[0] == histories[1] == histories[2]


def test_frozen_and_shared_weights_and_weights_that_come_later():
    i = Input((6,))
    shared, frozen, late = layers.Dense(6, name="s"), layers.Dense(6), layers.Dense(6)
    model = Model(i, layers.Dense(3, activation="softmax")(late(shared(frozen(shared(i))))))
    frozen.trainable = late.trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(X, Y, epochs=2, verbose=0)
    twin = pickle.loads(pickle.dumps(model))
    for each in (model, twin):
        each.get_layer(late.name).trainable = True
        assert len(each.trainable_weights) == 6
    assert_goes_on_alike(model, twin)


def test_two_models_with_one_optimizer():
    pair = [net(), net()]
    pair[1].optimizer = pair[0].optimizer
    for model in pair:
        model.fit(X, Y, verbose=0)
    twins = pickle.loads(pickle.dumps(pair))
    assert twins[0].optimizer is twins[1].optimizer
    for model, twin in zip(pair, twins, strict=True):
        assert_goes_on_alike(model, twin)


def test_copied_optimizer_with_and_without_its_variables():
    v = pydl.Variable([3.0], name="b"), pydl.Variable([[1.0, 2.0]], name="v")
    optimizer = optimizers.Adam(0.1)

    def step(optimizer, variables):
        with pydl.GradientTape() as tape:
            loss = sum(((w * w).sum() for w in variables), pydl.Tensor(0.0))
        optimizer.apply_gradients(zip(tape.gradient(loss, list(variables)), variables, strict=True))

    for _ in range(3):
        step(optimizer, v)
    together = pickle.loads(pickle.dumps((optimizer, v)))
    alone = [pickle.loads(pickle.dumps(optimizer)), copy.deepcopy(optimizer)]
    values = [w.numpy().copy() for w in v]
    step(optimizer, v)
    expected = [w.numpy() for w in v]
    others = [(o, [pydl.Variable(a) for a in values]) for o in alone]
    for each, variables in [together, *others]:
        step(each, variables)
        assert all(np.array_equal(a, b.numpy()) for a, b in zip(expected, variables, strict=True))
        assert all(np.array_equal(a, b) for a, b in zip(each.variables, optimizer.variables, strict=True))
    with pytest.raises(ValueError, match=r"expected the 2 variables of the loaded state, got 1"):
        step(copy.deepcopy(optimizer), v[:1])
    with pytest.raises(ValueError, match=r"'v', shape \(1, 2\): expected loaded state of"):
        step(copy.deepcopy(optimizer), v[::-1])


def test_optimizer_does_not_keep_variables_alive():
    optimizer = optimizers.Adam(0.1)
    for _ in range(5):
        v = pydl.Variable(np.ones(3))
        optimizer.apply([np.ones(3)], [v])
        optimizer.apply([np.ones(3)], [v])
        assert len(optimizer.variables) == 2
        del v
    assert optimizer.variables == []


class Replaceable(Model):
    def __init__(self):
        super().__init__()
        self.inner = [layers.Dense(4), layers.Dense(4)]
        self.head = layers.Dense(2)

    def call(self, x):
        for layer in self.inner:
            x = layer(x)
        return self.head(x)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop", optimizers.SGD(0.1, momentum=0.9)])
@pytest.mark.parametrize("freeze", [False, True])
@pytest.mark.parametrize("keep_old", [False, True])
def test_copy_does_not_give_the_state_of_a_replaced_layer_to_the_new_one(optimizer, freeze, keep_old):
    x = np.linspace(-1, 1, 32).reshape(8, 4)
    model = Replaceable()
    model.compile(copy.deepcopy(optimizer), "mse")
    for _ in range(2):
        model.train_on_batch(x, x[:, :2])
    old, model.inner[0] = model.inner[0], layers.Dense(4)
    model(x)
    model.inner[0].bias.trainable = not freeze
    if not keep_old:
        del old
    copies = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    for each in (model, *copies):
        each.train_on_batch(x, x[:, :2])
        each.train_on_batch(x, x[:, :2])
    for twin in copies:
        for a, b in zip(model.get_weights(), twin.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_state_of_weights_that_were_all_replaced_is_dropped():
    x = np.linspace(-1, 1, 32).reshape(8, 4)
    model = Sequential([Input((4,)), layers.Dense(4, trainable=False), layers.Dense(2)])
    model.compile("adam", "mse")
    model.train_on_batch(x, x[:, :2])
    for units in (2, 3):  # state that fits, and state that does not
        model.pop()
        model.add(layers.Dense(units))
        copies = [copy.deepcopy(model), pickle.loads(pickle.dumps(model)), by_joblib(model)]
        for each in (model, *copies):
            each.train_on_batch(x, x[:, :units])
        for twin in copies:
            for a, b in zip(model.get_weights(), twin.get_weights(), strict=True):
                np.testing.assert_array_equal(a, b)


def test_optimizer_state_through_save_and_load_own_variables():
    model = net("adamw")
    model.fit(X, Y, epochs=2, verbose=0)
    store = {}
    model.optimizer.save_own_variables(store)
    for built in (False, True):
        twin = net("adamw")
        if built:
            twin.fit(X, Y, verbose=0)
        twin.set_weights(model.get_weights())
        twin.optimizer.load_own_variables(store)
        reference = copy.deepcopy(model)
        for each in (reference, twin):
            each.optimizer.apply([np.ones(w.shape) for w in each.trainable_weights], each.trainable_weights)
        assert same(reference, twin)
    with pytest.raises(ValueError, match="store: expected"):
        twin.optimizer.load_own_variables({"0": np.zeros(())} | {str(i): np.zeros(2) for i in range(1, 4)})


def test_frozen_layer_can_be_unfrozen_in_a_copy():
    layer = layers.Dense(2)
    layer(X)
    layer.trainable = False
    twin = copy.deepcopy(layer)
    twin.trainable = True
    assert [v.trainable for v in twin.weights] == [True, True]
    assert [v.path for v in twin.weights] == [v.path for v in layer.weights]
