"""A compiled model and its data."""

import numpy as np
import pytest

from pydl import Input, Sequential, layers, set_seed


@pytest.fixture
def data(rng):
    return rng.normal(size=(40, 3)).astype(np.float32), rng.integers(0, 2, 40)


@pytest.fixture
def model():
    set_seed(1)
    model = Sequential([Input((3,)), layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["acc"])
    return model
