"""Small nets and data of the model tests."""

from typing import Any

import numpy as np

import pydl
from pydl import Input, Sequential, layers

Array = np.ndarray[Any, Any]


def mlp(
    seed: int = 0, optimizer: Any = "sgd", loss: Any = "sparse_categorical_crossentropy", metrics: Any = ("accuracy",)
) -> Sequential:
    """4 inputs, 3 classes."""
    pydl.set_seed(seed)
    model = Sequential([Input((4,)), layers.Dense(16, activation="relu"), layers.Dense(3, activation="softmax")])
    model.compile(optimizer, loss, metrics=list(metrics))
    return model


def cnn(seed: int = 0, optimizer: Any = "sgd") -> Sequential:
    """10x10 images, 3 classes: a smaller version of the CNN in `slide`."""
    pydl.set_seed(seed)
    model = Sequential(
        [
            Input((10, 10, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(6, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(8, activation="tanh"),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def clouds(rng: np.random.Generator, count: int = 96) -> tuple[Array, Array]:
    """Points of three clusters in four dimensions, and their classes."""
    y = np.arange(count) % 3
    return (rng.normal(size=(count, 4)) + 3 * np.eye(4)[y]).astype(np.float32), y


def stripes(rng: np.random.Generator, count: int = 96) -> tuple[Array, Array]:
    """Noisy images with stripes along rows, along columns, or without, and their classes."""
    y = np.arange(count) % 3
    x = rng.normal(size=(count, 10, 10, 1)).astype(np.float32)
    x[y == 0, ::2] += 1
    x[y == 1, :, ::2] += 1
    return x, y


def slide() -> Sequential:
    """The CNN of the Keras slide."""
    return Sequential(
        [
            Input((28, 28, 1)),
            layers.Conv2D(25, 3, name="conv_a"),
            layers.MaxPooling2D(name="pool_a"),
            layers.Conv2D(50, 3, name="conv_b"),
            layers.MaxPooling2D(name="pool_b"),
            layers.Flatten(name="flatten"),
            layers.Dense(100, activation="relu", name="dense_a"),
            layers.Dense(10, activation="softmax", name="dense_b"),
        ],
        name="slide",
    )
