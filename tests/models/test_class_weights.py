"""class_weight: equal to its definition for all targets with a class, else an error."""

import numpy as np
import pytest

from pydl import Input, Sequential, layers, losses, ops, optimizers

WEIGHTS = {0: 1.0, 1: 5.0, 2: 0.5}
RNG = np.random.default_rng(0)


def fitted(y, shape, units, activation, loss, sample_weight=None) -> tuple[float, np.ndarray]:
    """The loss of an epoch with learning rate 0, and the outputs."""
    x = RNG.random((6, *shape), "f4")
    model = Sequential([Input(shape), layers.Dense(units, activation=activation)])
    model.compile(optimizers.SGD(0.0), loss)
    outputs = model.predict(x, verbose=0).astype("f8")
    fit = model.fit(x, y, class_weight=WEIGHTS, sample_weight=sample_weight, verbose=0, shuffle=False)
    on_batch = model.train_on_batch(x, y, sample_weight=sample_weight, class_weight=WEIGHTS)
    assert fit.history["loss"][0] == pytest.approx(on_batch, rel=1e-5)
    return on_batch, outputs


def of(labels: np.ndarray) -> np.ndarray:
    return np.vectorize(WEIGHTS.get)(labels)


@pytest.mark.parametrize("shape", [(3,), (4, 3), (4, 5, 3)])
@pytest.mark.parametrize("kind", ["labels", "labels with an axis", "one-hot"])
@pytest.mark.parametrize("with_samples", [False, True])
def test_classes(shape, kind, with_samples) -> None:
    labels = RNG.integers(0, 3, (6, *shape[:-1]))
    y = {"labels": labels, "labels with an axis": labels[..., None], "one-hot": np.eye(3)[labels]}[kind]
    loss = "categorical_crossentropy" if kind == "one-hot" else "sparse_categorical_crossentropy"
    samples = RNG.random(6).astype("f4") if with_samples else None
    value, p = fitted(y, shape, 3, "softmax", loss, samples)
    cost = -np.log(np.take_along_axis(p, labels[..., None], -1))[..., 0] * of(labels)
    if with_samples:
        cost = cost * samples.reshape(-1, *[1] * (cost.ndim - 1))
    assert value == pytest.approx(cost.mean(), rel=1e-5)


@pytest.mark.parametrize("shape", [(3,), (4, 3), (4, 5, 3)])
@pytest.mark.parametrize("with_axis", [False, True])
@pytest.mark.parametrize("loss", ["binary_crossentropy", lambda t, p: losses.binary_crossentropy(t, p)])
def test_binary(shape, with_axis, loss) -> None:
    labels = RNG.integers(0, 2, (6, *shape[:-1]))
    value, p = fitted(labels[..., None] if with_axis else labels, shape, 1, "sigmoid", loss)
    p = p[..., 0]
    cost = -(labels * np.log(p) + (1 - labels) * np.log(1 - p))
    assert value == pytest.approx((cost * of(labels)).mean(), rel=1e-5)


def test_one_hot_rows_with_another_loss() -> None:
    labels = RNG.integers(0, 3, 6)
    value, p = fitted(np.eye(3)[labels], (4,), 3, "softmax", lambda t, p: ops.mean(ops.square(p - t), axis=-1))
    assert value == pytest.approx((((p - np.eye(3)[labels]) ** 2).mean(-1) * of(labels)).mean(), rel=1e-5)


@pytest.mark.parametrize("y", [np.ones((6, 3)), RNG.random((6, 3))])
def test_targets_without_a_single_class_are_refused(y) -> None:
    with pytest.raises(ValueError, match=r"class_weight: expected one class for each sample.* \(6, 3\).*sample_weight"):
        fitted(y, (4,), 3, "sigmoid", "binary_crossentropy")
