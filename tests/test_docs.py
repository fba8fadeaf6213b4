"""The documents lead to each other: every relative link has its target, and the index reaches every page."""

import re
from pathlib import Path

import pytest

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


def test_the_index_reaches_every_page() -> None:
    reached: set[Path] = set()
    todo = [DOCS / "index.md"]
    while todo:
        page = todo.pop()
        if page.suffix == ".md" and page not in reached and page.is_relative_to(DOCS) and page.exists():
            reached.add(page)
            todo += [target for target, _ in links(page)]
    assert sorted(DOCS.rglob("*.md")) == sorted(reached)
