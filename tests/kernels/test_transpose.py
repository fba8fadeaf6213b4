"""Transposition, repetition and padding against NumPy, on every instruction set, and as ops."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydl import _core, ops
from pydl.testing import check_gradients
from tests.reference import transpose as reference

DTYPES = [np.float32, np.float64]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (5,), (0, 3), (17, 33), (3, 4, 5), (2, 1, 18, 3), (2, 3, 4, 5)], ids=str)
def test_transpose(isa: str, shape: tuple[int, ...], dtype: Any, rng: np.random.Generator) -> None:
    x = rng.standard_normal(shape).astype(dtype)
    for axes in itertools.permutations(range(len(shape))):
        np.testing.assert_array_equal(_core.transpose(x, axes), reference.transpose(x, axes))


def test_large_transpositions_for_any_thread_count(isa: str, rng: np.random.Generator) -> None:
    x = rng.standard_normal((3, 70, 60, 24)).astype(np.float32)
    for threads in (1, 2, 3):
        _core.set_num_threads(threads)
        for axes in ((0, 3, 1, 2), (3, 2, 1, 0), (0, 2, 1, 3), (1, 0, 3, 2)):
            np.testing.assert_array_equal(_core.transpose(x, axes), x.transpose(axes))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("shape", "to"),
    [((), (3,)), ((1,), (4,)), ((3, 1), (3, 5)), ((3, 1), (2, 3, 5)), ((2, 1, 1, 4), (2, 3, 5, 4)), ((0, 1), (0, 3))],
)
def test_repeat_to(isa: str, shape: tuple[int, ...], to: tuple[int, ...], dtype: Any, rng: np.random.Generator) -> None:
    x = rng.standard_normal(shape).astype(dtype)
    np.testing.assert_array_equal(_core.repeat_to(x, to), reference.repeat_to(x, to))


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_pad(data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.integers(0, 5), max_size=5))
    before = [data.draw(st.integers(-n - 1, 4)) for n in shape]
    after = [data.draw(st.integers(-min(n + b, n), 4) if n + b >= 0 else st.integers(-n - b, 9)) for n, b in
             zip(shape, before, strict=True)]  # fmt: skip
    x = np.random.default_rng(0).standard_normal(shape).astype(data.draw(st.sampled_from(DTYPES)))
    np.testing.assert_array_equal(_core.pad(x, before, after), reference.pad(x, before, after))


def test_large_padding_for_any_thread_count(isa: str, rng: np.random.Generator) -> None:
    x = rng.standard_normal((4, 50, 50, 16)).astype(np.float32)
    for threads in (1, 2, 3):
        _core.set_num_threads(threads)
        around = [(0, 0), (1, 2), (3, 0), (0, 0)]
        np.testing.assert_array_equal(_core.pad(x, [0, 1, 3, 0], [0, 2, 0, 0]), np.pad(x, around))
        np.testing.assert_array_equal(_core.pad(x, [-1, -2, -3, 0], [0, -1, 0, -4]), x[1:, 2:-1, 3:, :-4])


def test_ops(rng: np.random.Generator) -> None:
    x = rng.standard_normal((2, 3, 4))
    check_gradients(lambda a: ops.transpose(a, (2, -3, 1)), [x])
    check_gradients(lambda a: ops.broadcast_to(a, (5, 2, 3, 4)), [x])
    check_gradients(lambda a: ops.pad(a, [(0, 1), (-1, 2), (-2, -1)]), [x])
    check_gradients(lambda a, b: ops.maximum(a, b) * b, [x, rng.standard_normal((3, 1))])
    np.testing.assert_array_equal(ops.transpose(np.arange(6).reshape(2, 3)).numpy(), [[0, 3], [1, 4], [2, 5]])
    high = rng.standard_normal((1, 2) * 5)
    np.testing.assert_array_equal(ops.transpose(high).numpy(), high.T)


def test_errors() -> None:
    x = np.ones((2, 3))
    with pytest.raises(ValueError, match=r"\[transpose\] axes: expected each of the 2 axes once, got \(0, 0\)"):
        _core.transpose(x, (0, 0))
    with pytest.raises(ValueError, match=r"\[repeat_to\] shape: expected one that \(2, 3\) repeats to, got \(4, 3\)"):
        _core.repeat_to(x, (4, 3))
    with pytest.raises(TypeError, match=r"\[repeat_to\] shape: expected a tuple"):
        _core.repeat_to(x, 3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"\[pad\] before, after: expected to cut off at most 3 of axis 1, got -2 and"):
        _core.pad(x, (0, -2), (0, -2))
    with pytest.raises(ValueError, match=r"\[pad\] pad_width: expected an integer, a pair, or 2 pairs"):
        ops.pad(x, [(1, 1)] * 3)
    with pytest.raises(ValueError, match=r"\[pad\] pad_width: expected to crop at most shape"):
        ops.pad(x, [(1, 1), (-2, -2)])
