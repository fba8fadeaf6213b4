"""dropout: the generator against its published test vectors; the mask depends on seed and position only."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydl import _core
from tests.reference import dropout as reference
from tests.tolerance import assert_close, tol


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [  # known-answer test of Random123, the library of the authors
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_reference_has_the_published_vectors(counter: Any, key: Any, words: Any) -> None:
    assert reference.philox4x32(counter, key) == words


@pytest.mark.parametrize("seed", [0, 1, 2**32 + 7, 2**64 - 1])
@pytest.mark.parametrize("offset", [0, 1, 6, 2**32 * 4 - 20, 2**63 + 3])
def test_reference(isa: str, seed: int, offset: int, rng: np.random.Generator) -> None:
    for n, rate in ((1, 0.5), (37, 0.1), (300, 0.75)):
        x = rng.standard_normal(n)
        expected = reference.dropout(x, rate, seed, offset)
        for dtype in (np.float32, np.float64):
            y = _core.dropout(x.astype(dtype), rate, seed, offset)
            assert y.dtype == dtype
            assert_close(y, expected, tol(dtype, scale=4 / (1 - rate)))


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.integers(0, 9), max_size=4),
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**64 - 10_000),
    st.sampled_from([np.float32, np.float64]),
)
def test_any_call(shape: list[int], rate: float, seed: int, offset: int, dtype: Any) -> None:
    x = np.ones(shape, dtype)
    y = _core.dropout(x, rate, seed, offset)
    assert (y.shape, y.dtype) == (x.shape, x.dtype)
    assert np.array_equal(y != 0, reference.keeps(x.size, rate, seed, offset).reshape(shape))


def test_words_are_compared_exactly(isa: str) -> None:
    """The two rates next to the value of element 0 of seed 0: one keeps it, one drops it."""
    one = np.ones(1, np.float32)
    word = 0x6627E8D5
    assert _core.dropout(one, word / 2**32, 0, 0)[0] != 0
    assert _core.dropout(one, (word + 1) / 2**32, 0, 0)[0] == 0


def test_mask_depends_on_the_position_only(isa: str) -> None:
    x = np.ones(100_003, np.float32)
    _core.set_num_threads(1)
    expected = _core.dropout(x, 0.3, 7, 5)
    for threads in (2, 3):
        _core.set_num_threads(threads)
        assert np.array_equal(_core.dropout(x, 0.3, 7, 5), expected)
    for skip in (1, 2, 3, 4, 1021, 50_000):
        assert np.array_equal(_core.dropout(x[skip:].copy(), 0.3, 7, 5 + skip), expected[skip:])


def test_statistics() -> None:
    n, rate = 1_000_000, 0.3
    kept = _core.dropout(np.ones(n), rate, 11, 0) != 0
    sigma = (rate * (1 - rate) / n) ** 0.5
    assert abs(kept.mean() - (1 - rate)) < 5 * sigma
    for lag in (1, 2, 3, 4, 16):  # neighbours are uncorrelated
        assert abs(np.corrcoef(kept[:-lag], kept[lag:])[0, 1]) < 5 / n**0.5


def test_special_values_and_rates(isa: str) -> None:
    x = np.array([[np.nan, np.inf, -0.0, 1.0]] * 50, np.float32)
    np.testing.assert_array_equal(_core.dropout(x, 0.0, 3, 0), x)
    assert not np.isnan(_core.dropout(np.full(1000, np.nan), 0.999999, 3, 0)).any()  # dropped elements are 0
    assert not _core.dropout(np.ones(1000), np.nextafter(1.0, 0.0), 3, 0).any()
    assert _core.dropout(np.zeros((0, 3)), 0.5, 3, 0).shape == (0, 3)


def test_errors() -> None:
    x = np.ones(3, np.float32)
    for rate in (-0.1, 1.0, float("nan")):
        with pytest.raises(ValueError, match=r"\[dropout\] rate: expected 0 <= rate < 1"):
            _core.dropout(x, rate, 0, 0)
    for seed in (-1, 2**64):
        with pytest.raises(ValueError, match=r"\[dropout\] seed: expected an int in \[0, 2\^64\)"):
            _core.dropout(x, 0.5, seed, 0)
    with pytest.raises(TypeError, match=r"\[dropout\] seed: expected an int, got float"):
        _core.dropout(x, 0.5, 1.5, 0)
    with pytest.raises(ValueError, match="offset"):
        _core.dropout(x, 0.5, 0, 2**64 - 2)
    with pytest.raises(TypeError, match="x: expected float32 or float64"):
        _core.dropout(x.astype(int), 0.5, 0, 0)
