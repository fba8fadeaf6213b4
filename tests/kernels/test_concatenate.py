"""Concatenation and reversal against NumPy, on every instruction set, and as ops."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydl import _core, ops
from pydl.testing import check_gradients
from tests.reference import concatenate as reference

DTYPES = [np.float32, np.float64]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1,), (0, 3), (3, 0, 2), (5, 7), (3, 4, 5), (2, 90, 300)], ids=str)
def test_reference(isa: str, shape: tuple[int, ...], dtype: Any, rng: np.random.Generator) -> None:
    x = rng.standard_normal(shape).astype(dtype)
    for axis in range(-len(shape), len(shape)):
        np.testing.assert_array_equal(_core.flip(x, axis), reference.flip(x, axis))
        np.testing.assert_array_equal(
            _core.concatenate([x, x[:0] if axis in (0, -x.ndim) else x], axis),
            reference.concatenate([x, x[:0] if axis in (0, -x.ndim) else x], axis),
        )


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=4),
    st.lists(st.integers(0, 9), min_size=1, max_size=16),
    st.integers(0, 3),
)
def test_any_shape(shape: list[int], sizes: list[int], axis: int) -> None:
    axis %= len(shape)
    parts = [np.random.default_rng(n).standard_normal([*shape[:axis], n, *shape[axis + 1 :]]) for n in sizes]
    np.testing.assert_array_equal(_core.concatenate(parts, axis), np.concatenate(parts, axis))


def test_flip_of_masks(rng: np.random.Generator) -> None:
    mask = rng.random((3, 4, 5)) < 0.5
    for axis in range(3):
        np.testing.assert_array_equal(_core.flip(mask, axis), np.flip(mask, axis))


def test_ops(rng: np.random.Generator) -> None:
    x, y = rng.standard_normal((2, 3, 4, 5))
    check_gradients(lambda a, b: ops.concatenate([a, b, a], axis=1), [x, y])
    check_gradients(lambda a: ops.flip(a, -2), [x])
    check_gradients(lambda a: ops.unstack(a, axis=1)[2] * ops.unstack(a, axis=-2)[0], [x])
    many = [rng.standard_normal((2, n % 3)) for n in range(40)]
    np.testing.assert_array_equal(ops.concatenate(many, axis=1).numpy(), np.concatenate(many, axis=1))
    np.testing.assert_array_equal(ops.flip(np.arange(3), 0).numpy(), [2, 1, 0])


def test_errors() -> None:
    with pytest.raises(ValueError, match=r"\[concatenate\] arrays: expected shape \(2, any\), got float64 \(3, 1\)"):
        _core.concatenate([np.ones((2, 1)), np.ones((3, 1))], 1)
    with pytest.raises(ValueError, match=r"\[concatenate\] arrays: expected 1 to 16 arrays, got 17"):
        _core.concatenate([np.ones(1)] * 17, 0)
    with pytest.raises(ValueError, match=r"\[flip\] axis: expected one of the 1 axes of the array, got 1"):
        _core.flip(np.ones(2), 1)
