"""_core.matmul against a float64 reference: every shape, transpose, epilogue and batch."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pydl import _core
from tests.cases import GEMM, GEMM_NETS, GemmCase
from tests.reference.gemm import matmul
from tests.tolerance import assert_close, tol

Array = NDArray[Any]
SMALL_NETS = [case for case in GEMM_NETS if case.M * case.N * case.K <= 1 << 24]
CORNERS = [
    case for case in GEMM if case.name in ("odd", "row", "column", "dot", "skinny", "sliced", "blocks", "no_terms")
]
TRANSPOSES = [(False, False), (False, True), (True, False), (True, True)]

both_types = pytest.mark.parametrize("dtype", [np.float32, np.float64])
all_transposes = pytest.mark.parametrize(("transpose_a", "transpose_b"), TRANSPOSES)


def allowed(dtype: Any, terms: int) -> float:
    """Every rounding is of a partial sum; partial sums of products of normal numbers grow to sqrt(terms)."""
    return tol(dtype, terms, np.sqrt(terms))


def by_name(cases: list[GemmCase]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


def operands(rng: np.random.Generator, case: GemmCase, dtype: Any, transpose_a: bool, transpose_b: bool) -> list[Array]:
    a, b = rng.standard_normal((case.M, case.K)), rng.standard_normal((case.K, case.N))
    arrays = (a.T if transpose_a else a, b.T if transpose_b else b, rng.standard_normal(case.N))
    return [np.ascontiguousarray(array, dtype=dtype) for array in arrays]


def check(case: GemmCase, dtype: Any, transpose_a: bool, transpose_b: bool, rng: np.random.Generator) -> None:
    a, b, bias = operands(rng, case, dtype, transpose_a, transpose_b)
    c = _core.matmul(a, b, bias, transpose_a=transpose_a, transpose_b=transpose_b)
    assert c.dtype == dtype
    assert_close(c, matmul(a, b, bias, transpose_a, transpose_b), allowed(dtype, case.K + 1))


@both_types
@all_transposes
@by_name(GEMM + SMALL_NETS)
def test_matches_reference(
    case: GemmCase, dtype: Any, transpose_a: bool, transpose_b: bool, rng: np.random.Generator
) -> None:
    check(case, dtype, transpose_a, transpose_b, rng)


@both_types
@all_transposes
@by_name(CORNERS)
def test_corner_cases_on_every_isa(
    case: GemmCase, dtype: Any, transpose_a: bool, transpose_b: bool, isa: str, rng: np.random.Generator
) -> None:
    check(case, dtype, transpose_a, transpose_b, rng)


@both_types
@all_transposes
@by_name([*CORNERS, GEMM_NETS[4], *SMALL_NETS])
def test_same_bits_for_any_thread_count(
    case: GemmCase, dtype: Any, transpose_a: bool, transpose_b: bool, isa: str, rng: np.random.Generator
) -> None:
    if case.M == 1024 and dtype == np.float64:
        case = case._replace(M=300)  # large enough for every block, fast on every instruction set
    a, b, bias = operands(rng, case, dtype, transpose_a, transpose_b)
    results = []
    for threads in (1, 2, 3):
        _core.set_num_threads(threads)
        c = _core.matmul(a, b, bias, "tanh", transpose_a=transpose_a, transpose_b=transpose_b)
        results.append(c.tobytes())
    assert results[0] == results[1] == results[2]


@both_types
@pytest.mark.parametrize("activation", ["linear", "relu", "sigmoid", "tanh", "elu", "gelu", "leaky_relu", "relu6"])
@pytest.mark.parametrize("shape", [(30, 45, 400), (1, 45, 20), (45, 1, 20), (3, 5, 9000)], ids=str)
def test_epilogue_is_the_activation_of_the_sum(
    activation: str, shape: tuple[int, int, int], dtype: Any, isa: str, rng: np.random.Generator
) -> None:
    a, b, bias = operands(rng, GemmCase("", *shape), dtype, False, False)
    for offset in (bias, None):
        plain = _core.matmul(a, b, offset)
        fused = _core.matmul(a, b, offset, activation, 0.2)
        assert_close(fused, _core.activation_forward(plain, activation, 0.2), tol(dtype, 1, 1.0), tol(dtype))


@both_types
@all_transposes
@pytest.mark.parametrize("shape", [(3, 5, 7, 9), (1, 4, 4, 4), (0, 2, 3, 4), (5, 1, 8, 6), (2, 130, 140, 150)], ids=str)
def test_batches(
    shape: tuple[int, int, int, int],
    dtype: Any,
    transpose_a: bool,
    transpose_b: bool,
    isa: str,
    rng: np.random.Generator,
) -> None:
    count, *sizes = shape
    case = GemmCase("", *sizes)
    parts = [operands(rng, case, dtype, transpose_a, transpose_b) for _ in range(max(count, 1))]
    a, b, bias = np.stack([p[0] for p in parts])[:count], np.stack([p[1] for p in parts])[:count], parts[0][2]
    for right in (b, parts[0][1]):
        c = _core.matmul(a, right, bias, transpose_a=transpose_a, transpose_b=transpose_b)
        assert c.shape == (count, case.M, case.N)
        for i in range(count):
            expected = matmul(a[i], right[i] if right.ndim == 3 else right, bias, transpose_a, transpose_b)
            assert_close(c[i], expected, allowed(dtype, case.K + 1))


@both_types
@all_transposes
@by_name(CORNERS)
def test_nan_and_infinity_propagate(
    case: GemmCase, dtype: Any, transpose_a: bool, transpose_b: bool, isa: str, rng: np.random.Generator
) -> None:
    if case.K == 0:
        case = case._replace(K=2)
    a, b, _ = operands(rng, case, dtype, transpose_a, transpose_b)
    row = a[:, -1] if transpose_a else a[-1]  # of op(a)
    row[-1] = np.nan
    c = _core.matmul(a, b, transpose_a=transpose_a, transpose_b=transpose_b)
    assert np.isnan(c[-1]).all()
    assert np.isfinite(c[:-1]).all()
    row[-1] = np.inf
    c = _core.matmul(a, np.abs(b), activation="relu", transpose_a=transpose_a, transpose_b=transpose_b)
    assert (c[-1] == np.inf).all()
    assert np.isfinite(c[:-1]).all()


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 70), st.integers(0, 90), st.integers(0, 500), st.sampled_from(TRANSPOSES),
    st.sampled_from([np.float32, np.float64]), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_any_shape(m: int, n: int, k: int, transposes: tuple[bool, bool], dtype: Any, seed: int) -> None:
    check(GemmCase("", m, n, k), dtype, *transposes, np.random.default_rng(seed))


F, D = np.float32, np.float64


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([[1.0]], np.zeros((1, 1))), TypeError, r"\[matmul\] a: expected a NumPy array, got list"),
        ((np.zeros((2, 3), F), 1.0), TypeError, r"\[matmul\] b: expected a NumPy array, got float"),
        (
            (np.zeros((2, 3), np.int32), np.zeros((3, 2), np.int32)),
            TypeError,
            r"a: expected float32 or float64, got int32",
        ),
        ((np.zeros((2, 3), F), np.zeros((3, 2), D)), TypeError, r"b: expected float32 .*, got float64 \(3, 2\)"),
        ((np.zeros(3, F), np.zeros((3, 2), F)), ValueError, r"a: expected 2 or 3 dimensions, got float32 \(3,\)"),
        ((np.zeros((2, 3), F), np.zeros((2, 3), F)), ValueError, r"b: expected shape \(3, any\), got float32 \(2, 3\)"),
        ((np.zeros((2, 3), F), np.zeros(3, F)), ValueError, r"b: expected shape \(3, any\), got float32 \(3,\)"),
        ((np.zeros((2, 3), F), np.zeros((4, 3, 2), F)), ValueError, r"b: expected shape \(3, any\)"),
        ((np.zeros((4, 2, 3), F), np.zeros((5, 3, 2), F)), ValueError, r"b: expected shape \(4, 3, any\)"),
        ((np.zeros((2, 3), F).T, np.zeros((2, 2), F)), ValueError, r"a: expected a C-contiguous, aligned array"),
        ((np.zeros((2, 3), F), np.zeros((3, 2), F), np.zeros(3, F)), ValueError, r"bias: expected shape \(2,\)"),
        ((np.zeros((2, 3), F), np.zeros((3, 2), F), np.zeros(2, D)), TypeError, r"bias: expected float32"),
        ((np.zeros((2, 3), F), np.zeros((3, 2), F), None, "rlu"), ValueError, r"activation: .*'rlu'"),
        ((np.zeros((2, 3), F), np.zeros((3, 2), F), None, 3), TypeError, r"activation"),
        ((np.zeros((2**40, 0), F), np.zeros((0, 2**40), F)), ValueError, r"too large"),
    ],
)
def test_errors_name_argument_expected_and_received(arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        _core.matmul(*arguments)


@pytest.mark.oracle
@all_transposes
@by_name(GEMM + SMALL_NETS)
def test_matches_torch(case: GemmCase, transpose_a: bool, transpose_b: bool, rng: np.random.Generator) -> None:
    import torch

    a, b, bias = operands(rng, case, np.float32, transpose_a, transpose_b)
    left, right = torch.from_numpy(a), torch.from_numpy(b)
    product = (left.T if transpose_a else left) @ (right.T if transpose_b else right)
    expected = torch.relu(product + torch.from_numpy(bias)).numpy()
    c = _core.matmul(a, b, bias, "relu", transpose_a=transpose_a, transpose_b=transpose_b)
    assert_close(c, expected, allowed(np.float32, case.K + 1))
