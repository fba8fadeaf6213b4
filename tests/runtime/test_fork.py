"""Parent and child work after a fork, although worker threads do not survive it: see threads/parallel.cpp."""

from pathlib import Path

import pytest
from fresh_process import output

SCRIPT = str(Path(__file__).with_name("fork_script.py"))
# Python warns about a fork while threads run: intended here.
QUIET = "ignore:This process:DeprecationWarning"


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_parent_and_child_work_while_other_threads_run_kernels(method: str) -> None:
    assert output("-W", QUIET, SCRIPT, method, timeout=120) == "good"


def test_forks_of_forks() -> None:
    code = """
import os
import numpy as np
from pydl import _core
_core.set_num_threads(2)
a = np.ones((400, 400), np.float32)
def check(depth):
    assert (_core.matmul(a, a) == 400).all()
    if depth and (pid := os.fork()):
        assert os.waitpid(pid, 0)[1] == 0
        assert (_core.matmul(a, a) == 400).all()
    elif depth:
        check(depth - 1)
        os._exit(0)
check(3)
print("good")
"""
    assert output("-W", QUIET, "-c", code) == "good"
