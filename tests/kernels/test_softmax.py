"""softmax and log-softmax: against the float64 reference, on every instruction set and thread count, and PyTorch."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydl import _core
from tests.cases import SOFTMAX
from tests.reference import softmax as reference
from tests.tolerance import assert_close, tol

Array = np.ndarray[Any, Any]
DTYPES = [np.float32, np.float64]


def run(x: Array, dy: Array) -> tuple[Array, Array, Array, Array]:
    y, log_y = _core.softmax_forward(x), _core.log_softmax_forward(x)
    return y, _core.softmax_backward(dy, y), log_y, _core.log_softmax_backward(dy, log_y)


def check(rows: int, cols: int, dtype: Any, rng: np.random.Generator, scale: float = 3.0) -> None:
    x, dy = (rng.normal(scale=s, size=(rows, cols)).astype(dtype) for s in (scale, 1))
    y, dx, log_y, log_dx = run(x, dy)
    wide, eps = x.astype(np.float64), float(np.finfo(dtype).eps)
    expected, log_expected = reference.softmax(wide), reference.log_softmax(wide)
    # x - max has a rounding error of eps |x - max| / 2: the relative error of exp(x - max).
    depth = float(np.max(-log_expected, initial=1))
    relative = tol(dtype, cols) + eps * depth
    assert_close(y, expected, atol=float(np.finfo(dtype).tiny), rtol=relative, what="y")
    assert_close(log_y, log_expected, atol=relative, rtol=4 * eps, what="log y")
    atol = (relative + tol(dtype, cols)) * float(np.max(np.abs(dy), initial=1))
    if cols <= 1000:  # the reference computes every Jacobian
        assert_close(dx, reference.softmax_backward(dy.astype(np.float64), expected), atol=atol, what="dx")
        log_atol = atol * cols**0.5
        assert_close(
            log_dx, reference.log_softmax_backward(dy.astype(np.float64), log_expected), log_atol, what="log dx"
        )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SOFTMAX[1:], ids=str)
def test_reference(isa: str, shape: tuple[int, int], dtype: Any, rng: np.random.Generator) -> None:
    check(*shape, dtype, rng)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_tail(isa: str, dtype: Any, rng: np.random.Generator) -> None:
    for cols in range(1, 71):
        check(3, cols, dtype, rng)


def test_empty(isa: str) -> None:
    for a in run(np.zeros((0, 5)), np.zeros((0, 5))):
        assert a.shape == (0, 5)


@pytest.mark.parametrize("shape", [(3, 5), (4099, 10), (7, 1000), (37, 10_007)])
def test_same_bits_for_any_thread_count(isa: str, shape: tuple[int, int], rng: np.random.Generator) -> None:
    x, dy = rng.standard_normal((2, *shape)).astype(np.float32)
    results = []
    for threads in (1, 2, 3):
        _core.set_num_threads(threads)
        results.append(run(x, dy))
    for other in results[1:]:
        for a, b in zip(other, results[0], strict=True):
            assert np.array_equal(a, b)


@pytest.mark.parametrize("cols", [1, 10, 40])
def test_nan_and_infinity(isa: str, cols: int) -> None:
    """NaN, +inf, or -inf in all places make the whole row NaN, as in NumPy; a single -inf gives probability 0."""
    x = np.zeros((6, cols))
    x[1, 0], x[2, -1], x[3, 0], x[4], x[5, 0] = np.nan, np.nan, np.inf, -np.inf, -np.inf
    with np.errstate(invalid="ignore", divide="ignore"):
        np.testing.assert_allclose(_core.softmax_forward(x), reference.softmax(x), rtol=1e-15)
        np.testing.assert_allclose(_core.log_softmax_forward(x), reference.log_softmax(x), rtol=1e-15)


def test_large_numbers_do_not_overflow(isa: str) -> None:
    x = np.array([[1e30, 1e30, -1e30]], np.float32)
    np.testing.assert_array_equal(_core.softmax_forward(x), [[0.5, 0.5, 0]])


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 9), st.integers(1, 130), st.sampled_from(DTYPES), st.integers(0, 2**32 - 1))
def test_any_shape(rows: int, cols: int, dtype: Any, seed: int) -> None:
    check(rows, cols, dtype, np.random.default_rng(seed))


def test_gradient(rng: np.random.Generator) -> None:
    x, direction, dy = rng.standard_normal((3, 5, 13))
    _, dx, _, log_dx = run(x, dy)
    h = 1e-5
    for forward, gradient in ((_core.softmax_forward, dx), (_core.log_softmax_forward, log_dx)):
        slope = np.sum(dy * (forward(x + h * direction) - forward(x - h * direction))) / (2 * h)
        assert abs(slope - np.sum(gradient * direction)) <= 1e-8 * (1 + abs(slope))


X = np.zeros((2, 3), np.float32)
ERRORS: list[Any] = [
    (
        lambda: _core.softmax_forward(np.zeros((3, 0))),
        ValueError,
        r"\[softmax_forward\] x: .*not empty, got float64 \(3, 0\)",
    ),
    (lambda: _core.softmax_forward(np.zeros(())), ValueError, r"\[softmax_forward\] x: expected at least 1 dimension"),
    (lambda: _core.log_softmax_forward(X.astype(int)), TypeError, r"\[log_softmax_forward\] x: expected float32 or"),
    (lambda: _core.softmax_forward(X.T), ValueError, r"\[softmax_forward\] x: .*contiguous"),
    (lambda: _core.softmax_backward(X, X[:1]), ValueError, r"\[softmax_backward\] y: expected shape \(2, 3\)"),
    (
        lambda: _core.log_softmax_backward(X, X.astype(float)),
        TypeError,
        r"\[log_softmax_backward\] y: expected float32",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.oracle
@pytest.mark.parametrize("shape", SOFTMAX[1:], ids=str)
def test_torch(shape: tuple[int, int], rng: np.random.Generator) -> None:
    import torch

    x, dy = rng.standard_normal((2, *shape))
    y, dx, log_y, log_dx = run(x, dy)
    for function, value, gradient in ((torch.softmax, y, dx), (torch.log_softmax, log_y, log_dx)):
        t = torch.tensor(x, requires_grad=True)
        expected = function(t, 1)
        expected.backward(torch.tensor(dy))
        assert_close(value, expected.detach().numpy(), atol=tol(np.float64, shape[1]), rtol=1e-13)
        assert_close(gradient, t.grad.numpy(), atol=tol(np.float64, shape[1], 8), rtol=1e-12)
