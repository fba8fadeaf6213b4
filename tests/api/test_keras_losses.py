"""Losses and metrics against Keras 3: all common names, with unusual arguments, shapes, weights and masks."""

import os
from typing import Any

import numpy as np
import pytest

from pydl import Tensor, losses, metrics

pytestmark = pytest.mark.oracle
FUNCTIONS = [
    "mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_logarithmic_error",
    "huber", "log_cosh", "kl_divergence", "poisson", "hinge", "squared_hinge", "cosine_similarity",
    "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy",
]  # fmt: skip
CLASSES: list[tuple[str, dict[str, Any]]] = [
    ("MeanSquaredError", {}),
    ("MeanAbsoluteError", {}),
    ("MeanAbsolutePercentageError", {}),
    ("MeanSquaredLogarithmicError", {}),
    ("Huber", {}),
    ("Huber", {"delta": 0.3}),
    ("LogCosh", {}),
    ("KLDivergence", {}),
    ("Poisson", {}),
    ("Hinge", {}),
    ("SquaredHinge", {}),
    ("CosineSimilarity", {}),
    ("BinaryCrossentropy", {}),
    ("BinaryCrossentropy", {"label_smoothing": 0.2}),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}),
    ("CategoricalCrossentropy", {}),
    ("CategoricalCrossentropy", {"label_smoothing": 0.3}),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}),
    ("SparseCategoricalCrossentropy", {}),
    ("SparseCategoricalCrossentropy", {"from_logits": True}),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1, "from_logits": True}),
]
REDUCTIONS = ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None]
METRICS: list[tuple[str, dict[str, Any]]] = [
    *((name, options) for name, options in CLASSES if name not in ("Huber", "LogCosh")),
    ("LogCoshError", {}),
    ("CosineSimilarity", {"axis": 0}),
    ("RootMeanSquaredError", {}),
    ("Accuracy", {}),
    ("BinaryAccuracy", {}),
    ("BinaryAccuracy", {"threshold": 0.3}),
    ("CategoricalAccuracy", {}),
    ("SparseCategoricalAccuracy", {}),
    ("TopKCategoricalAccuracy", {"k": 2}),
    ("SparseTopKCategoricalAccuracy", {"k": 2}),
    ("Precision", {}),
    ("Precision", {"thresholds": [0.2, 0.5, 0.8]}),
    ("Precision", {"top_k": 2}),
    ("Precision", {"top_k": 2, "class_id": 1}),
    ("Precision", {"class_id": 0, "thresholds": 0.1}),
    ("Recall", {}),
    ("Recall", {"thresholds": [0.2, 0.5, 0.8]}),
    ("Recall", {"top_k": 1}),
    ("Recall", {"class_id": 2, "thresholds": [0.1, 0.3]}),
]
ALIGNED = [((4,), (4, 1)), ((4, 1), (4,)), ((2, 3), (2, 3, 1)), ((2, 3, 1), (2, 3)), ((2, 3, 4, 1), (2, 3, 4))]
APART = [
    ((4,), (4, 3)),
    ((2, 6), (3, 4)),
    ((4, 3), (3, 4)),
    ((2, 3, 4), (2, 4, 3)),
    ((2, 1, 3), (2, 3)),
    ((12,), (4, 3)),
]
INTEGERS = ["bool", "uint8", "int8", "uint16", "int32", "int64"]


@pytest.fixture(scope="module")
def keras() -> Any:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    return keras


def data(rng: np.random.Generator, name: str, shape: tuple[int, ...], logits: bool = False) -> tuple[Any, Any]:
    """Valid y_true and y_pred of the loss or metric, float32."""
    scores = rng.normal(size=shape).astype("f4") * 2
    p = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    lower = name.lower()
    if "sparse" in lower:
        return rng.integers(0, shape[-1], shape[:-1]), scores if logits else p
    if "categorical" in lower or lower.startswith("kl"):
        return np.eye(shape[-1], dtype="f4")[rng.integers(0, shape[-1], shape[:-1])], scores if logits else p
    if "binary" in lower or lower in ("precision", "recall"):
        return rng.integers(0, 2, shape).astype("f4"), scores if logits else rng.random(shape).astype("f4")
    if "hinge" in lower:
        return rng.integers(0, 2, shape).astype("f4"), scores
    if lower == "accuracy":
        return rng.integers(0, 3, shape), rng.integers(0, 3, shape)
    return rng.uniform(0.1, 3, shape).astype("f4"), rng.uniform(0.1, 3, shape).astype("f4")


def as_numpy(value: Any) -> Any:
    return value.detach().cpu().numpy() if hasattr(value, "detach") and hasattr(value, "cpu") else np.asarray(value)


