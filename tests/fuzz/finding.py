"""The exception of a case when pydl is wrong, and comparisons that raise it."""

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


class Finding(AssertionError):
    """pydl is wrong; the text has the call and the values."""


def expect(condition: Any, text: str) -> None:
    if not condition:
        raise Finding(text)


def flatten(result: Any) -> list[Any]:
    """The arrays of a nested result, in order."""
    if isinstance(result, list | tuple):
        return [leaf for part in result for leaf in flatten(part)]
    return [] if result is None else [result]


def same_bits(a: Any, b: Any, what: str) -> None:
    for i, (x, y) in enumerate(zip(flatten(a), flatten(b), strict=True)):
        x, y = np.asarray(x), np.asarray(y)
        kinds = f"{x.dtype} {x.shape}", f"{y.dtype} {y.shape}"
        expect(kinds[0] == kinds[1], f"{what}: result {i} is {kinds[0]} and {kinds[1]}")
        same = np.array_equal(x.view(np.uint8) if x.ndim else x, y.view(np.uint8) if y.ndim else y)
        if not same and not np.array_equal(x, y, equal_nan=x.dtype.kind == "f"):
            i = np.unravel_index(int(np.argmax(x != y)), x.shape)
            raise Finding(f"{what}: at {tuple(map(int, i))} {x[i]!r} and {y[i]!r}")


ROUNDING = 2.0**-22  # about the rounding error of float32 per step


MOVES = 8  # random moves; where a ReLU has its corner, each crosses it with a chance of one half


def ill_conditioned(result: Any, expected: Any, moved: Callable[[], Any], tolerance: float) -> bool:
    """Whether inputs that differ by a rounding of float32 (each `moved()` comes from such) change as much as is wrong.

    Only results that are off by more than `tolerance`, as `close` has it, count: a bias whose gradient is a
    plain sum does not move with the inputs, and is right.
    """
    expected = flatten(expected)
    moves = [flatten(moved()) for _ in range(MOVES)]
    for i, (x, e) in enumerate(zip(flatten(result), expected, strict=True)):
        if np.size(e):
            change = max(np.abs(move[i] - e).max() for move in moves)
            if np.abs(x - e).max() > max(tolerance * max(1.0, np.abs(e).max()), 30 * change):
                return False
    return True


def close(result: Any, expected: Any, tolerance: float, what: str) -> None:
    """|result - expected| <= tolerance · the largest expected number (at least 1), infinities and NaN alike."""
    for i, (x, e) in enumerate(zip(flatten(result), flatten(expected), strict=True)):
        x, e = np.asarray(x), np.asarray(e)
        expect(x.shape == e.shape, f"{what}: result {i} has shape {x.shape}, expected {e.shape}")
        if not x.size:
            continue
        x, e = x.astype(np.float64), e.astype(np.float64)
        finite = np.isfinite(e)
        with np.errstate(invalid="ignore"):
            wrong = np.where(finite, ~(np.abs(x - e) <= tolerance * max(1.0, np.abs(e[finite]).max(initial=0))), False)
            wrong |= ~finite & ~((x == e) | (np.isnan(x) & np.isnan(e)))
        if wrong.any():
            at = np.unravel_index(int(np.argmax(wrong)), x.shape)
            place = tuple(map(int, at))
            raise Finding(f"{what}: result {i} at {place}: got {x[at]!r}, expected {e[at]!r}, {wrong.sum()} wrong")
