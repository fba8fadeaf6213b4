"""A Sequential is a graph inside, as in Keras: its inputs and outputs, add and pop, its parts in other models.

Every situation returns numbers and names only, so that Keras can be compared."""

import copy
import os
import pickle
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Input, Model, Sequential, ShapeError, layers
from pydl.models import clone_model
from pydl.training.trainer import Trainer

X = np.random.default_rng(0).random((3, 4), np.float32)


def shapes(tensors):
    return [tuple(t.shape) for t in tensors]


def names(model):
    return [layer.name for layer in model.layers]


def refused(call):
    try:
        call()
    except (ValueError, IndexError, AttributeError):
        return True
    return False


def stack(k, *, declared=True, name=None):
    begin = [k.Input((4,))] if declared else []
    return k.Sequential([*begin, k.layers.Dense(3, name="a"), k.layers.Dense(5, name="b")], name=name)


def input_first(k):
    m = stack(k)
    ends = shapes(m.inputs), shapes(m.outputs), m.input_shape, m.output_shape
    return m.built, names(m), ends, shapes(m.weights)


def deferred(k):
    m = stack(k, declared=False)
    before = m.built, len(m.weights), names(m), refused(lambda: m.inputs), refused(lambda: m.layers[0].output)
    return before, m(X).shape == (3, 5), m.built, shapes(m.weights), names(m)


def built_by_hand(k):
    m = stack(k, declared=False)
    m.build((None, 4))
    return m.built, m.input_shape, m.output_shape, shapes(m.inputs)


def add_after_build(k):
    m = stack(k)
    m(X)
    m.add(k.layers.Dense(2, name="c"))
    return m.built, names(m), m.output_shape, shapes(m.weights), shapes([m(X)])


def add_after_a_deferred_build(k):
    m = stack(k, declared=False)
    m(X)
    m.add(k.layers.Dense(2, name="c"))
    return m.built, names(m), shapes(m.weights), shapes([m(X)]), m.output_shape[1:]


def pop_after_build(k):
    m = stack(k)
    m(X)
    m.pop()
    return m.built, names(m), m.output_shape, shapes(m.outputs), shapes(m.weights), shapes([m(X)])


def pop_and_add(k):
    m = stack(k)
    m.pop()
    m.add(k.layers.Dense(7, name="b"))
    return m.output_shape, shapes([m(X)]), shapes([m.get_layer("b").output])


def a_layer_that_does_not_fit(k):
    m = stack(k)
    message = refused(lambda: m.add(k.layers.Conv2D(2, 3, name="bad")))
    during = names(m), m.built
    m.pop()
    return message, during, names(m), m.built, shapes([m(X)])


def nested(k):
    inner = stack(k, declared=False, name="inner")
    m = k.Sequential([k.Input((4,)), inner, k.layers.Dense(2, name="c")])
    ends = shapes(inner.inputs), shapes(inner.outputs), shapes([inner.output])
    return names(m), names(inner), inner.built, ends, shapes(m.weights)


def in_a_functional_model(k):
    inner = stack(k, declared=False, name="inner")
    i = k.Input((4,), name="i")
    m = k.Model(i, k.layers.Dense(2, name="c")(inner(i)))
    outside = k.Model(m.inputs, m.get_layer("inner").output)
    inside = k.Model(inner.inputs, inner.layers[0].output)
    return names(m), inner.built, shapes([outside(X), inside(X)]), shapes(m.weights)


def called_on_two_inputs(k):
    inner = stack(k, declared=False, name="inner")
    ends = [k.Input((4,)), k.Input((4,))]
    m = k.Model(ends, [inner(i) for i in ends])
    return shapes(m([X, 2 * X])), shapes(m.weights), shapes([inner.layers[0].output])


def layers_of_another_model(k):
    m = stack(k)
    cut = k.Sequential(m.layers[:-1])
    found = shapes([cut(X)]), cut.layers[0] is m.layers[0]
    return found, shapes([k.Model(m.inputs, m.layers[0].output)(X)])


def a_layer_called_before(k):
    layer = k.layers.Dense(3, name="a")
    y = layer(k.Input((4,)))
    m = k.Sequential([k.Input((4,)), layer])
    return layer.output is y, shapes([m(X)]), shapes(m.weights)


def a_layer_called_afterwards(k):
    m = stack(k)
    m.layers[0](k.Input((4,)))
    return shapes([k.Model(m.inputs, m.layers[0].output)(X)])


def features(k):
    m = stack(k)
    outputs = [layer.output for layer in m.layers]
    return shapes(k.Model(m.inputs, outputs)(X)), names(k.Model(m.inputs, m.layers[-2].output))[1:]