def same(ours: Any, theirs: Any, shapes: bool = True) -> None:
    ours, theirs = as_numpy(ours.numpy() if isinstance(ours, Tensor) else ours), as_numpy(theirs)
    if shapes:
        assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs.reshape(ours.shape), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_return_a_value_per_sample(name, keras, rng) -> None:
    for shape in [(4, 3), (2, 5, 3), (1, 1), (5, 1), (2, 2, 2, 3)]:
        if shape[-1] == 1 and "categorical" in name:
            continue
        y, p = data(rng, name, shape)
        same(getattr(losses, name)(y, p), getattr(keras.losses, name)(y, p))
        same(losses.get(name)(y, p), keras.losses.get(name)(y, p))
        if "sparse" in name:
            same(getattr(losses, name)(y[..., None], p), getattr(keras.losses, name)(y[..., None], p))


@pytest.mark.parametrize(("name", "options"), CLASSES)
def test_classes(name, options, keras, rng) -> None:
    for shape in [(4, 3), (2, 5, 3)]:
        y, p = data(rng, name, shape, options.get("from_logits", False))
        flat, each = rng.random(shape[:1]).astype("f4"), rng.random(shape[:-1]).astype("f4")
        for reduction in REDUCTIONS:
            ours, theirs = (m.__dict__[name](reduction=reduction, **options) for m in (losses, keras.losses))
            same(ours(y, p), theirs(y, p))
            for weight in [each, each[..., None], None if len(shape) > 2 else flat]:
                same(ours(y, p, weight), theirs(y, p, weight), shapes=False)


@pytest.mark.parametrize(("name", "options"), CLASSES)
def test_masks(name, options, keras, rng) -> None:
    y, p = data(rng, name, (3, 5, 3), options.get("from_logits", False))
    mask, each = rng.random((3, 5)) < 0.6, rng.random((3, 5)).astype("f4")
    theirs_p = keras.ops.convert_to_tensor(p)
    keras.src.backend.set_keras_mask(theirs_p, keras.ops.convert_to_tensor(mask))
    ours_p = Tensor(p)
    ours_p.mask = mask
    for reduction in REDUCTIONS:
        ours, theirs = (m.__dict__[name](reduction=reduction, **options) for m in (losses, keras.losses))
        if "ignore_class" not in options:  # Keras divides by the labels ignored in masked steps twice
            same(ours(y, ours_p), theirs(y, theirs_p))
            same(ours(y, ours_p, each), theirs(y, theirs_p, each))


@pytest.mark.parametrize("axis", [1, 2, -2])
def test_axes(axis, keras, rng) -> None:
    y, p = data(rng, "mse", (2, 4, 3))
    for name in ("CosineSimilarity",):
        same(getattr(losses, name)(axis=axis)(y, p), getattr(keras.losses, name)(axis=axis)(y, p))
    bits, q = data(rng, "binary_crossentropy", (2, 4, 3))
    for options in ({}, {"from_logits": True}, {"label_smoothing": 0.1}):
        ours, theirs = (m.BinaryCrossentropy(axis=axis, reduction="none", **options) for m in (losses, keras.losses))
        same(ours(bits, q), theirs(bits, q))
    scores = rng.normal(size=(2, 4, 3)).astype("f4")
    shape = [n for i, n in enumerate((2, 4, 3)) if i != axis % 3]
    labels = rng.integers(0, (2, 4, 3)[axis], shape)
    one_hot = np.moveaxis(np.eye((2, 4, 3)[axis], dtype="f4")[labels], -1, axis)
    for options in ({}, {"from_logits": True}):
        z = scores if options else np.exp(scores)
        ours, theirs = (
            m.CategoricalCrossentropy(axis=axis, reduction="none", **options) for m in (losses, keras.losses)
        )
        same(ours(one_hot, z), theirs(one_hot, z))
        for ignored in (None, 0):
            ours, theirs = (
                m.SparseCategoricalCrossentropy(axis=axis, reduction="none", ignore_class=ignored, **options)
                for m in (losses, keras.losses)
            )
            same(ours(labels, z), theirs(labels, z))


ELEMENTWISE = [(name, options) for name, options in CLASSES if "ategorical" not in name and name != "KLDivergence"]


@pytest.mark.parametrize(("name", "options"), ELEMENTWISE)
def test_targets_with_one_axis_more_or_less(name, options, keras, rng) -> None:
    for shape_true, shape_pred in ALIGNED:
        y, p = data(rng, name, shape_true)[0], data(rng, name, shape_pred)[1]
        for reduction in REDUCTIONS:
            ours, theirs = (m.__dict__[name](reduction=reduction, **options) for m in (losses, keras.losses))
            same(ours(y, p), theirs(y, p))


