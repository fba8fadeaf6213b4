"""Losses: formulas in float64, numerical gradients, reductions, weights, and the fused cross-entropies."""

import numpy as np
import pytest

import pydl
from pydl import Tensor, losses, metrics, ops
from tests.tolerance import assert_close

N, C = 6, 4


def probabilities(rng, shape=(N, C)):
    p = rng.uniform(0.05, 1.0, shape)
    return p / p.sum(-1, keepdims=True)


FORMULAS = {
    "mse": lambda t, y: ((y - t) ** 2).mean(-1),
    "mae": lambda t, y: np.abs(y - t).mean(-1),
    "mape": lambda t, y: 100 * np.abs((t - y) / np.maximum(np.abs(t), 1e-7)).mean(-1),
    "msle": lambda t, y: ((np.log(t + 1) - np.log(y + 1)) ** 2).mean(-1),
    "huber": lambda t, y: np.where(np.abs(y - t) <= 1, (y - t) ** 2 / 2, np.abs(y - t) - 0.5).mean(-1),
    "log_cosh": lambda t, y: np.log(np.cosh(y - t)).mean(-1),
    "kl_divergence": lambda t, y: (t * np.log(t / y)).sum(-1),
    "poisson": lambda t, y: (y - t * np.log(y + 1e-7)).mean(-1),
    "hinge": lambda t, y: np.maximum(1 - t * y, 0).mean(-1),
    "squared_hinge": lambda t, y: (np.maximum(1 - t * y, 0) ** 2).mean(-1),
    "cosine_similarity": lambda t, y: -(t * y).sum(-1) / np.sqrt((t**2).sum(-1) * (y**2).sum(-1)),
    "binary_crossentropy": lambda t, y: -(t * np.log(y) + (1 - t) * np.log(1 - y)).mean(-1),
    "categorical_crossentropy": lambda t, y: -(t * np.log(y / y.sum(-1, keepdims=True))).sum(-1),
}


def data(name, rng):
    if name in ("kl_divergence", "categorical_crossentropy", "binary_crossentropy"):
        return probabilities(rng), probabilities(rng)
    if "hinge" in name:
        return rng.choice([-1.0, 1.0], (N, C)), rng.normal(size=(N, C))
    return rng.uniform(0.2, 4, (N, C)), rng.uniform(0.2, 4, (N, C))


def test_every_loss_has_a_formula():
    known = {losses.get(name) for name in losses._functions} - {losses.sparse_categorical_crossentropy}
    assert known == {losses.get(name) for name in FORMULAS}


@pytest.mark.parametrize("name", FORMULAS)
def test_values_and_gradients(name, rng):
    y_true, y_pred = data(name, rng)
    loss = losses.as_loss(name)
    loss.reduction = "none"
    tensor = pydl.Tensor(y_pred, requires_grad=True)
    values = loss(y_true, tensor)
    assert_close(values.numpy(), FORMULAS[name](y_true, y_pred), atol=1e-6, what=name)
    weights, direction, h = rng.normal(size=N), rng.normal(size=(N, C)), 1e-6
    ops.sum(values * weights).backward()
    plus, minus = (float((FORMULAS[name](y_true, y_pred + s * h * direction) * weights).sum()) for s in (1, -1))
    assert float((tensor.grad * direction).sum()) == pytest.approx((plus - minus) / (2 * h), rel=1e-5, abs=1e-5)


def test_sparse_equals_one_hot(rng):
    y_pred, labels = probabilities(rng), rng.integers(0, C, N)
    expected = losses.CategoricalCrossentropy()(np.eye(C)[labels], y_pred).item()
    for y_true in (
        labels,
        labels[:, None],
        labels.astype(np.int32),
        labels.astype(np.uint8),
        labels.astype(np.float32),
    ):
        assert losses.SparseCategoricalCrossentropy()(y_true, y_pred).item() == pytest.approx(expected)


