"""mask: against the reference, on every instruction set."""

from typing import Any

import numpy as np
import pytest

from pydl import _core
from tests.reference import mask as reference


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1,), (0, 3, 2), (2, 3, 0), (3, 5, 17), (700, 33), (2, 20_000)], ids=str)
def test_reference(isa: str, shape: tuple[int, ...], dtype: Any, rng: np.random.Generator) -> None:
    x = rng.integers(0, 2, shape).astype(dtype) * (rng.random((*shape[:-1], 1)) < 0.5)
    x = np.ascontiguousarray(x, dtype)
    for value in (0.0, 1.0):
        mask = _core.step_mask(x, value)
        np.testing.assert_array_equal(mask, reference.step_mask(x, value))
        np.testing.assert_array_equal(_core.apply_mask(x, mask), reference.apply_mask(x, mask))


def test_nan_counts_as_data_and_is_masked_out() -> None:
    x = np.array([[np.nan, 0.0], [0.0, 0.0]])
    np.testing.assert_array_equal(_core.step_mask(x, 0.0), [True, False])
    np.testing.assert_array_equal(_core.apply_mask(x, np.zeros(2, bool)), np.zeros((2, 2)))


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.float32, np.float64])
def test_id_mask(dtype: Any) -> None:
    np.testing.assert_array_equal(_core.id_mask(np.array([[3, 0], [-1, 0]], dtype)), [[True, False], [True, False]])


def test_errors() -> None:
    with pytest.raises(ValueError, match=r"\[apply_mask\] mask: expected shape \(2,\), got bool \(3,\)"):
        _core.apply_mask(np.ones((2, 3)), np.ones(3, bool))
    with pytest.raises(TypeError, match=r"\[apply_mask\] mask: expected bool"):
        _core.apply_mask(np.ones((2, 3)), np.ones(2))
    with pytest.raises(ValueError, match=r"\[step_mask\] x: expected at least 1 dimension"):
        _core.step_mask(np.ones(()), 0.0)
