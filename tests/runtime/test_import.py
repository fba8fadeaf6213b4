"""`import pydl` is quick, silent, starts no thread and needs NumPy alone."""

import shutil
from pathlib import Path

from fresh_process import output, python

import pydl

LIMIT = 0.10  # seconds of processor time over NumPy's own import


def test_import_is_quick() -> None:
    code = "import time, numpy; start = time.process_time(); import pydl; print(time.process_time() - start)"
    # Processor time, and the minimum of several runs: a busy machine only adds time.
    assert min(float(output("-c", code)) for _ in range(9)) <= LIMIT


def test_import_is_silent() -> None:
    done = python("-W", "error", "-c", "import pydl")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_import_starts_no_thread() -> None:
    code = """
import os, numpy
before = len(os.listdir("/proc/self/task"))  # NumPy's BLAS may have started some
import pydl
print(len(os.listdir("/proc/self/task")) - before)
"""
    assert output("-c", code) == "0"


def test_numpy_is_the_only_other_package() -> None:
    code = """
import sys
before = set(sys.modules)
import numpy
import pydl
packages = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(packages - set(sys.stdlib_module_names) - {"numpy", "pydl"}))
"""
    assert output("-c", code) == "[]"


def test_import_from_the_source_folder_is_explained(tmp_path: Path) -> None:
    shutil.copytree(Path(pydl.__file__).parent, tmp_path / "pydl", ignore=shutil.ignore_patterns("_core*"))
    done = python("-c", "import pydl", PYTHONPATH=str(tmp_path))
    assert "ImportError: pydl is imported from " in done.stderr
    assert "leave that folder" in done.stderr


def test_sub_interpreter_is_refused() -> None:
    code = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
inside = '''
try:
    import pydl
except ImportError as error:
    print("refused" if "sub-interpreter" in str(error) else error, flush=True)
'''
interpreters.run_string(interpreters.create(), inside)
import pydl
print(float(pydl.ops.sum([1.0, 2.0])))
"""
    done = python("-W", "ignore", "-c", code)
    assert done.stdout == "refused\n3.0\n", done.stderr
