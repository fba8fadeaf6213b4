"""Samples of run time, and their statistics."""

import math
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter
from typing import Any

SHORTEST_SAMPLE = 100e-6  # seconds: shorter calls are timed in a batch, so that the clock's cost vanishes


def calls_per_sample(call: Callable[[], Any]) -> int:
    """The number of calls in one sample. Also warms up."""
    n = 1
    while True:
        start = perf_counter()
        for _ in range(n):
            call()
        if perf_counter() - start >= SHORTEST_SAMPLE or n >= 1024:
            return n
        n *= 2


def slot(call: Callable[[], Any], calls: int, seconds: float) -> float:
    """The median time of one call, over about `seconds`. The first call, with cold caches, does not count."""
    call()
    samples: list[float] = []
    end = perf_counter() + seconds
    while not samples or perf_counter() < end:
        start = perf_counter()
        for _ in range(calls):
            call()
        samples.append((perf_counter() - start) / calls)
    return median(samples)


def spread(values: Sequence[float]) -> float:
    """Median absolute deviation from the median, relative to the median."""
    middle = median(values)
    return median(abs(value - middle) for value in values) / middle


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The median and its 95 % confidence interval, from order statistics.

    The number of values below the true median is binomial(n, 1/2), whatever their distribution; the interval lies
    between the k-th smallest and the k-th largest value, with the largest k of at least 95 % coverage. Fewer than six
    values have no such k: the interval is their range.
    """
    ordered = sorted(values)
    n = len(ordered)
    k, outside = 0, 0.0  # outside: probability that the median is below the k-th smallest value
    while k < n // 2:
        outside += math.comb(n, k) / 2**n
        if outside > 0.025:
            break
        k += 1
    k = max(k - 1, 0)
    return median(ordered), ordered[k], ordered[n - 1 - k]
