"""Every small kernel beside its NumPy baseline, in one process: `python -m pytest bench`.

For a quick look while working on a kernel. `python -m bench` is the measurement that counts: see README.md.
"""

from importlib import import_module
from typing import Any

import pytest

from bench import cases
from bench.cases.case import Case
from bench.peers import PEERS
from bench.reference import answers, largest_error, reference

SMALL = 2e7  # a few milliseconds for plain NumPy; flops of matrix products count a tenth
KERNELS = [case for case in cases.select(suite="kernels") if max(case.flops / 10, case.bytes) < SMALL]


@pytest.mark.parametrize("peer", ["pydl", "numpy"])
@pytest.mark.parametrize("case", KERNELS, ids=lambda case: case.name)
def test_kernel(benchmark: Any, case: Case, peer: str) -> None:
    way = getattr(import_module(f"bench.peers.{PEERS[peer].module}"), case.op)(**case.arguments())[0]
    assert largest_error(answers(way, case.op), reference(case)) <= case.tolerance
    benchmark.group = case.name
    benchmark(way.call)
