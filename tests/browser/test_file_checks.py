"""The page refuses a file in the annotator's words, before a byte leaves; what the annotator takes it lets through."""
from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import TOKEN, Watcher
from tests.conftest import PROJECT
from tests.file_check_cases import (
    GOOD,
    HEADER,
    REFUSED,
    TAKEN,
    WITH_SAMPLES,
    bgzipped,
    record,
    refused_by_the_annotator,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def annotate(local_site: str, new_page: Callable[..., tuple[Page, Watcher]]) -> Iterator[Page]:
    """The page with its form; nothing may be sent from it."""
    page, watcher = new_page(base_url=local_site, cookie=TOKEN)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.goto("/annotate")
    yield page
    assert sent == []
    assert watcher.complaints == []


def choose(page: Page, name: str, content: bytes) -> Any:
    """Choose a file; gives its line in the list, looked into."""
    page.get_by_label("VCF files, up to").set_input_files({"name": name, "mimeType": "", "buffer": content})
    line = page.get_by_role("listitem").filter(has_text=name)
    expect(line).not_to_have_attribute("data-state", "checking")
    return line


def test_page_says_what_the_annotator_says(annotate: Page, tmp_path: Path) -> None:
    cases = {**REFUSED, "cut bgzip": bgzipped(HEADER + GOOD * 9, tmp_path)[:-28],
             "bgzip, blocks": bgzipped(record(b"MT\t300\t.\tA\tG\t.\t."), tmp_path, 7)}
    different: dict[str, tuple[Any, Any]] = {}
    for number, (name, content) in enumerate(cases.items()):
        path = tmp_path / f"{number}.vcf"
        path.write_bytes(content)
        error = refused_by_the_annotator(path)
        assert error is not None, f"{name}: the annotator takes it"
        line = choose(annotate, path.name, content)
        place = "" if error.line is None else f"Line {error.line:,}"
        place += "" if error.column is None else f", column {error.column}"
        place += "" if error.field is None else f" ({error.field})"
        wanted = (error.message, error.hint, place, error.text or "")
        told = tuple(line.locator(f"[data-problem-{part}]").evaluate("element => element.textContent")
                     for part in ("message", "hint", "where", "text"))
        if told != wanted:
            different[name] = (told, wanted)
        line.get_by_role("button", name=f"Remove {path.name}").click()
    assert different == {}


def test_page_lets_through_what_the_annotator_takes(annotate: Page, tmp_path: Path) -> None:
    blocks = bgzipped(HEADER + GOOD * 50, tmp_path)
    cases = {**TAKEN, "bgzip": blocks, "bytes behind the end of bgzip": blocks + b"x" * 140_000,
             "sample": (PROJECT / "reference" / "rCRS" / "sample.vcf").read_bytes()}
    refused: dict[str, str] = {}
    for number, (name, content) in enumerate(cases.items()):
        path = tmp_path / f"{number}.vcf"
        path.write_bytes(content)
        assert refused_by_the_annotator(path) is None, name
        line = choose(annotate, path.name, content)
        if line.get_attribute("data-state") != "ready":
            refused[name] = line.inner_text()
        line.get_by_role("button", name=f"Remove {path.name}").click()
    assert refused == {}


@pytest.mark.parametrize(("content", "facts"), [
    (gzip.compress(WITH_SAMPLES + GOOD[:-1] + b"\tGT\t0|1\t0|0\n"),
     "VCF 4.3 · gzip · 2 samples · 1 record · build: rCRS (detected)"),
    (HEADER.replace(b"#CHROM", b"##contig=<ID=chr1,length=248956422>\n#CHROM", 1) + GOOD.replace(b"MT", b"chr1") * 2,
     "VCF 4.2 · not compressed · 0 samples · 2 records · build: GRCh38 (detected)"),
    (HEADER.replace(b"#CHROM", b"##reference=file:///data/hs37d5.fa\n#CHROM", 1) + GOOD.replace(b"MT", b"20"),
     "VCF 4.2 · not compressed · 0 samples · 1 record · build: GRCh37 (detected)"),
    (HEADER + GOOD.replace(b"MT", b"20"), "VCF 4.2 · not compressed · 0 samples · 1 record")])
def test_page_shows_what_it_saw(annotate: Page, content: bytes, facts: str) -> None:
    line = choose(annotate, "a.vcf", content)
    expect(line.locator("[data-facts]")).to_have_text(facts)
    warned = annotate.get_by_text("has no record on a contig of any available reference")
    expect(warned).to_have_count(0 if "rCRS" in facts else 1)
