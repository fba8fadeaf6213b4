"""Functional models: graphs of layers, several inputs and outputs, shared layers, nested models."""

import copy
import json
import pickle
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Input, Model, Sequential, ShapeError, layers
from pydl.models import clone_model

Array = np.ndarray[Any, Any]


def two_heads() -> Model:
    """Class and size of an image, from a shared trunk."""
    image = Input((12, 12, 1), name="image")
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    x = layers.MaxPooling2D()(x)
    x = layers.Flatten(name="features")(x)
    kind = layers.Dense(3, activation="softmax", name="kind")(x)
    size = layers.Dense(1, name="size")(x)
    return Model(inputs=image, outputs=[kind, size], name="two_heads")


class Sum(layers.Layer):
    """The sum of two tensors; its output shape is inferred by a run on zeros."""

    def call(self, inputs: Any) -> Any:
        a, b = inputs
        return a + b


def siamese() -> Model:
    """One encoder for both inputs, and a residual connection."""
    left, right = Input((6,), name="left"), Input((6,), name="right")
    encoder = layers.Dense(6, activation="tanh", name="encoder")
    a, b = encoder(left), encoder(right)
    return Model(
        {"left": left, "right": right}, {"out": Sum(name="total")([a, b]), "code": Sum()([a, left])}, name="twin"
    )


def equal(a: Any, b: Any) -> None:
    for x, y in zip(pydl.base.tree.flatten(a), pydl.base.tree.flatten(b), strict=True):
        np.testing.assert_array_equal(getattr(x, "array", x), getattr(y, "array", y))


def test_symbolic_tensors_know_shape_and_dtype() -> None:
    x = Input((8, 8, 3), batch_size=2, name="x")
    y = layers.Conv2D(5, 3, dtype="float64")(x)
    assert (x.shape, y.shape, y.dtype, y.ndim) == ((2, 8, 8, 3), (2, 6, 6, 5), np.float64, 4)
    assert Input(batch_shape=(None, 7)).shape == (None, 7)
    assert Input((None,), dtype="int32").dtype == np.int32
    assert "shape=(2, 6, 6, 5)" in repr(y)
    for use in (bool, list, np.asarray):
        with pytest.raises(TypeError, match="values of a symbolic tensor were requested"):
            use(y)


def test_two_outputs_are_computed_in_one_replay(rng: np.random.Generator) -> None:
    model = two_heads()
    for _ in range(3):
        x = rng.normal(size=(5, 12, 12, 1)).astype(np.float32)
        y = model(x)
        assert [t.shape for t in y] == [(5, 3), (5, 1)]
        equal(y, model(x, training=True))
        equal(model.predict(x, verbose=0), y)
    (info,) = model._plans.info()
    assert info["reason"] is None
    assert info["ops"] == ["conv2d_forward", "max_pool2d_forward", "matmul", "softmax_forward", "matmul"]


