"""Threads that build, record, name, draw and train concurrently get the results of a single thread."""

import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from fresh_process import python

import pydl
from pydl import Input, Model, Sequential, layers, ops
from pydl.base.random_streams import Stream

X = np.linspace(-1, 1, 16, dtype=np.float32).reshape(2, 8)


@pytest.fixture(autouse=True)
def _switching() -> Iterator[None]:
    """Python switches threads as often as possible."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """The results of work(0), work(1), ... in `count` threads that start at the same time."""
    go, results, errors = threading.Barrier(count), [None] * count, []

    def run(number: int) -> None:
        go.wait()
        try:
            results[number] = work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    if errors:
        raise errors[0]
    return results


def chained(lists: list[list[Any]]) -> list[Any]:
    return [item for each in lists for item in each]


class Own(Model):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = [layers.Dense(16, activation="relu"), layers.Dense(4)]

    def call(self, inputs: Any) -> Any:
        x = inputs
        for block in self.blocks:
            x = block(x)
        return x


class BaseFirst(layers.Layer):
    """Calls super().build() before it has weights."""

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.kernel = self.add_weight((input_shape[-1], 4))
        self.inner = layers.Dense(4)
        self.inner.build((None, 4))

    def call(self, inputs: Any) -> Any:
        return self.inner(ops.matmul(inputs, self.kernel))


def functional() -> Model:
    i = Input((8,))
    lazy = layers.TimeDistributed(layers.Dense(4))
    return Model(i, layers.Flatten()(lazy(layers.Reshape((2, 4))(i))))


MAKERS: dict[str, tuple[Callable[[], Any], int]] = {
    "sequential": (lambda: Sequential([layers.Dense(16, activation="relu"), layers.Dense(4)]), 4),
    "nested": (lambda: Sequential([Sequential([layers.Dense(16)]), layers.Dense(4)]), 4),
    "subclass": (Own, 4),
    "functional": (functional, 2),
    "layer": (lambda: layers.Dense(4), 2),
    "base first": (BaseFirst, 3),
    "recurrent": (lambda: Sequential([layers.Reshape((2, 4)), layers.Bidirectional(layers.LSTM(3))]), 6),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_concurrent_first_calls_build_once(kind: str) -> None:
    make, count = MAKERS[kind]
    for _ in range(20):
        model = make()
        outputs = together(4, lambda _, model=model: model(X).numpy())
        assert len(model.weights) == count
        for output in outputs:
            np.testing.assert_array_equal(output, model(X).numpy())


def test_first_predictions_of_several_shapes() -> None:
    x = np.linspace(-1, 1, 64, dtype=np.float32).reshape(8, 8)
    for _ in range(10):
        model = Sequential([layers.Dense(16, activation="relu"), layers.Dense(4)])

        outputs = together(4, lambda n, m=model: [m(x[: 1 + (n + k) % 8]).numpy() for k in range(16)])
        expected = model(x).numpy()
        for n, seen in enumerate(outputs):
            for k, y in enumerate(seen):
                np.testing.assert_allclose(y, expected[: 1 + (n + k) % 8], rtol=1e-5, atol=1e-6)


def test_changes_while_other_threads_replay() -> None:
    model, stop = Sequential([Input((8,)), layers.Dense(4, use_bias=False)]), threading.Event()

    def work(number: int) -> Any:
        while number and not stop.is_set():
            model(X)
        if number:
            return model(X).numpy()  # after the last change
        for value in range(50):
            model.layers[0].kernel.assign(np.full((8, 4), float(value)))
            model.layers[0].activation = (ops.abs, ops.negative)[value % 2]
        stop.set()
        return None

    expected = -(X @ np.full((8, 4), 49, np.float32))
    for seen in together(3, work)[1:]:
        np.testing.assert_allclose(seen, expected, rtol=1e-5, atol=1e-5)


def test_concurrent_training_equals_serial_training() -> None:
    y = np.ones((2, 4), np.float32)

    def train(number: int) -> list[Any]:
        glorot = pydl.initializers.GlorotUniform
        stack = [
            layers.Dense(16, activation="relu", kernel_initializer=glorot(seed=number)),
            layers.Dropout(0.5, seed=number),
            layers.Dense(4, kernel_initializer=glorot(seed=number + 9)),
        ]
        model = Sequential(stack)
        model.compile("adam", "mse")
        model.fit(X, y, epochs=8, shuffle=False, verbose=0)
        return model.get_weights()

    alone = [train(number) for number in range(4)]
    for weights, expected in zip(together(4, train), alone, strict=True):
        for a, b in zip(weights, expected, strict=True):
            np.testing.assert_array_equal(a, b)


def test_concurrent_default_names_are_unique() -> None:
    names = chained(together(4, lambda _: [layers.Dense(1).name for _ in range(200)]))
    assert len(set(names)) == 800


def test_streams_give_each_number_once() -> None:
    stream = Stream("dropout")
    offsets = chained(together(4, lambda _: [stream.take(3)[1] for _ in range(500)]))
    assert sorted(offsets) == list(range(0, 6000, 3))
    keys = chained(together(4, lambda _: [Stream("dropout").take(1)[0] for _ in range(200)]))
    assert len(set(keys)) == 800


def test_one_seed_gives_the_same_streams_in_any_order_of_threads() -> None:
    def keys() -> list[int]:
        pydl.set_seed(5)
        return sorted(chained(together(4, lambda _: [Stream("dropout").take(1)[0] for _ in range(100)])))

    assert keys() == keys()


@pytest.mark.parametrize(("name", "slots"), [("sgd", 0), ("adam", 8)])
def test_optimizer_shared_by_threads_makes_every_update(name: str, slots: int) -> None:
    optimizer = pydl.optimizers.get(name)
    variables = [pydl.Variable(np.zeros(4, np.float32)) for _ in range(4)]
    together(4, lambda n: [optimizer.apply([np.ones(4, np.float32)], [variables[n]]) for _ in range(100)])
    assert optimizer.iterations == 400
    assert len(optimizer.variables) == slots


def test_variable_updated_by_several_threads() -> None:
    optimizer = pydl.optimizers.SGD(1.0)
    variable = pydl.Variable(np.zeros(1000, np.float32))
    together(4, lambda _: [optimizer.apply([np.ones(1000, np.float32)], [variable]) for _ in range(100)])
    np.testing.assert_array_equal(variable.numpy(), np.full(1000, -400, np.float32))


def test_fork_while_another_thread_imports() -> None:
    code = """
