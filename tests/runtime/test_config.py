"""pydl.config and the names of the package."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from fresh_process import output, python

import pydl
from pydl import _core, config


def test_isa_without_with_stays() -> None:
    config.isa("baseline")
    assert _core.isa() == "baseline"


def test_isa_is_restored_after_an_error() -> None:
    best = _core.isa()
    with pytest.raises(KeyError), config.isa("baseline"):
        raise KeyError
    assert _core.isa() == best


def test_precision_is_restored_after_an_error() -> None:
    with config.precision("strict"):
        assert _core.precision() == config.show()["precision"] == "strict"
    with pytest.raises(KeyError), config.precision("strict"):
        raise KeyError
    assert _core.precision() == "default"
    config.precision("strict")
    assert _core.precision() == "strict"


def test_environment_sets_the_precision_at_import() -> None:
    code = "from pydl import _core; print(_core.precision())"
    assert output("-c", code, PYDL_PRECISION="strict") == "strict"
    assert output("-c", code, PYDL_PRECISION="") == "default"
    done = python("-c", "import pydl", PYDL_PRECISION="exact")
    assert done.returncode == 1
    assert "[precision] PYDL_PRECISION: expected 'default' or 'strict', got 'exact'" in done.stderr


def test_threads_are_per_python_thread() -> None:
    pydl.set_num_threads(2)
    with pydl.threads(1):
        assert pydl.num_threads() == 1
        seen: list[int] = []
        other = threading.Thread(target=lambda: seen.append(pydl.num_threads()))
        other.start()
        other.join()
        assert seen == [2]
        with pydl.threads(2):
            assert pydl.num_threads() == 2
        assert pydl.num_threads() == 1
    assert pydl.num_threads() == 2


@pytest.mark.parametrize("set_threads", [pydl.set_num_threads, pydl.threads])
def test_zero_threads_are_refused(set_threads: Callable[[int], object]) -> None:
    with pytest.raises(ValueError, match="n: expected a positive integer, got 0"):
        set_threads(0)


def test_show_prints_what_it_returns(capsys: pytest.CaptureFixture[str]) -> None:
    info = config.show()
    printed = capsys.readouterr().out
    assert info["version"] == pydl.__version__
    assert all(f"{key}: {value}" in printed for key, value in info.items())


def test_rarely_used_modules_are_imported_lazily() -> None:
    code = "import sys, numpy; before = set(sys.modules); import pydl; print(*sorted(set(sys.modules) - before))"
    loaded = output("-c", code).split()
    assert "pydl.ops.conv2d" in loaded
    assert not {"pydl.layers", "pydl.models", "pydl.datasets", "numpy.random", "inspect", "dataclasses"} & set(loaded)


def test_every_public_name_is_importable() -> None:
    for name in pydl.__all__:
        assert getattr(pydl, name) is not None
        assert name in dir(pydl)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = pydl.nothing


@pytest.mark.parametrize("bad", ["2", 2.7, None])
def test_counts_and_limits_are_integers(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"\[set_num_threads\] n: expected a positive integer, got "):
        pydl.set_num_threads(bad)
    with pytest.raises(ValueError, match=r"\[set_memory_limit\] bytes: expected an integer from 0 to .*, got "):
        pydl.set_memory_limit(bad)
