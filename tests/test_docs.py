"""The documents lead to each other: every relative link has its target, and the index reaches every page."""

import inspect
import re
import runpy
from pathlib import Path

import pytest

import pydl

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [
    *(page for folder in ("docs", "csrc", "bench") for page in sorted((ROOT / folder).rglob("*.md"))),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
]
GENERATED = DOCS / "api"  # made by the build of the site


def links(page: Path) -> list[tuple[Path, str]]:
    text = re.sub(r"^```.*?^```$|`[^`]*`", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    targets = [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    parts = [target.partition("#") for target in targets]
    return [((page.parent / path).resolve() if path else page, anchor) for path, _, anchor in parts]


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in links(page):
        if not target.is_relative_to(GENERATED):
            assert target.exists(), target
            assert not anchor or anchor in anchors(target), f"{target}#{anchor}"


def test_sources_name_pages_that_exist() -> None:
    files = [f for folder in ("pydl", "csrc", "bench", "tests", "cmake") for f in sorted((ROOT / folder).rglob("*.*"))]
    texts = {f: f.read_text() for f in files if f.suffix in {".py", ".pyi", ".h", ".cpp", ".cmake", ".md"}}
    named = {(str(f), page) for f, text in texts.items() for page in re.findall(r"docs/[a-z][\w/-]+\.md", text)}
    assert {(f, page) for f, page in named if not (ROOT / page).exists()} == set()


def test_the_index_reaches_every_page() -> None:
    reached: set[Path] = set()
    todo = [DOCS / "index.md"]
    while todo:
        page = todo.pop()
        if page.suffix == ".md" and page not in reached and page.is_relative_to(DOCS) and page.exists():
            reached.add(page)
            todo += [target for target, _ in links(page)]
    assert sorted(DOCS.rglob("*.md")) == sorted(reached)


def test_the_api_reference_has_every_public_name() -> None:
    """The build of the site, which checks what autodoc has made of it, is a step of CI."""
    site = runpy.run_path(str(DOCS / "conf.py"))
    pages = {module.__name__: site["page"](module) for module in site["namespaces"]()}
    for outer in ["pydl", *(f"pydl.{name}" for name in pydl.__all__)]:
        module = getattr(pydl, outer.removeprefix("pydl."), None) if outer != "pydl" else pydl
        if inspect.ismodule(module):
            for name in getattr(module, "__all__", []):
                inside = getattr(module, name)
                found = f"{outer}.{name}" in pages if inspect.ismodule(inside) else f":: {name}\n" in pages[outer]
                assert found or name.startswith("__"), f"{outer}.{name}"


def test_the_index_of_kernels_names_every_family() -> None:
    declared = re.findall(r"^PYDL_FAMILY\((\w+),", (ROOT / "csrc/contract/families.def").read_text(), re.MULTILINE)
    rows = re.findall(r"^\| \[.*\) \| (.*) \|.*\|$", (DOCS / "kernels" / "index.md").read_text(), re.MULTILINE)
    assert set(declared) == set(re.findall(r"`(\w+)`", " ".join(rows)))
