"""Imports: modules of pydl/ import from lower floors and, without a cycle, from their own; bench/ has no cycle.

Every import counts: at the top of a file, in a function, under TYPE_CHECKING, and imports of a module's packages.
docs/design/architecture.md describes the floors.
"""

import ast
import re
import shutil
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from conftest import ROOT

FLOORS = (
    ("_core", "_installation"),
    ("base",),
    ("config", "memory"),
    ("autograd",),
    ("ops",),
    ("activations", "constraints", "initializers", "regularizers"),
    ("losses", "metrics", "optimizers", "saving"),
    ("layers",),
    ("callbacks",),
    ("training",),
    ("models",),
    ("datasets", "generation", "interop", "scenarios", "testing", "utils"),
    ("",),  # pydl/__init__.py
)
CALL_KERNELS = {"_installation", "config", "memory", "autograd", "ops"}  # may import _core


@cache
def imports_in(text: str) -> list[ast.Import | ast.ImportFrom]:
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]


def imported(root: str, name: str, path: Path, modules: dict[str, Path]) -> Iterator[str]:
    """The modules that this module imports, and their packages, but not its own packages."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in imports_in(path.read_text()):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        else:
            parts = [root, *filter(None, package.split("."))]
            base = ".".join([*parts[: len(parts) + 1 - node.level], *filter(None, [node.module])])
            base = base if node.level else node.module or ""
            found = [f"{base}.{alias.name}" for alias in node.names]
        for full in [f.removeprefix(root).removeprefix(".") for f in found if f.partition(".")[0] == root]:
            target = full if full in modules else full.rpartition(".")[0]
            prefixes = [target[:i] for i, c in enumerate(target) if c == "."]
            yield from [p for p in prefixes if not f"{name}.".startswith(f"{p}.")]
            yield target


def modules_of(root: Path) -> dict[str, Path]:
    found = {"_core": root / "_core.pyi"} if root.name == "pydl" else {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if path.name == "__init__.py" else parts)] = path
    return found


def imports_of(root: Path) -> dict[str, set[str]]:
    """Each module with the modules of the same package that it imports."""
    modules = modules_of(root)
    files = {name: path for name, path in modules.items() if path.suffix == ".py"}
    return {name: set(imported(root.name, name, path, modules)) - {name} for name, path in files.items()}


def cycles(root: Path) -> list[str]:
    try:
        TopologicalSorter(imports_of(root)).prepare()
    except CycleError as error:
        return ["a cycle: " + " <- ".join(error.args[1])]
    return []


def violations(root: Path) -> list[str]:
    modules = modules_of(root)
    floor = {unit: number for number, units in enumerate(FLOORS) for unit in units}
    units = {name.partition(".")[0] for name in modules}
    found = [f"{unit or 'pydl'} has no floor" for unit in sorted(units - floor.keys())]
    found += [f"{unit} has a floor and is not there" for unit in sorted(floor.keys() - units)]
    for name, targets in imports_of(root).items():
        unit = name.partition(".")[0]
        for target in sorted(targets):
            if floor.get(target.partition(".")[0], 0) > floor.get(unit, len(FLOORS)):
                found.append(f"{name} imports {target}, which stands above it")
            if target == "_core" and unit not in CALL_KERNELS:
                found.append(f"{name} imports _core")
    return found + cycles(root)


def test_imports_go_down_without_cycles() -> None:
    assert violations(ROOT / "pydl") == []
    assert cycles(ROOT / "bench") == []


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("base/errors.py", "import pydl.layers.dense", "base.errors imports layers.dense, which stands above it"),
        ("ops/math.py", "def f():\n    from ..layers import Layer", "ops.math imports layers, which stands above it"),
        (
            "ops/math.py",
            "if TYPE_CHECKING:\n    from pydl import models",
            "ops.math imports models, which stands above",
        ),
        ("losses/functions.py", "def f():\n    from .classification import Hinge", "a cycle: losses."),
        ("layers/dense.py", "from . import Dense", "a cycle: layers"),
        ("layers/dense.py", "from .. import _core", "layers.dense imports _core"),
        ("novelty.py", "", "novelty has no floor"),
        ("base/tree.py", "from .. import Tensor", "base.tree imports , which stands above it"),
    ],
)
def test_planted_import_is_found(tmp_path: Path, file: str, text: str, message: str) -> None:
    root = tmp_path / "pydl"
    shutil.copytree(ROOT / "pydl", root, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    with (root / file).open("a") as module:
        module.write(f"\n{text}\n")
    assert any(found.startswith(message) for found in violations(root)), violations(root)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("peers/numpy/functions.py", "def f():\n    from .kernels import matmul", "a cycle: peers.numpy."),
        ("timing.py", "import bench.driver", "a cycle: "),
        ("cases/case.py", "if TYPE_CHECKING:\n    from ..peers import PEERS, torch", "a cycle: "),
    ],
)
def test_planted_cycle_of_bench_is_found(tmp_path: Path, file: str, text: str, message: str) -> None:
    root = tmp_path / "bench"
    shutil.copytree(ROOT / "bench", root, ignore=shutil.ignore_patterns("results", "__pycache__"))
    with (root / file).open("a") as module:
        module.write(f"\n{text}\n")
    (found,) = cycles(root)
    assert found.startswith(message), found


def test_files_of_a_kernel_family_have_its_name() -> None:
    families = re.findall(r"^PYDL_FAMILY\((\w+),", (ROOT / "csrc/contract/families.def").read_text(), re.MULTILINE)
    assert families
    for name in families:
        for pattern in ("csrc/bindings/bind_{}.cpp", "csrc/kernels/*/{}.cpp", "tests/reference/{}.py"):
            assert list(ROOT.glob(pattern.format(name))), pattern.format(name)
        assert (ROOT / f"tests/kernels/test_{name}.py").exists(), name


# docs/design/architecture.md, "Who may do what": words of the sources, and the only files that have them.
RESERVED = {
    r"#pragma omp|<omp\.h>": ("csrc/runtime/threads/worker_pool.cpp",),
    r"pybind11|Python\.h": ("csrc/bindings/*",),
    r"np\.random\.(?!default_rng|Generator)|^import random\b": (),  # process-wide state: no file may have it
    r"\bos\.(replace|rename)\b": ("pydl/base/files.py",),
}


@pytest.mark.parametrize("words", RESERVED)
def test_words_are_only_in_the_listed_files(words: str) -> None:
    files = [
        f for root in ("pydl", "csrc") for f in sorted((ROOT / root).rglob("*")) if f.suffix in {".py", ".h", ".cpp"}
    ]
    found = {str(f.relative_to(ROOT)) for f in files if re.search(words, f.read_text())}
    found = {name for name in found if not name.startswith("csrc/tests/")}
    assert {name for name in found if not any(fnmatchcase(name, only) for only in RESERVED[words])} == set()
