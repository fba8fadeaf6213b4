"""Masks: their sources, their propagation through layers, models and plans, their effect on losses and metrics."""

from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Tensor, layers, losses, ops
from pydl.testing import check_gradients

Array = np.ndarray[Any, Any]
IDS = np.array([[3, 1, 0, 0], [2, 0, 4, 0]], np.int32)
MASK = IDS != 0


def tagger(last: layers.Layer | None = None) -> pydl.Sequential:
    """Classifies every step of a sequence."""
    inner = pydl.Sequential([layers.Dense(6), layers.Dropout(0.5)])
    return pydl.Sequential(
        [layers.Embedding(5, 8, mask_zero=True), inner, layers.ReLU(), last or layers.Dense(3, activation="softmax")]
    )


def test_embedding_gives_rows_and_a_mask() -> None:
    layer = layers.Embedding(5, 8, mask_zero=True)
    y = layer(IDS)
    np.testing.assert_array_equal(y.numpy(), layer.embeddings.numpy()[IDS])
    np.testing.assert_array_equal(y.mask, MASK)
    assert layers.Embedding(5, 8)(IDS).mask is None
    again = layers.Embedding.from_config(layer.get_config())
    assert again.mask_zero
    assert layers.Embedding(5, 8, weights=np.ones((5, 8)))(IDS).numpy().min() == 1
    with pytest.raises(ValueError, match=r"inputs: expected ids in \[0, 5\), got 7 at sample 0, step 1"):
        layer(np.array([[1, 7]]))


def test_masking_masks_padded_steps() -> None:
    x = np.ones((2, 3, 4), np.float32)
    x[0, 1:], x[1, 2] = -1, -1
    x[1, 0, 0] = -1
    y = layers.Masking(-1.0)(x)
    expected = np.array([[True, False, False], [True, True, False]])
    np.testing.assert_array_equal(y.mask, expected)
    np.testing.assert_array_equal(y.numpy(), x * expected[..., None])
    check_gradients(lambda t: ops.apply_mask(t, expected), [x])


def test_select_takes_whole_samples_and_their_gradients_only(rng: np.random.Generator) -> None:
    a, b = rng.standard_normal((2, 3, 4, 2))
    mask = np.array([True, False, True])
    b[0] = np.nan
    chosen = ops.select_steps(ops.mask_values(mask), Tensor(a), Tensor(b))
    np.testing.assert_array_equal(chosen.numpy(), np.where(mask[:, None, None], a, b))
    b[0] = 0
    check_gradients(lambda x, y: ops.select_steps(ops.mask_values(mask), x, y), [a, b])


def test_masks_propagate_through_nested_models_and_plans(rng: np.random.Generator) -> None:
    model = tagger()
    for _ in range(3):  # recorded, then replayed
        y = model(IDS)
        assert y.mask is not None
        np.testing.assert_array_equal(y.mask, MASK)
    (plan,) = model._plans.info()
    assert plan["reason"] is None
    other = np.roll(IDS, 1, axis=1)
    np.testing.assert_array_equal(model(other).mask, other != 0)
    np.testing.assert_array_equal(model(other, training=True).mask, other != 0)


def test_layer_without_step_axis_drops_the_mask() -> None:
    model = tagger(layers.Flatten())
    assert model(IDS).mask is None
    assert layers.Reshape((2, 2, 6))(model.layers[0](IDS)[..., :6]).mask is None


def test_custom_layers_get_and_return_masks() -> None:
    class Last(layers.Layer):
        """The last unmasked step."""

        def call(self, inputs: Tensor, mask: Array | None = None) -> Tensor:
            assert mask is not None
            last = mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)
            return inputs[np.arange(len(last)), last]

        def compute_mask(self, inputs: Tensor, mask: Any = None) -> None:
            return None

    embedded = layers.Embedding(5, 8, mask_zero=True)(IDS)
    y = Last()(embedded)
    np.testing.assert_array_equal(y.numpy(), embedded.numpy()[[0, 1], [1, 2]])
    assert y.mask is None
    np.testing.assert_array_equal(Last()(embedded, mask=np.ones((2, 4), bool)).numpy(), embedded.numpy()[:, 3])


