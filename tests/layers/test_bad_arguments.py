"""Error messages for wrong arguments and inputs of layers."""

from typing import Any

import numpy as np
import pytest

import pydl
from pydl import layers


def _built(layer: layers.Layer, channels: int) -> layers.Layer:
    layer._build_once((None, 8, 8, channels))
    return layer


STATEFUL: dict[str, Any] = {
    "lstm": lambda: layers.LSTM(2),
    "gru": lambda: layers.GRU(2),
    "simple rnn": lambda: layers.SimpleRNN(2),
    "rnn": lambda: layers.RNN(layers.LSTMCell(2)),
    "bidirectional": lambda: layers.Bidirectional(layers.GRU(2)),
}
BAD: dict[str, tuple[Any, str]] = {
    "units": (lambda: layers.Dense(0), r"units: expected a positive integer, got 0"),
    "activation": (
        lambda: layers.Dense(3, activation="rleu"),
        r"\[Dense\] activation: unknown activation 'rleu'; did you mean 'relu'\? Known are: elu, ",
    ),
    "initializer": (
        lambda: layers.Dense(3, kernel_initializer="he"),
        r"\[Dense\] kernel_initializer: unknown initializer 'he'",
    ),
    "regularizer": (
        lambda: layers.Dense(3, kernel_regularizer="l3"),
        r"kernel_regularizer: .* 'l3'; known are: l1, l1l2",
    ),
    "constraint": (lambda: layers.Dense(3, bias_constraint="x"), r"bias_constraint: .* 'x'; known are: max_norm"),
    "dtype": (lambda: layers.Dense(3, dtype="int32"), r"dtype: expected float32 or float64"),
    "filters": (lambda: layers.Conv2D(-1, 3), r"filters: expected a positive integer, got -1"),
    "kernel_size": (lambda: layers.Conv2D(1, (3, 0)), r"kernel_size: expected a positive integer, got 0"),
    "strides": (lambda: layers.MaxPooling2D(2, strides=0), r"strides: expected a positive integer, got 0"),
    "padding": (lambda: layers.Conv2D(1, 3, padding="full"), r"padding: expected 'valid' or 'same', got 'full'"),
    "groups": (lambda: layers.Conv2D(4, 3, groups=3), r"filters: expected a multiple of groups=3, got 4"),
    "data_format": (lambda: layers.Conv2D(4, 3, data_format="NHWC"), r"data_format: expected channels_last or"),
    "rate": (lambda: layers.Dropout(1.5), r"rate: expected 0 <= rate <= 1, got 1.5"),
    "noise_shape": (
        lambda: layers.Dropout(0.5, (2, 1))(np.ones((3, 4)), training=True),
        r"inputs: expected a shape for noise_shape=\(2, 1\), got \(3, 4\)",
    ),
    "dilation": (
        lambda: layers.Conv2D(1, 3, dilation_rate=10**18)(np.ones((1, 4, 4, 1))),
        r"dilation_rate: expected .* below",
    ),
    "negative input": (lambda: layers.Input((-1,)), r"shape: expected sizes"),
    "noise": (lambda: layers.GaussianNoise(-1), r"stddev: expected a number of at least 0, got -1"),
    "leak": (lambda: layers.LeakyReLU(None), r"negative_slope: expected a number of at least 0, got None"),
    "shared_axes": (
        lambda: layers.PReLU(shared_axes=[3])(np.ones((2, 3))),
        r"expected the axes \[3\], got shape \(2, 3\)",
    ),
    "slope": (lambda: layers.ReLU(negative_slope=-1), r"negative_slope: expected a number of at least 0"),
    "target_shape": (lambda: layers.Reshape((-1, -1)), r"target_shape: expected sizes, at most one of them -1"),
    "input shape": (lambda: layers.Input(), r"shape: expected a tuple without the batch axis, got None"),
    "dense rank": (lambda: layers.Dense(3)(np.ones(4)), r"inputs: expected at least 2 axes"),
    "open size": (lambda: layers.Dense(3).build((None, None)), r"kernel: expected known sizes for the weight"),
    "conv rank": (lambda: layers.Conv2D(3, 3)(np.ones((4, 4))), r"inputs: expected 4 axes \(N, H, W, C\)"),
    "channels": (lambda: layers.Conv2D(4, 1, groups=2)(np.ones((1, 4, 4, 3))), r"expected a multiple of groups=2"),
    "conv1d rank": (lambda: layers.Conv1D(3, 3)(np.ones((1, 4, 4, 1))), r"inputs: expected 3 axes \(N, L, C\)"),
    "transposed channels": (lambda: _built(layers.Conv2DTranspose(2, 3), 3)(np.ones((1, 4, 4, 2))), r"expected 3 chan"),
    "output_padding": (
        lambda: layers.Conv2DTranspose(2, 3, 2, output_padding=2),
        r"output_padding: expected 0 to 1, less than strides, got 2",
    ),
    "depthwise channels": (lambda: _built(layers.DepthwiseConv2D(3), 3)(np.ones((1, 4, 4, 2))), r"expected 3 channels"),
    "depth_multiplier": (
        lambda: layers.DepthwiseConv2D(3, depth_multiplier=0),
        r"depth_multiplier: expected a positive integer, got 0",
    ),
    "window": (lambda: layers.Conv2D(3, 5)(np.ones((1, 4, 4, 1))), r"conv2d"),
    "window shape": (
        lambda: layers.MaxPooling2D(5).compute_output_shape((None, 4, 4, 1)),
        r"expected an image that is at least as large as the window",
    ),
    "reshape": (lambda: layers.Reshape((5,))(np.ones((2, 4))), r"expected samples that reshape to \(5,\), got \(4,\)"),
    "epsilon": (lambda: layers.LayerNormalization(epsilon=-1), r"epsilon: expected a number of at least 0, got -1"),
    "momentum": (lambda: layers.BatchNormalization(momentum=2), r"momentum: expected 0 <= momentum <= 1, got 2"),
    "norm axis": (
        lambda: layers.BatchNormalization(axis=3)(np.ones((2, 3))),
        r"expected an axis 3, got shape \(2, 3\)",
    ),
    "norm axes": (lambda: layers.BatchNormalization([0, 1])(np.ones((2, 3))), r"axis: expected one axis, got \[0, 1\]"),
    "norm groups": (
        lambda: layers.GroupNormalization(4)(np.ones((2, 3, 6))),
        r"groups: expected a divisor of the 6 channels, got 4",
    ),
    "replicas": (lambda: layers.BatchNormalization(synchronized=True), r"synchronized: expected False"),
    "radius": (lambda: layers.LocalResponseNormalization(-1), r"depth_radius: expected an integer of at least 0"),
    "repeats": (lambda: layers.RepeatVector(2**70), r"n: expected an integer below"),
    **{
        f"{kind} {what}": (lambda make=make, state=state: make()(np.ones((3, 4, 2)), initial_state=state), message)
        for kind, make in STATEFUL.items()
        for what, state, message in (
            ("width", [np.ones((3, 5))] * 2, r"initial_state: expected (shape \(3, 2\)|1 state)"),
            ("number", [np.ones((3, 2))] * 3, r"initial_state: expected \d state\(s\), got 3"),
            ("no state", 5, r"initial_state: expected (shape \(3, 2\)|a sequence of 2)"),
            ("too few", [], r"initial_state: expected \d state\(s\), got 0"),
        )
    },
    "weights": (lambda: layers.ReLU().set_weights([1]), r"set_weights: expected 0 arrays, got 1"),
}


@pytest.mark.parametrize(("make", "message"), BAD.values(), ids=BAD.keys())
def test_bad_arguments(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_bidirectional_refuses_a_single_state() -> None:
    """A batch of one sample used to accept it silently."""
    both, x = layers.Bidirectional(layers.GRU(2)), np.ones((1, 4, 2))
    for state in (np.ones((1, 2)), [np.ones((1, 2))]):
        with pytest.raises(ValueError, match=r"initial_state: expected (a sequence of 2|2) state"):
            both(x, initial_state=state)


def test_inputs_must_fit_the_built_layer() -> None:
    dense, conv = layers.Dense(3), layers.Conv2D(2, 1)
    dense(np.ones((2, 4)))
    conv(np.ones((1, 4, 4, 3)))
    with pytest.raises(pydl.ShapeError, match=r"inputs: expected shape \(batch, …, 4\), got \(2, 5\)"):
        dense(np.ones((2, 5)))
    with pytest.raises(pydl.ShapeError, match=r"inputs: expected 3 channels"):
        conv(np.ones((1, 4, 4, 4)))
