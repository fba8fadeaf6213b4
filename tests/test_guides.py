"""Guides: the Python of each page runs, in order, and the tables have every public name."""

import re
import runpy
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import pydl

DOCS = Path(__file__).resolve().parent.parent / "docs"
GUIDES = sorted((DOCS / "guide").glob("*.md"))
public_names = runpy.run_path(str(DOCS / "conf.py"))["public_names"]


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", [page for page in GUIDES if blocks(page)], ids=lambda page: page.stem)
def test_python_blocks_run_in_order(page: Path, tmp_path: Path) -> None:
    code = "\n".join(blocks(page))
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def names_in_tables(page: str, section: str) -> set[str]:
    """The code in the first column of the tables between this heading and the next."""
    text = (DOCS / "guide" / f"{page}.md").read_text()
    body = re.split(r"^#+ .*$", text.partition(f"# {section}\n")[2], flags=re.MULTILINE)[0]
    cells = re.findall(r"^\| (.*?) \|", body, re.MULTILINE)
    return set(re.findall(r"`(\w+)", " ".join(cells)))


@pytest.mark.parametrize(
    ("page", "section", "module"),
    [
        ("layers", "Layers", pydl.layers),
        ("losses_metrics_optimizers", "Losses", pydl.losses),
        ("losses_metrics_optimizers", "Metrics", pydl.metrics),
        ("losses_metrics_optimizers", "Optimizers", pydl.optimizers),
        ("losses_metrics_optimizers", "Schedules", pydl.optimizers.schedules),
        ("training", "Callbacks", pydl.callbacks),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_tables_hold_every_public_name(page: str, section: str, module: ModuleType) -> None:
    assert names_in_tables(page, section) == set(public_names(module))