def test_cast_keeps_the_mask() -> None:
    y = layers.Embedding(5, 8, mask_zero=True)(IDS)
    np.testing.assert_array_equal(layers.Dense(2, dtype="float64")(y).mask, MASK)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight", "none"])
@pytest.mark.parametrize("weighted", [False, True])
def test_losses_ignore_masked_steps(reduction: str, weighted: bool, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 2, 4, 3))
    weight = np.array([2.0, 0.5]) if weighted else None
    prediction = Tensor(y_pred, requires_grad=True)
    prediction.mask = MASK
    loss = losses.MeanSquaredError(reduction=reduction)(y_true, prediction, weight)
    spread = np.ones((2, 4)) if weight is None else np.repeat(weight[:, None], 4, axis=1)
    values = np.square(y_true - y_pred).mean(axis=-1) * MASK * spread
    expected = {
        "none": values,
        "sum": values.sum(),
        "sum_over_batch_size": values.sum() / MASK.sum(),
        "mean_with_sample_weight": values.sum() / (MASK * spread).sum(),
    }[reduction]
    np.testing.assert_allclose(loss.numpy(), expected, rtol=1e-12)
    ops.sum(loss).backward()
    assert prediction.grad is not None
    assert not prediction.grad[~MASK].any()
    assert prediction.grad[MASK].all()


def test_batch_of_padding_has_loss_zero() -> None:
    prediction = Tensor(np.ones((2, 3, 1)))
    prediction.mask = np.zeros((2, 3), bool)
    assert losses.MeanSquaredError()(np.zeros((2, 3, 1)), prediction).item() == 0


def test_fit_and_evaluate_ignore_masked_steps(rng: np.random.Generator) -> None:
    model = tagger()
    labels = rng.integers(0, 3, IDS.shape)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy"])
    model.fit(IDS, labels, epochs=1, verbose=0)
    weight = np.array([1.0, 3.0])
    _, accuracy, weighted = model.evaluate(IDS, labels, sample_weight=weight, verbose=0)
    hits = model.predict(IDS).argmax(axis=-1) == labels
    assert accuracy == pytest.approx(hits[MASK].mean())
    assert weighted == pytest.approx((hits * MASK * weight[:, None]).sum() / (MASK * weight[:, None]).sum())
    other = np.where(MASK, labels, (labels + 1) % 3)
    assert model.evaluate(IDS, other, verbose=0) == model.evaluate(IDS, labels, verbose=0)


def test_each_output_has_its_own_mask(rng: np.random.Generator) -> None:
    inputs = layers.Input((None,), dtype="int32")
    embedded = layers.Embedding(5, 4, mask_zero=True)(inputs)
    tags = layers.Dense(3, activation="softmax")(layers.GRU(3, return_sequences=True)(embedded))
    model = pydl.Model(inputs, {"tags": tags, "score": layers.Dense(1)(layers.LSTM(3)(embedded))})
    losses_of = {"tags": "sparse_categorical_crossentropy", "score": "mse"}
    model.compile("sgd", losses_of, metrics={"tags": ["accuracy"]})
    y = {"tags": rng.integers(0, 3, IDS.shape), "score": np.ones((2, 1))}
    predicted, result = model.predict(IDS), model.evaluate(IDS, y, return_dict=True, verbose=0)
    right = np.take_along_axis(predicted["tags"], y["tags"][..., None], axis=-1)[..., 0]
    assert result["tags_loss"] == pytest.approx(-np.log(right[MASK]).mean(), rel=1e-5)
    assert result["score_loss"] == pytest.approx(np.square(predicted["score"] - 1).mean(), rel=1e-5)
    assert result["tags_accuracy"] == pytest.approx((predicted["tags"].argmax(axis=-1) == y["tags"])[MASK].mean())
    assert model._plans.info()[-1]["reason"] is None
