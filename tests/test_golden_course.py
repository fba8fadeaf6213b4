"""Worked examples of a course: pydl gives the numbers that its slides compute by hand."""

from typing import Any

import numpy as np
import pytest

from pydl import Input, Sequential, layers, ops
from tests.models.nets import slide

SIGMOID_NETWORK = [  # a row per unit, then the biases
    ([[1, -2], [-1, 1]], [1, 0]),
    ([[2, -1], [-2, -1]], [0, 0]),
    ([[3, -1], [-1, 4]], [-2, 2]),
]

IMAGE = [list(map(int, row)) for row in ("100001", "010010", "001100", "100010", "010010", "001010")]
DIAGONAL = [[1, -1, -1], [-1, 1, -1], [-1, -1, 1]]
VERTICAL = [[-1, 1, -1]] * 3
DIAGONAL_MAP = [[3, -1, -3, -1], [-3, 1, 0, -3], [-3, -3, 0, 1], [3, -2, -2, -1]]
VERTICAL_MAP = [[-1, -1, -1, -1], [-1, -1, -2, 1], [-1, -1, -2, 1], [-1, 0, -4, 3]]

DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@pytest.mark.parametrize(("x", "expected"), [((1, -1), (0.62, 0.83)), ((0, 0), (0.51, 0.85))])
def test_network_of_sigmoid_units(isa: str, x: Any, expected: Any) -> None:
    model = Sequential([Input((2,)), *(layers.Dense(2, activation="sigmoid") for _ in SIGMOID_NETWORK)])
    model.set_weights([np.array(part, np.float32).T for layer in SIGMOID_NETWORK for part in layer])
    y = model.predict(np.array([x], np.float32), verbose=0)
    assert y[0].round(2).tolist() == [pytest.approx(value) for value in expected]


def image(dtype: Any) -> Any:
    return np.array(IMAGE, dtype).reshape(1, 6, 6, 1)


def maps(dtype: Any, **options: Any) -> Any:
    """Both filters on the image: (1, OH, OW, 2)."""
    filters = np.stack([DIAGONAL, VERTICAL], axis=-1).reshape(3, 3, 1, 2).astype(dtype)
    return ops.conv2d(image(dtype), filters, **options).numpy()


@DTYPES
def test_filters_on_the_image(isa: str, dtype: Any) -> None:
    y = maps(dtype)
    assert y[0, :, :, 0].tolist() == DIAGONAL_MAP
    assert y[0, :, :, 1].tolist() == VERTICAL_MAP


@DTYPES
def test_stride_2(isa: str, dtype: Any) -> None:
    y = maps(dtype, strides=2)
    assert y[0, :, :, 0].tolist() == [row[::2] for row in DIAGONAL_MAP[::2]] == [[3, -3], [-3, 0]]


@DTYPES
def test_zero_padding_keeps_the_size(isa: str, dtype: Any) -> None:
    y = maps(dtype, padding="same")
    assert y.shape == (1, 6, 6, 2)
    assert y[0, 1:5, 1:5, 0].tolist() == DIAGONAL_MAP


@DTYPES
def test_max_pooling(isa: str, dtype: Any) -> None:
    y = ops.max_pool(maps(dtype), 2).numpy()
    assert y[0, :, :, 0].tolist() == [[3, 0], [3, 1]]
    assert y[0, :, :, 1].tolist() == [[-1, 1], [0, 3]]


def test_layers_give_the_same_maps(isa: str) -> None:
    model = Sequential([Input((6, 6, 1)), layers.Conv2D(2, 3, use_bias=False), layers.MaxPooling2D(2)])
    model.set_weights([np.stack([DIAGONAL, VERTICAL], axis=-1).reshape(3, 3, 1, 2)])
    assert model.predict(image(np.float32), verbose=0).tolist() == [[[[3, -1], [0, 1]], [[3, 0], [1, 3]]]]


def parameters(input_shape: tuple[int, ...], layer: layers.Layer) -> int:
    return Sequential([Input(input_shape), layer]).count_params()


def test_convolution_needs_few_weights() -> None:
    """200 x 200 pixels to 40,000 units: 1.6e9 weights if fully connected, 2,500 for 100 filters of 5 x 5."""
    assert 40_000 * parameters((200 * 200,), layers.Dense(1, use_bias=False)) == 1_600_000_000
    assert parameters((200, 200, 1), layers.Conv2D(100, 5, use_bias=False)) == 2_500


def test_cnn_of_the_slide_has_137660_parameters() -> None:
    model = slide()
    assert [layer.count_params() for layer in model.layers] == [250, 0, 11_300, 0, 0, 125_100, 1_010]
    assert model.count_params() == 137_660
    assert [shape[1:] for shape in model._output_shapes()] == [
        (26, 26, 25), (13, 13, 25), (11, 11, 50), (5, 5, 50), (1250,), (100,), (10,)
    ]  # fmt: skip
