"""Values with mask False or weight 0 have no effect: a NaN there does not reach losses, metrics, gradients, weights."""

import numpy as np
import pytest

import pydl
from pydl import Input, Model, Sequential, Tensor, layers, losses, metrics, ops

NAMES = [
    "mse", "mae", "mape", "msle", "huber", "log_cosh", "kl_divergence", "poisson", "hinge", "squared_hinge",
    "cosine_similarity", "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy",
]  # fmt: skip
OWN = {
    "square": lambda t, p: ops.square(p - t),
    "mean": lambda t, p: ops.mean(ops.abs(p - t), axis=-1),
    "log": lambda t, p: -ops.mean(t * ops.log(p) + (1 - t) * ops.log(1 - p), axis=-1),
}
METRICS = [
    "accuracy", "binary_accuracy", "categorical_accuracy", "precision", "recall", "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy", "rmse",
]  # fmt: skip
EXCLUDED = np.array([[True, False, False, True], [False, False, False, False], [True, True, True, True]])


def with_and_without_nan(rng, name, where):
    """y_true and y_pred of three classes, without and with NaN in excluded places."""
    p = rng.dirichlet(np.ones(3), EXCLUDED.shape).astype("f4")
    labels = rng.integers(0, 3, EXCLUDED.shape)
    y = labels if "sparse" in name else np.eye(3, dtype="f4")[labels]
    bad_y, bad_p = y.astype("f4"), p.copy()
    if where != "y_pred":
        bad_y[EXCLUDED] = np.nan
    if where != "y_true":
        bad_p[EXCLUDED] = np.nan
    return y, p, bad_y, bad_p


def loss_of(name: str, reduction: str = "sum_over_batch_size") -> losses.Loss:
    return losses.LossFunctionWrapper(OWN.get(name) or losses.get(name), reduction)


@pytest.mark.parametrize("by", ["mask", "weight"])
@pytest.mark.parametrize("where", ["y_true", "both"])
@pytest.mark.parametrize("name", [*NAMES, *OWN])
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean_with_sample_weight"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_values_and_gradients(name, where, by, reduction, rng) -> None:
    y, p, bad_y, bad_p = with_and_without_nan(rng, name, where)
    found = []
    for targets, outputs in ((y, p), (bad_y, bad_p)):
        tensor = Tensor(outputs, requires_grad=True)
        tensor.mask = ~EXCLUDED if by != "weight" else None
        weight = np.where(EXCLUDED, 0, 1.5).astype("f4") if by != "mask" else None
        value = loss_of(name, reduction)(targets, tensor, weight)
        ops.sum(value).backward()
        found.append((value.numpy(), np.where(EXCLUDED[..., None], 0, tensor.grad)))
        assert not np.isnan(tensor.grad).any()
    np.testing.assert_allclose(found[1][0], found[0][0], rtol=1e-6)
    np.testing.assert_allclose(found[1][1], found[0][1], rtol=1e-6)


@pytest.mark.parametrize("where", ["y_true", "y_pred", "both"])
@pytest.mark.parametrize("name", [*NAMES, *METRICS])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_metrics(name, where, rng) -> None:
    y, p, bad_y, bad_p = with_and_without_nan(rng, name, where)
    found = []
    for targets, outputs in ((y, p), (bad_y, bad_p)):
        metric = metrics.get(name)
        weight = np.where(EXCLUDED, 0, 1.5)
        if name in ("accuracy", "binary_accuracy", "precision", "recall", "rmse"):
            weight = np.repeat(weight[..., None], 3, -1)
        metric.update_state(targets, outputs, weight)
        found.append(metric.result())
    assert found[1] == pytest.approx(found[0], rel=1e-6)


@pytest.mark.parametrize("label", [-1, 3, 2**40])
@pytest.mark.parametrize("from_logits", [False, True])
def test_excluded_labels_may_be_out_of_range(label, from_logits, rng) -> None:
    p, labels = rng.dirichlet(np.ones(3), EXCLUDED.shape).astype("f4"), rng.integers(0, 3, EXCLUDED.shape)
    bad = np.where(EXCLUDED, label, labels)
    loss = losses.SparseCategoricalCrossentropy(from_logits)
    expected = loss(labels, p, ~EXCLUDED)
    assert loss(bad, p, ~EXCLUDED).item() == expected.item()
    tensor = Tensor(p)
    tensor.mask = ~EXCLUDED
    assert loss(bad, tensor).item() == loss(labels, tensor).item()
    bad[1, 1] = label  # this label is not excluded
    with pytest.raises(losses.LabelError, match="at sample 1, step 1"):
        loss(bad, p, ~EXCLUDED)
    metric = metrics.SparseCategoricalCrossentropy(from_logits=from_logits)
    metric.update_state(np.where(EXCLUDED, label, labels), p, ~EXCLUDED)
    assert metric.result() == pytest.approx(expected.item() * EXCLUDED.size / (~EXCLUDED).sum(), rel=1e-6)


