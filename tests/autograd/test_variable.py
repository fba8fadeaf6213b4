"""Variables: assign is the only write access, and plans use its values; all other writes are errors."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Input, Model, Sequential, Variable, layers

X = np.linspace(-1, 1, 32, dtype=np.float32).reshape(8, 4)


def write_by_buffer(v: Variable) -> None:
    memoryview(v.array)[0, 0] = 1.0


def write_by_pointer_of_numpy(v: Variable) -> None:
    np.lib.stride_tricks.as_strided(v.array, writeable=True)[0] = 1


REFUSED: dict[str, Callable[[Variable], Any]] = {
    "array[...]": lambda v: operator.setitem(v.array, ..., 0),
    "array[0]": lambda v: operator.setitem(v.array, 0, 0),
    "a view": lambda v: operator.setitem(v.array[1:].T, ..., 0),
    "numpy()": lambda v: operator.setitem(v.numpy(), ..., 0),
    "data": lambda v: operator.setitem(v.data, ..., 0),
    "asarray": lambda v: operator.setitem(np.asarray(v), ..., 0),
    "array(copy=False)": lambda v: operator.setitem(np.asarray(v.array), ..., 0),
    "ravel": lambda v: operator.setitem(v.array.ravel(), ..., 0),
    "array = ": lambda v: setattr(v, "array", np.zeros(v.shape, np.float32)),
    "array -= ": lambda v: setattr(v, "array", operator.isub(v.array, 1)),
    "array *= ": lambda v: operator.imul(v.array, 2),
    "del array": lambda v: delattr(v, "array"),
    "fill": lambda v: v.array.fill(0),
    "sort": lambda v: v.array.sort(),
    "put": lambda v: v.array.put(0, 1),
    "copyto": lambda v: np.copyto(v.array, 0),
    "out": lambda v: np.add(v.array, 1, out=v.array),
    "at": lambda v: np.add.at(v.array, 0, 1),
    "setflags": lambda v: v.array.setflags(write=True),
    "setflags of a view": lambda v: v.numpy().setflags(write=True),
    "setflags of a slice": lambda v: v.array[:1].setflags(write=True),
    "buffer": write_by_buffer,
    "as_strided": write_by_pointer_of_numpy,
    "flat": lambda v: operator.setitem(v.array.flat, 0, 1),
    "real": lambda v: setattr(v.array, "real", 1),
    "frombuffer": lambda v: operator.setitem(np.frombuffer(v.array, np.float32), 0, 1),
    "dlpack": lambda v: operator.setitem(np.from_dlpack(v.array), ..., 0),
    "detach": lambda v: operator.setitem(v.detach().array, ..., 0),
}


@pytest.mark.parametrize("write", REFUSED)
@pytest.mark.parametrize("kind", ["weight", "not trained", "copied", "state"])
def test_other_writes_are_errors(write: str, kind: str) -> None:
    if kind == "state":
        rnn = layers.LSTM(3, stateful=True)
        rnn(np.ones((2, 3, 4), np.float32))
        v = rnn.states[0]
    else:
        v = Variable(X, trainable=kind == "weight")
        if kind == "copied":
            v = __import__("copy").deepcopy(v)
    before = v.numpy().copy()
    with pytest.raises((ValueError, TypeError, AttributeError, BufferError, RuntimeError)):
        REFUSED[write](v)
    np.testing.assert_array_equal(v.numpy(), before)


def test_error_of_a_new_array_names_assign() -> None:
    v = Variable(X)
    with pytest.raises(AttributeError, match=r"\[variable\] array: expected a write with assign\(value\)"):
        v.array = X


ALLOWED: dict[str, Callable[[Variable], Any]] = {
    "assign": lambda v: v.assign(np.zeros(v.shape)),
    "assign_add": lambda v: v.assign_add(-v.numpy()),
    "assign_sub": lambda v: v.assign_sub(v.numpy()),
    "[...]": lambda v: operator.setitem(v, ..., 0),
}


def conv() -> Model:
    stack = [Input((5, 5, 3)), layers.Conv2D(4, 3, use_bias=False), layers.Flatten(), layers.Dense(3, use_bias=False)]
    return Sequential(stack)


MODELS: dict[str, tuple[Callable[[], Model], tuple[int, ...]]] = {
    "dense": (lambda: Sequential([Input((30,)), layers.Dense(40, use_bias=False)]), (64, 30)),
    "conv": (conv, (2, 5, 5, 3)),
    "lstm": (lambda: Sequential([Input((5, 8)), layers.LSTM(16, use_bias=False)]), (4, 5, 8)),
}


@pytest.mark.parametrize("write", ALLOWED)
@pytest.mark.parametrize("model", MODELS)
def test_plans_use_assigned_values(model: str, write: str, rng: np.random.Generator) -> None:
    make, shape = MODELS[model]
    net, x = make(), rng.standard_normal(shape).astype(np.float32)
    net(x), net(x)
    assert net._plans.latest is not None
    for v in net.weights:
        ALLOWED[write](v)
    np.testing.assert_array_equal(net(x).numpy(), net(x, training=True).numpy())
    assert not net(x).numpy().any()


def test_training_plans_use_assigned_values(rng: np.random.Generator) -> None:
    model = Sequential([Input((4,)), layers.Dense(3, use_bias=False)])
    model.compile(pydl.optimizers.SGD(0.0), "mse")
    y = np.ones((8, 3), np.float32)
    for _ in range(3):
        model.train_on_batch(X, y)
    for write in ALLOWED.values():
        model.layers[0].kernel.assign(rng.standard_normal((4, 3)))
        write(model.layers[0].kernel)
        assert model.train_on_batch(X, y) == 1.0


@pytest.mark.parametrize("name", ["sgd", "rmsprop", "adam", "adamw"])
def test_optimizers_write_in_place(name: str) -> None:
    v = Variable(X)
    array, version = v.array, v.version.value
    optimizer = pydl.optimizers.get(name)
    for _ in range(2):
        optimizer.apply([np.ones_like(X)], [v])
    assert v.array is array
    assert v.version.value == version + 2
    assert (v.numpy() < X).all()


def test_copies_and_gradients_are_writeable() -> None:
    layer = layers.Dense(3)
    layer.build((None, 4))
    copies = layer.get_weights()
    copies[0][...] = 7
    assert not (layer.kernel.numpy() == 7).any()
    v = Variable(X, trainable=True)
    (v * v).sum().backward()
    assert v.grad is not None
    v.grad *= 0.5  # gradients are writeable
    np.testing.assert_allclose(v.grad, X)


def test_reshaping_the_array_of_numpy_keeps_the_variable() -> None:
    v = Variable(X)
    v.numpy().shape = (4, 8)
    assert v.shape == (8, 4)
