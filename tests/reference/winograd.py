"""The generator of winograd_transforms.h, and its rounding error factors."""

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "csrc/kernels/tools/winograd.py"
HEADER = SCRIPT.parent.parent / "conv2d/winograd_transforms.h"
ALGORITHMS = ("winograd_4x4", "winograd_5x5")

_spec = importlib.util.spec_from_file_location("winograd", SCRIPT)
assert _spec is not None
assert _spec.loader is not None
tool = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tool)


def outputs(algorithm: str, taps: int) -> int:
    """The tile size of an algorithm for kernels of so many rows; 5 x 5 kernels have one tile size only."""
    return 5 if algorithm == "winograd_5x5" and taps == 3 else 4


def error(algorithm: str, taps: int, direction: str, *, mean: bool = False) -> float:
    """The rounding error of an algorithm, relative to that of a direct sum."""
    if algorithm == "space_to_depth":  # "automatic" may take any Winograd algorithm
        return max(error("winograd_5x5", inner, direction, mean=mean) for inner in (3, 5))
    if algorithm not in ALGORITHMS:
        return 1.0
    return float(tool.amplification(outputs(algorithm, taps), taps, gradient=direction == "backward_weight", mean=mean))
