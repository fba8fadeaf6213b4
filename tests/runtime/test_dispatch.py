"""Instruction sets: supported ones, PYDL_ISA at import, switching, and errors that list the supported ones."""

import pytest
from conftest import BEST_ISA, SUPPORTED_ISAS
from fresh_process import output, python

import pydl
from pydl import _core


def test_baseline_is_always_supported_and_the_best_is_the_default() -> None:
    assert next(iter(_core.isas())) == "baseline"
    assert _core.isas()["baseline"]
    assert output("-c", "from pydl import _core; print(_core.isa())", PYDL_ISA="") == BEST_ISA


@pytest.mark.parametrize("name", SUPPORTED_ISAS)
def test_environment_sets_the_isa_at_import(name: str) -> None:
    assert output("-c", "from pydl import _core; print(_core.isa())", PYDL_ISA=name) == name


def test_unknown_isa_in_the_environment_is_an_import_error() -> None:
    done = python("-c", "import pydl", PYDL_ISA="mmx")
    assert done.returncode == 1
    assert "[isa] PYDL_ISA: unknown instruction set 'mmx'; this build has: baseline" in done.stderr


@pytest.mark.parametrize("name", SUPPORTED_ISAS)
def test_context_manager_switches_and_restores(name: str) -> None:
    before = _core.isa()
    with pydl.config.isa(name):
        assert _core.isa() == name
    assert _core.isa() == before


def test_unknown_name_changes_nothing() -> None:
    before = _core.isa()
    with pytest.raises(ValueError, match=r"\[isa\] unknown instruction set 'mmx'; this build has: baseline"):
        _core.set_isa("mmx")
    assert _core.isa() == before
