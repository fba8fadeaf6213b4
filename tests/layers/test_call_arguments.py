"""Arguments of layer calls: dtypes, positional and keyword arguments, several tensors, shapes for build()."""

from __future__ import annotations

import copy
import os
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Input, Model, Sequential, layers, ops
from pydl.base.errors import ShapeError


class Id(layers.Layer):
    def call(self, x: Any) -> Any:
        return x


class Table(layers.Layer):
    """A user's layer that looks up rows by id."""

    def build(self, shape: Any) -> None:
        self.w = self.add_weight((30, 2), "uniform")

    def call(self, ids: Any) -> Any:
        return self.w[ids]


INTEGERS = ["int8", "uint8", "int16", "int32", "int64", "uint32", "bool"]


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_and_bools_are_not_cast(dtype: str) -> None:
    x = np.array([[0, 1, 100]]).astype(dtype)
    for given in (x, pydl.Tensor(x)):
        y = Id()(given)
        assert y.dtype == dtype
        assert np.array_equal(y.numpy(), x)
    assert Id(dtype="float64")(x).dtype == dtype
    y = Id()([x, x.astype("float64")])
    assert [each.dtype for each in y] == [np.dtype(dtype), np.dtype("float32")]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_are_cast_to_the_dtype_of_the_layer(dtype: str) -> None:
    x = np.ones((1, 2), dtype)
    assert Id()(x).dtype == np.float32
    assert Id(dtype="float64")(x).dtype == np.float64

    class Free(Id):
        autocast = False

    assert Free()(x).dtype == dtype


def test_custom_layers_get_integers_unchanged() -> None:
    assert Id()(np.array([16777217], "int32")).numpy().tolist() == [16777217]
    assert Id()(np.array([2**53 + 1], "int64")).numpy().tolist() == [2**53 + 1]
    ids = np.array([[1, 29, 0]], "int32")
    table = Table()
    y = table(ids)
    assert y.shape == (1, 3, 2)
    assert np.array_equal(y.numpy(), table.w.numpy()[ids])


def test_embeddings_in_models() -> None:
    ids = np.array([[1, 29, 0], [2, 3, 4]], "int32")
    for make in (
        lambda: Sequential([Input((3,), dtype="int32"), Table(), layers.Flatten(), layers.Dense(1)]),
        lambda: Sequential([Input((3,), dtype="int32"), Id(), layers.Reshape((3, 1)), layers.Flatten(), Table()]),
        lambda: (lambda i: Model(i, layers.Dense(1)(Table()(Id()(layers.Reshape((3,))(i))))))(
            Input((3,), dtype="int64")
        ),
    ):
        model = make()
        assert np.array_equal(model(ids).numpy(), model(ids, training=True).numpy())
        assert np.array_equal(model(ids).numpy(), model(ids.astype("float32")).numpy())


def test_models_cast_inputs_in_every_kind_of_call() -> None:
    big = np.array([[16777217, 3]], "int64")
    for model in (
        Sequential([Input((2,), dtype="int64"), Id()]),
        Sequential([Input((2,), dtype="int64"), layers.Flatten(), Id()]),
        (lambda i: Model(i, layers.Reshape((2, 1))(i)))(Input((2,), dtype="int64")),
    ):
        for training in (False, True):
            y = model(big, training=training)
            assert y.dtype == np.int64
            assert y.numpy().ravel().tolist() == [16777217, 3]
    for model in (Sequential([Input((2,)), Id()]), (lambda i: Model(i, Id()(i)))(Input((2,)))):
        for training in (False, True):  # as in Keras: an Input of floats gives floats
            assert model(big, training=training).dtype == np.float32


def test_merging_keeps_integers() -> None:
    a = np.array([[16777217, 2]], "int32")
    for cls in (layers.Add, layers.Subtract, layers.Multiply, layers.Maximum, layers.Minimum, layers.Concatenate):
        assert cls()([a, a]).dtype == np.int32
        assert cls()([a, a.astype("float32")]).dtype == np.float32
    assert layers.Maximum()([a, a]).numpy().tolist() == [[16777217, 2]]
    assert layers.Average()([a, a]).dtype == layers.Dot(1)([a, a]).dtype == np.float32


def test_other_arguments_are_converted_like_the_first() -> None:
    class Two(layers.Layer):
        def call(self, a: Any, b: Any, extra: Any = None, flag: Any = 3) -> Any:
            assert flag == 3
            self.seen = [type(b).__name__, b.dtype, [e.dtype for e in extra["list"]]]
            return a + b

    two = Two()
    y = two(np.ones((1, 2)), np.ones((1, 2)), extra={"list": [np.ones(2), np.arange(2)]})
    assert y.dtype == np.float32
    assert two.seen == ["Tensor", np.dtype("float32"), [np.dtype("float32"), np.arange(2).dtype]]


# ---- keyword and positional arguments --------------------------------------------------------------------------------


