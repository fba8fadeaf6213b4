"""Owners of plans: variables alone, and a list of layers."""

from collections.abc import Callable
from typing import Any

import numpy as np

import pydl
from pydl import Tensor, Variable, layers
from pydl.autograd.plan import PlanCache

Array = np.ndarray[Any, Any]


class Weights:
    """Variables alone: the smallest owner of a plan."""

    def __init__(self, *weights: Variable) -> None:
        self._weights = weights

    def _all_weights(self) -> list[Variable]:
        return list(self._weights)

    def _plan_parts(self) -> list[Any]:
        return list(self._weights)


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