@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("shape", [(N, C), (N, 3, C)])
def test_softmax_and_cross_entropy_are_fused(sparse, shape, rng):
    """The gradient at logits of 1000 would vanish through probabilities; from logits it is p - t."""
    z = 1000 * rng.normal(size=shape)
    labels = rng.integers(0, C, shape[:-1])
    loss = losses.as_loss("sparse_categorical_crossentropy" if sparse else "categorical_crossentropy")
    logits = pydl.Tensor(z, requires_grad=True)
    target = labels if sparse else np.eye(C)[labels]
    value = loss(target, ops.softmax(logits))
    value.backward()
    shifted = z - z.max(-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    rows = labels.size
    assert value.item() == pytest.approx(-np.take_along_axis(log_p, labels[..., None], -1).mean())
    assert_close(logits.grad, (np.exp(log_p) - np.eye(C)[labels]) / rows, atol=1e-12)


def test_sigmoid_and_cross_entropy_are_fused(rng):
    logits = pydl.Tensor(np.array([[800.0], [-800.0], [0.5]]), requires_grad=True)
    target = np.array([[0.0], [1.0], [1.0]])
    value = losses.BinaryCrossentropy()(target, ops.sigmoid(logits))
    value.backward()
    assert value.item() == pytest.approx((1600 + np.log1p(np.exp(-0.5))) / 3)
    np.testing.assert_allclose(logits.grad, (np.array([[1.0], [0.0], [1 / (1 + np.exp(-0.5))]]) - target) / 3)


def test_sigmoid_of_a_dense_layer_is_fused_with_cross_entropy():
    dense = pydl.layers.Dense(1, activation="sigmoid", kernel_initializer="ones")
    y = dense(np.array([[200.0]]), training=True)
    losses.BinaryCrossentropy()([[0.0]], y).backward()
    np.testing.assert_allclose(dense.kernel.grad, [[200.0]])


def test_from_logits(rng):
    z, labels = rng.normal(size=(N, C)), rng.integers(0, C, N)
    p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
    for cls, target in (
        (losses.SparseCategoricalCrossentropy, labels),
        (losses.CategoricalCrossentropy, np.eye(C)[labels]),
    ):
        assert cls(from_logits=True)(target, z).item() == pytest.approx(cls()(target, p).item())
    bits = rng.integers(0, 2, (N, C))
    binary = losses.BinaryCrossentropy
    assert binary(from_logits=True)(bits, z).item() == pytest.approx(binary()(bits, 1 / (1 + np.exp(-z))).item())


def test_label_smoothing(rng):
    p, labels = probabilities(rng), np.eye(C)[rng.integers(0, C, N)]
    smooth = labels * 0.8 + 0.2 / C
    assert losses.CategoricalCrossentropy(label_smoothing=0.2)(labels, p).item() == pytest.approx(
        losses.CategoricalCrossentropy()(smooth, p).item()
    )
    assert losses.BinaryCrossentropy(label_smoothing=0.2)(labels, p).item() == pytest.approx(
        losses.BinaryCrossentropy()(labels * 0.8 + 0.1, p).item()
    )


def test_probabilities_are_clipped_as_in_keras():
    y = pydl.Tensor(np.array([[0.0, 1.0]]), requires_grad=True)
    assert losses.SparseCategoricalCrossentropy()([0], y).item() == pytest.approx(-np.log(1e-7))


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [("sum_over_batch_size", 4.0), ("mean", 4.0), ("sum", 8.0), ("none", [1.0, 7.0]), (None, [1.0, 7.0])],
)
def test_reductions(reduction, expected):
    loss = losses.MeanAbsoluteError(reduction=reduction)
    np.testing.assert_allclose(loss([[0.0], [0.0]], [[1.0], [7.0]]).numpy(), expected)


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [("sum_over_batch_size", 5.0), ("sum", 10.0), ("mean_with_sample_weight", 2.5), ("none", [3.0, 7.0])],
)
@pytest.mark.parametrize("weight", [[3.0, 1.0], [[3.0], [1.0]]])
def test_sample_weights(reduction, expected, weight):
    loss = losses.MeanAbsoluteError(reduction=reduction)
    np.testing.assert_allclose(loss([[0.0], [0.0]], [[1.0], [7.0]], sample_weight=weight).numpy(), expected)


@pytest.mark.parametrize("target", [(2, 3, 4), (2, 3, 4, 1)])
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "none"])
def test_weights_per_sample_with_axes_of_one(target, reduction, rng):
    y, p, weight = rng.random(target), rng.random((2, 3, 4, 1)), np.array([1.0, 3.0])
    loss = losses.MeanSquaredError(reduction=reduction)
    values = ((y.reshape(p.shape) - p) ** 2).mean(axis=-1) if len(target) == 4 else ((y - p[..., 0]) ** 2).mean(axis=-1)
    values *= weight.reshape(2, *(1,) * (values.ndim - 1))
    expected = {"sum": values.sum(), "none": values}.get(reduction, values.mean())
    for axes in range(len(target) - 1):
        given = weight.reshape(2, *(1,) * axes)
        np.testing.assert_allclose(loss(y, p, sample_weight=given).numpy(), expected, rtol=1e-5)
        metric = metrics.MeanSquaredError()
        metric.update_state(y, p, sample_weight=given)
        assert metric.result() == pytest.approx(values.sum() / np.broadcast_to(weight, values.T.shape).sum())


def test_scalar_loss_with_mask_and_weights():
    output = Tensor(np.ones((2, 3, 1), np.float32))
    output.mask = np.array([[True, True, False], [True, False, False]])
    for weight in ([2.0, 5.0], [[2.0], [5.0]]):
        value = losses.as_loss(lambda t, p: ops.mean(p - t))(np.zeros((2, 3, 1)), output, weight)
        assert value.item() == pytest.approx((2 * 2 + 5) / 3)


def test_custom_function_and_names():
    def cubed(y_true, y_pred):
        return ops.mean(ops.abs(y_pred - y_true) ** 3.0, axis=-1)

    assert losses.as_loss(cubed).name == "cubed"
    assert losses.as_loss(cubed)(np.zeros((1, 1), np.float32), [[2.0]]).item() == pytest.approx(8.0)
    assert losses.as_loss("mse").name == "mean_squared_error"
    with pytest.raises(ValueError, match="Known are: binary_crossentropy"):
        losses.get("crossentropy")


@pytest.mark.parametrize(
    ("name", "y_true", "y_pred", "message"),
    [
        ("mse", np.zeros((4, 3)), np.zeros((4, 2)), r"expected shape \(4, 2\) of y_pred, got \(4, 3\)"),
        ("mse", np.zeros(4), np.zeros((4, 2)), "expected shape"),
        ("categorical_crossentropy", np.zeros(4, int), np.ones((4, 2)), "use sparse_categorical_crossentropy"),
        ("sparse_categorical_crossentropy", np.zeros((4, 2)), np.ones((4, 2)), "use categorical_crossentropy"),
        ("sparse_categorical_crossentropy", np.array([0, 2]), np.ones((2, 2)), r"labels in \[0, 2\), got 0 to 2"),
        ("binary_crossentropy", np.zeros((4, 3)), np.ones((4, 2)), "expected shape"),
    ],
)
def test_wrong_shapes_and_labels(name, y_true, y_pred, message):
    with pytest.raises(ValueError, match=message):
        losses.as_loss(name)(y_true, y_pred)


def test_columns_and_vectors_match_without_broadcasting():
    assert losses.as_loss("mse")(np.array([1.0, 2.0]), np.array([[1.0], [4.0]])).item() == 2.0
