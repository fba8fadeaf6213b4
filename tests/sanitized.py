"""Checks that the sanitizers cover the extension: a planted out-of-bounds read in a kernel must be reported.

.ci/asan_python tests/sanitized.py
"""

import subprocess
import sys
from pathlib import Path

# An array of four numbers over a block of three: flip reads one number past the block.
FAULT = """
import ctypes, numpy as np
from pydl import _core
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
block = libc.malloc(ctypes.c_size_t(12))
_core.flip(np.frombuffer((ctypes.c_float * 4).from_address(block), np.float32), 0)
print("not seen")
"""


def main() -> int:
    maps = Path("/proc/self/maps").read_text()
    missing = [name for name in ("libasan", "libubsan") if name not in maps]
    done = subprocess.run([sys.executable, "-P", "-c", FAULT], capture_output=True, text=True, check=False)
    reported = "heap-buffer-overflow" in done.stderr and "pydl::baseline::" in done.stderr
    if reported and done.returncode and not missing:
        print("the planted fault is reported, in pydl::baseline")
        return 0
    print(f"missing: {missing}; exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return 1


if __name__ == "__main__":
    import pydl  # noqa: F401  (loads the sanitizers' run-time that the extension brings)

    sys.exit(main())
