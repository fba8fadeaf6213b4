"""Tolerances derived from the arithmetic, not from measured errors."""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike


def tol(dtype: DTypeLike, terms: int = 1, scale: float = 1.0, c: float = 4.0) -> float:
    """Absolute error allowed for a sum of `terms` products whose size is about `scale`.

    Rounding errors of a sum of n terms behave like a random walk: their standard deviation grows with sqrt(n). c = 4
    covers the maximum over many elements.
    """
    return float(c * np.finfo(dtype).eps * np.sqrt(max(terms, 1)) * scale)


def assert_close(actual: ArrayLike, expected: ArrayLike, atol: float, rtol: float = 0.0, what: str = "result") -> None:
    """|actual - expected| <= atol + rtol * |expected|, with NaN equal to NaN; names the worst element."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape}, expected {expected.shape}"
    if actual.size == 0:
        return
    with np.errstate(invalid="ignore"):
        same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
        allowed = atol + rtol * np.abs(expected)
        difference = np.abs(actual.astype(np.float64) - expected)
        excess = np.where(same, -np.inf, difference - allowed)
    excess = np.where(np.isnan(excess), np.inf, excess)  # a NaN or infinity where a finite number is expected
    worst = np.unravel_index(np.argmax(excess), excess.shape)
    assert excess[worst] <= 0, (
        f"{what}{[int(i) for i in worst]}: got {actual[worst]!r}, expected {expected[worst]!r}, "
        f"difference {difference[worst]:.3g} > {allowed[worst] if np.ndim(allowed) else allowed:.3g}"
    )
