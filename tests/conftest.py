"""Fixtures, and a guard: the tests run against the installed wheel, never against the checkout."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
# `python -m pytest` puts the checkout first on sys.path, where its pydl/ (without the compiled part) would win.
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]

from pydl import _core  # noqa: E402

assert not Path(_core.__file__).is_relative_to(ROOT / "pydl"), "run the tests against the installed wheel"

SUPPORTED_ISAS = [name for name, supported in _core.isas().items() if supported]
BEST_ISA = SUPPORTED_ISAS[-1]


@pytest.fixture(autouse=True)
def default_machine() -> Iterator[None]:
    """Every test starts with the best instruction set and two threads."""
    _core.set_isa(BEST_ISA)
    _core.set_precision("default")
    _core.force_conv2d_algorithm("automatic")
    _core.set_num_threads(2)
    yield
    _core.set_thread_override(0)


@pytest.fixture(params=SUPPORTED_ISAS)
def isa(request: pytest.FixtureRequest) -> str:
    """Runs the test on every instruction set that this machine has."""
    _core.set_isa(request.param)
    return str(request.param)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20240229)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--few", type=int, metavar="N", help="run only N cases of every parametrized test, evenly spread")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """--few N: for sanitizer builds, which are about twenty times slower."""
    if not (few := config.getoption("--few")):
        return
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    kept = {id(of_one[i * len(of_one) // few]) for of_one in cases.values() for i in range(few)}
    config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
    items[:] = [item for item in items if id(item) in kept]