def test_model_with_masked_nan_trains() -> None:
    x, y = np.ones((2, 4, 2), "f4"), np.ones((2, 4, 1), "f4")
    x[0, 2:], y[0, 2:] = 0, np.nan
    pydl.set_seed(0)
    model = Sequential([Input((4, 2)), layers.Masking(0.0), layers.LSTM(3, return_sequences=True), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"], weighted_metrics=["mae"])
    assert np.isfinite(model.test_on_batch(x, y)).all()
    history = model.fit(x, y, epochs=3, verbose=0, validation_data=(x, y)).history
    assert np.isfinite(list(history.values())).all()
    assert all(np.isfinite(w).all() for w in model.get_weights())


@pytest.mark.parametrize("loss", ["mse", "mae", "binary_crossentropy", OWN["square"]])
@pytest.mark.parametrize("what", ["x", "y", "both"])
@pytest.mark.parametrize("weights", ["sample", "class"])
def test_samples_of_weight_zero(loss, what, weights) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random((6, 4)).astype("f4"), np.array([0, 1, 1, 0, 1, 1], "f4")
    weight = np.array([0, 1, 1, 0, 1, 1], "f4")
    if what != "y":
        x[weight == 0] = np.nan
    if what != "x" and weights == "sample":
        y[weight == 0] = np.nan
    given = {"sample_weight": weight} if weights == "sample" else {"class_weight": {0: 0.0}}
    finite = np.isfinite(x).all(1) & np.isfinite(y)
    found = []
    for rows, keep in ((slice(None), given), (weight > 0, {})):
        pydl.set_seed(1)
        model = Sequential([Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(1, activation="sigmoid")])
        model.compile("sgd", losses.LossFunctionWrapper(losses.as_loss(loss).fn, "mean_with_sample_weight"))
        model.fit(x[rows], y[rows], epochs=3, batch_size=6, shuffle=False, verbose=0, **keep)
        found.append(model.get_weights())
    assert finite.sum() >= 4
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


def test_metrics_of_a_model_without_weights() -> None:
    x, y = np.ones((4, 3), "f4"), np.array([[1.0], [np.nan], [2.0], [3.0]])
    model = Sequential([Input((3,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mae"])
    weight = np.array([0.0, 0.0, 1.0, 3.0])
    logs = model.test_on_batch(x, y, sample_weight=weight)
    assert logs == pytest.approx(
        [(4 + 27) / 4, (1 + 2 + 3) / 3, (2 + 9) / 4]
    )  # metrics without weights count the finite value of weight 0


@pytest.mark.parametrize("axis", [(), (1,)])
def test_metrics_without_weights_and_weights_per_step(axis) -> None:
    y = np.zeros((2, 3, 2), "f4")
    y[1, 1:] = np.nan
    model = Sequential([Input((3, 4)), layers.Dense(2, kernel_initializer="zeros", bias_initializer="ones")])
    model.compile("sgd", "mse", metrics=["mae"])
    weight = np.isfinite(y).all(axis=-1).astype("f4")
    logs = model.test_on_batch(np.ones((2, 3, 4)), y, sample_weight=weight.reshape(2, 3, *axis))
    assert logs == pytest.approx([4 / 6, 1.0])


@pytest.mark.parametrize("name", ["hinge", "squared_hinge", lambda t, p: ops.minimum(ops.square(p - t), 1.0)])
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("sign", [1, -1])
def test_excluded_infinity_gives_no_gradient(name, value, sign) -> None:
    y, p = np.array([[value], [1.0]], "f4"), Tensor(np.array([[sign], [0.5]], "f4"), requires_grad=True)
    losses.as_loss(name)(y, p, sample_weight=[0, 1]).backward()
    assert np.isfinite(p.grad).all()
    assert p.grad[0] == 0
    assert p.grad[1] != 0


def test_all_excluded_gives_zero() -> None:
    loss = losses.MeanSquaredError()(np.full((2, 1), np.nan), np.full((2, 1), np.nan), np.zeros(2))
    assert loss.item() == 0.0


def test_classes_of_logit_minus_infinity() -> None:
    z = np.array([[-np.inf, 0.0, 0.0]], "f4")
    one_hot = np.array([[0.0, 1.0, 0.0]], "f4")
    expected = np.log(2)
    assert losses.SparseCategoricalCrossentropy(from_logits=True)([1], z).item() == pytest.approx(expected)
    assert losses.CategoricalCrossentropy(from_logits=True)(one_hot, z).item() == pytest.approx(expected)
    for loss, y in ((losses.SparseCategoricalCrossentropy(), [1]), (losses.CategoricalCrossentropy(), one_hot)):
        logits = Tensor(z, requires_grad=True)
        value = loss(y, ops.softmax(logits))
        value.backward()
        assert value.item() == pytest.approx(expected)
        np.testing.assert_allclose(logits.grad, [[0.0, -0.5, 0.5]])
        assert loss(y, ops.softmax(z)).item() == pytest.approx(expected, rel=1e-5)
    assert losses.KLDivergence()(one_hot, ops.softmax(z)).item() == pytest.approx(expected, rel=1e-4)


def test_empty_batch_gives_zero() -> None:
    for name in NAMES:
        y = np.zeros((0,), int) if "sparse" in name else np.zeros((0, 3), "f4")
        assert losses.as_loss(name)(y, np.zeros((0, 3), "f4")).item() == 0.0
        metric = metrics.get(name)
        metric.update_state(y, np.zeros((0, 3), "f4"))
        assert metric.result() == 0.0


def test_functional_model_of_a_masking_layer() -> None:
    i = Input((4, 2))
    model = Model(i, layers.Masking(0.0)(i))
    model.compile("sgd", "mse", metrics=["mae"])
    x, y = np.ones((2, 4, 2), "f4"), np.ones((2, 4, 2), "f4")
    x[0, 2:], y[0, 2:] = 0, np.nan
    assert model.test_on_batch(x, y) == [0.0, 0.0]
