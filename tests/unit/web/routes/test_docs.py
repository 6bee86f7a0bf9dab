"""Pages for everybody: documentation, and a real result to look into."""
from __future__ import annotations

import gzip
import html
import json
import re
from pathlib import Path

import pytest

from annotator.engine import Outputs, Reference, annotate
from annotator.engine.consequence.output.csq_fields import CSQ_FIELDS
from annotator.engine.errors import INPUT_ERRORS, WARNINGS
from chalicelib.web.routes.docs import CHAPTERS
from tests.unit.web.conftest import ORIGIN, Browser


def test_contents_lead_to_every_chapter(visitor: Browser) -> None:
    page = visitor.get("/docs")
    for chapter in CHAPTERS:
        assert f'href="/docs/{chapter.name}"' in page.html
        found = visitor.get(f"/docs/{chapter.name}")
        assert found.status == 200
        assert f"<h1>{chapter.title}</h1>" in found.html


def test_every_message_is_explained(visitor: Browser) -> None:
    text = visitor.get("/docs/annotation").text
    assert [code for code in (*INPUT_ERRORS, *WARNINGS) if code not in text] == []


def test_every_field_is_explained(visitor: Browser) -> None:
    page = visitor.get("/docs/annotation").html
    assert [name for name in CSQ_FIELDS if f"<code>{name}</code>" not in page] == []


def test_the_example_of_the_guide_is_what_the_engine_writes(visitor: Browser, tmp_path: Path) -> None:
    shown = re.findall(r"<pre[^>]*>(.*?)</pre>", visitor.get("/docs/annotation").html, re.DOTALL)[0]
    before, after = ("".join(line.removeprefix("    ").strip() for line in part.split("\n")).split("  ")
                     for part in html.unescape(shown).strip().split("\n\n"))
    vcf, result = tmp_path / "example.vcf", tmp_path / "example.annot.vcf.gz"
    columns = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]
    vcf.write_text("\n".join(["##fileformat=VCFv4.2", "\t".join(columns), "\t".join(before), ""]))
    annotate(vcf, Reference.load("rCRS"), Outputs.beside(result), processes=1)
    *given, info = gzip.decompress(result.read_bytes()).decode().splitlines()[-1].split("\t")
    assert given == before[:7] == after[:7]
    written = info.split(";")
    entries = next(field for field in written if field.startswith("CSQ=")).removeprefix("CSQ=").split(",")
    for field in after[7].split(";"):
        assert field.removeprefix("CSQ=") in (entries if field.startswith("CSQ=") else written)


def test_chapters_link_to_sections_that_are_there(visitor: Browser) -> None:
    page = visitor.get("/docs/annotation").html
    anchors = re.findall(r'href="#([^"]+)"', page)
    assert anchors
    assert [anchor for anchor in anchors if f'id="{anchor}"' not in page] == []


def test_limits_are_those_of_the_plans(visitor: Browser) -> None:
    text = visitor.get("/docs/limits").text
    assert "150 KB 5 GB" in text
    assert "Largest file, uncompressed 16 MB 200 GB" in text
    assert "Most records in a file 100,000 500,000,000" in text
    assert "Processor time of a job 10 min 24 h" in text
    assert "for 5 min after completion" in text


@pytest.mark.parametrize("path", ["/docs/nothing", "/sample/rCRS/files/nothing", "/sample/rCRS/files/input"])
def test_what_there_is_not(visitor: Browser, path: str) -> None:
    assert visitor.get(path).status == 404


def test_sample_is_a_real_result(visitor: Browser) -> None:
    page = visitor.get("/sample")
    counts = json.loads(visitor.get("/sample/rCRS/files/summary").body)
    assert f"{counts['records']:,}" in page.text
    assert counts["known"] > 1000
    results = gzip.decompress(visitor.get("/sample/rCRS/files/results", Accept="*/*").body).decode()
    assert sum(not line.startswith("#") for line in results.splitlines()) == counts["records"]
    home = visitor.get("/")
    assert f"{counts['alleles']:,}" in home.text
    assert 'href="/sample"' in home.html
    assert 'href="/sample/SARS-CoV-2"' in home.html


def test_social_card_has_whole_addresses(visitor: Browser) -> None:
    page = visitor.get("/").html
    image = re.search(r'property="og:image" content="([^"]+)"', page)
    assert image
    assert image.group(1).startswith(f"{ORIGIN}/static/card-")
    assert f'property="og:url" content="{ORIGIN}/"' in page
    card = visitor.get(image.group(1).removeprefix(ORIGIN), Accept="image/*")
    assert (card.headers["Content-Type"], card.body[:4]) == ("image/png", b"\x89PNG")
