"""Dropout and noise."""

from typing import Any

import numpy as np

import pydl
from pydl import layers, ops


def test_dropout() -> None:
    x = np.ones((100, 100), np.float32)
    layer = layers.Dropout(0.3)
    np.testing.assert_array_equal(layer(x), x)
    y = layer(x, training=True).numpy()
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.7)}
    assert abs((y == 0).mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / x.size)
    assert not np.array_equal(layer(x, training=True), y)


def test_dropout_with_noise_shape_and_rate_one() -> None:
    x = pydl.Tensor(np.full((50, 40), 3.0), requires_grad=True)
    y = layers.Dropout(0.5, (1, None), seed=1)(x, training=True).numpy()
    assert set(np.unique(y)) == {0.0, 6.0}
    np.testing.assert_array_equal(y, np.broadcast_to(y[0], y.shape))
    nothing = layers.Dropout(1.0)(x * np.nan, training=True)
    ops.sum(nothing).backward()
    assert not nothing.numpy().any()


def test_spatial_dropout_drops_whole_channels() -> None:
    x = np.full((20, 6, 5, 8), 3.0, np.float32)
    y = layers.SpatialDropout2D(0.5, seed=1)(x, training=True).numpy()
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1, :1], y.shape))
    assert set(np.unique(y)) == {0.0, 6.0}
    first = layers.SpatialDropout2D(0.5, "channels_first", seed=1)(x, training=True).numpy()
    np.testing.assert_array_equal(first, np.broadcast_to(first[..., :1, :1], first.shape))
    steps = layers.SpatialDropout1D(0.5, seed=1)(x[:, :, 0], training=True).numpy()
    np.testing.assert_array_equal(steps, np.broadcast_to(steps[:, :1], steps.shape))


def test_gaussian_noise() -> None:
    x = np.full((100, 100), 3.0, np.float32)
    layer = layers.GaussianNoise(0.5, seed=7)
    np.testing.assert_array_equal(layer(x), x)
    y = layer(x, training=True).numpy()
    assert abs(y.mean() - 3) < 4 * 0.5 / 100
    assert abs(y.std() - 0.5) < 4 * 0.5 / np.sqrt(2 * x.size)
    assert not np.array_equal(layer(x, training=True).numpy(), y)
    np.testing.assert_array_equal(layers.GaussianNoise(0.5, seed=7)(x, training=True).numpy(), y)


def test_one_seed_determines_initializers_and_masks() -> None:
    def run() -> list[Any]:
        pydl.set_seed(5)
        dense, dropout = layers.Dense(4), layers.Dropout(0.5)
        return [dropout(dense(np.ones((3, 8))), training=True).numpy() for _ in range(2)]

    first, again = run(), run()
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[0], first[1])
