"""Every public name has a complete docstring, and every example runs."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from docstrings import Public, complaints, examples_of, public_names

import pydl

NAMES = public_names()


def of_class(one: Public) -> str:
    """The docstring of the class of a method."""
    path = one.path.rpartition(".")[0]
    return next((other.doc for other in NAMES if other.path == path and other.kind == "class"), "")


def test_every_public_name_has_a_complete_docstring() -> None:
    each = {one.path: complaints(one, of_class(one)) for one in NAMES}
    missing = {path: what for path, what in each.items() if what}
    assert not missing, "\n".join(f"{path}: {'; '.join(what)}" for path, what in missing.items())


def test_public_names_cover_the_package() -> None:
    paths = {one.path for one in NAMES}
    assert {"ops.add", "layers.LSTM", "models.Model.fit", "Tensor.backward", "losses.Huber", "metrics.Mean"} <= paths
    assert len(paths) > 500


@pytest.mark.parametrize("one", [one for one in NAMES if examples_of(one.own_doc)], ids=lambda one: one.path)
def test_example(one: Public, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    globs = {"np": np, "pydl": pydl, "__name__": "__main__"}
    test = doctest.DocTestParser().get_doctest(one.own_doc, globs, one.path, None, 0)
    said: list[str] = []
    options = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    result = doctest.DocTestRunner(optionflags=options, verbose=False).run(test, out=said.append)
    assert not result.failed, "".join(said)


# -- the rules themselves


def scaled(x: Any, factor: float = 2.0) -> Any:
    """x times a factor.

    Args:
        x: Array of any shape, of floats.
        factor: What x is multiplied by.

    Returns:
        Array of the shape of x.

    Raises:
        ValueError: If the factor is zero.

    Example:
        >>> 1 + 1
        2
    """
    if not factor:
        raise ValueError("factor")
    return factor * x


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("", "", ""),
        ("        factor: What", "        Much", "Args: no entry for factor"),
        ("factor: What", "factors: What", "Args: factors is no parameter"),
        ("of any shape, ", "", "Args: x: no shape"),
        (", of floats", "", "no word about dtypes"),
        ("    Returns:", "    Gives:", "Returns: missing"),
        ("    Raises:", "    Perhaps:", "Raises: missing"),
        (">>> ", "", "no example"),
    ],
)
def test_planted_violation_is_found(old: str, new: str, complaint: str) -> None:
    def altered(x: Any, factor: float = 2.0) -> Any: ...

    altered.__doc__, altered.__wrapped__ = (scaled.__doc__ or "").replace(old, new), scaled
    said = complaints(Public("scaled", altered))
    assert complaint in said if complaint else not said