def clones(k):
    m = stack(k, name="m")
    found = [k.clone(m), k.Sequential.from_config(m.get_config())]
    return [(c.name, names(c), c.built, shapes(c.weights), c.layers[0] is m.layers[0]) for c in found]


def order_of_weights(k):
    inner = k.Sequential([k.layers.Dense(5, name="x")], name="inner")
    m = k.Sequential([k.Input((4,)), k.layers.Dense(3), k.layers.BatchNormalization(), inner, k.layers.Dense(2)])
    return shapes(m.weights), shapes(m.trainable_weights), shapes(m.non_trainable_weights)


def several_outputs_at_the_end(k):
    m = k.Sequential([k.Input((3, 4)), k.layers.LSTM(2, return_state=True)])
    return [tuple(s) for s in m.output_shape], shapes(m(np.ones((1, 3, 4), np.float32)))


def several_inputs_at_the_begin(k):
    m = k.Sequential([k.layers.Add(), k.layers.Dense(2)])
    x = k.tensor(X)
    return shapes([m([x, x]), m([x, x])]), m.built, shapes(m.weights)


def other_sizes_than_the_first(k):
    m = k.Sequential([k.layers.Conv2D(2, 3), k.layers.GlobalAveragePooling2D()])
    return [shapes([m(np.ones((1, n, n + 1, 1), np.float32))]) for n in (6, 9)]


def wrong_shapes(k):
    m, seen = stack(k), stack(k, declared=False)
    seen(X)
    wrong = np.ones((2, 5), np.float32)
    return [refused(lambda model=model: model(wrong)) for model in (m, seen)], refused(lambda: m.build((None, 5)))


def names_that_are_taken(k):
    def made(*stack):
        return lambda: k.Sequential([*stack])

    twice = made(k.layers.Dense(1, name="a"), k.layers.Dense(2, name="a"))
    of_the_input = made(k.Input((4,), name="a"), k.layers.Dense(2, name="a"))
    return refused(twice), refused(of_the_input), refused(made(k.Input((4,)), k.Input((4,)))), refused(made().__call__)


# The result of each situation, in pydl and in Keras.
EXPECTED: dict[Any, Any] = {
    input_first: (
        True,
        ["a", "b"],
        ([(None, 4)], [(None, 5)], (None, 4), (None, 5)),
        [(4, 3), (3,), (3, 5), (5,)],
    ),
    deferred: ((False, 0, ["a", "b"], True, True), True, True, [(4, 3), (3,), (3, 5), (5,)], ["a", "b"]),
    built_by_hand: (True, (None, 4), (None, 5), [(None, 4)]),
    add_after_build: (True, ["a", "b", "c"], (None, 2), [(4, 3), (3,), (3, 5), (5,), (5, 2), (2,)], [(3, 2)]),
    add_after_a_deferred_build: (True, ["a", "b", "c"], [(4, 3), (3,), (3, 5), (5,), (5, 2), (2,)], [(3, 2)], (2,)),
    pop_after_build: (True, ["a"], (None, 3), [(None, 3)], [(4, 3), (3,)], [(3, 3)]),
    pop_and_add: ((None, 7), [(3, 7)], [(None, 7)]),
    a_layer_that_does_not_fit: (True, (["a", "b", "bad"], False), ["a", "b"], True, [(3, 5)]),
    nested: (
        ["inner", "c"],
        ["a", "b"],
        True,
        ([(None, 4)], [(None, 5)], [(None, 5)]),
        [(4, 3), (3,), (3, 5), (5,), (5, 2), (2,)],
    ),
    in_a_functional_model: (
        ["i", "inner", "c"],
        True,
        [(3, 5), (3, 3)],
        [(4, 3), (3,), (3, 5), (5,), (5, 2), (2,)],
    ),
    called_on_two_inputs: ([(3, 5), (3, 5)], [(4, 3), (3,), (3, 5), (5,)], [(None, 3)]),
    layers_of_another_model: (([(3, 3)], True), [(3, 3)]),
    a_layer_called_before: (True, [(3, 3)], [(4, 3), (3,)]),
    a_layer_called_afterwards: [(3, 3)],
    features: ([(3, 3), (3, 5)], ["a"]),
    clones: [("m", ["a", "b"], True, [(4, 3), (3,), (3, 5), (5,)], False)] * 2,
    order_of_weights: (
        [(4, 3), (3,), (3,), (3,), (3,), (3,), (3, 5), (5,), (5, 2), (2,)],
        [(4, 3), (3,), (3,), (3,), (3, 5), (5,), (5, 2), (2,)],
        [(3,), (3,)],
    ),
    several_outputs_at_the_end: ([(None, 2)] * 3, [(1, 2)] * 3),
    several_inputs_at_the_begin: ([(3, 2), (3, 2)], True, [(4, 2), (2,)]),
    other_sizes_than_the_first: [[(1, 2)], [(1, 2)]],
    wrong_shapes: ([True, True], True),
    names_that_are_taken: (True, True, True, False),
}


