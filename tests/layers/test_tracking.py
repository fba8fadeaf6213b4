"""Layers and variables in nested containers are found, trained, saved, counted, frozen and tracked by plans."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import weakref
from collections import OrderedDict, deque, namedtuple
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Input, Model, Sequential, layers, ops

Pair = namedtuple("Pair", "first second")


def dense() -> layers.Dense:
    return layers.Dense(4)


NESTED: dict[str, Any] = {
    "lists": lambda: [[dense(), dense()], [dense(), dense()]],
    "tuples": lambda: ((dense(), dense()), (dense(), (dense(),))),
    "dict of tuples": lambda: {"a": (dense(), dense()), "b": (dense(), dense())},
    "list of dicts": lambda: [{"a": dense(), "b": dense()}, {"a": dense()}, {"c": dense()}],
    "tuple of dicts of lists": lambda: ({"a": [dense(), dense()]}, {"b": [dense(), dense()]}),
    "named tuples": lambda: [Pair(dense(), dense()), Pair(dense(), [dense()])],
    "ordered dict": lambda: OrderedDict(a=[dense()], b=dense(), c=(dense(), dense())),
    "deque": lambda: deque([[dense(), dense()], dense(), dense()]),
    "set": lambda: {dense(), dense(), dense(), dense()},
    "frozenset": lambda: [frozenset([dense(), dense()]), {dense(), dense()}],
    "with other things": lambda: [[dense(), "relu", None], [3, dense(), {"rate": 0.5}], np.ones(2), dense(), dense()],
}


class Holder(layers.Layer):
    """Calls all its layers in the order of tracking."""

    def __init__(self, blocks: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.blocks = blocks

    def call(self, x: Any) -> Any:
        for layer in self._children():
            x = layer(x)
        return x

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


@pytest.mark.parametrize("name", NESTED)
def test_layers_in_nested_containers(name: str, tmp_path: Any) -> None:
    holder = Holder(NESTED[name]())
    model = Sequential([Input((4,)), holder, layers.Dense(1)])
    model(np.ones((2, 4), "float32"))
    assert len(model.trainable_weights) == len(model.weights) == 10
    assert model.count_params() == 4 * 20 + 5
    before = model.get_weights()
    model.compile("sgd", "mse")
    rng = np.random.default_rng(0)
    model.fit(rng.random((8, 4)), rng.random((8, 1)), verbose=0)
    assert all(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    path = tmp_path / "w.npz"
    model.save_weights(path)
    twin = Sequential([Input((4,)), Holder(NESTED[name]()), layers.Dense(1)])
    twin(np.ones((2, 4), "float32"))
    twin.load_weights(path)
    x = rng.random((3, 4))
    assert np.array_equal(twin.predict(x, verbose=0), model.predict(x, verbose=0))
    holder.trainable = False
    assert len(model.trainable_weights) == 2
    assert len(model.non_trainable_weights) == 8
    frozen = holder.get_weights()
    model.fit(x, x[:, :1], verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(frozen, holder.get_weights(), strict=True))


def test_sets_are_in_the_order_of_creation() -> None:
    made = [layers.Dense(2) for _ in range(30)]
    variables = [pydl.Variable(np.ones(n)) for n in range(1, 30)]

    class Own(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.parts, self.values = {*made}, {*variables}

    own = Own()
    assert list(own._children()) == made
    assert [v.shape for v in own.weights] == [v.shape for v in variables]
    for twin in (copy.deepcopy(own), pickle.loads(pickle.dumps(own.values)) and own):
        assert [v.shape for v in twin.weights] == [v.shape for v in variables]


def test_variables_in_containers_and_losses() -> None:
    class Own(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.scales = {"a": [pydl.Variable([2.0])], "b": (pydl.Variable([3.0], trainable=False),)}
            self.inner = [[layers.Dense(2, kernel_regularizer="l2", activity_regularizer="l2")]]

        def call(self, x: Any) -> Any:
            return self.inner[0][0](x * self.scales["a"][0] * self.scales["b"][0])

    own = Own()
    own(np.ones((3, 2), "float32"))
    assert [w.shape for w in own.weights] == [(1,), (1,), (2, 2), (2,)]
    assert [w.shape for w in own.trainable_weights] == [(1,), (2, 2), (2,)]
    assert len(own.losses) == 2


class Interleaved(layers.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.table = [], [], {}
        self.end = layers.Dense(1)
        for n in (2, 3):
            self.first.append(layers.Dense(n))
            self.second.append([layers.Dense(n + 10)])
        self.table["x"] = layers.Dense(7)
        self.first += [layers.Dense(8)]


def test_order_of_appended_layers_is_that_of_keras() -> None:
    units = [layer.units for layer in Interleaved()._children()]
    assert units == [1, 2, 12, 3, 13, 7, 8]


@pytest.mark.oracle
def test_order_against_keras() -> None:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    def make(base: Any, dense: Any, variable: Any) -> Any:
        class Own(base):
            def __init__(self) -> None:
                super().__init__()
                self.late = dense(1)
                self.blocks = []
                self.by_name = {"a": (dense(2), [dense(3)])}
                self.constant = variable(np.ones(17, "float32"), trainable=False)
                self.scale = variable(np.ones(18, "float32"))
                self.blocks.append(dense(4))
                self.by_name["b"] = dense(5)
                self.blocks.extend([dense(6), dense(7)])
                self.blocks.insert(0, dense(8))
                self.last = dense(9)

            def build(self, shape: Any) -> None:
                self.stat = self.add_weight(shape=(19,), initializer="zeros", trainable=False)
                self.extra = [self.add_weight(shape=(20,), initializer="zeros")]
                for layer in (self.late, *self.by_name["a"][1], self.by_name["a"][0], self.by_name["b"], self.last):
                    layer.build((None, 3))
                for layer in self.blocks:
                    layer.build((None, 3))

        own = Own()
        own.build((None, 3))
        return [tuple(w.shape) for w in own.weights]

    ours = make(layers.Layer, layers.Dense, pydl.Variable)
    assert ours == make(keras.layers.Layer, keras.layers.Dense, keras.Variable)


def test_changes_of_a_container_are_tracked() -> None:
    class Net(Model):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = [layers.Dense(3, kernel_initializer="ones")]
            self.heads: dict[str, Any] = {}

        def call(self, x: Any) -> Any:
            for layer in [*self.blocks, *self.heads.values()]:
                x = layer(x)
            return x

    net = Net()
    x = np.ones((2, 3), "float32")
    assert net(x).numpy().sum() == net(x).numpy().sum() == 18
    spare = layers.Dense(3, kernel_initializer="ones")
    spare.build((None, 3))
    net(x)
    net.blocks.append(spare)  # built before the last call
    assert net(x).numpy().sum() == 54
    assert len(net.weights) == 4
    net.heads["a"] = net.blocks.pop()
    assert net(x).numpy().sum() == 54
    assert len(net.weights) == 4
    net.heads.clear()
    assert net(x).numpy().sum() == 18
    net.blocks[0] = spare
    spare.kernel.assign(np.zeros((3, 3)))
    assert net(x).numpy().sum() == 0
    net.compile("sgd", "mse")
    net.fit(x, x, verbose=0)
    other = layers.Dense(3)
    other.build((None, 3))
    before = other.get_weights()
    net.blocks.insert(0, other)
    net.fit(x, 2 * x, verbose=0)
    assert any(not np.array_equal(a, b) for a, b in zip(before, other.get_weights(), strict=True))
    net.trainable = False
    net.blocks.append(layers.Dense(3))
    net(x)
    assert net.trainable_weights == []
    assert len(net.non_trainable_weights) == 6


def test_list_that_call_appends_to_grows_in_every_call() -> None:
    class Notes(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[Any] = []

        def call(self, x: Any) -> Any:
            self.seen.append(x.shape)
            return x * 2

    notes = Notes()
    model = Sequential([Input((2,)), notes])
    notes.seen.clear()
    for _ in range(4):
        model(np.ones((3, 2), "float32"))
    assert notes.seen == [(3, 2)] * 4


def test_containers_of_other_values_are_not_wrapped() -> None:
    sizes, names = [1, 2], {"a": [3]}

    class Own(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.sizes, self.names, self.empty = sizes, names, []
            self.mixed = [layers.Dense(1), sizes]

    own = Own()
    assert own.sizes is sizes
    assert own.names is names
    assert own.mixed[1] is sizes
    assert isinstance(own.empty, list)
    assert own.empty == []
    assert own.mixed == [own.mixed[0], sizes]


def test_cycles_do_not_hang() -> None:
    class Own(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            ring: list[Any] = [layers.Dense(2)]
            ring.append(ring)
            table: dict[str, Any] = {"ring": ring, "layer": layers.Dense(3)}
            table["self"] = (table, [table])
            self.ring, self.table, self.me = ring, table, self

        def call(self, x: Any) -> Any:
            return self.table["layer"](self.ring[0](x))

    own = Own()
    model = Sequential([Input((2,)), own])
    model(np.ones((1, 2), "float32"))
    assert len(model.weights) == 4
    assert own.ring[1] is own.ring
    own.ring.append(layers.Dense(1))
    twin = copy.deepcopy(own)
    assert [w.shape for w in twin.weights] == [w.shape for w in own.weights]
    twin = pickle.loads(pickle.dumps(own.ring))
    assert twin[1] is twin


def test_copies_track_changes() -> None:
    net = Holder([[dense()]])
    x = np.ones((1, 4), "float32")
    model = Sequential([Input((4,)), net])
    model(x)
    twin = copy.deepcopy(model)
    inner = twin.layers[0]
    extra = dense()
    extra.build((None, 4))
    y = twin(x).numpy()
    inner.blocks[0].append(extra)
    assert len(twin.weights) == 4
    assert len(model.weights) == 2
    assert np.allclose(twin(x).numpy(), extra(y).numpy(), atol=1e-6)


def test_frozen_weights_keep_their_position_in_copies() -> None:
    class Own(layers.Layer):
        def build(self, shape: Any) -> None:
            self.stat = self.add_weight((1,), trainable=False)
            self.w = self.add_weight((2,))

    own = Own()
    own.build((None, 2))
    assert [w.shape for w in own.weights] == [(2,), (1,)]
    own.trainable = False
    twin = pickle.loads(pickle.dumps([own.w, own.stat]))
    assert [v.declared_trainable for v in twin] == [True, False]


def test_layer_with_lists_is_freed_with_its_last_reference() -> None:
    gc.disable()
    try:
        holder = Holder([[dense()], {"a": dense()}])
        gone = weakref.ref(holder)
        del holder
        assert gone() is None
    finally:
        gc.enable()


def test_frozen_layer_trains_no_sublayer() -> None:
    outer = Holder([dense()])
    outer(np.ones((1, 4), "float32"))
    outer.trainable = False
    outer.blocks[0].trainable = True
    assert outer.trainable_weights == []  # as in Keras
    assert ops.mean(outer(np.ones((1, 4), "float32"))).shape == ()
