"""The site: guides, design and kernel pages as they are, and an API reference made from the docstrings.

.ci/docs builds it. The folder of sources is the repository, so that links between pages hold here as in an editor;
tests/test_docs.py checks them.
"""

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pydl

DOCS = Path(__file__).parent
API = DOCS / "api"  # made here, not kept

project, author = "pydl", "the authors of pydl"
release = pydl.__version__
extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_parser"]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**", "csrc/README.md", "csrc/kernels/README.md", "bench/README.md"]
exclude_patterns = ["docs/conf.py"]
html_theme, html_title = "furo", f"pydl {release}"
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing", "toc.not_included"]  # links to sources and folders; README and its like
default_role = "code"  # `x` in a docstring is code, as in Markdown
nitpick_ignore_regex = [("py:(class|exc)", ".*")]  # the words in which docstrings say what an argument is
autodoc_typehints = "none"  # the docstrings name shapes and dtypes
autodoc_member_order = "bysource"
add_module_names = False
napoleon_custom_sections = ["Call arguments", "Input shape", "Output shape", "Weights", "Source"]

CAPTIONS = {
    "Guides": "guide/*",
    "API reference": "api/*",
    "Design": "design/*",
    "Kernels": "kernels/*",
    "Decisions": "decisions/*",
    "Lab notes": "lab/*",
}


def namespaces(module: ModuleType = pydl) -> Iterator[ModuleType]:
    """The public modules, each before those inside it."""
    yield module
    for name in module.__all__:
        if inspect.ismodule(inside := getattr(module, name)):
            yield from namespaces(inside)


def public_names(module: ModuleType) -> list[str]:
    """What a reader of the reference looks for: no modules, no dunder."""
    names = [name for name in module.__all__ if not name.startswith("__")]
    return sorted((name for name in names if not inspect.ismodule(getattr(module, name))), key=str.lower)


def page(module: ModuleType) -> str:
    """A page of the reference in reStructuredText, which autodoc writes."""
    title = module.__name__
    parts = [title, "=" * len(title), "", inspect.getdoc(module) or "", "", f".. currentmodule:: {title}", ""]
    for name in public_names(module):
        thing = getattr(module, name)
        kind = "class" if inspect.isclass(thing) else "function" if callable(thing) else "data"
        parts += [f".. auto{kind}:: {name}", *(["   :members:", ""] if kind == "class" else [""])]
    return "\n".join(parts)


def write_api(_: Any) -> None:
    API.mkdir(exist_ok=True)
    modules = list(namespaces())
    for module in modules:
        (API / f"{module.__name__}.rst").write_text(page(importlib.import_module(module.__name__)))
    rows = [f"| [{m.__name__}]({m.__name__}.rst) | {(inspect.getdoc(m) or '').splitlines()[0]} |" for m in modules]
    (API / "index.md").write_text("\n".join(["# API reference", "", "| module | holds |", "|---|---|", *rows]) + "\n")


def add_contents(_: Any, name: str, source: list[str]) -> None:
    """The side bar, which Markdown has no words for."""
    if name == root_doc:
        for caption, pattern in CAPTIONS.items():
            source[0] += f"\n```{{toctree}}\n:hidden:\n:glob:\n:caption: {caption}\n\n{pattern}\n```\n"


def escape(_: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Outside of code, * and | and a final _ of a word are letters, not mark-up."""
    for i, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            parts = line.split("`")
            for j in range(0, len(parts), 2):
                for letter in ("*", "|", "_"):
                    parts[j] = parts[j].replace(letter, "\\" + letter)
            lines[i] = "`".join(parts)


def check(app: Any, env: Any) -> None:
    """Every public name has an entry in the reference."""
    from sphinx.util import logging

    there = env.domaindata["py"]["objects"]
    for module in namespaces():
        for name in public_names(module):
            if f"{module.__name__}.{name}" not in there:
                logging.getLogger(__name__).warning("%s.%s is not in the API reference", module.__name__, name)


def setup(app: Any) -> None:
    app.connect("env-check-consistency", check)
    app.connect("builder-inited", write_api)
    app.connect("source-read", add_contents)
    app.connect("autodoc-process-docstring", escape, priority=100)  # before napoleon
