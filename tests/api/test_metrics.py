"""Metrics: values computed by hand, streaming over batches, names."""

import numpy as np
import pytest

from pydl import ShapeError, Variable, losses, metrics

SCORES = np.array([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2], [0.2, 0.3, 0.5], [0.6, 0.3, 0.1]], np.float32)
LABELS = np.array([1, 1, 2, 2])
ONE_HOT = np.eye(3, dtype=np.float32)[LABELS]


@pytest.mark.parametrize(
    ("metric", "y_true", "y_pred", "expected"),
    [
        (metrics.SparseCategoricalAccuracy(), LABELS, SCORES, 0.5),
        (metrics.SparseCategoricalAccuracy(), LABELS[:, None], SCORES, 0.5),
        (metrics.CategoricalAccuracy(), ONE_HOT, SCORES, 0.5),
        (metrics.SparseTopKCategoricalAccuracy(k=2), LABELS, SCORES, 0.75),
        (metrics.TopKCategoricalAccuracy(k=2), ONE_HOT, SCORES, 0.75),
        (metrics.BinaryAccuracy(), [0, 1, 1, 0], [0.1, 0.9, 0.4, 0.2], 0.75),
        (metrics.BinaryAccuracy(), [0, 1, 1, 0], [[0.1], [0.9], [0.4], [0.2]], 0.75),
        (metrics.BinaryAccuracy(threshold=0.3), [0, 1, 1, 0], [0.1, 0.9, 0.4, 0.2], 1.0),
        (metrics.Accuracy(), [1, 2, 3], [1, 2, 0], 2 / 3),
        (metrics.MeanSquaredError(), [[0.0, 1.0]], [[1.0, 3.0]], 2.5),
        (metrics.MeanSquaredError(), [0.0, 1.0], [[1.0], [3.0]], 2.5),
        (metrics.RootMeanSquaredError(), [[0.0, 1.0]], [[1.0, 3.0]], 2.5**0.5),
        (metrics.MeanAbsoluteError(), [[0.0, 1.0]], [[1.0, 3.0]], 1.5),
        (metrics.Precision(), [1, 0, 1, 0], [0.9, 0.8, 0.3, 0.1], 0.5),
        (metrics.Recall(), [1, 0, 1, 1], [0.9, 0.8, 0.3, 0.1], 1 / 3),
        (metrics.Recall(), [0, 0], [0.9, 0.1], 0.0),
    ],
)
def test_values(metric, y_true, y_pred, expected):
    assert metric(np.array(y_true), np.array(y_pred)) == pytest.approx(expected)
    metric.reset_state()
    assert metric.result() == 0.0


def test_mean_over_batches_of_different_sizes():
    metric = metrics.SparseCategoricalAccuracy()
    for part in (slice(0, 3), slice(3, 4)):
        metric.update_state(LABELS[part], SCORES[part])
    assert metric.result() == 0.5


def test_weights():
    metric = metrics.SparseCategoricalAccuracy()
    metric.update_state(LABELS, SCORES, sample_weight=[1, 0, 1, 2])
    assert metric.result() == 0.5
    mean, total = metrics.Mean(), metrics.Sum()
    for m in (mean, total):
        m.update_state([1.0, 3.0], sample_weight=[3, 1])
    assert (mean.result(), total.result()) == (1.5, 6.0)
    precision = metrics.Precision()
    precision.update_state([1, 0], [1, 1], sample_weight=[3, 1])
    assert precision.result() == 0.75


def test_nan_score_is_not_in_top_k():
    assert metrics.SparseTopKCategoricalAccuracy(k=1)([0], np.array([[np.nan, np.nan]])) == 0.0


def test_names():
    assert metrics.get("mse").name == "mse"
    assert isinstance(metrics.get("MeanSquaredError"), metrics.MeanSquaredError)
    assert metrics.get(metrics.Precision).name == "precision"

    def share(y_true, y_pred):
        return np.abs(y_true - y_pred)

    assert metrics.get(share).name == "share"
    assert metrics.get(share)([1.0], [3.0]) == 2.0
    with pytest.raises(ValueError, match="Known are: accuracy, binary_accuracy"):
        metrics.get("acurracy")
    config = metrics.TopKCategoricalAccuracy(k=3).get_config()
    assert metrics.TopKCategoricalAccuracy.from_config(config).get_config() == config


@pytest.mark.parametrize(
    ("y_true", "y_pred", "expected"),
    [
        ((8,), (8, 1), metrics.BinaryAccuracy),
        ((8, 1), (8, 1), metrics.BinaryAccuracy),
        ((8,), (8, 5), metrics.SparseCategoricalAccuracy),
        ((8, 1), (8, 5), metrics.SparseCategoricalAccuracy),
        ((8, 5), (8, 5), metrics.CategoricalAccuracy),
        ((8, 7), (8, 7, 5), metrics.SparseCategoricalAccuracy),
    ],
)
def test_kind_of_accuracy_depends_on_the_shapes(y_true, y_pred, expected):
    metric = metrics.accuracy_for(y_true, y_pred, "acc")
    assert type(metric) is expected
    assert metric.name == "acc"


@pytest.mark.parametrize("name", ["acc", "top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy", "mape"])
def test_keras_names(name):
    assert metrics.get(name).name == name


@pytest.mark.parametrize("name", ["mse", "mae", "mape", "huber", "categorical_crossentropy"])
def test_losses_as_metrics(name, rng):
    y_true, y_pred = np.eye(3)[[0, 2, 1, 0]], rng.dirichlet(np.ones(3), 4)
    weight = np.array([1.0, 2.0, 0.0, 1.0])
    for given in (name, losses.as_loss(name)):
        metric = metrics.get(given)
        metric.update_state(y_true, y_pred, weight)
        expected = losses.as_loss(name).call(y_true, y_pred).numpy() @ weight / weight.sum()
        assert metric.result() == pytest.approx(expected)


@pytest.mark.parametrize("name", ["precision", "recall", "mae", "mse", "binary_accuracy", "accuracy",
                                  "categorical_accuracy", "sparse_categorical_accuracy"])  # fmt: skip
def test_wrong_shapes_are_refused(name):
    with pytest.raises(ShapeError, match=r"\[metric\] y_true: expected"):
        metrics.get(name).update_state(np.zeros((4, 2)), np.zeros((4, 3)))


def test_functions_that_reduce_for_themselves_and_weights() -> None:
    metric = metrics.MeanMetricWrapper(lambda t, p: np.abs(t - p).mean())
    metric.update_state(np.zeros((2, 3, 1)), np.ones((2, 3, 1)), np.array([[1, 1, 0], [1, 0, 0]]))
    assert metric.result() == 1.0
    assert metric.count == 3
    with pytest.raises(ShapeError, match="sample_weight"):  # one value for the three, not three
        metrics.MeanSquaredError().update_state(np.zeros(3), np.ones(3), np.ones(3))


def test_labels_for_one_hot_metrics_get_a_hint():
    with pytest.raises(ShapeError, match="use sparse_categorical_accuracy"):
        metrics.get("categorical_accuracy").update_state(np.zeros(4, int), np.zeros((4, 3)))


def test_tensors_with_history_are_values() -> None:
    y_pred = Variable([[0.9], [0.2]]) * 1.0
    accuracy, mean = metrics.BinaryAccuracy(), metrics.Mean()
    accuracy.update_state(np.array([[1.0], [1.0]]), y_pred)
    mean.update_state(y_pred)
    assert accuracy.result() == 0.5
    assert mean.result() == pytest.approx(0.55)
