"""The machine: its description and its measured peak."""

import os
import platform
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# Compiler flags for the instruction set that pydl uses.
ARCH_FLAGS = {"baseline": "-march=x86-64-v2", "avx2": "-march=x86-64-v3", "avx512": "-march=x86-64-v4"}


@dataclass(frozen=True)
class Peak:
    gflops: float  # fused multiply-adds in float32 with operands from L1
    registers: float  # ... with operands in registers, which many processors clock higher
    gigabytes: float  # per second, STREAM triad


def measure_peak(threads: int, isa: str) -> Peak:
    """Compiles and runs peak.cpp, which uses no code of pydl."""
    flags = [ARCH_FLAGS[isa]] if platform.machine() == "x86_64" else []
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "peak"
        source = Path(__file__).with_name("peak.cpp")
        compiler = os.environ.get("CXX", "g++")
        subprocess.run([compiler, "-O3", *flags, "-fopenmp", source, "-o", program], check=True)
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        output = subprocess.run([program], check=True, capture_output=True, text=True, env=environment).stdout
    return Peak(*map(float, output.split()))


def describe(versions: dict[str, str], peaks: dict[int, Peak]) -> dict[str, Any]:
    return {
        "cpu": _cpu_name(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "commit": versions.get("commit", "unknown"),
        "versions": versions,
        "peaks": {threads: asdict(peak) for threads, peak in peaks.items()},
    }


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()
