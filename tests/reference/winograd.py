"""The script that writes winograd_transforms.h, and what it knows about rounding errors."""

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "csrc/kernels/tools/winograd.py"
HEADER = SCRIPT.parent.parent / "winograd_transforms.h"
ALGORITHMS = {"winograd_4x4": (4, 3), "winograd_5x5": (5, 3)}  # outputs, taps

_spec = importlib.util.spec_from_file_location("winograd", SCRIPT)
assert _spec is not None
assert _spec.loader is not None
tool = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tool)


def error(algorithm: str, direction: str, *, mean: bool = False) -> float:
    """How many times the rounding error of a direct sum an algorithm makes."""
    if algorithm not in ALGORITHMS:
        return 1.0
    return float(tool.amplification(*ALGORITHMS[algorithm], gradient=direction == "backward_weight", mean=mean))
