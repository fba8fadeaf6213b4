"""Bias and activation on every route of conv2d, conv2d_transpose and matmul: a bias has one value per channel."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydl import Input, Sequential, _core, layers, ops
from tests.conftest import SUPPORTED_ISAS
from tests.reference import conv2d as reference
from tests.tolerance import assert_close, tol

Array = np.ndarray[Any, Any]
DTYPES = [np.float32, np.float64]
Pair = tuple[int, int]
Padding = tuple[int, int, int, int]


def guarded(values: Array) -> Array:
    """A copy between NaNs: a read out of bounds gives a NaN."""
    whole = np.full(values.size + 128, np.nan, values.dtype)
    whole[64 : 64 + values.size] = values.ravel()
    return whole[64 : 64 + values.size].reshape(values.shape)


def check(
    x_shape: tuple[int, ...], w_shape: tuple[int, ...], strides: Pair, padding: Padding, dilation: Pair, groups: int,
    dtype: Any
) -> None:  # fmt: skip
    """Forward, and backward-input as a transposed convolution, with a bias, on the current instruction set."""
    rng = np.random.default_rng(1)
    options = strides, padding, dilation, groups
    out = reference.output_shape(x_shape, w_shape, strides, padding, dilation)
    x, w, dy = (
        guarded(rng.standard_normal(shape).astype(dtype))
        for shape in (x_shape, w_shape, (x_shape[0], *out, w_shape[3]))
    )
    bias_y, bias_x = (guarded(rng.standard_normal(n).astype(dtype)) for n in (w_shape[3], x_shape[3]))
    wide = [a.astype(np.float64) for a in (x, w, dy)]
    terms = max(w_shape[0] * w_shape[1] * w_shape[2], w_shape[0] * w_shape[1] * w_shape[3] // groups) + 1
    atol = tol(dtype, terms, 1 + terms**0.5)
    expected = reference.forward(wide[0], wide[1], bias_y, *options)
    assert_close(_core.conv2d_forward(x, w, bias_y, *options), expected, atol, what="y")
    expected = reference.backward_input(wide[2], wide[1], x_shape, *options) + bias_x
    dx = _core.conv2d_backward_input(dy, w, x_shape, *options, bias_x)
    assert_close(dx, expected, atol, what="dx")
    relu = _core.conv2d_backward_input(dy, w, x_shape, *options, bias_x, "relu")
    np.testing.assert_array_equal(relu, np.maximum(dx, 0))


@st.composite
def shapes(draw: st.DrawFn) -> Any:
    """Small cases, many with a kernel as large as the image, or an image of one row, column or pixel."""
    groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
    kernel = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    dilation = draw(st.sampled_from([1, 1, 2])), draw(st.sampled_from([1, 1, 3]))
    padding = tuple(draw(st.sampled_from([0, 0, 0, 1, 2])) for _ in range(4))
    strides = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    more = [draw(st.sampled_from([0, 0, 1, 2, 7])) for _ in range(2)]
    size = [
        max(1, (k - 1) * d + 1 - padding[2 * i] - padding[2 * i + 1]) + more[i]
        for i, (k, d) in enumerate(zip(kernel, dilation, strict=True))
    ]
    channels = st.sampled_from([1, 2, 3, 5, 8, 17, 33])
    c, o = draw(channels), draw(channels)
    if draw(st.booleans()) and groups > 1:  # depthwise
        c = 1
    return (draw(st.integers(1, 3)), *size, c * groups), (*kernel, c, o * groups), strides, padding, dilation, groups


@settings(deadline=None, max_examples=120)
@given(shapes(), st.sampled_from(DTYPES), st.sampled_from(SUPPORTED_ISAS), st.sampled_from(["automatic", "direct"]))
def test_any_shape(drawn: Any, dtype: Any, isa: str, algorithm: str) -> None:
    _core.set_isa(isa)
    _core.force_conv2d_algorithm(algorithm)
    check(*drawn, dtype)


SIZES = [(1, 1), (1, 5), (4, 1), (3, 4)]


@pytest.mark.parametrize("dtype", DTYPES)
def test_kernels_that_cover_the_whole_output(isa: str, dtype: Any) -> None:
    """A transposed convolution of one pixel is a matrix product with KH KW C columns."""
    for kernel, c, stride, n in itertools.product(SIZES, (1, 3, 16, 40), (1, 3), (1, 2)):
        check((n, *kernel, c), (*kernel, c, 7), (stride, stride), (0, 0, 0, 0), (1, 1), 1, dtype)
        check((n, *kernel, 2 * c), (*kernel, c, 6), (stride, stride), (0, 0, 0, 0), (1, 1), 2, dtype)
        check((n, *kernel, c), (*kernel, 1, c), (stride, stride), (0, 0, 0, 0), (1, 1), c, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [(1, 1), (1, 6), (5, 1), (2, 3)])
def test_transposed_layers_in_one_and_two_dimensions(isa: str, size: Pair, dtype: Any) -> None:
    """ops.conv2d_transpose and conv1d_transpose, whose output is the bias where the kernel is zero."""
    bias = np.linspace(-1, 1, 9).astype(dtype)
    for kernel, stride, padding in itertools.product((1, 2, 4), (1, 2, 5), ("valid", "same")):
        x = np.ones((2, *size, 3), dtype)
        y = ops.conv2d_transpose(x, np.zeros((kernel, kernel, 9, 3), dtype), bias, stride, padding).numpy()
        assert (y == bias).all()
        y = ops.conv1d_transpose(x[:, 0], np.zeros((kernel, 9, 3), dtype), bias, stride, padding).numpy()
        assert (y == bias).all()


def test_model_with_an_input_of_one_pixel(isa: str) -> None:
    """The first layer of a generator: eager, and as a plan with packed weights."""
    first = layers.Conv2DTranspose(64, 4, bias_initializer="ones")
    model = Sequential([Input((1, 1, 100)), first, layers.ReLU()])
    first.kernel.assign(np.zeros((4, 4, 64, 100)))
    for _ in range(2):
        assert (model.predict(np.ones((3, 1, 1, 100)), verbose=0) == 1).all()
        assert (model(np.ones((3, 1, 1, 100), "f4")).numpy() == 1).all()
    model.compile("sgd", "mse")
    assert model.fit(np.ones((3, 1, 1, 100)), np.ones((3, 4, 4, 64)), verbose=0).history["loss"] == [0.0]


@settings(deadline=None, max_examples=120)
@given(
    *(st.sampled_from([1, 2, 3, 4, 5, 8, 15, 33, 70]) for _ in range(3)),
    st.booleans(), st.booleans(), st.sampled_from(DTYPES), st.sampled_from(SUPPORTED_ISAS)
)  # fmt: skip
def test_matrix_products(m: int, n: int, k: int, trans_a: bool, trans_b: bool, dtype: Any, isa: str) -> None:
    _core.set_isa(isa)
    rng = np.random.default_rng(m * n * k)
    a = guarded(rng.standard_normal((k, m) if trans_a else (m, k)).astype(dtype))
    b = guarded(rng.standard_normal((n, k) if trans_b else (k, n)).astype(dtype))
    bias = guarded(rng.standard_normal(n).astype(dtype))
    wide_a, wide_b = (array.astype(np.float64) for array in (a, b))
    expected = (wide_a.T if trans_a else wide_a) @ (wide_b.T if trans_b else wide_b) + bias
    for activation in ("linear", "relu"):
        c = _core.matmul(a, b, bias, activation, 0.0, trans_a, trans_b)
        wanted = np.maximum(expected, 0) if activation == "relu" else expected
        assert_close(c, wanted, tol(dtype, k + 1, 1 + k**0.5), what=activation)
