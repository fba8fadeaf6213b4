"""Random calls of the installed pydl from a seed: a fault is printed with the command that reproduces it.

    python -m tests.fuzz --seconds 60

Each part is a module with `run(rng, note)`, one random case: it returns a word for the outcome and raises `Finding`
(any other exception counts as one). Cases run in child processes, so that a crash or a hang is a finding as well.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# As in conftest.py: never the checkout's pydl/, which lacks the compiled part. tests/ holds the float64 references.
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]
if str(ROOT / "tests") not in sys.path:
    sys.path.append(str(ROOT / "tests"))
