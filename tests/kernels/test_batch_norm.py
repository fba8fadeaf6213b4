"""Batch normalisation: against the float64 reference, on every instruction set and thread count, and PyTorch."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydl import _core
from tests.cases import NORM
from tests.reference import batch_norm as reference
from tests.tolerance import assert_close, tol

Array = np.ndarray[Any, Any]
DTYPES = [np.float32, np.float64]
EPSILON = 1e-3


def draw(rows: int, cols: int, dtype: Any, rng: np.random.Generator, offset: float = 0.0) -> dict[str, Array]:
    x, dy = rng.standard_normal((2, rows, cols))
    gamma, beta = rng.uniform(0.5, 2, cols), rng.standard_normal(cols)
    x = (x + offset * rng.uniform(-1, 1, cols)).astype(dtype)
    return {"x": x, "dy": dy.astype(dtype), "gamma": gamma.astype(dtype), "beta": beta.astype(dtype)}


def run(x: Array, dy: Array, gamma: Array | None, beta: Array | None) -> list[Array]:
    y, mean, variance = _core.batch_norm_forward(x, gamma, beta, EPSILON)
    given = _core.batch_norm_inference(x, gamma, beta, mean, variance, EPSILON)
    gradients = _core.batch_norm_backward(dy, x, gamma, mean, variance, EPSILON)
    constant = _core.batch_norm_backward(dy, x, gamma, mean, variance, EPSILON, constant=True)
    return [y, mean, variance, given, *gradients, *constant]


def check(rows: int, cols: int, dtype: Any, rng: np.random.Generator, offset: float = 0.0) -> None:
    arrays = draw(rows, cols, dtype, rng, offset)
    y, mean, variance, given, dx, dgamma, dbeta, dx_constant, dgamma_constant, dbeta_constant = run(**arrays)
    # NumPy adds rows sequentially: for float64 the reference needs a wider type.
    wide = {name: a.astype(np.float64 if dtype == np.float32 else np.longdouble) for name, a in arrays.items()}
    x, dy, gamma = wide["x"], wide["dy"], wide["gamma"]
    centre, spread = x.mean(0), x.var(0)
    inverse = 1 / np.sqrt(spread + EPSILON)
    # The stored mean is rounded: an error of eps |mean|, divided by std.
    size = float(np.abs(x).max())
    lost = tol(dtype, scale=float(np.abs(centre).max()))
    assert_close(mean, centre, atol=tol(dtype, np.log2(rows + 1) + 6, size), what="mean")
    # The merge of blocks of 32 rows multiplies that error by the distance of their means, about std / sqrt(32).
    merged = lost * (lost + float(np.sqrt(spread.max() / 32)))
    assert_close(variance, spread, atol=merged, rtol=tol(dtype, rows), what="variance")
    normalized = (x - centre) * inverse
    terms = tol(dtype, rows) * (1 + np.abs(normalized).max()) + lost * inverse.max()
    factor = float(gamma.max())
    expected = reference.normalize(x, centre, spread, gamma, wide["beta"], EPSILON)
    assert_close(y, expected, atol=terms * factor * 2, what="y")
    assert_close(given, y, atol=0, what="inference")
    expected_dx, expected_dgamma = reference.gradients(x, dy, centre, spread, gamma, EPSILON, (0,))
    steep = float((gamma * inverse).max() * np.abs(dy).max())
    total = rows * np.abs(dy).max()
    assert_close(dx, expected_dx, atol=4 * steep * terms * (1 + np.abs(normalized).max()), what="dx")
    sums = tol(dtype, rows, float(np.abs(dy).max() * (1 + np.abs(normalized).max())))
    assert_close(
        dgamma, expected_dgamma.sum(0), atol=sums * np.sqrt(rows) + total * lost * inverse.max(), what="dgamma"
    )
    assert_close(dbeta, dy.sum(0), atol=tol(dtype, rows, float(np.abs(dy).max() * np.sqrt(rows))), what="dbeta")
    assert_close(dx_constant, dy * gamma * inverse, atol=4 * steep * terms, what="dx, constant statistics")
    for again, first in ((dgamma_constant, dgamma), (dbeta_constant, dbeta)):
        np.testing.assert_array_equal(again, first)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", NORM, ids=str)
def test_reference(isa: str, shape: tuple[int, int], dtype: Any, rng: np.random.Generator) -> None:
    check(*shape, dtype, rng)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("offset", [1e2, 1e4])
def test_large_mean(isa: str, offset: float, dtype: Any, rng: np.random.Generator) -> None:
    for shape in ((5000, 7), (3000, 70)):
        check(*shape, dtype, rng, offset)


def test_outlier_in_the_first_row_keeps_the_variance_accurate(rng: np.random.Generator) -> None:
    x = rng.standard_normal((50_000, 3)).astype(np.float32)
    x[0] = 1e4
    _, _, variance = _core.batch_norm_forward(x, None, None, EPSILON)
    np.testing.assert_allclose(variance, x.astype(np.float64).var(0), rtol=1e-5)


def test_equal_values_are_normalised_to_zero(isa: str) -> None:
    for cols, value in ((5, 0.1), (100, 1e6), (1, -3e-5)):
        x = np.full((1000, cols), value, np.float32)
        y, mean, variance = _core.batch_norm_forward(x, None, None, EPSILON)
        np.testing.assert_array_equal(mean, x[0])
        assert not variance.any()
        assert not y.any()


def test_without_gamma_and_beta(isa: str, rng: np.random.Generator) -> None:
    arrays = draw(33, 20, np.float32, rng)
    ones, zeros = np.ones(20, np.float32), np.zeros(20, np.float32)
    plain = run(arrays["x"], arrays["dy"], None, None)
    for a, b in zip(plain, run(arrays["x"], arrays["dy"], ones, zeros), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("shape", [(3, 5), (4099, 10), (20_000, 25), (20_000, 64), (700, 1000), (3, 40_000)])
def test_same_bits_for_any_thread_count(isa: str, shape: tuple[int, int], rng: np.random.Generator) -> None:
    arrays = draw(*shape, np.float32, rng)
    results = []
    for threads in (1, 2, 3):
        _core.set_num_threads(threads)
        results.append(run(**arrays))
    for other in results[1:]:
        for a, b in zip(other, results[0], strict=True):
            np.testing.assert_array_equal(a, b)


def test_nan_stays_in_its_channel(isa: str) -> None:
    x = np.ones((100, 20), np.float32)
    x[7, 3] = np.nan
    y, _, _ = _core.batch_norm_forward(x, None, None, EPSILON)
    assert np.isnan(y).all(0).tolist() == [c == 3 for c in range(20)]


def test_empty() -> None:
    c = np.ones(3, np.float32)
    assert _core.batch_norm_inference(np.ones((0, 3), np.float32), c, c, c, c, EPSILON).shape == (0, 3)
    n = np.ones(0, np.float32)
    assert _core.batch_norm_inference(np.ones((3, 0), np.float32), n, n, n, n, EPSILON).shape == (3, 0)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 200), st.integers(1, 140), st.sampled_from(DTYPES), st.integers(0, 2**32 - 1))
def test_any_shape(rows: int, cols: int, dtype: Any, seed: int) -> None:
    check(rows, cols, dtype, np.random.default_rng(seed))


X, C = np.ones((2, 3), np.float32), np.ones(3, np.float32)
ERRORS: list[Any] = [
    (lambda: _core.batch_norm_forward(X[:0], C, C, EPSILON), ValueError, r"x: expected an array that is not empty"),
    (lambda: _core.batch_norm_forward(X, C[:2], C, EPSILON), ValueError, r"gamma: expected shape \(3,\)"),
    (lambda: _core.batch_norm_forward(X, C, C, -1.0), ValueError, r"epsilon: expected a number >= 0, got -1"),
    (lambda: _core.batch_norm_forward(X, C.astype(float), C, EPSILON), TypeError, r"gamma: expected float32"),
    (lambda: _core.batch_norm_inference(X, C, C, C, None, EPSILON), TypeError, r"variance: expected "),
    (lambda: _core.batch_norm_backward(X, X[:1], C, C, C, EPSILON), ValueError, r"x: expected shape \(2, 3\)"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=r"\[batch_norm_\w+\] " + message):
        call()


@pytest.mark.oracle
@pytest.mark.parametrize("shape", [(2, 1), (33, 7), (5000, 64), (131, 130)])
def test_torch(shape: tuple[int, int], rng: np.random.Generator) -> None:
    import torch

    arrays = draw(*shape, np.float64, rng)
    y, _, _, _, dx, dgamma, dbeta, *_ = run(**arrays)
    x, gamma, beta = (torch.tensor(arrays[name], requires_grad=True) for name in ("x", "gamma", "beta"))
    expected = torch.nn.functional.batch_norm(x, None, None, gamma, beta, training=True, eps=EPSILON)
    expected.backward(torch.tensor(arrays["dy"]))
    for got, want in ((y, expected.detach()), (dx, x.grad), (dgamma, gamma.grad), (dbeta, beta.grad)):
        assert_close(got, want.numpy(), atol=tol(np.float64, shape[0], 300), rtol=1e-12)