def ours():
    return SimpleNamespace(
        Input=Input, Model=Model, Sequential=Sequential, layers=layers, clone=clone_model, tensor=pydl.Tensor
    )


@pytest.mark.parametrize("situation", EXPECTED, ids=lambda f: f.__name__)
def test_situations(situation):
    assert situation(ours()) == EXPECTED[situation]


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("situation", EXPECTED, ids=lambda f: f.__name__)
def test_situations_equal_keras(situation):
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    theirs = SimpleNamespace(
        Input=keras.Input,
        Model=keras.Model,
        Sequential=keras.Sequential,
        layers=keras.layers,
        clone=keras.models.clone_model,
        tensor=keras.ops.convert_to_tensor,
    )
    assert situation(theirs) == EXPECTED[situation]


# -- beyond Keras


def test_input_and_output_are_of_the_latest_call():
    m = stack(ours())
    assert m.input is m.inputs[0]
    assert m.output is m.outputs[0]
    i = Input((4,))
    y = m(i)
    assert m.output is y
    assert m.input is i


def test_feature_extractors_equal_the_model():
    m = stack(ours())
    w, b = m.get_weights()[:2]
    for inputs in (m.input, m.inputs):
        first = Model(inputs, m.get_layer("a").output)
        np.testing.assert_allclose(first(X).numpy(), X @ w + b, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(Model(inputs, m.outputs[0])(X).numpy(), m(X).numpy())
    tail = Model(m.get_layer("a").output, m.output)
    np.testing.assert_array_equal(tail(first(X)).numpy(), m(X).numpy())


def test_add_and_pop_keep_the_symbolic_tensors():
    m = stack(ours())
    begin, first = m.inputs[0], m.layers[0].output
    m.add(layers.Dense(2))
    m.pop()
    popped = m.pop()
    assert m.inputs[0] is begin
    assert m.outputs[0] is m.layers[0].output is first
    with pytest.raises(AttributeError, match="symbolic tensors, got 0"):
        _ = popped.output


@pytest.mark.parametrize("how", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["deepcopy", "pickle"])
@pytest.mark.parametrize("declared", [True, False])
def test_copies_have_their_own_graph(how, declared):
    m = stack(ours(), declared=declared)
    m(X)
    twin = how(m)
    assert twin.inputs[0] is not m.inputs[0]
    part = Model(twin.inputs, twin.layers[0].output)
    assert part.layers[-1] is twin.layers[0]
    twin.add(layers.Dense(2))
    assert m.output_shape == (None, 5)
    assert twin.output_shape == (None, 2)
    twin.pop()
    np.testing.assert_array_equal(twin(X).numpy(), m(X).numpy())


def test_copy_of_a_model_with_only_an_input_can_grow():
    twin = copy.deepcopy(Sequential([Input((4,))]))
    twin.add(layers.Dense(2))
    assert twin.output_shape == (None, 2)
    assert Model(twin.inputs, twin.layers[0].output)(X).shape == (3, 2)


def test_shape_error_lists_the_shapes_of_the_call():
    m = Sequential([layers.Conv2D(2, 3, name="conv"), layers.Flatten(), layers.Dense(2, name="dense")], name="net")
    m(np.ones((2, 8, 8, 1), np.float32))
    with pytest.raises(ShapeError, match=r"\[dense\] inputs: expected shape") as caught:
        m(np.ones((2, 5, 5, 1), np.float32))
    rows = [" ".join(line.split()) for line in str(caught.value).splitlines()]
    assert "Layers of net up to the failing one:" in rows
    assert rows[2:4] == ["input (2, 5, 5, 1)", "conv Conv2D (2, 3, 3, 2)"]


def test_stateful_layer_is_built_for_the_first_batch_size():
    m = Sequential([layers.GRU(2, stateful=True)])
    assert m(np.ones((5, 3, 4), np.float32)).shape == (5, 2)
    assert (m.input_shape, m.output_shape) == ((None, 3, 4), (None, 2))


def test_integers_in_the_first_call_do_not_fix_the_dtype():
    m = Sequential([layers.Embedding(7, 3), layers.Flatten()])
    assert m(np.array([[1, 2]])).shape == m(np.array([[1.0, 2.0]], np.float32)).shape == (1, 6)
    assert m.inputs[0].dtype == np.int64


def test_trainer_is_not_a_layer():
    assert {Trainer, layers.Layer} < {*Model.__mro__}
    assert layers.Layer not in Trainer.__mro__