@pytest.mark.parametrize(("name", "options"), CLASSES)
def test_other_shape_differences_are_refused(name, options, rng) -> None:
    for shape_true, shape_pred in APART:
        y, p = data(rng, "mse", shape_true)[0], data(rng, name, shape_pred)[1]
        if "Sparse" in name:
            y = np.zeros(shape_true, int)
            if shape_true in ((shape_pred[:-1]), (*shape_pred[:-1], 1)):
                continue
        for call in (losses.__dict__[name](**options), metrics.get(losses.__dict__[name](**options)).update_state):
            with pytest.raises(ValueError, match=r"y_true: expected .*shape") as error:
                call(y, p)
            assert str(shape_true) in str(error.value)
            assert str(shape_pred) in str(error.value)


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("name", [name for name in FUNCTIONS if "categorical" not in name])
def test_integers_do_not_overflow(dtype, name, keras, rng) -> None:
    limit = 2 if dtype == "bool" or "binary" in name else 100
    y, p = rng.integers(0, limit, (4, 3)).astype(dtype), rng.integers(0, limit, (4, 3)).astype(dtype)
    expected = getattr(keras.losses, name)(y.astype("f4"), p.astype("f4"))
    for t, o in ((y, p), (y, p.astype("f4")), (y.astype("f4"), p)):
        same(getattr(losses, name)(t, o), expected)
        loss = losses.as_loss(name)
        same(loss(t, o), as_numpy(expected).mean())
        metric = metrics.get(name)
        sign = -1 if name == "cosine_similarity" else 1  # the metric has the opposite sign
        same(metric(t, o), sign * as_numpy(expected).mean())


@pytest.mark.parametrize(("name", "options"), METRICS)
def test_metrics(name, options, keras, rng) -> None:
    for shape in [(6, 3), (4, 5, 3)]:
        ours, theirs = (m.__dict__[name](**options) for m in (metrics, keras.metrics))
        assert ours.name.rstrip("_0123456789") == theirs.name.rstrip("_0123456789")
        for weighting in ("none", "samples", "steps", "none"):
            y, p = data(rng, name, shape, options.get("from_logits", False))
            weight = rng.random(shape[:1] if weighting == "samples" else shape[:-1]).astype("f4")
            confusion = name in ("Precision", "Recall") and weighting == "samples"
            if (confusion or "ignore_class" in options) and len(shape) > 2:
                weight = rng.random(shape[:-1]).astype("f4")  # Keras does not support weights per sample here
            if options.get("axis") == 0 or (weighting == "none" and "ignore_class" not in options):
                weight = None  # without weights, Keras's metric counts ignored values as 0
            ours.update_state(y, p, weight)
            theirs.update_state(y, p, weight)
            same(ours.result(), theirs.result())
        ours.reset_state()
        theirs.reset_state()
        same(ours.result(), theirs.result())
        assert type(ours).from_config(ours.get_config()).get_config() == ours.get_config()


ALIGNING = [  # Keras's other metrics broadcast (N,) with (N, 1) to (N, N)
    "MeanSquaredError", "MeanAbsoluteError", "MeanSquaredLogarithmicError", "RootMeanSquaredError", "CosineSimilarity",
    "LogCoshError", "Accuracy", "BinaryAccuracy", "Precision", "Recall",
]  # fmt: skip


@pytest.mark.parametrize("name", ALIGNING)
def test_metrics_with_one_axis_more_or_less(name, keras, rng) -> None:
    for shape_true, shape_pred in ALIGNED:
        y, p = data(rng, name, shape_true)[0], data(rng, name, shape_pred)[1]
        for weight in (None, rng.random(shape_true[:1]).astype("f4")):
            if weight is not None and name in ("Precision", "Recall") and len(shape_true) > 2:
                continue
            ours, theirs = (m.__dict__[name]() for m in (metrics, keras.metrics))
            ours.update_state(y, p, weight)
            theirs.update_state(y, p, weight)
            same(ours.result(), theirs.result())


def test_string_names_equal_keras(keras) -> None:
    names = [
        *FUNCTIONS, *(name for name, _ in CLASSES), "mse", "MSE", "mae", "MAE", "mape", "MAPE", "msle", "MSLE", "bce",
        "BCE", "kld", "KLD",
    ]  # fmt: skip
    for name in names:
        ours, theirs = losses.get(name), keras.losses.get(name)
        assert getattr(ours, "__name__", type(ours).__name__) == getattr(theirs, "__name__", type(theirs).__name__)
        if isinstance(ours, losses.Loss):
            assert ours.name == theirs.name
    for name in [*FUNCTIONS, *(name for name, _ in METRICS), "mse", "MSE", "mae", "mape", "msle", "bce"]:
        if name in keras.src.metrics.ALL_OBJECTS_DICT:
            assert type(metrics.get(name)).__name__ == type(keras.metrics.get(name)).__name__
