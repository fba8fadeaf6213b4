"""The benchmark harness: its statistics, and runs of its command."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pydl import _core

ROOT = Path(__file__).resolve().parent.parent


def run_bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def run_python(code: str) -> str:
    """Runs code in a new process at the root, where bench is importable."""
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_lists_the_cases_of_a_family() -> None:
    listed = run_bench("--list", "optimizer").stdout.split()
    assert listed
    assert all(name.startswith("optimizer/") for name in listed)
    assert run_bench("--list", "no such case").returncode == 2


def test_verifies_and_times_in_separate_processes(tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    arguments = ["gemm/64x64x64/transpose_ab", "--peers", "numpy", "--threads", "1", "--rounds", "3", "--slot", "0.01"]
    done = run_bench(*arguments, "--json", str(output))
    assert done.returncode == 0, done.stdout + done.stderr
    content = json.loads(output.read_text())
    assert "site-packages" in content["machine"]["versions"]["path"]  # the installed wheel, not the checkout
    (result,) = content["results"]
    ratio = result["ratios"]["numpy"]
    assert 0 < ratio["low"] <= ratio["median"] <= ratio["high"]


@pytest.mark.parametrize(("n", "expected"), [(15, "(8, 4, 12)"), (3, "(2, 1, 3)"), (101, "(51, 41, 61)")])
def test_interval_of_the_median(n: int, expected: str) -> None:
    """Ranks by the sign test: the values of ranks 4 and 12 of 15 enclose the median with 96.5 %."""
    assert run_python(f"from bench.timing import interval; print(interval(range(1, {n} + 1)))").strip() == expected


GOALS = """
from bench.cases import BY_NAME
from bench.driver import Measurement
from bench.goals import Group, goal_result, mean_ratio, strongest, verdict

def measured(name, *starts):
    peers = {peer: "" for start in starts for peer in start}
    return Measurement(BY_NAME[name], 2, list(starts), peers)

