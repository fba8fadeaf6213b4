"""Warnings locate NaN and infinity in the data once the loss is not finite, and hint at pixels of 0 to 255."""

import warnings
from functools import partial
from typing import Any

import numpy as np
import pytest

from pydl import Input, Model, Sequential, layers
from tests.data_sets import X, Y, net


def planted(array: Any, place: Any, value: float = np.nan) -> Any:
    array = array.copy()
    array[place] = value
    return array


def warned(action: Any) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
    return [str(warning.message) for warning in caught]


BAD_X, BAD_Y = planted(X, (17, 2)), planted(Y, 5)
LARGE = planted(X.astype("f8"), (3, 0), 1e300)
PLACES: dict[str, tuple[Any, str]] = {
    "x": (lambda: net().fit(BAD_X, Y, batch_size=8, epochs=3, verbose=0), "x is nan in sample 17 at feature 2"),
    "infinity": (lambda: net().fit(planted(X, (3, 0), np.inf), Y, verbose=0), "x is inf in sample 3 at feature 0"),
    "too large for float32": (lambda: net().fit(LARGE, Y, verbose=0), "x is inf in sample 3 at feature 0"),
    "y": (lambda: net().fit(X, BAD_Y, verbose=0), "y is nan in sample 5"),
    "weights": (lambda: net().fit(X, Y, sample_weight=BAD_Y[:, 0], verbose=0), "sample_weight is nan in sample 5"),
    "evaluate": (lambda: net().evaluate(BAD_X, Y, batch_size=8, verbose=0), "x is nan in sample 17"),
    "validation": (
        lambda: net().fit(X, Y, validation_data=(BAD_X, Y), verbose=0),
        "x is nan in sample 17 at feature 2",
    ),
    "batches": (
        lambda: net().fit(iter([(X, Y), (BAD_X, Y)]), verbose=0),
        "sample 17 of batch 1 at feature 2",
    ),
    "a batch": (lambda: net().train_on_batch(BAD_X, Y), "x is nan in sample 17 at feature 2"),
}


@pytest.mark.parametrize("name", PLACES)
def test_warning_locates_the_bad_value(name: str) -> None:
    action, text = PLACES[name]
    messages = [message for message in warned(action) if "the loss is" in message]
    assert len(messages) == 1, messages
    assert text in messages[0]


def test_warning_names_the_input() -> None:
    a, b = Input((4,), name="a"), Input((1,), name="b")
    model = Model({"a": a, "b": b}, layers.Dense(1)(layers.concatenate([a, b])))
    model.compile("sgd", "mse")
    (message,) = warned(lambda: model.fit({"a": X, "b": planted(Y, 6)}, Y, verbose=0))
    assert "x['b'] is nan in sample 6" in message


def test_nan_that_a_relu_hides_is_found_later() -> None:
    model = Sequential([Input((4,)), layers.Dense(8, activation="relu"), layers.Dense(1)])
    model.compile("sgd", "mse")
    messages = warned(lambda: model.fit(planted(X, (0, 0)), Y, batch_size=4, shuffle=False, epochs=2, verbose=0))
    assert messages
    assert "x is nan in sample 0" in messages[0]


def test_no_warning_for_bad_values_without_effect() -> None:
    def fit() -> None:
        net().fit(X, planted(Y, 5), sample_weight=planted(np.ones(24), 5, 0.0), verbose=0)
        diverging = net()
        diverging.optimizer.learning_rate = 1e30
        diverging.fit(X, Y, epochs=5, batch_size=4, verbose=0)

    assert warned(fit) == []


IMAGES = np.random.default_rng(0).integers(0, 256, (16, 8, 8, 1)).astype("uint8")


def image_net(*first: Any) -> Any:
    model = Sequential([Input((8, 8, 1)), *first, layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def test_unscaled_images_give_one_hint() -> None:
    y = np.ones(16)
    for x in (IMAGES, IMAGES.astype("f4"), IMAGES.astype("i8"), IMAGES[..., 0]):
        messages = warned(partial(image_net().fit, x, y, batch_size=4, epochs=3, verbose=0))
        messages = [message for message in messages if "255" in message]
        assert len(messages) == 1
        assert "x / 255" in messages[0]
    flat = Sequential([Input((64,)), layers.Dense(1)])
    flat.compile("sgd", "mse")
    assert any("x / 255" in m for m in warned(lambda: flat.fit(IMAGES.reshape(16, 64), y, verbose=0)))


def test_no_hint_for_scaled_images_and_ids() -> None:
    y = np.ones(16)

    def fit_valid_data() -> None:
        image_net().fit(IMAGES / 255.0, y, verbose=0)
        image_net(layers.BatchNormalization()).fit(IMAGES, y, verbose=0)
        words = Sequential([Input((70,), dtype="int32"), layers.Embedding(256, 2), layers.Flatten(), layers.Dense(1)])
        words.compile("sgd", "mse")
        words.fit(np.random.default_rng(0).integers(0, 256, (16, 70)), y, verbose=0)

    assert warned(fit_valid_data) == []
