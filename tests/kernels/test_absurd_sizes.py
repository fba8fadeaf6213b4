"""Strides, dilations, paddings and windows much larger than the image: a fast result or an error.

Every call runs in a new process with a time limit: a kernel that loops over a huge stride handles no signals.
"""

import itertools
from typing import Any

import numpy as np
import pytest
from fresh_process import bounded, output

import pydl
from pydl import _core
from tests.conftest import SUPPORTED_ISAS
from tests.reference import conv2d as reference
from tests.reference import pool2d
from tests.tolerance import assert_close, tol

Array = np.ndarray[Any, Any]
HUGE = (10**6, 2**30, 2**31 - 1)
LARGE = 2**31 - 1


def convolution(x_shape: Any, w_shape: Any, strides: Any, padding: Any, dilation: Any, groups: int) -> None:
    rng = np.random.default_rng(3)
    options = strides, padding, dilation, groups
    out = reference.output_shape(x_shape, w_shape, strides, padding, dilation)
    x, w, dy = (rng.standard_normal(s).astype("f4") for s in (x_shape, w_shape, (x_shape[0], *out, w_shape[3])))
    bias, atol = np.arange(x_shape[3], dtype="f4"), tol("f4", 300, 40)
    dw, db = reference.backward_weight(x, dy, w_shape, *options)
    actual_dw, actual_db = _core.conv2d_backward_weight(x, dy, w_shape, *options, True)
    dx = _core.conv2d_backward_input(dy, w, x_shape, *options, bias)
    assert_close(_core.conv2d_forward(x, w, None, *options), reference.forward(x, w, None, *options), atol, what="y")
    assert_close(dx, reference.backward_input(dy, w, x_shape, *options) + bias, atol, what="dx")
    assert_close(actual_dw, dw, atol, what="dw")
    assert_close(actual_db, db, atol, what="db")


KINDS = {  # channels, last two sizes of w, groups
    "plain": (6, 6, 6, 1), "few": (1, 1, 3, 1), "many": (32, 32, 40, 1), "depthwise": (6, 1, 6, 6),
    "multiplier": (6, 1, 12, 6), "pairs": (6, 2, 6, 3), "groups": (16, 8, 24, 2), "wide": (48, 1, 48, 48),
}  # fmt: skip


def strides() -> None:
    for (c, ci, o, groups), stride in itertools.product(KINDS.values(), HUGE):
        for size, kernel in (((7, 7), (3, 3)), ((1, 7), (1, 3)), ((7, 1), (7, 1)), ((5, 4), (1, 1)), ((6, 6), (5, 5))):
            for both in ((stride, stride), (stride, 1), (2, stride)):
                convolution((2, *size, c), (*kernel, ci, o), both, (0, 1, 1, 0), (1, 1), groups)
        convolution((2, 7, 9, c), (1, 1, ci, o), (1, 1), (0, 0, 0, 0), (stride, stride), groups)


