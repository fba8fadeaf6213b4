"""Runs Python code in a new process: to test imports, and code that may hang or crash."""

import os
import subprocess
import sys
from pathlib import Path


def python(*arguments: str, timeout: float = 60, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs `python -P arguments...` away from the checkout; `environment` joins ours. TimeoutExpired if it hangs."""
    return subprocess.run(
        [sys.executable, "-P", *arguments],
        env={**os.environ, **environment},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def output(*arguments: str, timeout: float = 60, **environment: str) -> str:
    """The output of the process; AssertionError with its stderr if it fails."""
    done = python(*arguments, timeout=timeout, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def bounded(script: str) -> str:
    """The script, to be run by `output("-c", ...)`, with 6 GB of memory: what wants more gets a MemoryError."""
    folder = str(Path(__file__).parent)
    return f"import sys; sys.path.append({folder!r}); import memory_limit; memory_limit.set(6 << 30); {script}"
