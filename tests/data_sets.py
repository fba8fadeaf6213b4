"""A small regression problem, and the losses of fit, which do not depend on the type of the data."""

from typing import Any

import numpy as np

import pydl
from pydl import Input, Sequential, layers

X = np.random.default_rng(3).random((24, 4), np.float32)
Y = X.sum(axis=1, keepdims=True)


def net(outputs: int = 1) -> Sequential:
    """A compiled model with the same weights each time."""
    pydl.set_seed(0)
    model = Sequential([Input((4,)), layers.Dense(outputs)])
    model.compile("sgd", "mse")
    return model


def fitted(x: Any, y: Any = None, **options: Any) -> Any:
    """The losses of `fit`; by default batches of 8, not shuffled."""
    sizes = {} if y is None else {"batch_size": 8}
    return net().fit(x, y, verbose=0, **{"shuffle": False, **sizes, **options}).history["loss"]


EXPECTED = fitted(X, Y)
