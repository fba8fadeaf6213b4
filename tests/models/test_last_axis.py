"""Data with a missing or an additional last axis of size one, as in Keras, in every method that takes data."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Input, Model, Sequential, ShapeError, Tensor, layers, ops

IMAGES = np.random.default_rng(1).random((12, 6, 6, 1), np.float32)
ONES = np.random.default_rng(2).random((12, 1), np.float32)
IDS = np.random.default_rng(3).integers(0, 4, (12, 5))


def convolution() -> Any:
    return Sequential([Input((6, 6, 1)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(1)])


def functional() -> Any:
    x = Input((1,))
    return Model(x, layers.Dense(1)(x))


def two() -> Any:
    a, b = Input((6, 6, 1), name="a"), Input((1,), name="b")
    return Model([a, b], layers.Dense(1)(layers.concatenate([layers.Flatten()(a), b])))


def numbers() -> Any:
    return Sequential([Input((), dtype="int32"), layers.Embedding(4, 3), layers.Dense(1)])


def texts() -> Any:
    x = Input((5,), dtype="int32")
    return Model(x, layers.Dense(1)(layers.Flatten()(layers.Embedding(4, 3)(x))))


def deferred() -> Any:
    model = Sequential([layers.Dense(1)])
    model(ONES)
    return model


def around() -> Any:
    x = Input((6, 6))
    return Model(x, convolution()(x))


def within() -> Any:
    return Sequential([Input((6, 6)), convolution()])


CASES: dict[str, tuple[Callable[[], Any], Any, Any]] = {
    "images": (convolution, IMAGES, IMAGES[..., 0]),
    "lists of images": (convolution, IMAGES, IMAGES[..., 0].tolist()),
    "numbers": (functional, ONES, ONES[:, 0]),
    "one too many": (functional, ONES, ONES[..., None]),
    "a model without Input built by its first call": (deferred, ONES, ONES[:, 0]),
    "several": (two, [IMAGES, ONES], [IMAGES[..., 0], ONES[:, 0]]),
    "several by name": (two, [IMAGES, ONES], {"a": IMAGES[..., 0], "b": ONES[..., None]}),
    "no axes": (numbers, IDS[:, 0], IDS[:, :1]),
    "ids": (texts, IDS, IDS[..., None]),
    "a model within a functional one": (around, IMAGES[..., 0], IMAGES),
    "a model within a Sequential": (within, IMAGES[..., 0], IMAGES),
}


@pytest.mark.parametrize("name", CASES)
def test_last_axis_of_one_may_be_missing_or_added(name: str) -> None:
    make, exact, given = CASES[name]

    def results(x: Any) -> list[Any]:
        pydl.set_seed(0)
        model = make()
        model.compile("sgd", "mse")
        batches = [(x, ONES), (x, ONES)]
        return [
            model.fit(x, ONES, epochs=2, validation_split=0.25, verbose=0).history,
            model.fit(iter(batches), validation_data=(x, ONES), verbose=0).history,
            model.evaluate(x, ONES, verbose=0),
            model.train_on_batch(x, ONES),
            model.test_on_batch(x, ONES),
            model.predict(x, verbose=0).tolist(),
            model.predict_on_batch(x).tolist(),
            *[model(x).numpy().tolist() for _ in range(3)],
            model(x, training=True).numpy().tolist(),
        ]

    assert results(given) == results(exact)


def test_gradients_and_masks_with_a_missing_axis() -> None:
    x = Tensor(ONES[:, 0], requires_grad=True)
    model = functional()
    ops.sum(model(x)).backward()
    assert x.grad is not None
    assert np.allclose(x.grad, model.get_weights()[0][0, 0])
    recurrent = Sequential([Input((5, 1)), layers.Masking(0.0), layers.LSTM(2)])
    steps = np.array([[1, 2, 0, 0, 0], [1, 2, 3, 4, 5]], np.float32)
    assert np.array_equal(recurrent.predict(steps, verbose=0), recurrent.predict(steps[..., None], verbose=0))


def test_symbolic_inputs() -> None:
    assert convolution()(Input((6, 6))).shape == (None, 1)
    assert functional()(Input(())).shape == (None, 1)
    assert two()([Input((6, 6)), Input((1, 1))]).shape == (None, 1)
    model = Model.from_config(around().get_config())
    assert model.predict(IMAGES, verbose=0).shape == (12, 1)


@pytest.mark.parametrize("shape", [(3, 6, 5), (6, 6, 1), (6,), (3, 6, 6, 1, 1, 1), (3, 6, 6, 2)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"expected shape \(None, 6, 6, 1\)"):
        convolution().predict(np.zeros(shape), verbose=0)


def test_list_of_one_array_is_the_batch() -> None:
    for model, x in ((convolution(), IMAGES), (convolution(), IMAGES[..., 0]), (functional(), ONES)):
        assert np.array_equal(model.predict([x], verbose=0), model.predict(x, verbose=0))
    assert convolution().predict([IMAGES[0]], verbose=0).shape == (1, 1)  # a list of one sample
