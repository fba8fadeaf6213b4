"""Copies of deep models need no recursion over tensors, and train on like the original."""

import copy
import pickle

import numpy as np
import pytest

from pydl import Input, Model, Sequential, layers
from pydl.models import clone_model

N = 160  # a recursive copy would fail at 80 to 150 layers
X = np.random.default_rng(0).random((2, 3), np.float32)


def dense():
    return layers.Dense(3, kernel_initializer="orthogonal")


def chain():
    i = x = Input((3,))
    for _ in range(N):
        x = dense()(x)
    return Model(i, x)


def residual():
    i = x = Input((3,))
    for _ in range(N):
        x = layers.Average()([x, dense()(x)])
    return Model(i, x)


def stack():
    return Sequential([Input((3,)), *[dense() for _ in range(N)]])


def operators():
    i = x = Input((3,))
    for _ in range(N):
        x = -x * 0.5 + i
    return Model(i, dense()(x))


def shared():
    i = x = Input((3,))
    own = dense()
    for _ in range(N):
        x = own(x)
    return Model(i, x)


def nested():
    i = Input((3,))
    return Model({"in": i}, {"out": residual()(chain()(i))})


@pytest.mark.parametrize("make", [chain, residual, stack, operators, shared, nested])
@pytest.mark.parametrize("how", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["deepcopy", "pickle"])
def test_copies_of_deep_models(make, how):
    model = make()
    model.compile("adam", "mse")
    model.train_on_batch(X, X)
    twin = how(how(model))
    assert [la.name for la in twin.layers] == [la.name for la in model.layers]
    for each in (model, twin):
        each.loss = each.train_on_batch(X, X)
    assert model.loss == twin.loss
    arrays = zip(
        model.get_weights() + model.optimizer.variables, twin.get_weights() + twin.optimizer.variables, strict=True
    )
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in arrays)


def test_configs_and_files_of_deep_models(tmp_path):
    model = residual()
    model.save_weights(tmp_path / "w.npz")
    for twin in (clone_model(model), copy.deepcopy(model)):
        twin.load_weights(tmp_path / "w.npz")
        np.testing.assert_array_equal(twin.predict(X, verbose=0), model.predict(X, verbose=0))


def test_copies_of_parts_are_usable_models():
    i = Input((3,))
    code = dense()(i)
    out = dense()(code)
    encoder, decoder, both = Model(i, code), Model(code, out), Model(i, out)
    for parts in (
        copy.deepcopy([encoder, decoder, both]),
        pickle.loads(pickle.dumps([both, decoder, encoder]))[::-1],
    ):
        e, d, b = parts
        assert e.layers[1] is b.layers[1]
        assert d.layers[1] is b.layers[2]
        np.testing.assert_array_equal(d(e(X)).numpy(), both(X).numpy())
        longer = Model(b.inputs, dense()(b.outputs[0]))
        assert longer(X).shape == (2, 3)
        assert len(longer.layers) == 4
