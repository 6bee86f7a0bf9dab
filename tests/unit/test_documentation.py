"""The documentation names files, modules and targets that exist, and its links lead somewhere."""
from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PAGES = sorted({*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")} - {PROJECT / "CHANGELOG.md"})
TARGETS = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE))
FOLDERS = tuple(f"{path.name}/" for path in PROJECT.iterdir()
                if path.is_dir() and path.name not in ("out", "test-artifacts", "references"))
GENERATED = ("chalicelib/web/static/dist", "frontend/src/generated", ".gas")


def anchor(heading: str) -> str:
    """The anchor that GitHub gives to a heading."""
    words = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
    return words.strip().replace(" ", "-")


def anchors(page: Path) -> set[str]:
    return {anchor(heading) for heading in re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)}


def name_of(page: Path) -> str:
    return page.relative_to(PROJECT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_paths_modules_and_targets_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    quoted = re.findall(r"`([^`\n]+)`", text)
    paths = [path for path in quoted if path.startswith(FOLDERS) and not re.search(r"[<>*{}\s$]", path)]
    assert [path for path in paths
            if not path.startswith(GENERATED) and not (PROJECT / path.partition("::")[0]).exists()] == []
    modules = re.findall(r"python -m ((?:annotator|infra|tests|chalicelib)[\w.]*)", text)
    assert [module for module in modules if importlib.util.find_spec(module) is None] == []
    assert [target for target in re.findall(r"`make ([a-z-]+)", text) if target not in TARGETS] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if "://" in link:
            continue
        path, _, part = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (part and target.suffix == ".md" and part not in anchors(target)):
            dead.append(link)
    assert dead == []


def test_every_decision_is_listed() -> None:
    listed = set(re.findall(r"\(decisions/([\w-]+\.md)\)", (PROJECT / "docs" / "architecture.md").read_text("utf-8")))
    assert {path.name for path in (PROJECT / "docs" / "decisions").glob("*.md")} == listed