import os, sys, threading, time
import pydl
sys.setswitchinterval(1e-6)
thread = threading.Thread(target=lambda: pydl.Sequential)
thread.start()
time.sleep(float(sys.argv[1]))
child = os.fork()
if child == 0:
    pydl.Sequential([pydl.Input((2,)), pydl.layers.Dense(3)])
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
thread.join()
print("end")
"""
    for pause in ("0.0", "0.01", "0.03"):
        done = python("-W", "ignore", "-c", code, pause)
        assert (done.returncode, done.stdout) == (0, "end\n"), done.stderr


def test_fork_while_another_thread_builds() -> None:
    code = """
import os, sys, threading
import numpy as np
import pydl
from pydl import layers
sys.setswitchinterval(1e-6)
stop = threading.Event()
def build():
    while not stop.is_set():
        pydl.Sequential([pydl.Input((64,)), layers.Dense(64), layers.Dropout(0.5), layers.Dense(64)])
thread = threading.Thread(target=build)
thread.start()
for _ in range(20):
    child = os.fork()
    if child == 0:
        model = pydl.Sequential([layers.Dense(4), layers.Dropout(0.5)])
        model.compile("adam", "mse")
        model.fit(np.ones((2, 3), np.float32), np.ones((2, 4), np.float32), verbose=0)
        os._exit(0 if len(model.weights) == 2 else 1)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
thread.join()
print("end")
"""
    done = python("-W", "ignore", "-c", code)
    assert (done.returncode, done.stdout) == (0, "end\n"), done.stderr
