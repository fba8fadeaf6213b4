"""Activations and arithmetic: against the float64 reference, in units in the last place, and against PyTorch."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydl import _core
from tests.cases import BINARY, ELEMENTWISE, BinaryCase
from tests.reference import elementwise as reference
from tests.tolerance import assert_close

Array = np.ndarray[Any, Any]
DTYPES = [np.float32, np.float64]
BINARY_OPS = ["add", "subtract", "multiply", "divide", "maximum", "minimum"]
ALPHA = 0.7


def run(name: str, x: Array, dy: Array) -> tuple[Array, Array]:
    """y and dx of the kernels."""
    y = _core.activation_forward(x, name, ALPHA)
    saved = x if name in reference.SAVES_INPUT else y
    return y, _core.activation_backward(dy, saved, name, ALPHA)


def check(name: str, n: int, dtype: Any, rng: np.random.Generator) -> None:
    x, dy = (rng.normal(scale=s, size=n).astype(dtype) for s in (4, 1))
    y, dx = run(name, x, dy)
    wide, eps = x.astype(np.float64), float(np.finfo(dtype).eps)
    expected = reference.forward(name, wide, ALPHA)
    assert y.dtype == dx.dtype == dtype
    assert_close(y, expected, atol=4 * eps, rtol=8 * eps, what=f"{name} y")
    # dx comes from the rounded y: where the derivative vanishes, its error is of the size of that rounding.
    atol = 8 * eps * float(np.max(np.abs(dy), initial=1)) * max(1, ALPHA)
    assert_close(dx, dy * reference.slope(name, wide, ALPHA), atol=atol, rtol=16 * eps, what=f"{name} dx")


def test_every_activation_has_a_reference() -> None:
    assert set(reference.NAMES) == set(_core.ACTIVATIONS)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", reference.NAMES)
def test_reference(isa: str, name: str, dtype: Any, rng: np.random.Generator) -> None:
    for n in ELEMENTWISE:
        check(name, n, dtype, rng)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_tail(isa: str, dtype: Any, rng: np.random.Generator) -> None:
    """A short array has the bits of the same elements in a long one, and nothing is written past its end."""
    x, dy = rng.standard_normal((2, 70)).astype(dtype)
    for name in reference.NAMES:
        y, dx = run(name, x, dy)
        for n in range(70):
            short = run(name, x[:n].copy(), dy[:n].copy())
            assert np.array_equal(short[0], y[:n]), (name, n)
            assert np.array_equal(short[1], dx[:n]), (name, n)


# Largest errors in units in the last place; csrc/tests/test_simd_math.cpp has tighter bounds for the functions.
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("name", "limit"), [("exponential", 2), ("tanh", 4), ("sigmoid", 4), ("softplus", 4), ("elu", 4)]
)
def test_ulps(isa: str, name: str, limit: float, dtype: Any, rng: np.random.Generator) -> None:
    x = np.concatenate([np.linspace(-80, 80, 20_001), rng.normal(size=20_000), np.logspace(-30, 0, 1000)]).astype(dtype)
    expected = reference.forward(name, x.astype(np.longdouble), 1.0)
    error = np.abs(_core.activation_forward(x, name, 1.0) - expected)
    assert np.max(error / np.spacing(np.abs(expected).astype(dtype))) <= limit


@pytest.mark.parametrize("name", reference.NAMES)
def test_same_bits_for_any_thread_count(isa: str, name: str, rng: np.random.Generator) -> None:
    x, dy = rng.standard_normal((2, 200_003)).astype(np.float32)
    results = []
    for threads in (1, 2, 3):
        _core.set_num_threads(threads)
        results.append(run(name, x, dy))
    for y, dx in results[1:]:
        assert np.array_equal(y, results[0][0])
        assert np.array_equal(dx, results[0][1])


@pytest.mark.parametrize("name", reference.NAMES)
def test_nan_and_infinity(isa: str, name: str) -> None:
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0], np.float32)
    y, dx = run(name, x, np.full_like(x, np.nan))
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(y, reference.forward(name, x.astype(np.float64), ALPHA).astype(np.float32))
    assert np.isnan(dx[0])


@pytest.mark.parametrize("name", reference.NAMES)
def test_gradient(name: str, rng: np.random.Generator) -> None:
    """The slope along a random direction, by central differences in float64, away from the kinks."""
    x = rng.normal(scale=3, size=500)
    x = x[np.min(np.abs(x[:, None] - [0, 6, 3, -3]), axis=1) > 1e-3]
    direction, h = rng.standard_normal(x.size), 1e-5
    difference = _core.activation_forward(x + h * direction, name, ALPHA)
    difference -= _core.activation_forward(x - h * direction, name, ALPHA)
    _, dx = run(name, x, direction)
    assert_close(difference / (2 * h), dx, atol=1e-8, rtol=1e-6)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(reference.NAMES), st.integers(0, 300), st.sampled_from(DTYPES), st.integers(0, 2**32 - 1))
def test_any_length(name: str, n: int, dtype: Any, seed: int) -> None:
    check(name, n, dtype, np.random.default_rng(seed))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("op", BINARY_OPS)
def test_binary(isa: str, op: str, dtype: Any, rng: np.random.Generator) -> None:
    for case in BINARY:
        check_binary(op, case, dtype, rng)


def check_binary(op: str, case: BinaryCase, dtype: Any, rng: np.random.Generator) -> None:
    a, b = (np.asarray(rng.standard_normal(shape)).astype(dtype) for shape in (case.a, case.b))
    expected = getattr(np, op)(a, b)  # one rounding only: the bits of NumPy
    results = []
    for threads in (1, 2, 3):
        _core.set_num_threads(threads)
        results.append(_core.binary(op, a, b))
    for c in results:
        np.testing.assert_array_equal(c, expected, err_msg=case.name, strict=True)


def test_maximum_and_minimum_propagate_nan(isa: str) -> None:
    a, b = np.array([np.nan, 1, np.nan, 2]), np.array([1, np.nan, np.nan, 3])
    np.testing.assert_array_equal(_core.binary("maximum", a, b), [np.nan, np.nan, np.nan, 3])
    np.testing.assert_array_equal(_core.binary("minimum", a, b), [np.nan, np.nan, np.nan, 2])


X = np.zeros((2, 3), np.float32)
ERRORS: list[Any] = [
    (lambda: _core.activation_forward(X, "reul"), ValueError, r"\[activation_forward\] name: expected one of .*'reul'"),
    (lambda: _core.activation_forward(X, 3), TypeError, r"\[activation_forward\] name"),
    (lambda: _core.activation_forward(X.T, "relu"), ValueError, r"\[activation_forward\] x: .*contiguous"),
    (lambda: _core.activation_forward([1.0], "relu"), TypeError, r"\[activation_forward\] x: .*got list"),
    (lambda: _core.activation_forward(X.astype(int), "relu"), TypeError, r"x: expected float32 or float64, got int64"),
    (lambda: _core.activation_forward(X, "leaky_relu", -0.1), ValueError, r"alpha: expected a number >= 0, got -0.1"),
    (lambda: _core.activation_backward(X, X[:1], "relu"), ValueError, r"\[activation_backward\] saved: expected shape"),
    (lambda: _core.activation_backward(X, X.astype(float), "relu"), TypeError, r"saved: expected float32"),
    (lambda: _core.binary("power", X, X), ValueError, r"\[binary\] name: expected one of add, .*'power'"),
    (lambda: _core.binary("add", X, X.astype(float)), TypeError, r"\[binary\] b: expected float32 as a, got float64"),
    (lambda: _core.binary("add", X, X[:, :2].copy()), ValueError, r"\[binary\] b: expected the shape of a, \(2, 3\)"),
    (lambda: _core.binary("add", X, np.zeros((1, 2, 3), np.float32)), ValueError, r"\[binary\] b: expected the shape"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.oracle
@pytest.mark.parametrize("name", reference.NAMES)
def test_torch(name: str, rng: np.random.Generator) -> None:
    import torch
    from torch.nn import functional as F

    torch_functions = {
        "linear": lambda t: t * 1,
        "elu": lambda t: F.elu(t, ALPHA),
        "gelu_tanh": lambda t: F.gelu(t, approximate="tanh"),
        "leaky_relu": lambda t: F.leaky_relu(t, ALPHA),
        "hard_sigmoid": F.hardsigmoid,
        "exponential": torch.exp,
    }
    function = torch_functions.get(name) or getattr(F, name, None) or getattr(torch, name)
    x, dy = rng.normal(scale=3, size=(2, 4096))
    t = torch.tensor(x, requires_grad=True)
    expected = function(t)
    expected.backward(torch.tensor(dy))
    y, dx = run(name, x, dy)
    # F.softplus is linear above 20: it drops terms of exp(-20). The slope of F.hardsigmoid is 1/6 in float32.
    assert_close(y, expected.detach().numpy(), atol=1e-8, rtol=1e-13)
    assert_close(dx, t.grad.numpy(), atol=1e-8, rtol=1e-7 if name == "hard_sigmoid" else 1e-12)
