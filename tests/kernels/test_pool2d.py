"""pool2d: against the float64 loops, on every instruction set and thread count, and against PyTorch."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydl import _core
from tests.cases import POOL2D, POOL2D_NETS, Pool2dCase
from tests.reference import pool2d as reference
from tests.tolerance import assert_close, tol

Array = np.ndarray[Any, Any]
DTYPES = [np.float32, np.float64]


def options(case: Pool2dCase) -> Any:
    return case.pool_size, case.strides, case.padding


def run(case: Pool2dCase, x: Array, dy: Array) -> tuple[Array, Array, Array, Array, Array]:
    y, argmax = _core.max_pool2d_forward(x, *options(case), True)
    dx = _core.max_pool2d_backward(dy, argmax, x.shape, *options(case))
    mean = _core.avg_pool2d_forward(x, *options(case))
    return y, argmax, dx, mean, _core.avg_pool2d_backward(dy, x.shape, *options(case))


def arrays(case: Pool2dCase, dtype: Any, rng: np.random.Generator) -> tuple[Array, Array]:
    """x with many ties, and dy."""
    out = (case.x[0], *reference.output_size(case.x, *options(case)), case.x[3])
    return rng.integers(-3, 4, case.x).astype(dtype), rng.standard_normal(out).astype(dtype)


def check(case: Pool2dCase, dtype: Any, rng: np.random.Generator, x: Array | None = None) -> None:
    ties, dy = arrays(case, dtype, rng)
    x = ties if x is None else x
    y, argmax, dx, mean, dx_mean = run(case, x, dy)
    expected_y, expected_argmax = reference.max_forward(x, *options(case))
    assert y.dtype == dx.dtype == mean.dtype == dx_mean.dtype == dtype
    assert argmax.dtype == (np.uint8 if np.prod(case.pool_size) <= 256 else np.int32)
    np.testing.assert_array_equal(y, expected_y)
    np.testing.assert_array_equal(argmax, expected_argmax)
    alone = _core.max_pool2d_forward(x, *options(case), False)
    np.testing.assert_array_equal(alone[0], expected_y)
    assert alone[1] is None
    cells = case.pool_size[0] * case.pool_size[1]
    assert_close(dx, reference.max_backward(dy, argmax, case.x, *options(case)), tol(dtype, cells, 3), what="dx")
    assert_close(mean, reference.avg_forward(x, *options(case)), tol(dtype, cells, 3), what="mean")
    expected = reference.avg_backward(dy, case.x, *options(case))
    assert_close(dx_mean, expected, tol(dtype, cells, 3), what="dx of mean")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", POOL2D, ids=lambda case: case.name)
def test_reference(isa: str, case: Pool2dCase, dtype: Any, rng: np.random.Generator) -> None:
    check(case, dtype, rng)


@pytest.mark.parametrize("case", POOL2D, ids=lambda case: case.name)
def test_nan_and_infinities(isa: str, case: Pool2dCase, rng: np.random.Generator) -> None:
    x = rng.choice([np.nan, -np.inf, 1.0, 2.0], case.x, p=[0.2, 0.5, 0.2, 0.1]).astype(np.float32)
    check(case, np.float32, rng, x)


@pytest.mark.parametrize("case", [*POOL2D, *POOL2D_NETS[:3], *POOL2D_NETS[4:5]], ids=lambda case: case.name)
def test_same_bits_for_any_thread_count(isa: str, case: Pool2dCase, rng: np.random.Generator) -> None:
    x, dy = arrays(case, np.float32, rng)
    _core.set_num_threads(1)
    expected = run(case, x, dy)
    for threads in (2, 3):
        _core.set_num_threads(threads)
        for a, b in zip(run(case, x, dy), expected, strict=True):
            assert np.array_equal(a, b)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_window(data: st.DataObject) -> None:
    window = data.draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    padding = tuple(data.draw(st.integers(0, window[i // 2] - 1)) for i in range(4))
    size = [data.draw(st.integers(max(1, window[i] - padding[2 * i] - padding[2 * i + 1]), 9)) for i in range(2)]
    n, c = data.draw(st.integers(0, 3)), data.draw(st.integers(0, 20))
    strides = data.draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    case = Pool2dCase("drawn", (n, size[0], size[1], c), window, strides, padding)
    check(case, np.float32, np.random.default_rng(0))


def test_gradient_in_a_random_direction(rng: np.random.Generator) -> None:
    case = Pool2dCase("gradient", (2, 7, 6, 5), (3, 3), (2, 2), (1, 1, 1, 1))
    x, direction = rng.standard_normal((2, *case.x))
    _, dy = arrays(case, np.float64, rng)
    _, _, dx, _, dx_mean = run(case, x, dy)
    step = 1e-6
    above, below = run(case, x + step * direction, dy), run(case, x - step * direction, dy)
    for which, gradient in ((0, dx), (3, dx_mean)):
        slope = np.sum((above[which] - below[which]) * dy) / (2 * step)
        assert abs(slope - np.sum(gradient * direction)) < 1e-6 * (1 + abs(slope))


@pytest.mark.parametrize(("window", "dtype"), [((2, 2), np.uint8), ((1, 300), np.int32)])
def test_argmax_outside_the_window_is_ignored(window: Any, dtype: Any) -> None:
    size = np.iinfo(dtype)
    for channels in (1, 40):
        dy = np.ones((1, 1, 1, channels), np.float32)
        for at in (size.min or 4, window[0] * window[1], size.max):
            argmax = np.full(dy.shape, at, dtype)
            dx = _core.max_pool2d_backward(dy, argmax, (1, *window, channels), window, window, (0, 0, 0, 0))
            assert not dx.any()


def test_windows_of_more_than_256_pixels(isa: str, rng: np.random.Generator) -> None:
    """An argmax of more than 8 bits."""
    for window, padding in (((17, 16), (0, 0, 0, 0)), ((1, 257), (0, 0, 3, 0))):
        check(Pool2dCase("large", (2, 19, 260, 19), window, (5, 7), padding), np.float32, rng)


def test_non_temporal_stores_have_the_same_bits(isa: str, rng: np.random.Generator) -> None:
    """From 4 MB on, outputs are stored non-temporally: same results as for a part of the batch, which is not."""
    x = rng.standard_normal((5, 130, 130, 64), np.float32)
    x[0, 0, 0, 0] = np.nan
    for pool_size, strides in (((2, 2), (2, 2)), ((3, 3), (2, 2))):
        window = (pool_size, strides, (0, 0, 0, 0))
        for whole, part in (
            (_core.max_pool2d_forward(x, *window, True), _core.max_pool2d_forward(x[:1].copy(), *window, True)),
            ((_core.avg_pool2d_forward(x, *window),), (_core.avg_pool2d_forward(x[:1].copy(), *window),)),
        ):
            assert whole[0].nbytes >= 4 << 20
            for a, b in zip(whole, part, strict=True):
                np.testing.assert_array_equal(a[:1], b)


X = np.zeros((1, 4, 4, 2), np.float32)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((X[0], (2, 2), (2, 2), (0,) * 4), ValueError, r"\[avg_pool2d_forward\] x: expected 4 dimensions"),
        ((X.astype(int), (2, 2), (2, 2), (0,) * 4), TypeError, "x: expected float32 or float64"),
        ((X[:, ::2], (2, 2), (2, 2), (0,) * 4), ValueError, "x: expected a C-contiguous"),
        ((X, (0, 2), (2, 2), (0,) * 4), ValueError, "pool_size"),
        ((X, (5, 2), (2, 2), (0,) * 4), ValueError, "pool_size: expected at most the 4 rows"),
        ((X, (2, 2**40), (2, 2), (0,) * 4), ValueError, "pool_size"),
        ((X, (2, 2), (2, -1), (0,) * 4), ValueError, "strides"),
        ((X, (2, 2), "same", (0,) * 4), TypeError, "strides"),
        ((X, (2, 2), (2, 2), (2, 0, 0, 0)), ValueError, "padding: expected less than pool_size"),
        ((X, (2, 2), (2, 2), (0, 0)), ValueError, "padding"),
        ((np.zeros((1, 0, 4, 2)), (2, 2), (2, 2), (1,) * 4), ValueError, "H and W at least 1"),
    ],
)
def test_errors(arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        _core.avg_pool2d_forward(*arguments)


def test_errors_of_backward() -> None:
    options = (1, 4, 4, 2), (2, 2), (2, 2), (0,) * 4
    with pytest.raises(ValueError, match=r"\[avg_pool2d_backward\] dy: expected shape \(1, 2, 2, 2\)"):
        _core.avg_pool2d_backward(X, *options)
    with pytest.raises(TypeError, match="argmax: expected uint8"):
        _core.max_pool2d_backward(X[:, :2, :2].copy(), X[:, :2, :2].copy(), *options)


@pytest.mark.oracle
@pytest.mark.parametrize("case", [*POOL2D_NETS[:3], POOL2D[5]], ids=lambda case: case.name)
def test_pytorch(case: Pool2dCase, rng: np.random.Generator) -> None:
    import torch

    x, dy = rng.standard_normal(case.x), arrays(case, np.float64, rng)[1]
    leaf = torch.tensor(x.transpose(0, 3, 1, 2), requires_grad=True)
    y, _, dx, mean, dx_mean = run(case, x, dy)
    for pool, value, gradient in (
        (torch.nn.functional.max_pool2d, y, dx),
        (torch.nn.functional.avg_pool2d, mean, dx_mean),
    ):
        leaf.grad = None
        out = pool(leaf, case.pool_size, case.strides)
        out.backward(torch.tensor(dy.transpose(0, 3, 1, 2)))
        assert leaf.grad is not None
        assert_close(value, out.detach().numpy().transpose(0, 2, 3, 1), 1e-14)
        assert_close(gradient, leaf.grad.numpy().transpose(0, 2, 3, 1), 1e-14)