def test_weights_of_a_shared_layer_count_once(rng: np.random.Generator) -> None:
    model = siamese()
    assert [w.shape for w in model.weights] == [(6, 6), (6,)]
    a, b = rng.normal(size=(2, 4, 6)).astype(np.float32)
    y = model({"right": b, "left": a})
    w, bias = model.get_weights()
    np.testing.assert_allclose(y["out"], np.tanh(a @ w + bias) + np.tanh(b @ w + bias), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(y["code"], np.tanh(a @ w + bias) + a, rtol=1e-5, atol=1e-6)
    equal(model([a, b]), y)
    equal(model({"left": a, "right": b}, training=True), y)
    assert [entry["reason"] for entry in model._plans.info()] == [None]


def test_gradients_flow_through_the_graph(rng: np.random.Generator) -> None:
    x = Input((5,))
    h = layers.Dense(5, activation="tanh", dtype="float64")(x)
    model = Model(x, Sum(dtype="float64")([h, h]))
    values = rng.normal(size=(3, 5))
    pydl.testing.check_gradients(lambda t: model(t, training=True), [values])
    with pydl.GradientTape() as tape:
        loss = pydl.ops.sum(model(values))
    assert all(g is not None for g in tape.gradient(loss, model.trainable_weights))


def test_models_from_and_to_inner_tensors(rng: np.random.Generator) -> None:
    model = two_heads()
    x = rng.normal(size=(2, 12, 12, 1)).astype(np.float32)
    features = Model(model.inputs, model.get_layer("features").output)
    head = Model(model.get_layer("features").output, model.outputs[0])
    equal(head(features(x)), model(x)[0])
    assert head.layers[-1] is model.get_layer("kind")
    inner = Sequential([Input((4,)), layers.Dense(3)])
    again = Input((4,))
    nested = Model(again, Model(again, inner(again))(again))
    values = rng.normal(size=(2, 4)).astype(np.float32)
    equal(nested(values), inner(values))
    assert nested._plans.info()[0]["ops"] == ["matmul"]
    assert len(nested.weights) == 2


def test_training_is_passed_on_unless_given_in_the_graph() -> None:
    x = Input((50,))
    free, in_inference_mode = layers.Dropout(0.5), layers.Dropout(0.5)
    model = Model(x, [free(x), in_inference_mode(x, training=False)])
    ones = np.ones((4, 50), np.float32)
    dropped, unchanged = model(ones, training=True)
    assert (dropped.numpy() == 0).any()
    equal(unchanged, ones)
    equal(model(ones), [ones, ones])


def test_config_copies_and_weights(tmp_path: Any, rng: np.random.Generator) -> None:
    x = rng.normal(size=(3, 12, 12, 1)).astype(np.float32)
    model = two_heads()
    expected = model(x)
    plain = json.loads(json.dumps(model.get_config()))
    model.save_weights(tmp_path / "w.npz")
    twin = Model.from_config(plain)
    twin.load_weights(tmp_path / "w.npz")
    clone = clone_model(model)
    clone.set_weights(model.get_weights())
    for other in (twin, clone, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other.get_config() == model.get_config()
        equal(other(x), expected)
    twins = clone_model(siamese())
    assert set(twins({"left": np.ones((1, 6)), "right": np.ones((1, 6))})) == {"out", "code"}


def test_subclass_may_be_functional() -> None:
    class Mine(Model):
        def __init__(self, units: int) -> None:
            x = Input((4,))
            super().__init__(inputs=x, outputs=layers.Dense(units)(x), name="mine")

    model = Mine(3)
    assert model(np.ones((2, 4))).shape == model.compute_output_shape((2, 4)) == (2, 3)
    assert (model.input_shape, model.output_shape) == ((None, 4), (None, 3))


def test_summary_shows_connections() -> None:
    text: list[str] = []
    siamese().summary(line_length=100, print_fn=text.append)
    lines = [" ".join(line.split()) for line in text[0].splitlines()]
    assert "encoder (Dense) (None, 6) 42 left, right" in lines
    assert "total (Sum) (None, 6) 0 encoder, encoder" in lines


def test_integers_are_kept_or_cast_as_declared() -> None:
    class ShowsDtype(layers.Layer):
        autocast = False

        def call(self, inputs: Any) -> Any:
            return pydl.Tensor(np.full(inputs.shape, inputs.dtype.num, np.float32))

        def compute_output_shape(self, input_shape: Any) -> Any:
            return input_shape

    for declared, given, seen in (("int32", "int64", "int32"), (None, "int64", "int64"), (None, "float64", "float32")):
        x = Input((2,), dtype=declared)
        assert Model(x, ShowsDtype()(x))(np.ones((1, 2), given)).numpy()[0, 0] == np.dtype(seen).num
    x = Input((2,))
    assert Model(x, layers.Dense(1)(x))(np.ones((1, 2), np.int64)).dtype == np.float32


def test_shape_errors_list_the_layers_up_to_the_failing_one() -> None:
    x = Input((6, 6, 1), name="x")
    pooled = layers.MaxPooling2D(name="pool")(x)
    with pytest.raises(ShapeError, match="as large as the window") as caught:
        layers.Conv2D(4, 5, name="conv")(pooled)
    for part in ("Layers up to the failing one:", "(batch, 6, 6, 1)", "(batch, 3, 3, 1)", "<- fails here", "3 x 3"):
        assert part in str(caught.value)
    with pytest.raises(
        ShapeError, match=r"\[two_heads\] image: expected shape \(None, 12, 12, 1\), got \(2, 9, 9, 1\)"
    ):
        two_heads()(np.ones((2, 9, 9, 1)))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Model(Input((2,)), 3), TypeError, "outputs: expected symbolic tensors"),
        (lambda: Model(inputs=Input((2,))), TypeError, "inputs, outputs: expected both or neither"),
        (lambda: Model(Input((2,)), layers.ReLU()(Input((2,), name="b"))), ValueError, "depend on 'b', which is not"),
        (lambda: siamese()([np.ones((1, 6))]), ValueError, "inputs: expected 2 arrays, got 1"),
        (lambda: siamese()({"left": np.ones((1, 6))}), ValueError, r"inputs: expected \['left', 'right'\], got"),
        (lambda: layers.ReLU().output, AttributeError, "expected one call on symbolic tensors, got 0"),
        (lambda: Sequential().inputs, AttributeError, "inputs: expected a functional model or a built Sequential"),
    ],
)
def test_wrong_graphs(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_equal_names_are_refused() -> None:
    x = Input((2,))
    with pytest.raises(ValueError, match="expected different names, got two layers named 'a'"):
        Model(x, layers.ReLU(name="a")(layers.ReLU(name="a")(x)))


def test_shape_inference_on_zeros_keeps_unknown_sizes() -> None:
    x, y = Input((None, 4)), Input((None, 4))
    assert Sum()([x, y]).shape == (None, None, 4)


@pytest.mark.parametrize("functional", [False, True])
def test_hidden_sigmoids_are_fused_and_the_last_keeps_its_logits(
    functional: bool, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    stack = [layers.Dense(5, "sigmoid", dtype="float64"), layers.Dense(2, "sigmoid", dtype="float64")]
    x = Input((3,), dtype="float64")
    model = Model(x, stack[1](stack[0](x))) if functional else Sequential([Input((3,)), *stack])
    alone: list[str] = []
    forward = pydl._core.activation_forward  # type: ignore[attr-defined]
    monkeypatch.setattr(pydl._core, "activation_forward", lambda x, name, alpha: alone.append(name) or forward(x, name))
    values = rng.normal(size=(4, 3))
    y = model(values, training=True)
    assert alone == ["sigmoid"]
    assert y.node is not None
    assert y.node.op == "sigmoid"
    logits = y.node.inputs[0].array
    np.testing.assert_allclose(y.array, 1 / (1 + np.exp(-logits)), rtol=1e-12)
    pydl.testing.check_gradients(lambda t: model(t, training=True), [values])
