"""The package warns about foreign files in its folder, and no text names the distribution of another project."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from conftest import ROOT
from fresh_process import python

import pydl
from pydl import _installation

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
UNINSTALL = "pip uninstall pydl pydl-nn"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with a copy of the installed package."""
    shutil.copytree(Path(pydl.__file__).parent, tmp_path / "pydl", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def foreign(site: Path) -> None:
    """Writes the files of the other project as pip would: its __init__ and a sub-package."""
    (site / "pydl" / "__init__.py").write_text("__version__ = '1.0.1'\n")
    (site / "pydl" / "pydlutils").mkdir()
    (site / "pydl" / "pydlutils" / "__init__.py").touch()


def imported(site: Path, module: str = "pydl") -> subprocess.CompletedProcess[str]:
    return python("-c", f"import {module}; print('fine')", PYTHONPATH=str(site))


def test_clean_installation_is_silent(site: Path) -> None:
    done = imported(site)
    assert (done.stdout, done.stderr) == ("fine\n", "")


def test_pydl_over_the_other_project_is_detected(site: Path) -> None:
    ours = (site / "pydl" / "__init__.py").read_text()
    foreign(site)
    (site / "pydl" / "__init__.py").write_text(ours)
    done = imported(site)
    assert done.stdout == "fine\n"
    assert "UserWarning" in done.stderr
    assert UNINSTALL in done.stderr


@pytest.mark.parametrize("module", ["layers", "models", "ops", "losses", "optimizers", "callbacks"])
def test_other_project_over_pydl_is_detected(site: Path, module: str) -> None:
    foreign(site)
    done = imported(site, f"pydl.{module}")
    assert "ImportError" in done.stderr
    assert UNINSTALL in done.stderr


def test_extension_of_another_version_is_detected(site: Path) -> None:
    own = site / "pydl" / "_installation.py"
    own.write_text(own.read_text().replace(f'VERSION = "{_installation.VERSION}"', 'VERSION = "9.8.7"'))
    done = imported(site)
    assert "ImportError" in done.stderr
    assert f"version 9.8.7 beside a compiled part of version {_installation.VERSION}" in done.stderr


def test_one_version_and_one_name() -> None:
    assert pydl.__version__ == PYPROJECT["version"] == pydl._core.__version__
    assert pydl.__distribution__ == PYPROJECT["name"]


def texts() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    paths = [ROOT / name for name in listed] or list(ROOT.rglob("*"))
    return [path for path in paths if path.suffix in (".py", ".md", ".toml") and path.is_file()]


def test_no_text_installs_the_other_project() -> None:
    """`pip install pydl`, `pydl[plot]` and the like; not `pip install .` nor the name of a folder."""
    wrong = re.compile(r"pip\S* (?:install|download) [^`\n]*?(?<![\w./-])[\"']?pydl(?:-nn)?(?:\[\w|[\"'`= ]|$)")
    found = [f"{path}: {match[0]}" for path in texts() for match in wrong.finditer(path.read_text())]
    # The line that warns about it, and this test.
    allowed = ("README.md: pip install pydl`", "test_installation.py: ")
    assert not [line for line in found if not any(part in line for part in allowed)]


def test_extras_are_listed_without_the_distribution() -> None:
    """.ci/requirements resolves the extras that name other extras, so that pip never looks for the distribution."""
    command = ["python3", str(ROOT / ".ci" / "requirements"), "dev"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    assert not [line for line in lines if line.startswith("pydl")]
    assert {"pytest>=8", "matplotlib>=3.8", "mypy==2.4.1"} <= set(lines)