class Entropy(layers.Layer):
    def build(self, targets_shape: Any, logits_shape: Any) -> None:
        self.shapes = targets_shape, logits_shape
        self.w = self.add_weight((logits_shape[-1],), "ones")

    def call(self, targets: Any, logits: Any) -> Any:
        return ops.mean(targets * logits * self.w, axis=-1)


def test_keyword_only_and_several_positional_tensors() -> None:
    t, lo = np.ones((2, 3), "float32"), np.full((2, 3), 2, "float32")
    for call in (
        lambda e, a, b: e(targets=a, logits=b),
        lambda e, a, b: e(logits=b, targets=a),
        lambda e, a, b: e(a, b),
        lambda e, a, b: e(a, logits=b),
    ):
        layer = Entropy()
        assert call(layer, t, lo).numpy().tolist() == [2, 2]
        assert layer.shapes == ((2, 3), (2, 3))
        i, j = Input((3,)), Input((3,))
        symbolic = Entropy()
        out = call(symbolic, i, j)
        assert out.shape == (None,)
        model = Model([i, j], out)
        assert model([t, lo]).numpy().tolist() == [2, 2]
        assert copy.deepcopy(model)([t, lo]).numpy().tolist() == [2, 2]
        again = Model.from_config(model.get_config(), {"Entropy": Entropy})
        assert again.predict([t, lo], verbose=0).tolist() == [2, 2]


def test_keyword_only_and_defaults() -> None:
    class Only(layers.Layer):
        def call(self, *, a: Any, b: Any = None) -> Any:
            return a if b is None else a + b

    class Defaults(layers.Layer):
        def call(self, x: Any = None, y: Any = None) -> Any:
            return y if x is None else x

    one = np.ones((1, 2), "float32")
    assert Only()(a=one).numpy().tolist() == [[1, 1]]
    assert Only()(b=one, a=one).numpy().tolist() == [[2, 2]]
    i = Input((2,))
    assert Model(i, Only()(a=i, b=i))(one).numpy().tolist() == [[2, 2]]
    assert Defaults()(y=one).numpy().tolist() == [[1, 1]]
    with pytest.raises(TypeError, match="expected the argument 'targets', got none"):
        Entropy()(logits=one)
    with pytest.raises(TypeError, match="expected one value for the argument 'targets', got several"):
        Entropy()(one, targets=one)
    with pytest.raises(TypeError, match="at most 2 arguments, got 3"):
        Entropy()(one, one, one)


def test_variadic_arguments_and_positional_training() -> None:
    class Sum(layers.Layer):
        def call(self, *xs: Any) -> Any:
            return sum(xs[1:], start=xs[0])

    one = np.ones((1, 2), "float32")
    assert Sum()(one, one, one).numpy().tolist() == [[3, 3]]
    i, j = Input((2,)), Input((2,))
    assert Model([i, j], Sum()(i, j))([one, one]).numpy().tolist() == [[2, 2]]
    dropped = layers.Dropout(1.0)(one, True)
    assert dropped.numpy().tolist() == [[0, 0]]


