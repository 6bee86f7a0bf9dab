"""The table of variants of a whole genome in Chromium, read by ranges from a server on this machine.

    python -m tests.performance.variants_in_browser make TABLE [ROWS]
    python -m tests.performance.variants_in_browser measure TABLE [DELAY]

`make` writes a table through the engine's own writer. `measure` prints, for each question, the least of three times
until its count and its first rows are shown, with the requests and bytes of that run; DELAY is what the server waits
before each answer, in milliseconds, as a store of objects does. Chromium must be there, and the pages' scripts built.
"""
from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jinja2 import Environment, FileSystemLoader
from playwright.sync_api import Page, sync_playwright

from annotator.engine.output.variants_table import COLUMNS, TableWriter
from chalicelib.web.http import assets
from tests.browser.conftest import CHROMIUM
from tests.conftest import PROJECT

ROWS = 4_500_000
BLOCK = 6_000
ROWS_OF_A_GENE = 112
TERMS = {  # share of the rows of a gene, impact
    "intron_variant": (0.86, "MODIFIER"), "upstream_gene_variant": (0.06, "MODIFIER"),
    "non_coding_transcript_exon_variant": (0.03, "MODIFIER"), "3_prime_UTR_variant": (0.02, "MODIFIER"),
    "synonymous_variant": (0.012, "LOW"), "missense_variant": (0.012, "MODERATE"),
    "5_prime_UTR_variant": (0.004, "MODIFIER"), "splice_region_variant": (0.0015, "LOW"),
    "frameshift_variant": (0.0003, "HIGH"), "stop_gained": (0.0001, "HIGH"),
    "splice_donor_variant": (0.0001, "HIGH")}  # fmt: skip
EXTRA = {"gnomAD_AF": pa.float64(), "CLNSIG": pa.string(), "CLNDN": pa.string()}
SEARCHES = {
    "HIGH": "impact=HIGH", "one gene": "gene=GENE20000", "missense": "consequence=missense_variant",
    "text, a disease": "q=cardiomyopathy", "text, an HGVS name": "q=c.1776%2B55", "text, an identifier": "q=rs22500123",
    "a region": "region=7:60,000,000-60,500,000", "HIGH, sorted by gene": "impact=HIGH&sort=gene",
    "all, sorted by quality": "sort=-qual"}  # fmt: skip


def schema() -> pa.Schema:
    """Columns of a table with a layer of frequencies and one of diseases."""
    kinds = {name: kind for name, (kind, _) in COLUMNS.items()} | EXTRA
    metadata = {"gas.reference": "GRCh38", "gas.columns": json.dumps(dict.fromkeys(kinds, ""))}
    return pa.schema(list(kinds.items()), metadata)


def made_rows(rows: int, seed: int = 7) -> Iterator[pa.RecordBatch]:
    """Rows as the variants of one person have them, in blocks as the engine writes them.

    Half of the rows lie in genes, one gene after the other; nine in ten are known; the names are as long as RefSeq's.
    """
    chance = np.random.default_rng(seed)
    for start in range(0, rows, BLOCK):
        n = np.arange(start, min(start + BLOCK, rows))
        yield _block(n, rows, chance)


