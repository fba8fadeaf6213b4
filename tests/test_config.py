"""Instruction sets, threads, memory, and what `import pydl` costs."""

import subprocess
import sys
import threading

import numpy as np
import pytest

import pydl
from pydl import _core, config


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-c", code] if not environment else ["env", *(f"{k}={v}" for k, v in environment.items()),
                                                                    sys.executable, "-I", "-c", code],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_isa_swaps_for_a_while_or_for_good() -> None:
    best = _core.isa()
    assert config.isas()[best]
    with config.isa("baseline"):
        assert _core.isa() == "baseline"
    assert _core.isa() == best
    config.isa("baseline")
    assert _core.isa() == "baseline"


def test_isa_is_swapped_back_after_an_error() -> None:
    best = _core.isa()
    with pytest.raises(KeyError), config.isa("baseline"):
        raise KeyError
    assert _core.isa() == best


def test_unknown_isa_lists_those_there_are() -> None:
    with pytest.raises(ValueError, match="baseline"):
        config.isa("mmx")


def test_pydl_isa_sets_the_table_at_import() -> None:
    done = python("import pydl; print(pydl.config.show()['isa'])", PYDL_ISA="baseline")
    assert done.stdout.split()[-1] == "baseline", done.stderr
    done = python("import pydl", PYDL_ISA="mmx")
    assert done.returncode != 0
    assert "mmx" in done.stderr


def test_threads_are_per_python_thread() -> None:
    pydl.set_num_threads(2)
    with pydl.threads(1):
        assert pydl.num_threads() == 1
        seen: list[int] = []
        other = threading.Thread(target=lambda: seen.append(pydl.num_threads()))
        other.start()
        other.join()
        assert seen == [2]
        with pydl.threads(3):
            assert pydl.num_threads() == 3
        assert pydl.num_threads() == 1
    assert pydl.num_threads() == 2


@pytest.mark.parametrize("set_threads", [pydl.set_num_threads, pydl.threads])
def test_no_threads_at_all_is_refused(set_threads: type) -> None:
    with pytest.raises(ValueError, match="n: expected at least 1, got 0"):
        set_threads(0)


def test_memory() -> None:
    tensor = pydl.ops.relu(np.ones((1000, 1000), np.float32))
    used = pydl.memory_stats()["used_bytes"]
    del tensor
    assert pydl.memory_stats()["used_bytes"] <= used - 4_000_000
    assert pydl.memory_stats()["idle_bytes"] >= 4_000_000
    pydl.release_memory()
    assert pydl.memory_stats()["idle_bytes"] == 0
    with pytest.raises(ValueError, match="bytes: expected at least 0"):
        pydl.set_memory_limit(-1)


def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    info = config.show()
    assert info["version"] == pydl.__version__
    assert "baseline" in capsys.readouterr().out


def test_import_is_quick_silent_and_starts_no_thread() -> None:
    code = """
import time, numpy
start = time.perf_counter()
import pydl
seconds = time.perf_counter() - start
import os, sys
assert len(os.listdir("/proc/self/task")) == threads_before, "threads"
loaded = [m for m in ("dataclasses", "inspect", "numpy.random", "matplotlib", "sklearn", "pydl.layers") if m in sys.modules]
before = baseline
print(seconds, [m for m in loaded if m not in before])
"""
    code = (
        "import sys, os, numpy\nbaseline = set(sys.modules)\nthreads_before = len(os.listdir('/proc/self/task'))\n"
        + code
    )
    times = []
    for _ in range(5):
        done = python(code)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        seconds, loaded = done.stdout.split(maxsplit=1)
        assert loaded.strip() == "[]"
        times.append(float(seconds))
    assert min(times) <= 0.10


def test_every_public_name_can_be_had() -> None:
    for name in pydl.__all__:
        assert getattr(pydl, name) is not None
        assert name in dir(pydl)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = pydl.nothing
