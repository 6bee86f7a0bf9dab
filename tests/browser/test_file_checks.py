"""The page refuses a file in the annotator's words, before a byte leaves; what the annotator takes it lets through."""
from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotator.engine import InputError, Outputs, Reference
from annotator.engine import annotate as annotate_file
from tests.browser.conftest import TOKEN, Watcher
from tests.conftest import PROJECT

pytestmark = pytest.mark.browser

COLUMNS = b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
HEADER = b"##fileformat=VCFv4.2\n" + COLUMNS
WITHOUT_SAMPLES = b"##fileformat=VCFv4.3\n" + COLUMNS[:-1] + b"\tFORMAT\n"
WITH_SAMPLES = b"##fileformat=VCFv4.3\n" + COLUMNS[:-1] + b"\tFORMAT\tHG002\tHG003\n"
GOOD = b"MT\t263\trs1\tA\tG\t.\tPASS\tDP=3\n"


def record(line: bytes) -> bytes:
    return HEADER + GOOD + line + b"\n" + GOOD


REFUSED = {
    "blank": b" \n\t\n",
    "packed nothing": gzip.compress(b""),
    "BAM": gzip.compress(b"BAM\x01\x00\x00\x00\x00"),
    "web page": b"<!DOCTYPE html>\n<html></html>\n",
    "Excel": b"PK\x03\x04 and [Content_Types].xml in it",
    "zip": b"PK\x03\x04 calls",
    "UTF-16": "##fileformat=VCFv4.2\n".encode("utf-16"),
    "BED": b"chr1\t100\t200\tname\n",
    "FASTQ": b"@read1\nACGT\n+\nIIII\n",
    "comma-separated": b"chrom,pos,ref,alt\nMT,73,A,G\n",
    "genotypes by rsID": b"rsid\tchromosome\tposition\tgenotype\n",
    "a letter": "Liebe Kolleginnen,\nim Anhang für euch\n".encode(),
    "binary": b"\x00\x01\x02\x03" * 40,
    "gzip in gzip": gzip.compress(gzip.compress(HEADER)),
    "control character": record(b"MT\t300\t.\tA\tG\t.\t.\tX=\x00\x01"),
    "return in a line": record(b"MT\t300\t.\tA\rT\tG\t.\t.\t."),
    "old Macintosh": (HEADER + GOOD).replace(b"\n", b"\r"),
    "VCF 3": b"##fileformat=VCFv3.3\n" + COLUMNS + GOOD,
    "no version": b"##fileformat=\n" + COLUMNS + GOOD,
    "version with a blank": b"##fileformat=VCF v4.3\n" + COLUMNS + GOOD,
    "version without its v": b"##fileformat=VCF4.2\n" + COLUMNS + GOOD,
    "header line in two": b'##fileformat=VCFv4.2\n##ALT=<ID=DEL,Description="a\nline break">\n' + COLUMNS,
    "record that looks like BED": b"chr1\t1100\t6\tN\t<INV>\t.\tPASS\tEND=1200;SVTYPE=INV\n",
    "record with five columns": b"1\t1100\t.\tG\tT\n",
    "no header": GOOD + GOOD,
    "record before #CHROM": b"##fileformat=VCFv4.2\n" + GOOD,
    "text before #CHROM": b"##fileformat=VCFv4.2\nhello\n",
    "header only in part": b"##fileformat=VCFv4.2\n##source=x\n",
    "blanks for tabs": b"##fileformat=VCFv4.2\n#CHROM POS ID REF ALT QUAL FILTER INFO\n",
    "wrong column": HEADER.replace(b"QUAL", b"Qual's") + GOOD,
    "missing column": HEADER.replace(b"\tINFO", b"") + GOOD,
    "no FORMAT": WITH_SAMPLES.replace(b"FORMAT", b"Format") + GOOD,
    "FORMAT without samples and ten columns": WITHOUT_SAMPLES + GOOD[:-1] + b"\tGT\t0|1\n",
    "sample twice": WITH_SAMPLES.replace(b"HG003", b"HG002") + GOOD,
    "sample without a name": WITH_SAMPLES.replace(b"HG003", b"") + GOOD,
    "column missing": record(b"MT\t300\t.\tA\tG\t.\t."),
    "column too many": record(b"MT\t300\t.\tA\tG\t.\t.\t.\tGT"),
    "blanks in a record": record(b"MT 300 . A G . . ."),
    "cut off": HEADER + GOOD + b"MT\t300\t.\tA",
    "header again": record(COLUMNS[:-1]),
    "meta line again": record(b"##fileformat=VCFv4.2"),
    "no contig": record(b"\t300\t.\tA\tG\t.\t.\t."),
    "bad contig": record("ch r1ü\t300\t.\tA\tG\t.\t.\t.".encode()),
    "dot for a contig": record(b".\t300\t.\tA\tG\t.\t.\t."),
    "position with a letter": record(b"MT\t3OO\t.\tA\tG\t.\t.\t."),
    "position with a zero": record(b"MT\t0300\t.\tA\tG\t.\t.\t."),
    "position too large": record(b"MT\t2147483648\t.\tA\tG\t.\t.\t."),
    "no position": record(b"MT\t\t.\tA\tG\t.\t.\t."),
    "REF with a dash": record(b"MT\t300\t.\t-\tG\t.\t.\t."),
    "REF that is long": record(b"MT\t300\t.\t" + b"A" * 200 + b"!\tG\t.\t.\t."),
    "REF within quotes": record(b"MT\t300\t.\t'A'\tG\t.\t.\t."),
    "ALT with a dash": record(b"MT\t300\t.\tA\tG,-\t.\t.\t."),
    "ALT with nothing in it": record(b"MT\t300\t.\tA\tG,,T\t.\t.\t."),
    "open symbolic allele": record(b"MT\t300\t.\tA\t<DEL\t.\t.\t."),
    "ALT not in UTF-8": record(b"MT\t300\t.\tA\tG\xff\t.\t.\t."),
    "END beyond everything": record(b"MT\t300\t.\tA\t<DEL>\t.\t.\tEND=9999999999"),
}
TAKEN = {
    "plain": record(GOOD[:-1]),
    "gzip": gzip.compress(HEADER + GOOD * 3),
    "two gzip members": gzip.compress(HEADER + GOOD) + gzip.compress(GOOD),
    "Windows": (HEADER + GOOD * 2).replace(b"\n", b"\r\n"),
    "byte order mark": b"\xef\xbb\xbf" + HEADER + GOOD,
    "no line end": HEADER + GOOD[:-1],
    "no records": HEADER,
    "blank lines": HEADER + b"\n" + GOOD + b"\n\n",
    "no fileformat": COLUMNS + GOOD,
    "odd header line": b"##fileformat=VCFv4.2\n#source x\n" + COLUMNS + GOOD,
    "samples": WITH_SAMPLES + GOOD[:-1] + b"\tGT\t0|1\t./.\n",
    "FORMAT without samples": WITHOUT_SAMPLES + GOOD + GOOD[:-1] + b"\tGT\n" + GOOD[:-1] + b"\t\n",
    "every kind of allele": record(
        b"MT\t300\t.\tacgtn\tG,*,<DEL>,<DEL:ME:ALU>,N[chr1:5[,]MT:7]T,.A,T.,R\t.\t.\tEND=400"),
    "no allele": record(b"MT\t300\t.\tA\t.\t.\t.\t."),
    "contig of the assembly file": record(b"<ctg1>\t300\t.\tA\tG\t.\t.\t."),
    "breakends at both telomeres": record(b"MT\t0\t.\t.\t.[13:123457[\t.\t.\t.\nMT\t16570\t.\t.\t]13:9].\t.\t.\t."),
    "END that is no number": record(b"MT\t300\t.\tA\t<DEL>\t.\t.\tEND=1e3"),
    "bytes behind the end of gzip": gzip.compress(HEADER + GOOD) + b"trailing bytes",
    "contig of many signs": record(b"HLA-DRB1*15:01:01:01\t300\t.\tA\tG\t.\t.\t."),
}


