"""Group normalisation: against the float64 reference, on every instruction set and thread count, and PyTorch."""

from typing import Any

import numpy as np
import pytest

from pydl import _core
from tests.reference import group_norm as reference
from tests.tolerance import assert_close, tol

Array = np.ndarray[Any, Any]
DTYPES = [np.float32, np.float64]
EPSILON = 1e-3

# (N, S, C) and groups
CASES = [
    ((1, 1, 1), 1),
    ((0, 4, 6), 2),
    ((2, 1, 6), 3),
    ((3, 49, 10), 5),
    ((2, 100, 32), 32),
    ((2, 30, 64), 1),
    ((2, 65, 70), 7),
    ((3, 9, 130), 10),
    ((2, 2000, 48), 4),
    ((40, 5, 3), 1),
]


def draw(shape: tuple[int, int, int], dtype: Any, rng: np.random.Generator, offset: float = 0.0) -> dict[str, Array]:
    x, dy = rng.standard_normal((2, *shape))
    gamma, beta = rng.uniform(0.5, 2, shape[2]), rng.standard_normal(shape[2])
    x = (x + offset).astype(dtype)
    return {"x": x, "dy": dy.astype(dtype), "gamma": gamma.astype(dtype), "beta": beta.astype(dtype)}


def run(groups: int, x: Array, dy: Array, gamma: Array | None, beta: Array | None) -> list[Array]:
    y, mean, variance = _core.group_norm_forward(x, gamma, beta, groups, EPSILON)
    return [y, mean, variance, *_core.group_norm_backward(dy, x, gamma, mean, variance, groups, EPSILON)]


def check(shape: tuple[int, int, int], groups: int, dtype: Any, rng: np.random.Generator, offset: float = 0.0) -> None:
    arrays = draw(shape, dtype, rng, offset)
    y, mean, variance, dx, dgamma, dbeta = run(groups, **arrays)
    x, dy, gamma, beta = (a.astype(np.float64) for a in arrays.values())
    expected, centre, spread = reference.forward(x, gamma, beta, groups, EPSILON)
    expected_dx, expected_dgamma, expected_dbeta = reference.backward(x, dy, gamma, groups, EPSILON)
    terms_in_group = shape[1] * shape[2] // groups
    inverse = float((1 / np.sqrt(spread + EPSILON)).max(initial=0))
    lost = tol(dtype, terms_in_group, float(np.abs(x).max(initial=0)))  # the mean is a sum, and rounded when stored
    assert_close(mean, centre, atol=lost, what="mean")
    assert_close(variance, spread, atol=lost**2, rtol=tol(dtype, terms_in_group), what="variance")
    deviation = float(np.abs(x - offset).max(initial=0)) * 2 * inverse
    terms = tol(dtype, terms_in_group) * (1 + deviation) + lost * inverse
    assert_close(y, expected, atol=2 * terms * float(gamma.max()), what="y")
    steep = inverse * float(np.abs(dy * gamma).max(initial=0))
    assert_close(dx, expected_dx, atol=4 * steep * terms * (1 + deviation), what="dx")
    rows, largest = max(shape[0] * shape[1], 1), float(np.abs(dy).max(initial=0))
    assert_close(dgamma, expected_dgamma, atol=rows**0.5 * largest * 2 * terms * (1 + deviation), what="dgamma")
    assert_close(dbeta, expected_dbeta, atol=tol(dtype, rows, largest * rows**0.5), what="dbeta")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "groups"), CASES, ids=str)
def test_reference(isa: str, shape: tuple[int, int, int], groups: int, dtype: Any, rng: np.random.Generator) -> None:
    check(shape, groups, dtype, rng)


@pytest.mark.parametrize("dtype", DTYPES)
def test_large_mean(isa: str, dtype: Any, rng: np.random.Generator) -> None:
    check((2, 200, 24), 4, dtype, rng, 1e3)


def test_without_gamma_and_beta(rng: np.random.Generator) -> None:
    arrays = draw((2, 9, 20), np.float32, rng)
    ones, zeros = np.ones(20, np.float32), np.zeros(20, np.float32)
    plain = run(4, arrays["x"], arrays["dy"], None, None)
    for a, b in zip(plain, run(4, arrays["x"], arrays["dy"], ones, zeros), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("shape", "groups"), [((2, 3, 4), 2), ((5, 3000, 25), 5), ((3, 100, 512), 32)])
def test_same_bits_for_any_thread_count(
    isa: str, shape: tuple[int, int, int], groups: int, rng: np.random.Generator
) -> None:
    arrays = draw(shape, np.float32, rng)
    results = []
    for threads in (1, 2, 3):
        _core.set_num_threads(threads)
        results.append(run(groups, **arrays))
    for other in results[1:]:
        for a, b in zip(other, results[0], strict=True):
            np.testing.assert_array_equal(a, b)


def test_nan_stays_in_its_group(isa: str) -> None:
    x = np.ones((2, 50, 12), np.float32)
    x[1, 7, 5] = np.nan
    y, _, _ = _core.group_norm_forward(x, None, None, 3, EPSILON)
    assert np.isnan(y[1, :, 4:8]).all()
    assert np.isnan(y).sum() == 50 * 4


X, C = np.ones((2, 3, 4), np.float32), np.ones(4, np.float32)
ERRORS: list[Any] = [
    (lambda: _core.group_norm_forward(C, C, C, 2, EPSILON), ValueError, r"x: expected at least 2 dimensions"),
    (lambda: _core.group_norm_forward(X[:, :0], C, C, 2, EPSILON), ValueError, r"x: expected samples that are not"),
    (lambda: _core.group_norm_forward(X, C, C, 3, EPSILON), ValueError, r"groups: expected a divisor of the 4"),
    (lambda: _core.group_norm_forward(X, C, C, 0, EPSILON), ValueError, r"groups: expected a divisor of the 4"),
    (lambda: _core.group_norm_forward(X, C[:1], C, 2, EPSILON), ValueError, r"gamma: expected shape \(4,\)"),
    (lambda: _core.group_norm_backward(X, X, C, C, C, 2, EPSILON), ValueError, r"mean: expected shape \(2, 2\)"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=r"\[group_norm_\w+\] " + message):
        call()


@pytest.mark.oracle
@pytest.mark.parametrize(("shape", "groups"), CASES[2:], ids=str)
def test_torch(shape: tuple[int, int, int], groups: int, rng: np.random.Generator) -> None:
    import torch

    arrays = draw(shape, np.float64, rng)
    y, _, _, dx, dgamma, dbeta = run(groups, **arrays)
    x, gamma, beta = (torch.tensor(arrays[name], requires_grad=True) for name in ("x", "gamma", "beta"))
    expected = torch.nn.functional.group_norm(x.permute(0, 2, 1), groups, gamma, beta, EPSILON).permute(0, 2, 1)
    expected.backward(torch.tensor(arrays["dy"]))
    for got, want in ((y, expected.detach()), (dx, x.grad), (dgamma, gamma.grad), (dbeta, beta.grad)):
        assert_close(got, want.numpy(), atol=tol(np.float64, shape[1] * shape[2], 300), rtol=1e-12)