def paddings() -> None:
    """Outputs and taps that lie completely in the padding."""
    large = 1000
    for c, ci, o, groups in KINDS.values():
        convolution((1, 7, 2, c), (3, 1, ci, o), (large // 5, 1), (large, large, 0, 0), (1, 1), groups)
        convolution((1, 2, 7, c), (1, 3, ci, o), (1, large // 5), (0, 0, large, large - 3), (1, 1), groups)
        convolution((2, 3, 7, c), (1, 3, ci, o), (1, large), (0, 0, large, large), (1, large), groups)
        convolution((2, 3, 7, c), (1, 3, ci, o), (1, 3), (0, 0, large, large), (1, large - 2), groups)
        convolution((2, 7, 3, c), (2, 3, ci, o), (1, 3), (large, 0, 1, 1), (large + 1, 1), groups)
        farther(c, ci, o, groups)


def farther(c: int, ci: int, o: int, groups: int) -> None:
    """Nine outputs per axis, 2^28 pixels apart; only the middle one overlaps the image."""
    rng = np.random.default_rng(5)
    x, w = (rng.standard_normal(shape).astype("f4") for shape in ((2, 7, 7, c), (3, 3, ci, o)))
    options = (2**28, 2**28), (2**30,) * 4, (1, 1), groups
    y = _core.conv2d_forward(x, w, None, *options)
    assert y.shape == (2, 9, 9, o)
    one = (1, 1), (0, 0, 0, 0), (1, 1), groups
    corner = x[:, :3, :3].copy()
    expected = np.zeros_like(y)
    expected[:, 4, 4] = _core.conv2d_forward(corner, w, None, *one)[:, 0, 0]
    assert_close(y, expected, tol("f4", 300, 40))
    dw, _ = _core.conv2d_backward_weight(x, y, w.shape, *options, False)
    middle = y[:, 4:5, 4:5].copy()
    assert_close(dw, _core.conv2d_backward_weight(corner, middle, w.shape, *one, False)[0], tol("f4", 300, 400))
    dx = _core.conv2d_backward_input(y, w, x.shape, *options)
    assert_close(dx[:, :3, :3], _core.conv2d_backward_input(middle, w, corner.shape, *one), tol("f4", 300, 400))
    assert not dx[:, 3:].any()


def long_axes() -> None:
    """As many taps as the stride: the input gradient must find the tap of each phase without a search."""
    n = 10**6
    x, w = np.ones((1, 1, n, 1), "f4"), np.ones((1, n - 5, 1, 1), "f4")
    dx = _core.conv2d_backward_input(np.full((1, 1, 1, 1), 2, "f4"), w, x.shape, (1, n - 7), (0, 0, 0, 0), (1, 1), 1)
    assert (dx[0, 0, : n - 5] == 2).all()
    assert not dx[0, 0, n - 5 :].any()


def pools() -> None:
    rng = np.random.default_rng(4)
    for c, stride in itertools.product((1, 5, 70), HUGE):
        x = rng.integers(-9, 9, (2, 7, 5, c)).astype("f4")
        for window, steps in (((3, 3), (stride, stride)), ((7, 5), (stride, 1)), ((2, 2), (1, stride))):
            pooling(x, window, steps, (0, 0, 0, 0))
        half = stride // 2
        y = _core.avg_pool2d_forward(x, (stride, stride), (stride, stride), (half, half, half, half))
        assert_close(y, x.mean((1, 2), keepdims=True), tol("f4", 35, 9))
        dx = _core.avg_pool2d_backward(y, x.shape, (stride, stride), (stride, stride), (half, half, half, half))
        assert_close(dx, np.broadcast_to(y / 35, x.shape), tol("f4", 35, 1))
        row = min(stride, 10**6) // 2
        pooling(x, (2 * row, 1), (2 * row, 1), (row, row, 0, 0))
        pooling(x, (1, 2 * row), (1, row), (0, 0, row, row))


def pooling(x: Array, window: Any, steps: Any, padding: Any) -> None:
    options = window, steps, padding
    y, argmax = _core.max_pool2d_forward(x, *options, True)
    expected, places = pool2d.max_forward(x, *options)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(argmax, places)
    dx = _core.max_pool2d_backward(y, argmax, x.shape, *options)
    np.testing.assert_array_equal(dx, pool2d.max_backward(y, argmax, x.shape, *options))
    assert_close(_core.avg_pool2d_forward(x, *options), pool2d.avg_forward(x, *options), tol("f4", 35, 9))


def layers() -> None:
    x = np.ones((2, 7, 7, 6), "f4")
    for layer in (
        pydl.layers.Conv2D(6, 3, strides=2**30), pydl.layers.DepthwiseConv2D(3, strides=10**6),
        pydl.layers.SeparableConv2D(4, 3, strides=10**6), pydl.layers.Conv2D(6, 3, strides=2**31 - 1, groups=3),
        pydl.layers.MaxPooling2D(2, strides=10**9), pydl.layers.AveragePooling2D(10**6, padding="same"),
        pydl.layers.Conv2D(6, 1, dilation_rate=10**9),
    ):  # fmt: skip
        model = pydl.Sequential([pydl.Input((7, 7, 6)), pydl.layers.Conv2D(6, 3, padding="same"), layer,
                                 pydl.layers.Flatten(), pydl.layers.Dense(2)])  # fmt: skip
        model.compile("sgd", "mse")
        assert np.isfinite(model.fit(x, np.zeros((2, 2)), verbose=0).history["loss"][0])
    for one in (pydl.layers.Conv1D(3, 2, strides=2**30),
                pydl.layers.MaxPooling1D(2, strides=10**7), pydl.layers.AveragePooling1D(10**6, padding="same"),
                pydl.layers.MaxPooling1D(10**6, padding="same")):  # fmt: skip
        assert one(x[:, 0]).shape[1] == 1


@pytest.mark.parametrize("what", ["strides", "paddings", "long_axes", "pools", "layers"])
def test_run_time_does_not_grow_with_empty_regions(what: str) -> None:
    script = (
        f"import sys; sys.path += {[__file__.rsplit('/', 3)[0], __file__.rsplit('/', 2)[0]]!r}; "
        "from pydl import _core; from tests.kernels.test_absurd_sizes import *; "
        f"[(_core.set_isa(isa), {what}()) for isa in {SUPPORTED_ISAS}]; print('done')"
    )
    assert output("-c", bounded(script), timeout=100) == "done"


def test_window_with_too_many_pixels_for_argmax_is_refused() -> None:
    x, padding = np.ones((1, 7, 7, 2), "f4"), (40_000,) * 4
    for call in (
        lambda: _core.max_pool2d_forward(x, (50_000, 50_000), (1, 1), padding, False),
        lambda: _core.max_pool2d_backward(x, x, x.shape, (50_000, 50_000), (50_000, 50_000), padding),
    ):
        with pytest.raises(ValueError, match=r"pool_size: expected at most 2147483647 cells, got \(50000, 50000\)"):
            call()