def bgzipped(content: bytes, directory: Path, block: int = 50) -> bytes:
    """As bgzip writes it, in blocks so small that records go over their borders."""
    import pysam

    path = directory / "blocks.gz"
    with pysam.BGZFile(str(path), "wb", None) as stream:
        for at in range(0, len(content), block):
            stream.write(content[at:at + block])
            stream.flush()
    return path.read_bytes()


def refused_by_the_annotator(path: Path) -> InputError | None:
    """What the annotator says of a file, None when it annotates it."""
    try:
        annotate_file(path, Reference.load("rCRS"), Outputs.beside(path.with_suffix(".annot.vcf.gz")))
    except InputError as error:
        return error
    return None


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
    page.get_by_label("Your VCF file").set_input_files({"name": name, "mimeType": "", "buffer": content})
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
     "VCF 4.3 · gzip · 2 samples · 1 record · looks like rCRS"),
    (HEADER.replace(b"#CHROM", b"##contig=<ID=chr1,length=248956422>\n#CHROM", 1) + GOOD.replace(b"MT", b"chr1") * 2,
     "VCF 4.2 · not compressed · 0 samples · 2 records · looks like GRCh38"),
    (HEADER.replace(b"#CHROM", b"##reference=file:///data/hs37d5.fa\n#CHROM", 1) + GOOD.replace(b"MT", b"20"),
     "VCF 4.2 · not compressed · 0 samples · 1 record · looks like GRCh37"),
    (HEADER + GOOD.replace(b"MT", b"20"), "VCF 4.2 · not compressed · 0 samples · 1 record")])
def test_page_shows_what_it_saw(annotate: Page, content: bytes, facts: str) -> None:
    line = choose(annotate, "a.vcf", content)
    expect(line.locator("[data-facts]")).to_have_text(facts)
    warned = annotate.get_by_text("which is not the reference that is chosen")
    expect(warned).to_have_count(1 if "GRCh" in facts else 0)