others = {"torch-heap": [0.5, 0.5], "jax": [9, 9]}
go = measured("conv2d/go/forward", *({"pydl": [1, 1], "torch": [2, n], **others} for n in (2, 3)))
res2 = measured("conv2d/res2/forward", {"pydl": [1], "torch": [8]}, {"pydl": [1], "torch": [8]})
op = measured("overhead/op", {"pydl": [4e-6, 6e-6, 6e-6], "torch": [1, 1, 1]})
group = Group("", {"conv2d/*": 2.5}, max_microseconds={"overhead/*": 5.0})
"""


def test_verdicts_on_goals() -> None:
    """The interval must reach the goal; the peer is the fastest one with the installed malloc."""
    assert run_python(GOALS + "print(*(verdict(goal, (2, 1, 3)) for goal in (2, 3, 3.1)), sep=', ')").strip() == (
        "yes, within noise, no"
    )
    code = "line = goal_result(group, go); print(line.peer, *line.reached, line.met)"
    assert run_python(GOALS + code).split(maxsplit=4) == ["torch", "2.0", "2.0", "3.0", "within noise\n"]
    code = "line = goal_result(group, op); print(*(round(x, 3) for x in line.reached), line.met, line.is_ratio)"
    assert run_python(GOALS + code).split() == ["6.0", "4.0", "6.0", "within", "noise", "False"]


def test_geometric_mean_of_a_group() -> None:
    """Of the two starts: sqrt(2 * 8) and sqrt(2.5 * 8)."""
    middle, low, high = map(
        float, run_python(GOALS + "print(*mean_ratio([goal_result(group, go), goal_result(group, res2)]))").split()
    )
    assert (low, high) == pytest.approx((4, 20**0.5))
    assert low < middle < high


def test_every_goal_has_cases() -> None:
    listed = run_bench("--suite", "peers", "--list").stdout.split()
    assert {"conv2d/alex1/forward", "gemm/64x64x64/transpose_ab", "nets/alphago/train", "nets/mlp/fit"} <= set(listed)
    assert len(listed) == len(set(listed))
    assert all(
        name.startswith("conv2d/") for name in run_bench("--suite", "peers", "--isa", "avx2", "--list").stdout.split()
    )


def test_options_of_recurrent_layers_are_compared_with_the_plain_layer() -> None:
    arguments = ["recurrent_options/rnn/train/recurrent_dropout", "recurrent_lengths/rnn/inference"]
    done = run_bench(*arguments, "--suite", "recurrent", "--peers", "pydl-plain", "--threads", "2", "--starts", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    for case in arguments:
        assert f"| {case} | 2 |" in done.stdout, done.stdout
        assert "pydl-plain" in done.stdout.split(f"| {case} | 2 |")[1].splitlines()[0]


def test_two_versions_of_pydl_alternate(tmp_path: Path) -> None:
    (tmp_path / "pydl").symlink_to(Path(_core.__file__).parent)
    options = ["--threads", "1", "--rounds", "3", "--slot", "0.01"]
    done = run_bench("gemm/64x64x64/transpose_ab", "--against", str(tmp_path), *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pydl-before / pydl" in done.stdout
    done = run_bench("gemm", "--against", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert "--against: expected a folder with pydl in it" in done.stderr


def test_writes_the_table_of_goals_between_its_marks(tmp_path: Path) -> None:
    document = tmp_path / "doc.md"
    document.write_text("before\n<!-- bench: peers -->\nold\n<!-- bench: end of peers -->\nafter\n")
    arguments = ["64x64x64/transpose_ab", "--suite", "peers", "--peers", "numpy", "--threads", "1", "--starts", "2"]
    done = run_bench(*arguments, "--rounds", "2", "--slot", "0.01", "--markdown", str(document))
    assert done.returncode == 0, done.stdout + done.stderr
    text = document.read_text()
    assert text.startswith("before\n<!--")
    assert text.endswith("-->\nafter\n")
    assert "old" not in text
    assert "| gemm/64x64x64/transpose_ab | 1 |" in text


def test_readme_and_docs_show_the_published_results() -> None:
    """`python -m bench --update-docs` has nothing to change: every figure comes from the result files."""
    code = "from bench import published\n"
    code += "print(*(path for path, text in published.texts().items() if path.read_text() != text))"
    assert run_python(code).strip() == ""


CHANGES = {
    "nets": ("results", "nets/mlp/train", "batch 32 | 123.46 (JAX) |"),
    "kernels": ("groups", "matrix products", "| matrix products | 123.46 [100.00, 200.00], "),
    "recurrent": ("groups", "LSTM: training", "| LSTM: training | 123.46 [100.00, 200.00], "),
}


@pytest.mark.parametrize("stem", CHANGES)
def test_changed_result_changes_the_texts(stem: str, tmp_path: Path) -> None:
    results = shutil.copytree(ROOT / "bench" / "results", tmp_path / "results")
    part, name, expected = CHANGES[stem]
    figures = json.loads((results / f"{stem}.json").read_text())
    line = next(line for line in figures[part] if name in line.values() and line["threads"] == 2)
    line |= {"peer": "jax", "ratio": [123.456, 100, 200], "mean": [123.456, 100, 200]}
    (results / f"{stem}.json").write_text(json.dumps(figures))
    code = f"import pathlib\nfrom bench import published\npublished.RESULTS = pathlib.Path({str(results)!r})\n"
    assert expected in run_python(code + "print(*published.texts().values())")


@pytest.mark.parametrize(("suite", "stems"), [("peers", ("kernels", "nets")), ("recurrent", ("recurrent",))])
def test_cases_with_goals_equal_the_published_ones(suite: str, stems: tuple[str, ...]) -> None:
    """A new case that a pattern of a group matches gets a goal, and must be published."""
    code = f"from bench import goals\nprint(*[case.name for case in goals.select((), goals.groups({suite!r}, None))])"
    files = [json.loads((ROOT / "bench" / "results" / f"{stem}.json").read_text()) for stem in stems]
    assert set(run_python(code).split()) == {line["case"] for file in files for line in file["results"]}


def test_publishes_into_files_of_groups(tmp_path: Path) -> None:
    """A run of two groups writes their files; records name the peer and the share of the peak."""
    code = (
        GOALS
        + f"""
import json, pathlib
from bench import published
published.RESULTS, published.update = pathlib.Path({str(tmp_path)!r}), lambda: None
machine = {{key: "" for key in ("command", "commit", "cpu", "cores", "python")}}
machine |= {{"peaks": {{2: {{"gflops": 1e3}}}}, "versions": {{"isa": "avx512", "path": "x"}}}}
nets = Group("net", {{"nets/mlp/train": 1.0}})
train = measured("nets/mlp/train", {{"pydl": [1], "torch": [3]}})
published.publish("", "peers", [Group("go", {{"conv2d/*": 2.5}}), nets], [go, res2, train], machine)
"""
    )
    run_python(code)
    kernels, nets = (json.loads((tmp_path / f"{stem}.json").read_text()) for stem in ("kernels", "nets"))
    assert kernels["versions"] == {"isa": "avx512"}
    (group,) = kernels["groups"]
    assert (group["group"], group["threads"]) == ("go", 2)
    line = kernels["results"][0]
    assert (line["case"], line["threads"], line["peer"], line["ratio"]) == ("conv2d/go/forward", 2, "torch", [2, 2, 3])
    assert line["torch_heap_ratio"] == [0.5, 0.5, 0.5]
    assert {"gflops", "of_peak"} <= line.keys()
    assert [line["case"] for line in nets["results"]] == ["nets/mlp/train"]


def test_wrong_result_is_not_timed() -> None:
    code = "import numpy as np; from bench.reference import largest_error as e; t = 1e-3; ones = np.ones(3)\n"
    code += "print(e([ones + 1e-5], [ones]) <= t, e([ones * np.nan], [ones]) <= t, e([ones], [ones[:2]]) <= t)"
    assert run_python(code).split() == ["True", "False", "False"]
