"""The number of Python frames of pydl per call: most of the cost of a small model."""

import os
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Input, Sequential, layers
from pydl.layers.added_losses import LossAdder

FOLDER = os.path.dirname(pydl.__file__)


@pytest.fixture(autouse=True)
def without_added_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resets the state in which no layer has added a loss: afterwards outermost layers collect losses."""
    monkeypatch.setattr(LossAdder, "_losses_exist", False)


def frames(call: Callable[[], Any]) -> int:
    count = 0

    def profile(frame: FrameType, event: str, _: Any) -> None:
        nonlocal count
        count += event == "call" and frame.f_code.co_filename.startswith(FOLDER)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        call()
    finally:
        sys.setprofile(before)
    return count


def small_cnn() -> tuple[Sequential, Any, Any]:
    stack = [layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten()]
    model = Sequential([Input((8, 8, 1)), *stack, layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model, np.ones((8, 8, 8, 1), np.float32), np.arange(8) % 3


@pytest.mark.parametrize(
    ("name", "most"),
    [("__call__", 1), ("predict", 95), ("train_on_batch", 75)],
)
def test_replay_runs_few_frames(name: str, most: int) -> None:
    model, x, y = small_cnn()
    calls: dict[str, Callable[[], Any]] = {
        "__call__": lambda: model(x),
        "predict": lambda: model.predict(x, verbose=0),
        "train_on_batch": lambda: model.train_on_batch(x, y),
    }
    for _ in range(3):
        calls[name]()
    assert frames(calls[name]) <= most


def test_layer_with_a_mask_runs_few_frames() -> None:
    layer, x, mask = layers.LSTM(5), np.ones((4, 6, 3), np.float32), np.ones((4, 6), bool)
    layer(x, mask=mask)
    assert frames(lambda: layer(x, mask=mask)) <= 89


def test_counter_counts_frames() -> None:
    assert frames(lambda: pydl.config.num_threads()) >= 1
