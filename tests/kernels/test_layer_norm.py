"""Layer normalisation: against the float64 reference, on every instruction set and thread count, and PyTorch."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydl import _core
from tests.cases import NORM
from tests.reference import layer_norm as reference
from tests.tolerance import assert_close, tol

Array = np.ndarray[Any, Any]
DTYPES = [np.float32, np.float64]
EPSILON = 1e-3


def draw(rows: int, cols: int, dtype: Any, rng: np.random.Generator, offset: float = 0.0) -> dict[str, Array]:
    x, dy = rng.standard_normal((2, rows, cols))
    gamma, beta = rng.uniform(0.5, 2, cols), rng.standard_normal(cols)
    x = (x + offset).astype(dtype)
    return {"x": x, "dy": dy.astype(dtype), "gamma": gamma.astype(dtype), "beta": beta.astype(dtype)}


def run(x: Array, dy: Array, gamma: Array | None, beta: Array | None) -> list[Array]:
    y, mean, variance = _core.layer_norm_forward(x, gamma, beta, 1, EPSILON)
    return [y, mean, variance, *_core.layer_norm_backward(dy, x, gamma, mean, variance, 1, EPSILON)]


def check(rows: int, cols: int, dtype: Any, rng: np.random.Generator, offset: float = 0.0) -> None:
    arrays = draw(rows, cols, dtype, rng, offset)
    y, mean, variance, dx, dgamma, dbeta = run(**arrays)
    x, dy, gamma, beta = (a.astype(np.float64) for a in arrays.values())
    expected, centre, spread = reference.forward(x, gamma, beta, EPSILON)
    expected_dx, expected_dgamma, expected_dbeta = reference.backward(x, dy, gamma, EPSILON)
    inverse = 1 / np.sqrt(spread + EPSILON)
    lost = tol(dtype, cols, float(np.abs(x).max(initial=0)))  # the mean is a sum, and rounded when stored
    assert_close(mean, centre, atol=lost, what="mean")
    assert_close(variance, spread, atol=lost**2, rtol=tol(dtype, cols), what="variance")
    deviation = float((np.abs(x - centre[:, None]) * inverse[:, None]).max(initial=0))
    terms = tol(dtype, cols) * (1 + deviation) + lost * float(inverse.max(initial=0))
    assert_close(y, expected, atol=2 * terms * float(gamma.max()), what="y")
    steep = float(inverse.max(initial=0) * np.abs(dy * gamma).max(initial=0))
    assert_close(dx, expected_dx, atol=4 * steep * terms * (1 + deviation), what="dx")
    largest = float(np.abs(dy).max(initial=0))
    assert_close(dgamma, expected_dgamma, atol=rows**0.5 * largest * 2 * terms * (1 + deviation), what="dgamma")
    assert_close(dbeta, expected_dbeta, atol=tol(dtype, rows, largest * max(rows, 1) ** 0.5), what="dbeta")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(0, 5), *NORM], ids=str)
def test_reference(isa: str, shape: tuple[int, int], dtype: Any, rng: np.random.Generator) -> None:
    check(*shape, dtype, rng)


def test_every_tail(isa: str, rng: np.random.Generator) -> None:
    for cols in range(1, 140):
        check(3, cols, np.float32, rng)


@pytest.mark.parametrize("dtype", DTYPES)
def test_large_mean(isa: str, dtype: Any, rng: np.random.Generator) -> None:
    check(50, 700, dtype, rng, 1e3)


def test_several_axes_and_no_weights(rng: np.random.Generator) -> None:
    x, dy = rng.standard_normal((2, 4, 3, 5, 2))
    y, mean, variance = _core.layer_norm_forward(x, None, None, 2, EPSILON)
    assert mean.shape == variance.shape == (4, 3)
    gamma = np.ones((5, 2))
    rows = (x.reshape(12, 10), dy.reshape(12, 10), gamma.reshape(10), np.zeros(10))
    flat = run(*rows)
    np.testing.assert_array_equal(y.reshape(12, 10), flat[0])
    dx, dgamma, dbeta = _core.layer_norm_backward(dy, x, gamma, mean, variance, 2, EPSILON)
    for got, want in zip((dx, dgamma, dbeta), flat[3:], strict=True):
        np.testing.assert_array_equal(got.reshape(want.shape), want)


@pytest.mark.parametrize("shape", [(3, 5), (4099, 10), (700, 768), (3, 40_000)])
def test_same_bits_for_any_thread_count(isa: str, shape: tuple[int, int], rng: np.random.Generator) -> None:
    arrays = draw(*shape, np.float32, rng)
    results = []
    for threads in (1, 2, 3):
        _core.set_num_threads(threads)
        results.append(run(**arrays))
    for other in results[1:]:
        for a, b in zip(other, results[0], strict=True):
            np.testing.assert_array_equal(a, b)


def test_nan_stays_in_its_row(isa: str) -> None:
    x = np.ones((5, 100), np.float32)
    x[3, 99] = np.nan
    y, _, _ = _core.layer_norm_forward(x, None, None, 1, EPSILON)
    assert np.isnan(y).all(1).tolist() == [r == 3 for r in range(5)]
    assert not np.isnan(y[[0, 1, 2, 4]]).any()


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 60), st.integers(1, 200), st.sampled_from(DTYPES), st.integers(0, 2**32 - 1))
def test_any_shape(rows: int, cols: int, dtype: Any, seed: int) -> None:
    check(rows, cols, dtype, np.random.default_rng(seed))


X, C = np.ones((2, 3), np.float32), np.ones(3, np.float32)
ERRORS: list[Any] = [
    (lambda: _core.layer_norm_forward(X[:, :0], None, None, 1, EPSILON), ValueError, r"x: expected axes from 1 on"),
    (lambda: _core.layer_norm_forward(X, C, C, 2, EPSILON), ValueError, r"axis: expected 0 <= axis < 2, got 2"),
    (lambda: _core.layer_norm_forward(X, C, C, 0, EPSILON), ValueError, r"gamma: expected shape \(2, 3\)"),
    (lambda: _core.layer_norm_forward(X, C, C, 1, np.nan), ValueError, r"epsilon: expected a number >= 0, got nan"),
    (lambda: _core.layer_norm_backward(X, X, C, C, C, 1, EPSILON), ValueError, r"mean: expected shape \(2,\)"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=r"\[layer_norm_\w+\] " + message):
        call()


@pytest.mark.oracle
@pytest.mark.parametrize("shape", [(2, 1), (33, 7), (500, 768)])
def test_torch(shape: tuple[int, int], rng: np.random.Generator) -> None:
    import torch

    arrays = draw(*shape, np.float64, rng)
    y, _, _, dx, dgamma, dbeta = run(**arrays)
    x, gamma, beta = (torch.tensor(arrays[name], requires_grad=True) for name in ("x", "gamma", "beta"))
    expected = torch.nn.functional.layer_norm(x, shape[1:], gamma, beta, EPSILON)
    expected.backward(torch.tensor(arrays["dy"]))
    for got, want in ((y, expected.detach()), (dx, x.grad), (dgamma, gamma.grad), (dbeta, beta.grad)):
        assert_close(got, want.numpy(), atol=tol(np.float64, sum(shape), 300), rtol=1e-12)
