"""Messages of losses for wrong labels, ids and shapes, and for activations that do not match the loss."""

import warnings

import numpy as np
import pytest

from pydl import Input, Model, Sequential, layers, losses

RNG = np.random.default_rng(0)


def classifier(units: int = 3, activation: str | None = "softmax", loss="sparse_categorical_crossentropy"):
    model = Sequential([Input((4,)), layers.Dense(units, activation=activation, name="kind")])
    model.compile("sgd", loss)
    return model


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "float32"])
@pytest.mark.parametrize("replayed", [False, True])
def test_labels_off_by_one(dtype, replayed) -> None:
    x, y = RNG.random((6, 4)), np.array([1, 2, 1, 1, 3, 2], dtype)
    model = classifier()
    if replayed:
        for _ in range(3):
            model.train_on_batch(x, y - 1)
    before = model.get_weights()
    for run in (model.train_on_batch, model.test_on_batch):
        text = (
            r"\[kind\].*labels in \[0, 3\), got 1 to 3, the first 3 at sample 4 of the batch; labels begin at 0.*y - 1"
        )
        with pytest.raises(losses.LabelError, match=text):
            run(x, y)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_labels_per_step_of_one_of_two_outputs() -> None:
    i = Input((5, 4))
    model = Model(i, [layers.Dense(3, activation="softmax", name="tags")(i), layers.Dense(1, name="size")(i)])
    model.compile("sgd", {"tags": "sparse_categorical_crossentropy", "size": "mse"})
    tags = np.zeros((2, 5), int)
    tags[1, 3] = -1
    with pytest.raises(ValueError, match=r"\[tags\].* -1 at sample 1, step 3 of the batch; labels begin at 0.*mask"):
        model.train_on_batch(np.zeros((2, 5, 4)), {"tags": tags, "size": np.zeros((2, 5, 1))})


@pytest.mark.parametrize("bad", [np.nan, 0.5])
def test_fractional_labels_are_refused(bad) -> None:
    with pytest.raises(TypeError, match=f"expected integer labels, got {bad} at sample 2 of the batch"):
        classifier().train_on_batch(np.zeros((3, 4)), np.array([0, 1, bad]))


@pytest.mark.parametrize("bad", [20, -1])
@pytest.mark.parametrize("after", [[], [layers.LSTM(3)]])
def test_ids_out_of_range_are_located(bad, after) -> None:
    model = Sequential([Input((5,), dtype="int32"), layers.Embedding(20, 4, name="words"), *after, layers.Flatten()])
    ids = np.zeros((3, 5), int)
    model.compile("sgd", "mse")
    targets = np.zeros((3, model.output_shape[1]))
    for _ in range(3):
        model(ids), model.train_on_batch(ids, targets)
    ids[2, 1] = bad
    text = rf"\[words\] inputs: expected ids in \[0, 20\), got {bad} at sample 2, step 1 of the batch; ids begin at 0"
    for run in (model, lambda x: model.predict(x, verbose=0), lambda x: model.train_on_batch(x, targets)):
        with pytest.raises(ValueError, match=text):
            run(ids)


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        ("sparse_categorical_crossentropy", np.zeros(2, int)),
        ("categorical_crossentropy", np.zeros((2, 10))),
        ("mse", np.zeros((2, 10))),
    ],
)
def test_hint_at_a_missing_flatten(loss, y) -> None:
    model = Sequential([Input((6, 6, 1)), layers.Conv2D(4, 3, name="conv"), layers.Dense(10, name="out")])
    model.compile("sgd", loss)
    with pytest.raises(ValueError, match=r"\[out\].*\n(.*\n)+.*conv.*4, 4, 4(.*\n)+.*\nHint: .*4 x 4 values.*Flatten"):
        model.fit(np.zeros((2, 6, 6, 1)), y, verbose=0)


@pytest.mark.parametrize(
    ("loss", "run"),
    [
        ("categorical_crossentropy", "train_on_batch"),
        ("categorical_crossentropy", "test_on_batch"),
        ("binary_crossentropy", "train_on_batch"),
    ],
)
def test_softmax_over_one_unit_warns_once(loss, run) -> None:
    model = classifier(1, loss=loss)
    with pytest.warns(UserWarning, match="softmax over one unit is always 1.*did you mean a sigmoid"):
        getattr(model, run)(np.zeros((3, 4)), np.array([0, 1, 1]))
    getattr(model, run)(np.zeros((3, 4)), np.array([0, 1, 1]))  # warns once only


CASES = [
    ("softmax", losses.SparseCategoricalCrossentropy(from_logits=True), "comes from a softmax"),
    ("softmax", losses.CategoricalCrossentropy(from_logits=True), "comes from a softmax"),
    ("sigmoid", losses.BinaryCrossentropy(from_logits=True), "comes from a sigmoid"),
    (None, losses.SparseCategoricalCrossentropy(), "did you mean from_logits=True"),
    (None, losses.CategoricalCrossentropy(), "did you mean from_logits=True"),
    (None, losses.BinaryCrossentropy(), "did you mean from_logits=True"),
]


@pytest.mark.parametrize(("activation", "loss", "text"), CASES)
def test_confusion_of_logits_and_probabilities_warns(activation, loss, text) -> None:
    x, labels = RNG.normal(size=(8, 4)) * 3, np.arange(8) % 3
    y = labels if "sparse" in loss.name else np.eye(3)[labels]
    with pytest.warns(UserWarning, match=text):
        classifier(3, activation, loss).fit(x, y, verbose=0)
    right = type(loss)(from_logits=not loss.from_logits)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = classifier(3, activation, right)
        model.fit(x, y, verbose=0)
        model.evaluate(x, y, verbose=0)


def test_fit_warns_even_after_evaluate() -> None:
    x, y = np.ones((4, 2), "f4"), np.ones((4, 1), "f4")
    model = Sequential([Input((2,)), layers.Dense(1), layers.Softmax()])
    model.compile("sgd", "binary_crossentropy")
    model.evaluate(x, y, verbose=0)
    with pytest.warns(UserWarning, match="softmax over one unit") as caught:
        model.fit(x, y, epochs=2, validation_data=(x, y), verbose=0)
    assert len(caught) == 1