def _block(n: np.ndarray, rows: int, chance: np.random.Generator) -> pa.RecordBatch:
    """Rows number `n`, (k,) int64, of so many rows."""
    k = len(n)
    contig = n * 23 // rows
    chrom = np.array([*map(str, range(1, 23)), "X"])[contig]
    pos = 10_000 + ((n - -(-contig * rows // 23)) * (130_000_000 * 23 // rows) + chance.integers(0, 500, k))
    pos = np.maximum.accumulate(np.where(contig == contig[0], pos, pos + 2**31)) % 2**31
    at = n // ROWS_OF_A_GENE
    genic = chance.random(k) < np.where(at % 2 == 0, 0.95, 0.05)
    shares = np.array([share for share, _ in TERMS.values()])
    term = chance.choice(len(TERMS), k, p=shares / shares.sum())
    names = np.array(list(TERMS))
    impacts = np.array([impact for _, impact in TERMS.values()])
    coding = genic & np.isin(names[term], [
        "missense_variant", "synonymous_variant", "frameshift_variant", "stop_gained"])
    ref, alt = chance.choice(list("ACGT"), k), chance.choice(list("ACGT"), k)
    indel = chance.random(k) < 0.12
    inserted = ["".join(chance.choice(list("ACGT"), 1 + chance.geometric(0.3))) for _ in range(int(indel.sum()))]
    ref, alt = ref.astype(object), alt.astype(object)
    alt[indel] = ref[indel] + np.array(inserted, object)
    known = chance.random(k) < 0.9
    residue = chance.integers(1, 900, k)
    intronic = genic & (term == 0)
    offset = np.where(intronic, [f"+{one}" for one in chance.integers(1, 9_999, k)], "")

    def text(values: Any, mask: np.ndarray) -> pa.Array:
        return pa.array(list(values), pa.string(), mask=~mask)

    gene = [f"GENE{one}" for one in at]
    transcript = [f"NM_{100_000 + one:09d}.{one % 7 + 1}" for one in at]
    rs = [f"rs{one * 10 + 123}" for one in n]
    ill = chance.random(k) < 0.0005
    columns = {
        "chrom": text(chrom, n >= 0), "pos": pa.array(pos.astype(np.int32)),
        "id": text(np.where(known, rs, "."), n >= 0), "ref": text(ref, n >= 0), "alt": text(alt, n >= 0),
        "qual": pa.array((chance.random(k) * 1_000).round(2).astype(np.float32)),
        "filter": text(np.where(chance.random(k) < 0.03, "q10", "PASS"), n >= 0),
        "consequence": text(np.where(genic, names[term], "intergenic_variant"), n >= 0),
        "consequences": text(np.where(genic, names[term], "intergenic_variant"), n >= 0),
        "impact": text(np.where(genic, impacts[term], "MODIFIER"), n >= 0),
        "gene": text(gene, genic), "gene_id": text([f"{one + 1_000}" for one in at], genic),
        "transcript": text(transcript, genic), "biotype": text(["protein_coding"] * k, genic),
        "exon": text([f"{one % 11 + 1}/{one % 5 + 11}" for one in residue], genic & (term != 0)),
        "intron": text([f"{one % 11 + 1}/{one % 5 + 11}" for one in residue], intronic),
        "hgvsc": text([f"{a}:c.{b}{c}{d[0]}>{e[0]}" for a, b, c, d, e in
                       zip(transcript, residue * 3, offset, ref, alt, strict=True)], genic),
        "hgvsp": text([f"NP_{100_000 + a:09d}.1:p.Lys{b}Asn" for a, b in zip(at, residue, strict=True)], coding),
        "protein_position": pa.array(residue.astype(np.int32), mask=~coding), "amino_acids": text(["K/N"] * k, coding),
        "codons": text(["aaA/aaC"] * k, coding), "mature_peptide": pa.nulls(k, pa.string()),
        "haplotype": pa.nulls(k, pa.string()), "most_severe_gene": text(gene, genic),
        "most_severe_transcript": text(transcript, genic), "known": pa.array(known), "existing": text(rs, known),
        "gnomAD_AF": pa.array(10 ** -(chance.random(k) * 5), mask=~known),
        "CLNSIG": text(chance.choice(["Benign", "Likely benign", "Pathogenic"], k), ill),
        "CLNDN": text([f"Dilated cardiomyopathy {one % 40}" if one % 3 == 0 else "not provided" for one in n], ill)}
    fields = schema()
    return pa.record_batch([columns[one.name] for one in fields], schema=fields)


def make(path: Path, rows: int) -> None:
    """Write a made-up table."""
    writer = TableWriter(path.open("wb"), schema())
    for batch in made_rows(rows):
        writer.write(batch)
    writer.close()


@dataclass
class Served:
    """A server on this machine that has the table and a page with nothing but the table.

    :ivar address: of the page
    :ivar asked: bytes of each answer with a part of the table
    """

    address: str = ""
    asked: list[int] = field(default_factory=list)


@contextmanager
def served(table: Path, delay: float = 0) -> Iterator[Served]:
    """Serve a table by ranges, each answer after `delay` seconds."""
    what, size = Served(), table.stat().st_size
    links = {name: {"url": f"/{name}", "size": size} for name in ("variants", "results", "index")} | {"seconds": 900}
    templates = Environment(loader=FileSystemLoader(PROJECT / "chalicelib" / "web" / "templates"), autoescape=True)
    section = templates.get_template("_variants.html").render(
        asset=lambda name: f"/{name}", icon=lambda name: "",
        explore={"links": "/links", "reference": "", "name": "made", "terms": list(TERMS)})
    files = {
        "/": ("text/html", f"""<!doctype html><link rel="stylesheet" href="/site.css">{section}<script type="module">
              import {{mount}} from "/variants.js"; mount(document.getElementById("variants"))</script>"""),
        "/links": ("application/json", json.dumps(links)),
        **{f"/{name}": (kind, (assets.DIRECTORY / assets.manifest()[name]).read_text())
           for name, kind in (("variants.js", "text/javascript"), ("site.css", "text/css"))}}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path, asked = self.path.partition("?")[0], self.headers.get("Range")
            if asked is None:
                kind, text = files.get(path, ("text/plain", ""))
                self._answer(200, kind, text.encode())
                return
            first, last = map(int, asked.removeprefix("bytes=").split("-"))
            with table.open("rb") as file:
                file.seek(first)
                body = file.read(last + 1 - first)
            what.asked.append(len(body))
            time.sleep(delay)
            self._answer(206, "application/octet-stream", body)

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: the answers are counted."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    what.address = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield what
    finally:
        server.shutdown()
        server.server_close()


def measure(table: Path, delay: float, report: Callable[[str], None]) -> None:
    """Report what each question takes, in a new page each time."""
    with served(table, delay) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[
            "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"])
        report("| what | seconds | requests | MB | rows |\n|---|---|---|---|---|")
        first = min((_asked(browser.new_page(), server, "", "") for _ in range(3)), key=lambda one: one[0])
        report(f"| first rows | {_figures(first)} |")
        for name, query in SEARCHES.items():
            runs = [_asked(browser.new_page(), server, "", query) for _ in range(3)]
            report(f"| {name} | {_figures(min(runs, key=lambda one: one[0]))} |")
        browser.close()


def _figures(run: tuple[float, int, int, str]) -> str:
    seconds, requests, size, count = run
    return f"{seconds:.2f} | {requests} | {size / 1e6:.1f} | {count}"


SETTLED = """() => /^[\\d,]+ (of [\\d,]+ )?variants?$/.test(document.querySelector("[data-count]").textContent)
  && (document.querySelector(".variants-table")?.getAttribute("aria-busy") === "false")"""


def _asked(page: Page, server: Served, query: str, then: str) -> tuple[float, int, int, str]:
    """Open the page, and ask a question if there is one; gives seconds, requests, bytes and the final count."""
    page.set_default_timeout(300_000)
    started = time.perf_counter()
    server.asked.clear()
    page.goto(f"{server.address}{query}")
    page.wait_for_function(SETTLED)
    if then:
        server.asked.clear()
        started = time.perf_counter()
        page.evaluate("""query => {
          history.replaceState(null, "", "?" + query);
          document.querySelector("[data-count]").textContent = "";
          window.dispatchEvent(new PopStateEvent("popstate"));
        }""", then)
        page.wait_for_function(SETTLED)
    seconds, count = time.perf_counter() - started, page.locator("[data-count]").inner_text()
    page.close()
    return seconds, len(server.asked), sum(server.asked), count


if __name__ == "__main__":
    command, path, *rest = sys.argv[1:]
    if command == "make":
        make(Path(path), int(rest[0]) if rest else ROWS)
    else:
        measure(Path(path), float(rest[0]) / 1_000 if rest else 0.0, lambda line: print(line, flush=True))  # noqa: T201
