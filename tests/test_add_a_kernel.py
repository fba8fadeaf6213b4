"""docs/add_a_kernel.md is correct: its C++ compiles, its Python runs, and its counts of files are right."""

import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from conftest import ROOT

import pydl
from pydl import _core
from pydl.testing import check_gradients

TEXT = (ROOT / "docs" / "add_a_kernel.md").read_text()
BLOCKS = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))  # file: text
BEFORE = {  # additions to a file go before its last line that begins so
    "csrc/contract/activations.def": "#undef", "csrc/contract/families.def": "#undef",
    "csrc/contract/norm.h": "}  // namespace", "csrc/kernels/common/activation.h": "template <class Body>",
}  # fmt: skip


def test_counts_of_files_are_right() -> None:
    entries = re.findall(r"^- \*\*\[.*?\]\(.*?\): (\d)\b(.*?)(?=^- |^$)", TEXT, re.MULTILINE | re.DOTALL)
    assert [int(count) for count, _ in entries] == [2, 3, 8]
    for count, text in entries:
        new, edited = (re.findall(r"`(\S+)`", part) for part in text.split("Edited:"))
        assert len(new) + len(edited) == int(count)
        assert not [path for path in new if (ROOT / path).exists()]
        assert not [path for path in edited if not (ROOT / path).exists()]
        assert set(new) <= BLOCKS.keys()


def test_kernels_compile(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "csrc", tmp_path / "csrc", ignore=shutil.ignore_patterns("tests", "bindings"))
    sources = [path for path in BLOCKS if path.startswith(("csrc/contract", "csrc/kernels"))]
    for path in sources:
        target = tmp_path / path
        if path not in BEFORE:
            target.write_text(BLOCKS[path])
            continue
        before, mark, after = target.read_text().rpartition(f"\n{BEFORE[path]}")
        assert mark, path
        target.write_text(f"{before}\n{BLOCKS[path]}{mark}{after}")
    command = ["c++", "-std=c++17", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-DPYDL_ISA=baseline", "-Icsrc"]
    compiled = ["norm/rms_norm", "elementwise/elementwise", "table"]
    command += [f"csrc/kernels/{stem}.cpp" for stem in compiled]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_binding_calls_existing_functions() -> None:
    """Its functions are in the headers of bindings. It is not compiled, as that needs pybind11."""
    text = BLOCKS["csrc/bindings/bind_rms_norm.cpp"]
    headers = "".join(path.read_text() for path in sorted((ROOT / "csrc").rglob("*.h")) if "tests" not in path.parts)
    called = set(re.findall(r"(?<![\w:.])(\w+)(?:<\w+>)?\(", re.sub(r'"[^"]*"|//.*', "", text)))
    own = {"checked_cols", "forward", "bind_rms_norm", "T", "decltype"}
    missing = [name for name in called - own if not re.search(rf"\b{name}\(", headers)]
    assert not missing
    assert "launch" in called


def module(path: str) -> dict[str, Any]:
    """The names that the module of this block defines."""
    name = path.removesuffix(".py").replace("/", ".")
    made = ModuleType(name)
    made.__package__ = name.rpartition(".")[0]
    exec(compile(BLOCKS[path], path, "exec", dont_inherit=True), vars(made))
    return vars(made)


def test_op_is_differentiable(monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
    def scale(x: Any, epsilon: float) -> Any:
        return 1 / np.sqrt((x * x).mean(-1, keepdims=True) + epsilon)

    def backward(dy: Any, x: Any, epsilon: float) -> Any:
        s = scale(x, epsilon)
        return s * dy - x * s**3 * (x * dy).mean(-1, keepdims=True)

    monkeypatch.setattr(_core, "rms_norm_forward", lambda x, epsilon: x * scale(x, epsilon), raising=False)
    monkeypatch.setattr(_core, "rms_norm_backward", backward, raising=False)
    check_gradients(module("pydl/ops/rms_norm.py")["rms_norm"], [rng.standard_normal((3, 5))])


def test_layer_runs_and_replays() -> None:
    layer = module("pydl/layers/scaled_tanh.py")["ScaledTanh"]
    x = np.array([[3.0, -4.0, 0.5]], np.float32)
    np.testing.assert_allclose(layer()(x).numpy(), 1.7159 * np.tanh(2 / 3 * x), rtol=1e-6)
    assert layer(scale=2.0).get_config()["scale"] == 2.0
    model = pydl.Sequential([pydl.Input((3,)), layer(), pydl.layers.Dense(1)])
    model.compile("sgd", "mse")
    for _ in range(2):
        model(x)
        model.train_on_batch(x, np.zeros((1, 1)))
    assert model.explain_plan().inference.replays
    assert model.explain_plan().training.replays


def test_named_files_exist() -> None:
    named = re.findall(r"`((?:pydl|csrc|tests|bench|docs)/[\w/.]+)`", TEXT)
    assert len(named) > 50
    assert [
        path for path in named if "rms_norm" not in path and path not in BLOCKS and not (ROOT / path).exists()
    ] == []


def test_activation_calls_its_kernel() -> None:
    from pydl.ops import activation

    made = dict(vars(activation))
    exec(BLOCKS["pydl/ops/activation.py"], made)
    with pytest.raises(ValueError, match=r"expected one of linear, relu, .*; got 'hard_tanh'"):
        made["hard_tanh"](np.ones(3))
