"""Benchmarks of pydl against NumPy and PyTorch: `python -m bench --help`, and README.md in this folder."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# `python -m bench` puts the checkout first on sys.path, where its pydl/ (without the compiled part) would hide the
# installed wheel. This package itself is found through its own __path__ from here on.
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]
