"""Planted faults for the test of the fuzzer: one case in four crashes or hangs, as PYDL_FUZZ_PLANTED says."""

import ctypes
import os
from typing import Any

import numpy as np

from ..guard import Arena


def run(rng: np.random.Generator, note: Any) -> str:
    fault = os.environ["PYDL_FUZZ_PLANTED"] if rng.integers(4) == 0 else "nothing"
    note(f"planted: {fault}")
    if fault == "hang":
        while True:
            pass
    with Arena() as arena:
        array = arena.empty((3,), np.float32, at_end=fault != "before")
        first, n = array.ctypes.data, array.nbytes
        if fault == "behind":
            ctypes.string_at(first, n + 1)
        if fault == "before":
            ctypes.string_at(first - 1, n)
        del array
    return "worked"
