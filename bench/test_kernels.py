"""Small kernels of pydl and NumPy in one process: `python -m pytest bench`.

For a quick look during work on a kernel. Figures to publish come from `python -m bench`: see README.md.
"""

from importlib import import_module
from typing import Any

import pytest

from bench import cases
from bench.cases.case import Case
from bench.peers import PEERS
from bench.reference import largest_error, reference, result_of

SMALL = 2e7  # a few milliseconds for plain NumPy; flops of matrix products count a tenth
KERNELS = [case for case in cases.select(suite="kernels") if max(case.flops / 10, case.bytes) < SMALL]


@pytest.mark.parametrize("peer", ["pydl", "numpy"])
@pytest.mark.parametrize("case", KERNELS, ids=lambda case: case.name)
def test_kernel(benchmark: Any, case: Case, peer: str) -> None:
    variant = getattr(import_module(f"bench.peers.{PEERS[peer].module}"), case.op)(**case.arguments())[0]
    assert largest_error(result_of(variant, case.op), reference(case)) <= case.tolerance
    benchmark.group = case.name
    benchmark(variant.call)
