"""The class Layer: arguments, names, sublayers, freezing, losses."""

from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Tensor, layers


def test_positional_arguments_are_in_the_order_of_keras() -> None:
    dense = layers.Dense(3, "relu", False, "ones", "zeros", "l2", None, "l1_l2", "non_neg").get_config()
    assert (dense["use_bias"], dense["kernel_initializer"]["class_name"]) == (False, "Ones")
    assert dense["kernel_regularizer"]["class_name"] == "L2"
    assert dense["activity_regularizer"]["class_name"] == "L1L2"
    assert dense["kernel_constraint"]["class_name"] == "NonNeg"
    conv = layers.Conv2D(2, 3, 1, "same", "channels_last", 1, 1, "relu", True, "ones", "ones").get_config()
    assert conv["bias_initializer"]["class_name"] == "Ones"
    assert layers.Dropout(0.5, None, 7).seed == 7
    assert layers.MaxPool2D is layers.MaxPooling2D


def test_sizes_may_be_numpy_integers() -> None:
    assert layers.Dense(np.int64(3))(np.ones((2, 4))).shape == (2, 3)
    assert layers.Conv2D(np.int32(2), np.array([3, 3]))(np.ones((1, 4, 4, 1))).shape == (1, 2, 2, 2)


def test_first_layer_may_give_the_input_shape() -> None:
    model = pydl.Sequential([layers.Dense(3, input_shape=(4,)), layers.Dense(2)])
    assert [w.shape for w in model.weights] == [(4, 3), (3,), (3, 2), (2,)]


def test_nested_lists_are_arrays() -> None:
    assert layers.Dense(3)([[1.0, 2.0]]).shape == (1, 3)


def test_numpy_in_a_layer_does_not_lose_gradients() -> None:
    class Squash(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return np.tanh(inputs)

    model = pydl.Sequential([layers.Input((4,)), layers.Dense(3), Squash(), layers.Dense(2)])
    model.compile("sgd", "mse")
    with pytest.raises(RuntimeError, match=r"use a function of pydl\.ops, or drop the history"):
        model.fit(np.ones((8, 4)), np.ones((8, 2)), verbose=0)


def test_missing_super_init_or_result_is_an_error() -> None:
    class Bare(layers.Layer):
        def __init__(self) -> None:
            self.units = 3

    class BareModel(pydl.Model):
        def __init__(self) -> None:
            self.dense = layers.Dense(3)

    class Silent(layers.Layer):
        def call(self, inputs: Any) -> Any:
            inputs + 1

    with pytest.raises(AttributeError, match=r"\[Bare\] __init__: expected a call of super\(\).__init__\(\) first"):
        Bare()(np.ones(3))
    with pytest.raises(
        AttributeError, match=r"\[BareModel\] __init__: expected a call of super\(\).__init__\(\) first"
    ):
        BareModel()(np.ones(3))
    with pytest.raises(TypeError, match=r"call: expected a tensor as its result, got None"):
        Silent()(np.ones(3))
    with pytest.raises(AttributeError, match="no attribute 'unitz'"):
        layers.Dense(3).unitz  # noqa: B018


def test_names_are_unique() -> None:
    first, second = layers.Conv2D(1, 1), layers.Conv2D(1, 1)
    assert first.name != second.name
    assert second.name.startswith("conv2d_")
    assert layers.GlobalAveragePooling2D().name.startswith("global_average_pooling2d")
    assert layers.ReLU(name="mine").name == "mine"
    assert "mine" in repr(layers.ReLU(name="mine"))


class Block(layers.Layer):
    """A user's layer: sublayers in attributes, lists and dicts, a weight, a variable; it passes `training` on."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first = layers.Dense(4)
        self.rest = [layers.Dense(4), layers.Dropout(0.5)]
        self.named = {"last": layers.Dense(2)}
        self.counter = pydl.Variable(0.0, trainable=False)

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight((1,), "ones", name="scale")

    def call(self, inputs: Tensor) -> Tensor:
        x = self.first(inputs)
        for layer in self.rest:
            x = layer(x)
        return self.named["last"](x) * self.scale


def test_weights_of_sublayers_are_found(rng: np.random.Generator) -> None:
    block = Block()
    block(np.ones((3, 5)))
    assert [w.shape for w in block.weights] == [(1,), (), (5, 4), (4,), (4, 4), (4,), (4, 2), (2,)]
    assert len(block.trainable_weights) == 7
    assert [w.shape for w in block.non_trainable_weights] == [()]
    assert block.compute_output_shape((None, 5)) == (None, 2)


def test_training_is_passed_to_sublayers() -> None:
    pydl.set_seed(0)
    block, x = Block(), np.ones((3, 5))
    assert np.array_equal(block(x).numpy(), block(x).numpy())
    assert not np.array_equal(block(x, training=True).numpy(), block(x, training=True).numpy())
    assert np.array_equal(block(x).numpy(), block(x).numpy())


def test_freezing_and_unfreezing() -> None:
    block = Block()
    block(np.ones((3, 5)))
    block.trainable = False
    assert block.trainable_weights == []
    assert not block(np.ones((3, 5)), training=True).requires_grad
    block.first.trainable = True
    assert block.trainable_weights == []  # as in Keras: the outer layer decides
    assert len(block.first.trainable_weights) == 2
    block.trainable = True
    assert len(block.trainable_weights) == 7
    assert layers.Dense(3, trainable=False).trainable_weights == []


def test_regularizers_add_losses() -> None:
    layer = layers.Dense(2, kernel_initializer="ones", kernel_regularizer="l2", activity_regularizer="l1")
    layer(np.ones((4, 3)))
    activity, weight = layer.losses
    assert activity.item() == pytest.approx(0.01 * 6)
    assert weight.item() == pytest.approx(0.01 * 6)
    layer(np.ones((4, 3)))
    assert len(layer.losses) == 2


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (layers.Dense(3), (None, 5)),
        (layers.Conv2D(3, 2), (None, 4, 4, 2)),
        (layers.DepthwiseConv2D(2), (None, 4, 4, 2)),
        (layers.Conv2DTranspose(3, 2), (None, 4, 4, 2)),
        (layers.BatchNormalization(), (None, 5)),
        (layers.LSTM(3), (None, 4, 5)),
        (layers.Bidirectional(layers.GRU(3)), (None, 4, 5)),
        (layers.Embedding(5, 3), (None, 4)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_explicit_build_is_not_repeated(layer: layers.Layer, shape: Any) -> None:
    layer.build(shape)
    assert layer.built
    weights = [np.full(w.shape, 0.5, np.float32) for w in layer.weights]
    layer.set_weights(weights)
    layer(np.zeros((2, *shape[1:]), np.int64 if isinstance(layer, layers.Embedding) else np.float32))
    assert len(layer.weights) == len(weights)
    for now, given in zip(layer.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(now, given)


def test_build_may_build_sublayers() -> None:
    class Twice(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(3)
            self.dense.build((None, 5))

        def build(self, input_shape: Any) -> None:
            super().build(input_shape)
            self.scale = self.add_weight((3,), "ones", name="scale")

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs) * self.scale

    model = pydl.Sequential([layers.Input((5,)), Twice()])
    assert model(np.ones((2, 5))).shape == (2, 3)
    assert sorted(w.shape for w in model.weights) == [(3,), (3,), (5, 3)]