def test_models_called_with_keywords() -> None:
    class Net(Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(1, kernel_initializer="ones")

        def call(self, question: Any, hint: Any = None) -> Any:
            return self.dense(question if hint is None else question + hint)

    one = np.ones((1, 2), "float32")
    net = Net()
    assert net(question=one).numpy().tolist() == [[2]]
    assert net(question=one, hint=one).numpy().tolist() == [[4]]
    assert net(one, one).numpy().tolist() == [[4]]
    assert net(one).numpy().tolist() == net(one).numpy().tolist() == [[2]]


def test_build_gets_shapes_by_name() -> None:
    class Pair(layers.Layer):
        def build(self, a_shape: Any, b_shape: Any = None) -> None:
            self.known = a_shape, b_shape

        def call(self, a: Any, b: Any = None) -> Any:
            return a

        def compute_output_shape(self, a_shape: Any, b_shape: Any = None) -> Any:
            return a_shape

    pair = Pair()
    assert pair(Input((3,)), b=Input((4,))).shape == (None, 3)
    assert pair.known == ((None, 3), (None, 4))
    pair = Pair()
    pair(np.ones((1, 3)))
    assert pair.known == ((1, 3), None)

    class Wrong(Pair):
        def build(self, a_shape: Any, other: Any) -> None: ...

    with pytest.raises(TypeError, match="got 'other'"):
        Wrong()(np.ones((1, 3)), np.ones((1, 3)))

    class Shapeless(layers.Layer):
        def build(self) -> None:
            self.w = self.add_weight((2,), "ones")

        def call(self, x: Any) -> Any:
            return x * self.w

    assert Shapeless()(np.ones((1, 2))).numpy().tolist() == [[1, 1]]
    assert Sequential([Input((2,)), Shapeless()]).count_params() == 2

    class Many(layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.known = input_shape

        def call(self, inputs: Any) -> Any:
            return inputs["a"] + inputs["b"][0]

    many = Many()
    many({"a": np.ones((1, 2)), "b": [np.ones((1, 2))]})
    assert many.known == {"a": (1, 2), "b": [(1, 2)]}


def test_stored_shapes_are_copies() -> None:
    class Keeps(layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.known = input_shape

        def call(self, x: Any) -> Any:
            return x

    keeps = Keeps()
    keeps(np.ones((1, 2)))
    assert copy.deepcopy(keeps).known == (1, 2)


# ---- one tensor only --------------------------------------------------------------------------------------------

x = np.ones((2, 3, 4), "float32")
h = np.ones((2, 5), "float32")
SINGLE: dict[str, Any] = {
    "dense": lambda: layers.Dense(4)([np.zeros((2, 3), "f4"), np.zeros((2, 4), "f4")]),
    "dense of one": lambda: layers.Dense(4)([np.zeros((2, 3), "f4")]),
    "lstm": lambda: layers.LSTM(5)([x, h, h]),
    "gru": lambda: layers.GRU(5)((x, h)),
    "bidirectional": lambda: layers.Bidirectional(layers.LSTM(5))([x, h, h, h, h]),
    "conv": lambda: layers.Conv1D(2, 2)([x, x]),
    "flatten": lambda: layers.Flatten()([x, x]),
    "batch norm": lambda: layers.BatchNormalization()([x, x]),
    "embedding": lambda: layers.Embedding(3, 2)([x, x]),
    "pooling": lambda: layers.GlobalAveragePooling1D()({"a": x}),
    "softmax": lambda: layers.Softmax()([x, x]),
    "dropout": lambda: layers.Dropout(0.1)([x, x]),
    "time distributed": lambda: layers.TimeDistributed(layers.Dense(2))([x, x]),
    "symbolic": lambda: layers.Dense(4)([Input((3,)), Input((4,))]),
    "symbolic lstm": lambda: layers.LSTM(5)([Input((3, 4)), Input((5,)), Input((5,))]),
}


@pytest.mark.parametrize("name", SINGLE)
def test_layer_of_one_input_refuses_several_tensors(name: str) -> None:
    with pytest.raises(ShapeError, match=r"inputs: expected one tensor, got (\d of shapes|a dict)"):
        SINGLE[name]()


def test_lists_of_numbers_are_arrays() -> None:
    assert layers.Dense(1, kernel_initializer="ones")([[1.0, 2.0], [3.0, 4.0]]).numpy().tolist() == [[3], [7]]
    assert layers.Flatten()([[[1, 2]], [[3, 4]]]).numpy().tolist() == [[1, 2], [3, 4]]


# ---- the oracle -------------------------------------------------------------------------------------------------


@pytest.mark.oracle
def test_dtypes_against_keras() -> None:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    def run(of: Any, dtype: str) -> list[str]:
        a = np.arange(6).reshape(1, 2, 3).astype(dtype)
        flat = np.arange(3).reshape(1, 3).astype(dtype)
        made = [
            of.Flatten()(a), of.Reshape((3, 2))(a), of.Permute((2, 1))(a), of.RepeatVector(2)(flat), of.Dense(2)(flat),
            of.Activation("linear")(flat), of.Activation("tanh")(flat), of.BatchNormalization()(flat),
            of.LayerNormalization()(flat), of.LSTM(2)(a), of.GRU(2)(a), of.Add()([a, a]), of.Multiply()([a, a]),
            of.Average()([a, a]), of.Concatenate()([a, a]), of.Embedding(9, 2)(flat),
            of.Bidirectional(of.SimpleRNN(2))(a), of.TimeDistributed(of.Dense(2))(a), of.GlobalAveragePooling1D()(a),
        ]  # fmt: skip
        return [str(y.dtype).removeprefix("torch.") for y in made]

    for dtype in ("int32", "int64", "uint8", "bool", "float64", "float16"):
        assert run(layers, dtype) == run(keras.layers, dtype), dtype


def test_mask_keyword_equals_keras() -> None:
    y = layers.Embedding(5, 2, mask_zero=True)(np.array([[1, 0]]))
    assert y._keras_mask.tolist() == [[True, False]]
    y._keras_mask = np.array([[0.0, 1.0]])
    assert y.mask.tolist() == [[False, True]]
    y._keras_mask = None
    assert y.mask is None
    assert pydl.Tensor([1.0])._keras_mask is None


@pytest.mark.parametrize(
    "layer",
    [
        layers.Dense(2),
        layers.LSTM(2),
        layers.MaxPooling2D(),
        layers.Softmax(),
        layers.Embedding(3, 2),
        layers.Conv2D(2, 1),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_none_in_place_of_a_tensor_is_refused(layer: layers.Layer) -> None:
    for call in (
        lambda: layer(None),
        lambda: layer(inputs=None) if layer._signature.names[0] == "inputs" else layer(None),
    ):
        with pytest.raises(TypeError, match=r"inputs: expected a tensor, got None"):
            call()
