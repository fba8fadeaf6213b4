"""The benchmark harness: its statistics, and a run of it from the outside."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run_bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def run_python(code: str) -> str:
    """In a fresh process, where bench finds itself as it does in use."""
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_lists_the_cases_of_a_family() -> None:
    listed = run_bench("--list", "optimizer").stdout.split()
    assert listed
    assert all(name.startswith("optimizer/") for name in listed)
    assert run_bench("--list", "no such case").returncode == 2


def test_verifies_and_times_in_processes_of_their_own(tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    arguments = ["gemm/64x64x64", "--peers", "numpy", "--threads", "1", "--rounds", "3", "--slot", "0.01"]
    done = run_bench(*arguments, "--json", str(output))
    assert done.returncode == 0, done.stdout + done.stderr
    content = json.loads(output.read_text())
    assert "site-packages" in content["machine"]["versions"]["path"]  # the installed wheel, not the checkout
    (result,) = content["results"]
    ratio = result["ratios"]["numpy"]
    assert 0 < ratio["low"] <= ratio["median"] <= ratio["high"]


@pytest.mark.parametrize(("n", "expected"), [(15, "(8, 4, 12)"), (3, "(2, 1, 3)"), (101, "(51, 41, 61)")])
def test_interval_of_the_median(n: int, expected: str) -> None:
    """The ranks of the tables of the sign test: 4 and 12 of 15 hold the median with 96.5 %."""
    assert run_python(f"from bench.timing import interval; print(interval(range(1, {n} + 1)))").strip() == expected


def test_a_wrong_answer_is_not_timed() -> None:
    code = "import numpy as np; from bench.reference import largest_error as e, TOLERANCE as t; ones = np.ones(3)\n"
    code += "print(e([ones + 1e-5], [ones]) <= t, e([ones * np.nan], [ones]) <= t, e([ones], [ones[:2]]) <= t)"
    assert run_python(code).split() == ["True", "False", "False"]
