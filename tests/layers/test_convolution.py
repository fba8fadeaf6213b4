"""Convolution layers beyond the table of all layers: causality, identities, plans, the arguments of Keras."""

from typing import Any

import numpy as np
import pytest

import pydl
from pydl import layers, ops

Array = np.ndarray[Any, Any]


def test_causal_convolution_does_not_read_later_steps(rng: np.random.Generator) -> None:
    layer = layers.Conv1D(4, 3, padding="causal", dilation_rate=2)
    x = rng.standard_normal((1, 12, 2)).astype(np.float32)
    before = layer(x).numpy()
    x[:, 7:] += 1
    np.testing.assert_array_equal(layer(x).numpy()[:, :7], before[:, :7])
    assert not np.array_equal(layer(x).numpy()[:, 7:], before[:, 7:])


def test_transposed_convolution_is_the_gradient_of_a_convolution(rng: np.random.Generator) -> None:
    x, y, w = (rng.standard_normal(shape) for shape in ((2, 9, 8, 3), (2, 5, 4, 6), (3, 3, 3, 6)))
    convolved = ops.conv2d(x, w, strides=2, padding="same").numpy()
    transposed = ops.conv2d_transpose(y, w, strides=2, padding="same", output_padding=(0, 1)).numpy()
    np.testing.assert_allclose(np.vdot(transposed, x), np.vdot(y, convolved), rtol=1e-10)


def test_separable_convolution_equals_two_convolutions(rng: np.random.Generator) -> None:
    x, deep, point = (rng.standard_normal(shape) for shape in ((2, 6, 7, 3), (3, 3, 3, 2), (1, 1, 6, 4)))
    expected = np.zeros((2, 4, 5, 6))
    for channel in range(3):
        one = x[..., channel : channel + 1]
        expected[..., 2 * channel : 2 * channel + 2] = ops.conv2d(one, deep[:, :, channel : channel + 1]).numpy()
    np.testing.assert_allclose(ops.depthwise_conv2d(x, deep).numpy(), expected, atol=1e-12)
    np.testing.assert_allclose(ops.separable_conv2d(x, deep, point).numpy(), expected @ point[0, 0], atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_inference_plans_replay_every_convolution(dtype: str, rng: np.random.Generator) -> None:
    image = layers.Input((8, 8, 3), dtype=dtype)
    y = layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", activation="relu", dtype=dtype)(image)
    y = layers.SeparableConv2D(4, 3, padding="same", dtype=dtype)(y)
    y = layers.Conv2DTranspose(5, 3, 2, "same", activation="relu", dtype=dtype)(y)
    y = layers.Reshape((256, 5), dtype=dtype)(y)
    y = layers.Conv1D(6, 3, padding="causal", dtype=dtype)(y)
    y = layers.Conv1DTranspose(2, 2, 2, dtype=dtype)(y)
    model = pydl.Model(image, y)
    for weight in model.weights:
        weight.assign(rng.standard_normal(weight.shape))
    x = rng.standard_normal((3, 8, 8, 3)).astype(dtype)
    for _ in range(2):
        with pydl.GradientTape():
            expected = model(x).numpy()
        np.testing.assert_array_equal(model(x).numpy(), expected)
        np.testing.assert_array_equal(model(x).numpy(), expected)
        model.weights[0].assign(2 * model.weights[0].numpy())  # a replay must use the new weights
    (info,) = model._plans.info()
    assert info["reason"] is None


def test_positional_arguments_are_in_the_order_of_keras() -> None:
    config = layers.Conv2DTranspose(2, 3, 2, "same", 1, "channels_last", 1, "relu", False, "ones").get_config()
    assert config["strides"] == (2, 2)
    assert config["output_padding"] == (1, 1)
    assert config["activation"] == "relu"
    assert config["use_bias"] is False
    assert "groups" not in config
    config = layers.DepthwiseConv2D(3, 1, "same", 2, "channels_last", 1, "relu", True, "ones").get_config()
    assert config["depth_multiplier"] == 2
    assert "depthwise_initializer" in config
    assert "kernel_initializer" not in config
    config = layers.SeparableConv2D(4, 3, 1, "same", "channels_last", 1, 2, "relu", True, "ones", "zeros").get_config()
    assert config["depth_multiplier"] == 2
    assert config["filters"] == 4
    assert config["kernel_size"] == (3, 3)
    config = layers.Conv1D(2, 3, 1, "causal", "channels_last", 1, 1, "relu").get_config()
    assert config["kernel_size"] == (3,)
    assert config["padding"] == "causal"


def test_channels_first_equals_channels_last(rng: np.random.Generator) -> None:
    last = layers.Conv2D(4, 3, strides=2, padding="same")
    first = layers.Conv2D(4, 3, strides=2, padding="same", data_format="channels_first")
    x = rng.standard_normal((2, 7, 6, 3))
    y = last(x)
    first._build_once((2, 3, 7, 6))
    first.set_weights(last.get_weights())
    np.testing.assert_array_equal(first(x.transpose(0, 3, 1, 2)).array, y.array.transpose(0, 3, 1, 2))


def test_flatten_of_channels_first_gives_channels_last(rng: np.random.Generator) -> None:
    x = rng.standard_normal((2, 3, 4, 5)).astype(np.float32)
    expected = x.transpose(0, 2, 3, 1).reshape(2, -1)
    np.testing.assert_array_equal(layers.Flatten("channels_first")(x), expected)
