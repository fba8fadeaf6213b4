"""Functional models order layers and weights as in Keras, so that weights can be exchanged."""

import os
from types import SimpleNamespace

import numpy as np
import pytest

import pydl


def resnet(k):
    i = k.Input((8, 8, 3))
    y = k.layers.Conv2D(4, 1, name="a")(i)
    y = k.layers.Conv2D(16, 3, padding="same", name="b")(y)
    s = k.layers.Conv2D(16, 1, name="short")(i)
    x = k.layers.Add(name="add")([s, y])
    for n in range(2):
        y = k.layers.BatchNormalization(name=f"bn{n}")(k.layers.Conv2D(16, 1, name=f"c{n}")(x))
        y = k.layers.Conv2D(16, 3, padding="same", name=f"d{n}")(y)
        x = k.layers.Add(name=f"sum{n}")([k.layers.Conv2D(16, 1, name=f"p{n}")(x), y])
    return k.Model(i, k.layers.Dense(2, name="out")(k.layers.GlobalAveragePooling2D(name="pool")(x)))


def inception(k):
    i = k.Input((5,), name="i")
    towers = [k.layers.Dense(4, name="one")(i)]
    towers.append(k.layers.Dense(4, name="three")(k.layers.Dense(4, name="two")(i)))
    towers.insert(0, k.layers.Dense(4, name="six")(k.layers.Dense(4, name="five")(k.layers.Dense(4, name="four")(i))))
    return k.Model(i, k.layers.Dense(4, name="end")(k.layers.concatenate(towers, name="join")))


def many(k, name=None):
    """Several inputs at different depths, outputs in a dict with unsorted keys, an unused input."""
    a, b, c, unused = (k.Input((4,), name=n) for n in ("a", "b", "c", "unused"))
    late = k.layers.Dense(4, name="late")(c)
    x = k.layers.Dense(4, name="x")(k.layers.Multiply(name="times")([k.layers.Dense(4, name="y")(b), a]))
    z = k.layers.Dense(4, name="z")(k.layers.Add(name="plus")([late, x]))
    outputs = {"second": k.layers.Dense(4, name="head")(x), "first": z, "also": late}
    return k.Model([c, b, unused, a], outputs, name=name)


def shared(k):
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    own, twin = k.layers.Dense(4, name="own"), k.layers.Dense(4, name="twin")
    x = own(twin(own(a)))
    y = k.layers.Dense(4, name="other")(twin(b))
    return k.Model([a, b], [k.layers.Add(name="add")([y, x]), k.layers.Dense(4, name="last")(y)])


def nested(k):
    inner = many(k, "inner")
    i = k.Input((4,), name="in")
    x = k.layers.Dense(4, name="first")(i)
    y = inner([i, x, i, k.layers.Dense(4, name="zeroth")(i)])
    tower = k.Sequential([k.layers.Dense(4, name="s"), k.layers.BatchNormalization(name="t")], name="tower")
    return k.Model(i, k.layers.Add(name="all")([tower(x), y["second"], k.layers.Dense(4, name="u")(y["first"])]))


def part(k):
    """A model from one inner tensor to another."""
    i = k.Input((4,), name="i")
    x = k.layers.Dense(4, name="before")(i)
    y = k.layers.Dense(4, name="branch")(k.layers.Dense(4, name="deep")(x))
    z = k.layers.Add(name="add")([k.layers.Dense(4, name="skip")(x), y])
    return k.Model(x, k.layers.Dense(4, name="end")(z))


def attention(k):
    """Symbolic tensors as keyword arguments of a layer."""
    q, v = k.Input((3, 4), name="q"), k.Input((5, 4), name="v")
    x = k.layers.LSTM(4, return_sequences=True, name="r")(k.layers.Dense(4, name="d")(q))
    h = k.layers.Dense(4, name="h")(k.layers.GlobalAveragePooling1D(name="p")(v))
    c = k.layers.Dense(4, name="c")(h)
    return k.Model([v, q], k.layers.LSTM(4, name="s")(x, initial_state=[c, h]))


MODELS = {f.__name__: f for f in (resnet, inception, many, shared, nested, part, attention)}
ORDERS = {
    "resnet": "a short b add c0 bn0 p0 d0 sum0 c1 bn1 p1 d1 sum1 pool out",
    "inception": "i four five two one three six join end",
    "many": "c b a late unused",
}


def ours():
    return SimpleNamespace(Input=pydl.Input, Model=pydl.Model, Sequential=pydl.Sequential, layers=pydl.layers)


def names(model):
    return [layer.name for layer in model.layers if not layer.name.startswith(("input", "keras_tensor"))]


def test_layers_are_ordered_by_depth():
    model = resnet(ours())
    assert names(model) == ORDERS["resnet"].split()
    assert [w.shape[-1] for w in model.get_weights()[:6]] == [4, 4, 16, 16, 16, 16]
    assert [v is w for v, w in zip(model.trainable_weights, model.layers[1].weights, strict=False)] == [True, True]


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_copies_have_the_same_order(make):
    model = make(ours())
    twin = pydl.models.clone_model(model)
    assert names(twin) == names(model)
    twin.set_weights(model.get_weights())
    rng = np.random.default_rng(0)
    x = [rng.random((2, *t.shape[1:]), np.float32) for t in model.inputs]
    x = x[0] if len(x) == 1 else x
    for a, b in zip(pydl.base.tree.flatten(model(x)), pydl.base.tree.flatten(twin(x)), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_order_equals_keras(make):
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    model, theirs = make(ours()), make(keras)
    assert names(model) == names(theirs)
    rng = np.random.default_rng(1)
    weights = [rng.uniform(0.1, 0.5, w.shape).astype(np.float32) for w in theirs.get_weights()]
    theirs.set_weights(weights)
    model.set_weights(theirs.get_weights())
    x = [rng.random((2, *t.shape[1:]), np.float32) for t in model.inputs]
    x = x[0] if len(x) == 1 else x
    found, expected = model.predict(x, verbose=0), theirs.predict(x, verbose=0)
    if isinstance(found, dict):
        found, expected = ([outputs[key] for key in sorted(outputs)] for outputs in (found, expected))
    for a, b in zip(*map(pydl.base.tree.flatten, (found, expected)), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)
