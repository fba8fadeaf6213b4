""".ci/check_text finds each kind of planted fault, and none in this repository."""

import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / ".ci" / "check_text"
spec = spec_from_loader("check_text", SourceFileLoader("check_text", str(SCRIPT)))
assert spec
check_text = module_from_spec(spec)
assert spec.loader
spec.loader.exec_module(check_text)

LONG_PYTHON = "def f():\n" + "    x = 1\n" * 60
LONG_CPP = "template <class T>\nvoid f(int x) {\n" + "  x++;\n" * 59 + "}\n"
LONG_CONSTRUCTOR = "  Task(int x)\n      : x_(x) {\n" + "    x++;\n" * 59 + "  }\n"


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True, text=True).stdout


def repository(folder: Path, files: dict[str, str]) -> Path:
    git(folder, "init", "-q")
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", "-A")
    return folder


def test_repository_has_no_fault() -> None:
    done = subprocess.run([sys.executable, SCRIPT, ROOT], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("docs/A.md", "short\n" + "a" * 121, "docs/A.md:2: expected at most 120 columns, got 121"),
        ("pydl/a.py", "x = 1\n" * 401, "pydl/a.py: expected at most 400 lines, got 401"),
        ("csrc/kernels/a.h", "//\n" * 401, "csrc/kernels/a.h: expected at most 400 lines, got 401"),
        ("pydl/a.py", LONG_PYTHON, "pydl/a.py: f: expected at most 60 lines, got 61"),
        ("csrc/a.cpp", LONG_CPP, "csrc/a.cpp: void f(int x) {: expected at most 60 lines, got 61"),
        ("csrc/a.h", LONG_CONSTRUCTOR, "csrc/a.h: : x_(x) {: expected at most 60 lines, got 61"),
        ("csrc/kernels/a.h", "// the crew\n", "csrc/kernels/a.h:1: 'crew' is called worker"),
    ],
)
def test_planted_fault_is_found(name: str, text: str, fault: str, tmp_path: Path) -> None:
    words = "# pending: pool | csrc/* | reservoir\ncrew | csrc/*.h | worker\n"
    files = {name: text, "csrc/b.cpp": "// crew, of another place\n", ".ci/forbidden_words": words}
    assert list(check_text.faults(repository(tmp_path, files))) == [fault]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.md", "```sh\n" + "a" * 200 + "\n```\n"),
        ("pydl/a.py", 'def f():\n    """A docstring.\n' + "    Words.\n" * 60 + '    """\n'),
        ("csrc/a.cpp", "namespace a {\n" + "int f() { return 1; }\n" * 70 + "}\n"),
    ],
)
def test_exceptions_of_the_rules(name: str, text: str, tmp_path: Path) -> None:
    assert list(check_text.faults(repository(tmp_path, {name: text}))) == []


def test_titles_after_the_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository(tmp_path, {"a": ""})
    git(tmp_path, "commit", "-q", "-m", "old: " + "a" * 100)
    monkeypatch.setattr(check_text, "BASE", git(tmp_path, "rev-parse", "HEAD").strip())
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "new: " + "a" * 68)
    assert list(check_text.faults(tmp_path)) == [
        f"commit title: expected at most 72 characters, got 73: new: {'a' * 68}"
    ]
    monkeypatch.setattr(check_text, "BASE", "0" * 40)  # as in a shallow clone
    assert list(check_text.faults(tmp_path)) == []
