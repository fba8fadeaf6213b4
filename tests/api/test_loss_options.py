"""Invalid numeric options of losses and metrics are refused by constructors and functions."""

from typing import Any

import numpy as np
import pytest

from pydl import losses, metrics

NAN = float("nan")
Y, P = np.eye(2, dtype=np.float32), np.full((2, 2), 0.5, np.float32)
REFUSED: list[tuple[Any, str, list[Any]]] = [
    (losses.Huber, "delta", [-1, 0, NAN, "a", None]),
    (metrics.BinaryAccuracy, "threshold", [NAN, np.inf, "a", None]),
    (metrics.TopKCategoricalAccuracy, "k", [-1, 0, 1.5, "a", None]),
    (metrics.SparseTopKCategoricalAccuracy, "k", [-1, 0, 1.5, "a", None]),
    (metrics.Precision, "top_k", [-1, 0, 1.5, "a"]),
    (metrics.Recall, "class_id", [1.5, "a"]),
    (metrics.Precision, "thresholds", [-1, NAN, "a", [0.5, "a"]]),
    (losses.SparseCategoricalCrossentropy, "ignore_class", [1.5, NAN, "a"]),
    (losses.BinaryCrossentropy, "label_smoothing", [-1, 2, NAN, "a"]),
    (losses.CategoricalCrossentropy, "label_smoothing", [-1, 2, NAN, "a"]),
    (metrics.BinaryCrossentropy, "label_smoothing", [-1, 2, NAN, "a"]),
    (metrics.CategoricalCrossentropy, "label_smoothing", [-1, 2, NAN, "a"]),
    (losses.CategoricalCrossentropy, "axis", [1.5, "a"]),
    (metrics.CosineSimilarity, "axis", [1.5, "a"]),
    (losses.MeanSquaredError, "dtype", ["x", 3, "int32"]),
    (metrics.Mean, "dtype", ["x", 3]),
    (metrics.MeanSquaredError, "dtype", ["x", 3]),
]
CASES = [(make, name, value) for make, name, values in REFUSED for value in values]


@pytest.mark.parametrize(("make", "name", "value"), CASES, ids=[f"{c.__name__}-{n}-{v}" for c, n, v in CASES])
def test_constructors_refuse_invalid_options(make: Any, name: str, value: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=rf"^\[\w+\] {name}: expected .*, got "):
        make(**{name: value})


@pytest.mark.parametrize(
    ("function", "arguments", "name", "values"),
    [
        (losses.huber, (Y, P), "delta", [-1, NAN, "a"]),
        (losses.binary_crossentropy, (Y, P), "label_smoothing", [-1, 2, "a"]),
        (losses.categorical_crossentropy, (Y, P), "label_smoothing", [-1, 2, "a"]),
        (metrics.top_k_categorical_accuracy, (Y, P), "k", [-1, 1.5, "a"]),
        (metrics.sparse_top_k_categorical_accuracy, ([0, 1], P), "k", [-1, 1.5, "a"]),
    ],
)
def test_functions_refuse_invalid_options(function: Any, arguments: Any, name: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises((ValueError, TypeError), match=rf"^\[{function.__name__}\] {name}: expected .*, got "):
            function(*arguments, **{name: value})


@pytest.mark.parametrize(
    "made",
    [
        lambda: losses.Huber(np.float32(0.5)),
        lambda: losses.Huber(np.inf),
        lambda: metrics.BinaryAccuracy(threshold=-2),  # of logits
        lambda: metrics.TopKCategoricalAccuracy(np.int64(1)),
        lambda: metrics.Precision(top_k=1, class_id=-1),
        lambda: losses.BinaryCrossentropy(label_smoothing=None, axis=None),
        lambda: losses.SparseCategoricalCrossentropy(ignore_class=-1.0),
    ],
)
def test_unusual_options_that_keras_takes_are_valid(made: Any) -> None:
    made()
