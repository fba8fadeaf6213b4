"""`mask=`: every layer that has it in Keras takes it, as keyword and positional, in any dtype."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Input, Model, Sequential, layers, ops
from pydl.base.errors import ShapeError
from pydl.testing import check_gradients

Array = np.ndarray[Any, Any]
MASK = np.array([[1, 1, 0, 0], [1, 0, 1, 1], [0, 0, 0, 1]], bool)
X = np.random.default_rng(0).standard_normal((3, 4, 5)).astype("float32")
KINDS: dict[str, Any] = {
    "bool": MASK,
    "int32": MASK.astype("int32"),
    "int64": MASK.astype("int64"),
    "uint8": MASK.astype("uint8"),
    "float32": MASK.astype("float32"),
    "float64": MASK.astype("float64"),
    "list": MASK.tolist(),
    "list of numbers": MASK.astype(int).tolist(),
    "tensor": pydl.Tensor(MASK),
    "tensor of floats": pydl.Tensor(MASK.astype("float32")),
}
TAKERS: dict[str, Any] = {
    "batch normalization": layers.BatchNormalization,
    "lstm": lambda: layers.LSTM(2, seed=0),
    "gru": lambda: layers.GRU(2, return_sequences=True),
    "rnn of stacked cells": lambda: layers.RNN([layers.LSTMCell(2), layers.GRUCell(2)]),
    "bidirectional": lambda: layers.Bidirectional(layers.SimpleRNN(2, return_sequences=True)),
    "time distributed": lambda: layers.TimeDistributed(layers.BatchNormalization()),
    "average pooling": layers.GlobalAveragePooling1D,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TAKERS)
def test_masks_of_every_dtype_as_keyword_and_positional(name: str, kind: str) -> None:
    layer = TAKERS[name]()
    carried = pydl.Tensor(X)
    carried.mask = MASK
    expected = layer(carried).numpy()
    assert np.array_equal(layer(X, mask=KINDS[kind]).numpy(), expected)
    if name in ("batch normalization", "time distributed"):
        assert np.array_equal(layer(X, False, KINDS[kind]).numpy(), expected)
    elif name == "average pooling":
        assert np.array_equal(layer(X, KINDS[kind]).numpy(), expected)
    else:
        assert np.array_equal(layer(X, None, KINDS[kind]).numpy(), expected)


def statistics(x: Array, mask: Array) -> tuple[Array, Array]:
    rows = x[mask].astype("float64")
    return rows.mean(0), rows.var(0)


def test_batch_normalization_ignores_masked_steps() -> None:
    x = np.array([[[1.0, 2], [3.0, 4], [0, 0]], [[5.0, 6], [0, 0], [0, 0]]], "float32")
    for source in (lambda bn: Sequential([layers.Masking(0.0), bn])(x, training=True),):
        bn = layers.BatchNormalization(momentum=0.0)
        source(bn)
        assert np.allclose(bn.get_weights()[2:], [[3, 4], [8 / 3, 8 / 3]])
    bn = layers.BatchNormalization(momentum=0.0)
    table = np.random.default_rng(1).standard_normal((5, 2)).astype("float32")
    ids = np.array([[1, 2, 0], [4, 0, 0]])
    Sequential([layers.Embedding(5, 2, mask_zero=True, weights=table), bn])(ids, training=True)
    mean, variance = statistics(table[ids], ids != 0)
    assert np.allclose(bn.get_weights()[2], mean, atol=1e-6)
    assert np.allclose(bn.get_weights()[3], variance, atol=1e-6)


def test_batch_normalization_with_a_mask_learns_in_fit() -> None:
    i = Input((4, 5))
    bn = layers.BatchNormalization(momentum=0.0)
    model = Model(i, layers.Dense(1)(bn(layers.Masking(0.0)(i))))
    model.compile("sgd", "mse")
    x = X * MASK[..., None]
    for _ in range(3):
        model.fit(x, x[..., :1], batch_size=3, shuffle=False, verbose=0)
    mean, variance = statistics(x, MASK)
    assert np.allclose(bn.get_weights()[2], mean, atol=1e-6)
    assert np.allclose(bn.get_weights()[3], variance, atol=1e-6)
    assert np.array_equal(model.predict(x, verbose=0), model(x).numpy())


@pytest.mark.parametrize("shape", [(3, 4, 5), (3, 4, 2, 5), (3, 4, 2, 3, 5)])
def test_gradients_of_masked_batch_normalization(shape: tuple[int, ...], rng: np.random.Generator) -> None:
    x, gamma, beta = rng.standard_normal(shape), rng.standard_normal(5), rng.standard_normal(5)
    mask = MASK
    check_gradients(lambda *t: ops.batch_norm(*t, 1e-3, mask=mask)[0], [x, gamma, beta])
    check_gradients(lambda t: ops.batch_norm(t, None, None, 1e-3, mask=mask)[0], [x])


@pytest.mark.oracle
def test_masked_batch_normalization_equals_torch_on_unmasked_rows() -> None:
    import torch

    rows = torch.tensor(X[MASK].astype("float64"), requires_grad=True)
    weight = torch.linspace(0.5, 2, 5, dtype=torch.float64, requires_grad=True)
    wanted = torch.nn.functional.batch_norm(rows, None, None, weight, None, True, 0.0, 1e-3)
    factors = torch.arange(float(wanted.numel()), dtype=torch.float64).reshape(wanted.shape)
    (wanted * factors).sum().backward()
    x, gamma = pydl.Tensor(X.astype("float64"), requires_grad=True), pydl.Tensor(weight.detach().numpy(), True)
    y, _, _ = ops.batch_norm(x, gamma, None, 1e-3, mask=MASK)
    dy = np.zeros(X.shape)
    dy[MASK] = factors.numpy()
    y.backward(dy)
    assert np.allclose(y.numpy()[MASK], wanted.detach().numpy(), atol=1e-12)
    assert np.allclose(x.grad[MASK], rows.grad.numpy(), atol=1e-10)
    assert np.abs(x.grad[~MASK]).max() == 0
    assert np.allclose(gamma.grad, weight.grad.numpy(), atol=1e-10)


def test_batch_normalization_with_all_or_no_steps_masked() -> None:
    bn = layers.BatchNormalization(momentum=0.5)
    bn(X, training=True, mask=np.zeros((3, 4)))  # all masked: nothing is learned
    assert [w.tolist() for w in bn.get_weights()[2:]] == [[0] * 5, [1] * 5]
    all_true, none = layers.BatchNormalization(), layers.BatchNormalization()
    assert np.allclose(
        all_true(X, training=True, mask=np.ones((3, 4))).numpy(), none(X, training=True).numpy(), atol=1e-6
    )
    with pytest.raises(ShapeError, match=r"mask: expected shape \(3, 4\)"):
        bn(X, training=True, mask=np.ones((3, 5)))
    with pytest.raises(ShapeError, match="mask: expected shape"):
        bn(X, training=True, mask=np.ones((3, 4, 5)))
    first = layers.BatchNormalization(axis=2, momentum=0.0)
    video = np.random.default_rng(0).standard_normal((3, 4, 5, 2)).astype("float32")
    first(video, training=True, mask=MASK)
    rows = np.moveaxis(video, 2, -1)[MASK]
    assert np.allclose(first.get_weights()[2], rows.mean((0, 1)), atol=1e-6)


def test_softmax_with_a_mask() -> None:
    scores = X[..., 0]
    y = layers.Softmax()(scores, MASK).numpy()
    e = np.exp(scores.astype("float64")) * MASK
    assert np.allclose(y, e / e.sum(-1, keepdims=True), atol=1e-6)
    assert (y[~MASK] == 0).all()
    full = np.broadcast_to(MASK[..., None], X.shape)
    over_steps = layers.Softmax(axis=1)(X, mask=full).numpy()
    assert np.allclose(over_steps.sum(1), 1, atol=1e-6)
    assert (over_steps[~MASK] == 0).all()
    assert (layers.Softmax()(X, mask=full).numpy()[~MASK] == 0).all()  # rows that are masked completely
    with pytest.raises(ShapeError, match="mask: expected a shape that broadcasts"):
        layers.Softmax()(X, mask=np.ones((3, 4)))
    masked = layers.Masking(0.0)(X * MASK[..., None])
    assert np.allclose(layers.Softmax()(masked).numpy().sum(-1), 1, atol=1e-6)
    carried = pydl.Tensor(scores)
    carried.mask = MASK
    assert np.allclose(layers.Softmax()(carried).numpy(), y)


def test_softmax_with_a_mask_in_a_functional_model() -> None:
    i, m = Input((4,)), Input((4,), dtype="bool")
    model = Model([i, m], layers.Softmax()(i, mask=m))
    scores = X[..., 0]
    wanted = layers.Softmax()(scores, mask=MASK).numpy()
    for training in (False, False, True):
        assert np.array_equal(model([scores, MASK], training=training).numpy(), wanted)
    other = np.ones_like(MASK)
    assert np.allclose(model([scores, other]).numpy(), layers.Softmax()(scores).numpy())


def test_time_distributed_passes_the_mask_of_a_step() -> None:
    class Count(layers.Layer):
        def call(self, x: Any, mask: Any = None) -> Any:
            return ops.sum(x * ops.mask_values(mask), axis=1)

    x = np.ones((2, 3, 4, 5), "float32")
    mask = np.random.default_rng(0).random((2, 3, 4)) > 0.5
    y = layers.TimeDistributed(Count())(x, mask=mask)
    assert np.array_equal(y.numpy()[..., 0], mask.sum(-1))
    y = layers.TimeDistributed(layers.LSTM(2))(x, mask=mask)
    assert y.shape == (2, 3, 2)
    layers.TimeDistributed(layers.LSTM(2))(x, mask=mask[..., 0])  # no mask for the inner steps
    with pytest.raises(ShapeError, match=r"mask: expected shape \(2, 3\)"):
        layers.TimeDistributed(layers.Dense(2))(x, mask=np.ones((3, 2)))


def test_masks_of_several_inputs() -> None:
    class Two(layers.Layer):
        def call(self, a: Any, b: Any, a_mask: Any = None, b_mask: Any = None) -> Any:
            self.seen = a_mask, b_mask
            return a

    class Nested(layers.Layer):
        def call(self, inputs: Any, mask: Any = None) -> Any:
            self.seen = mask
            return inputs["a"]

    a, b = pydl.Tensor(X), pydl.Tensor(X)
    a.mask = MASK
    two, nested = Two(), Nested()
    two(a, b)
    assert two.seen[0] is MASK
    assert two.seen[1] is None
    two(a, b=b, b_mask=MASK.tolist())
    assert np.array_equal(two.seen[1], MASK)
    assert np.array_equal(nested({"a": a, "b": b}).mask, MASK)
    assert nested.seen["a"] is MASK
    assert nested.seen["b"] is None
    product = layers.Multiply()([a, b], mask=[MASK.astype("int32"), None])
    assert np.allclose(product.numpy(), np.where(MASK[..., None], X, 1) * X)


def test_custom_layer_may_return_its_mask_as_a_tensor() -> None:
    class NotZero(layers.Layer):
        def call(self, x: Any) -> Any:
            return x

        def compute_mask(self, x: Any, mask: Any = None) -> Any:
            return ops.greater(x[..., 0], 0.0)

    x = np.abs(X) * MASK[..., None]
    y = layers.LSTM(2)(NotZero()(x))
    lstm = layers.LSTM(2)
    assert np.array_equal(NotZero()(x).mask, MASK)
    assert y.shape == lstm(x, mask=MASK).shape


@pytest.mark.oracle
def test_supports_masking_and_masks_equal_keras() -> None:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    of_all = (
        "GlobalAveragePooling1D", "GlobalMaxPooling1D", "MaxPooling1D", "AveragePooling1D", "MaxPooling2D",
        "GlobalAveragePooling2D", "Flatten", "RepeatVector", "ReLU", "Softmax", "LeakyReLU", "BatchNormalization",
        "LayerNormalization", "GroupNormalization", "Masking", "Add", "Concatenate", "Multiply",
    )  # fmt: skip
    for name in of_all:
        arguments = {"RepeatVector": (2,), "AveragePooling1D": (2,)}.get(name, ())
        ours, theirs = getattr(layers, name)(*arguments), getattr(keras.layers, name)(*arguments)
        assert ours.supports_masking == theirs.supports_masking, name
    for name in ("LSTM", "GRU", "SimpleRNN", "Dense", "Dropout"):
        arguments = 0.5 if name == "Dropout" else 2
        assert (
            getattr(layers, name)(arguments).supports_masking == getattr(keras.layers, name)(arguments).supports_masking
        )
    a, b = layers.BatchNormalization(momentum=0.3), keras.layers.BatchNormalization(momentum=0.3)
    ya, yb = a(X, training=True, mask=MASK), b(X, training=True, mask=MASK)
    assert np.allclose(ya.numpy(), yb.detach().numpy(), atol=1e-6)
    for ours, theirs in zip(a.get_weights(), b.weights, strict=True):
        assert np.allclose(ours, theirs.value.detach().numpy(), atol=1e-6)
    assert np.allclose(
        layers.Softmax()(X[..., 0], MASK).numpy(), keras.layers.Softmax()(X[..., 0], MASK).detach().numpy(), atol=1e-6
    )


# ---- masks that get lost ------------------------------------------------------------------------------------------


def tagger(middle: Any) -> Model:
    words, extra = Input((4,), dtype="int32"), Input((4, 3))
    x = middle(layers.Embedding(5, 3, mask_zero=True)(words), extra)
    y = layers.Dense(1)(x)
    model = Model([words, extra], y)
    model.compile("sgd", "mse")
    return model


IDS = np.array([[1, 2, 0, 0], [3, 0, 0, 0], [1, 1, 1, 1]])
EXTRA = np.ones((3, 4, 3), "float32")
ENDS: dict[str, Any] = {
    "concatenate": lambda e, c: layers.concatenate([e, c]),
    "concatenate, the other first": lambda e, c: layers.Concatenate()([c, e]),
    "add": lambda e, c: layers.Add()([e, c]),
    "an op": lambda e, c: e * 2.0,
    "convolution": lambda e, c: layers.Conv1D(3, 3, padding="same")(e),
    "reshape": lambda e, c: layers.Reshape((4, 3, 1))(e)[..., 0],
}
GOES: dict[str, Any] = {
    "pooling": lambda e, c: layers.GlobalAveragePooling1D()(e),
    "max pooling": lambda e, c: layers.GlobalMaxPooling1D()(e),
    "last state": lambda e, c: layers.LSTM(2)(e),
    "flatten": lambda e, c: layers.Flatten()(e),
    "mean of steps": lambda e, c: ops.mean(e, axis=1),
    "passes": lambda e, c: layers.Dropout(0.1)(layers.Dense(2)(layers.BatchNormalization()(e))),
    "both masked": lambda e, c: layers.concatenate([e, layers.Masking(9.0)(c)]),
    "no mask": lambda e, c: layers.concatenate([c, c * 2.0]),
    "dot": lambda e, c: layers.Dot((2, 2))([e, c]),
}


@pytest.mark.parametrize("name", ENDS)
def test_lost_mask_warns_once(name: str) -> None:
    model = tagger(ENDS[name])
    with pytest.warns(UserWarning, match=r"a mask \(3, 4\) ends at layer .*count padding"):
        model.fit([IDS, EXTRA], EXTRA[..., :1], verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit([IDS, EXTRA], EXTRA[..., :1], verbose=0)
        tagger(ENDS[name]).predict([IDS, EXTRA], verbose=0)


@pytest.mark.parametrize("name", GOES)
def test_no_warning_where_no_mask_is_lost(name: str) -> None:
    model = tagger(GOES[name])
    shape = (3, *model.output_shape[1:])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit([IDS, EXTRA], np.ones(shape), verbose=0)
