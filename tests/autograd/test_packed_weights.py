"""Plans keep packed weights: they are packed again when weights, instruction set or precision change."""

from typing import Any

import numpy as np
import pytest

from pydl import config, layers
from tests.plan_owner import Net, cnn, images


def test_replay_uses_changed_weights(rng: np.random.Generator) -> None:
    net = cnn()
    x = images(rng)
    net(x)
    for weight in net._all_weights():
        weight.assign(rng.standard_normal(weight.shape))
        np.testing.assert_array_equal(net(x), net.eager(x))
    assert net.reasons() == [None]


@pytest.mark.parametrize("rows", [1, 8])
@pytest.mark.parametrize("units", [3, 64, 200, 1501])
def test_packed_weights_follow_their_version_and_the_instruction_set(
    rng: np.random.Generator, units: int, rows: int
) -> None:
    net = Net(layers.Dense(units), layers.Dense(units, activation="relu"))
    x = rng.standard_normal((rows, 100)).astype(np.float32)
    net.eager(x)
    for name in [name for name, there in config.isas().items() if there] * 2:
        with config.isa(name):
            np.testing.assert_array_equal(net(x), net.eager(x))
            net.stack[0].weights[0].assign_add(np.ones((100, units)))
            np.testing.assert_array_equal(net(x), net.eager(x))
    assert net.reasons() == [None]


@pytest.mark.parametrize(
    ("layer", "channels"),
    [
        (layers.Conv2DTranspose(24, 3, padding="same"), 32),  # Winograd
        (layers.Conv2DTranspose(20, 4, strides=2, padding="same", activation="relu"), 16),
        (layers.Conv2DTranspose(3, 5, strides=2, output_padding=1), 40),  # blocks of pixels
        (layers.Conv2DTranspose(8, 1), 16),
        (layers.Conv2DTranspose(8, 3, dilation_rate=2), 5),
    ],
)
def test_packed_weights_of_transposed_convolutions_follow_changes(
    rng: np.random.Generator, layer: Any, channels: int
) -> None:
    net = Net(layer)
    x = rng.standard_normal((2, 12, 12, channels)).astype(np.float32)
    net.eager(x)
    net(x)
    for name in [name for name, there in config.isas().items() if there]:
        for precision in ("default", "strict"):
            with config.isa(name), config.precision(precision):
                np.testing.assert_array_equal(net(x), net.eager(x))
                layer.kernel.assign_add(rng.standard_normal(layer.kernel.shape))
                np.testing.assert_array_equal(net(x), net.eager(x))
    assert net.reasons() == [None]


def test_packed_weights_follow_the_precision(rng: np.random.Generator) -> None:
    net = Net(layers.Conv2D(32, 3, padding="same"), layers.Conv2D(40, 3))
    x = rng.standard_normal((2, 12, 12, 32)).astype(np.float32)
    net.eager(x)
    results = []
    for name in ["default", "strict"] * 2:
        with config.precision(name):
            np.testing.assert_array_equal(net(x), net.eager(x))
            results.append(net(x))
    assert np.array_equal(results[0], results[2])
    assert not np.array_equal(results[0], results[1])
    assert net.reasons() == [None]
