"""Benchmarks of pydl against NumPy and PyTorch: `python -m bench --help`, and README.md in this folder."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# `python -m bench` puts the checkout on sys.path, and its pydl/ has no compiled part. Without that entry the installed
# wheel is found; modules of this package are found through its __path__.
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]
