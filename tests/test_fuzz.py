"""The fuzzer: a short run of every part that needs no PyTorch, and planted faults that it must find."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from fuzz import __main__ as command
from fuzz import child, runner
from fuzz.finding import Finding, close, same_bits
from fuzz.guard import PAGE, Arena
from fuzz.parts import bits, core, kernels, plans
from fuzz.stub import functions

from pydl import _core, layers

CASES = {"core": 250, "kernels": 120, "bits": 60, "plans": 25}


def silent(text: str) -> None:
    """Discards notes."""


def findings(part: Any, cases: int, seed: int = 1) -> list[str]:
    """The findings of a part, run in this process: only for faults that cannot crash it."""
    found = []
    for case in range(cases):
        try:
            part.run(child.generator(part.__name__.rpartition(".")[2], seed, case), silent)
        except Finding as error:
            found.append(str(error))
    return found


@pytest.mark.parametrize("part", CASES)
def test_short_run_finds_nothing(part: str) -> None:
    result = runner.run(runner.Result(part, 20, None), 60, 0, CASES[part] - 1)
    assert not result.findings, result.findings[0]
    assert result.calls == CASES[part]
    assert result.counts["worked"] > CASES[part] / 20


def test_every_function_of_the_stub_is_called() -> None:
    assert set(core.FUNCTIONS) == set(functions())
    assert {"matmul", "set_isa", "recurrent_backward", "adam_update"} <= set(core.FUNCTIONS)


# -- planted faults


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[Any], Any]], None]:
    def plant(name: str, change: Callable[[Any], Any]) -> None:
        right = getattr(_core, name)
        monkeypatch.setattr(_core, name, lambda *args, **kwargs: change(right)(*args, **kwargs))

    return plant


def test_wrong_number_is_found(planted: Any) -> None:
    planted("flip", lambda right: lambda x, axis: np.negative(right(x, axis)))
    assert any("flip" in text for text in findings(kernels, 300))


def test_bits_that_depend_on_threads_are_found(planted: Any) -> None:
    def change(right: Any) -> Any:
        return lambda *args, **kwargs: right(*args, **kwargs) * np.float32(1 + 1e-6 * (_core.num_threads() - 1))

    planted("pad", change)
    assert any("one thread and 2" in text for text in findings(bits, 300))


@pytest.mark.parametrize("error", [ValueError("no"), TypeError("matmul() failed")])
def test_error_without_a_name_is_found(error: Exception) -> None:
    with pytest.raises(Finding, match="without its name"):
        core.judged("matmul", {"a": np.ones(3)}, error)


def test_wrong_plan_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = layers.Dense.call
    monkeypatch.setattr(layers.Dense, "call", lambda self, x: right(self, x) * (1 if _recording() else 1.5))
    assert any("layer by layer" in text for text in findings(plans, 30))


def _recording() -> bool:
    return _core.state.plan is not None


@pytest.mark.parametrize(
    ("fault", "word"), [("behind", "crash: SIGSEGV"), ("before", "crash: SIGSEGV"), ("hang", "hang: ")]
)
def test_crash_and_hang_are_found_and_reproduced(fault: str, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYDL_FUZZ_PLANTED", fault)
    monkeypatch.setattr(runner, "CPU_SECONDS", 0.5)
    result = runner.run(runner.Result("planted", 3, None), 60, 0, 9, most=1)
    ((case, text),) = result.findings
    assert text.startswith(word)
    assert f"planted: {fault}" in text  # from the second run, of this case alone
    assert result.command(case) == f"python -m tests.fuzz --part planted --seed 3 --replay {case}"


def test_arrays_end_at_a_guard_page() -> None:
    with Arena() as arena:
        for shape in ((3,), (0, 4), (PAGE,), ()):
            array = arena.empty(shape, np.float64)
            array[...] = 1
            assert array.shape == shape
            if array.size:
                assert (array.ctypes.data + array.nbytes) % PAGE == 0
        del array


def test_comparisons_find_nan_and_last_bits() -> None:
    one = np.ones(3, np.float32)
    for wrong in (one * np.nan, one + 1e-3, one[:2]):
        with pytest.raises(Finding):
            close(wrong, one, 1e-6, "x")
    with pytest.raises(Finding):
        same_bits(np.nextafter(one, 2), one, "x")
    same_bits(one * np.nan, one * np.nan, "x")


def test_command_replays_a_case() -> None:
    """Exit code 0: no findings."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--part", "kernels", "--replay", "7"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "1 calls, 0 findings"


def test_command_without_torch_is_an_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command.importlib.util, "find_spec", lambda name: None)
    assert command.main(["--seconds", "0", "--part", "ops"]) == 2
    assert "--without-torch" in capsys.readouterr().out


def test_findings_of_one_kind_are_reported_once() -> None:
    found = [("1", "f(x)\nat (3,) 1.5"), ("2", "g(x)\nat (4,) -2e-5"), ("3", "h(x)\nKeyError('y')")]
    assert command.kinds(found) == [(found[0], 1), (found[2], 0)]
