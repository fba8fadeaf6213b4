"""reduce and argmax: against exact sums, on every instruction set and thread count."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydl import _core
from tests.cases import REDUCE, ReduceCase
from tests.reference import reduce as reference
from tests.tolerance import assert_close, tol

NAMES = ["sum", "mean", "max", "min"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", REDUCE, ids=lambda case: case.name)
def test_reference(isa: str, case: ReduceCase, name: str, dtype: Any, rng: np.random.Generator) -> None:
    x = rng.standard_normal(case.shape).astype(dtype)
    y = _core.reduce(name, x, case.begin, case.end)
    terms = int(np.prod(case.shape[case.begin : case.end]))
    scale = terms**0.5 if name == "sum" else 1.0
    assert y.dtype == dtype
    # Pairwise sum: about log2(terms) roundings instead of `terms`, plus those inside a block of 32 rows.
    atol = tol(dtype, 32 + terms.bit_length(), scale) if name in ("sum", "mean") else 0.0
    assert_close(y, reference.reduce(name, x, case.begin, case.end), atol)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", REDUCE, ids=lambda case: case.name)
def test_nan_propagates(isa: str, case: ReduceCase, name: str, rng: np.random.Generator) -> None:
    x = rng.choice([np.nan, 1.0, -np.inf], case.shape, p=[0.01, 0.98, 0.01])
    assert_close(_core.reduce(name, x, case.begin, case.end), reference.reduce(name, x, case.begin, case.end), 1e-9)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(200_003, 1), (40_000, 25), (5_000, 192), (64, 5_000), (3_000, 10)])
def test_same_bits_for_any_thread_count(isa: str, shape: tuple[int, int], name: str, rng: np.random.Generator) -> None:
    x = rng.standard_normal(shape).astype(np.float32)
    _core.set_num_threads(1)
    expected = [_core.reduce(name, x, axis, axis + 1) for axis in (0, 1)]
    for threads in (2, 3):
        _core.set_num_threads(threads)
        for axis in (0, 1):
            assert np.array_equal(_core.reduce(name, x, axis, axis + 1), expected[axis])


def test_long_sums_stay_accurate(isa: str) -> None:
    x = np.full(3_000_000, 0.1, np.float32)
    exact = x.size * float(x[0])
    assert abs(float(_core.reduce("sum", x, 0, 1)) - exact) < 16 * np.finfo(np.float32).eps * exact


@pytest.mark.parametrize("shape", [(7, 8, 9), (3, 1000), (1, 70), (300, 2), (0, 4), (4, 1)])
def test_argmax_of_ties_is_the_first(isa: str, shape: tuple[int, ...], rng: np.random.Generator) -> None:
    ties = rng.integers(0, 4, shape).astype(np.float32)
    with_nan = np.where(rng.random(shape) < 0.02, np.nan, ties)
    for x in (ties, with_nan):
        for axis in range(len(shape)):
            if shape[axis]:
                y = _core.argmax(x, axis)
                assert y.dtype == np.int32
                np.testing.assert_array_equal(y, reference.argmax(x, axis))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=4), st.data(), st.sampled_from(NAMES))
def test_any_axes(shape: list[int], data: st.DataObject, name: str) -> None:
    begin = data.draw(st.integers(0, len(shape)))
    end = data.draw(st.integers(begin, len(shape)))
    x = np.random.default_rng(0).standard_normal(shape)
    assert_close(_core.reduce(name, x, begin, end), reference.reduce(name, x, begin, end), 1e-12)


def test_empty() -> None:
    x = np.zeros((0, 3), np.float32)
    assert np.array_equal(_core.reduce("sum", x, 0, 1), np.zeros(3))
    assert np.isnan(_core.reduce("mean", x, 0, 1)).all()
    for name in ("max", "min"):
        with pytest.raises(ValueError, match=rf"\[reduce\] x: expected at least one element for {name}"):
            _core.reduce(name, x, 0, 1)
    with pytest.raises(ValueError, match=r"\[argmax\] x: expected at least one element"):
        _core.argmax(x, 0)


def test_errors() -> None:
    x = np.zeros((2, 3), np.float32)
    with pytest.raises(ValueError, match=r"\[reduce\] name: expected sum, mean, max or min, got 'prod'"):
        _core.reduce("prod", x, 0, 1)
    for begin, end in ((-1, 1), (1, 0), (0, 3)):
        with pytest.raises(ValueError, match="axis_begin"):
            _core.reduce("sum", x, begin, end)
    with pytest.raises(ValueError, match=r"\[argmax\] axis: expected 0 <= axis < 2, got 2"):
        _core.argmax(x, 2)
    with pytest.raises(TypeError, match="x: expected float32 or float64"):
        _core.reduce("sum", x.astype(int), 0, 1)
    with pytest.raises(ValueError, match="C-contiguous"):
        _core.reduce("sum", x.T, 0, 1)
