"""The genome view: fetched when it is asked for, on the results of the job and the reference that comes with GAS."""
from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import boto3
import numpy as np
import pysam
import pytest
from playwright.sync_api import Page, expect

from annotator.engine import Outputs, Reference, annotate
from annotator.engine.bgzf import END_OF_FILE, pack, pack_lines
from annotator.engine.indexes import ENDINGS
from annotator.engine.output.tabix import IndexedRecords, TabixIndex
from chalicelib.domain.references import ReferenceInfo
from chalicelib.services import Services
from chalicelib.web.http import assets, runtime
from chalicelib.web.routes import sample
from tests.browser.conftest import ADA, ARTIFACTS, NARROW, TOKEN, WIDE, Watcher
from tests.browser.states import JOB_IDS
from tests.browser.test_pages import violations
from tests.browser.variants_file import Bucket, parquet_bytes, variants_table
from tests.conftest import PROJECT
from tests.job_records import result_names

pytestmark = pytest.mark.browser

JOB = JOB_IDS["completed"]
NAMES = result_names("HG002 run 7 – família.vcf.gz")
HEADER = "##fileformat=VCFv4.2\n##contig=<ID=MT,length=16569>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


@pytest.fixture
def results(local_site: str, tmp_path: Path) -> Services:
    """The completed job's annotated VCF and its index, really there."""
    services = runtime.services()
    plain = tmp_path / "results.vcf"
    plain.write_text(HEADER + "".join(f"MT\t{pos}\trs{pos}\tA\tC\t.\tPASS\tAC=1\n" for pos in range(10, 3500, 3)))
    packed = pysam.tabix_index(str(plain), preset="vcf", force=True)
    for name, path in ((NAMES["results"], packed), (NAMES["index"], f"{packed}.tbi")):
        boto3.client("s3").upload_file(str(path), services.settings.results_bucket, f"{ADA}/{JOB}/{name}")
    return services


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", NARROW)])
def test_variant_in_the_genome(local_site: str, results: Services, bucket: Bucket, scheme: str, size: tuple[int, int],
                               new_page: Callable[..., tuple[Page, Watcher]]) -> None:
    page, watcher = new_page(base_url=local_site, cookie=TOKEN, scheme=scheme, size=size)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(f"/annotations/{JOB}?variant=MT:307:G:T")
    expect(page.get_by_role("heading", name="MT:307 G>T")).to_be_visible()
    igv = assets.manifest()["igv.js"]
    assert not any(igv in url for url in fetched), "the genome view was fetched before anybody asked"
    assert not any(key.endswith(".vcf.gz") for key, _, _ in bucket.requests)
    page.get_by_role("button", name="View in genome browser").click()
    expect(page.locator("[data-igv-place] canvas").first).to_be_visible()
    expect(page.locator("#announcer")).to_contain_text("Genome browser loaded.")
    expect(page.locator("[data-igv-place] input.igv-search-input")).to_have_value("MT:267-347")
    assert any(igv in url for url in fetched)
    asked = {key.rpartition("/")[2] for key, _, _ in bucket.requests}
    assert {NAMES["results"], NAMES["index"]} <= asked
    ours = (local_site, "https://gas-test-results-", "data:", "blob:")
    assert [url for url in fetched if not url.startswith(ours)] == [], "the genome view asked others"
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(500)
    page.locator("[data-details]").screenshot(path=ARTIFACTS / f"genome-{scheme}-{size[0]}.png")
    colours = page.locator("[data-igv-place] .igv-track-label").first.evaluate(
        "element => [getComputedStyle(element).color, getComputedStyle(element).backgroundColor]")
    assert colours[0] != colours[1]
    assert watcher.complaints == []
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_next_variant_moves_the_view(local_site: str, results: Services,
                                     new_page: Callable[..., tuple[Page, Watcher]]) -> None:
    page, _ = new_page(base_url=local_site, cookie=TOKEN)
    page.goto(f"/annotations/{JOB}?variant=MT:307:G:T&sort=impact")
    page.get_by_role("button", name="View in genome browser").click()
    locus = page.locator("[data-igv-place] input.igv-search-input")
    expect(locus).to_have_value("MT:267-347")
    page.get_by_role("button", name="MT:607 G>T").click()
    expect(locus).to_have_value("MT:567-647")


def test_either_index_of_the_engine_leads_to_the_same_bytes(
        results: Services, local_site: str, bucket: Bucket, tmp_path: Path,
        new_page: Callable[..., tuple[Page, Watcher]]) -> None:
    """Results on long contigs have a `.csi`. The viewer tells by what is in it, and reads the blocks of the place."""
    chance = random.Random(1)
    index, body, packed = TabixIndex(), b"", pack_lines(memoryview(HEADER.encode()[:-1]))[0]
    for first in range(10, 3500, 100):
        lines = [f"MT\t{pos}\trs{pos}\tA\tC\t.\tPASS\tX={chance.randbytes(900).hex()}\n".encode()
                 for pos in range(first, first + 100, 5)]
        places = np.cumsum([0, *map(len, lines)]) + (len(body) << 16)
        block = pack(b"".join(lines))
        places[-1] = (len(body) + len(block)) << 16
        begin = np.arange(first, first + 100, 5) - 1
        index.add(b"MT", IndexedRecords(begin, begin + 1, places))
        body += block
    data = packed + body + END_OF_FILE
    asked = []
    for ending in ENDINGS:
        path = tmp_path / f"index{ending}"
        index.write(path, len(packed))
        for name, content in ((NAMES["results"], data), (NAMES["index"], path.read_bytes())):
            boto3.client("s3").put_object(Bucket=results.settings.results_bucket, Key=f"{ADA}/{JOB}/{name}",
                                          Body=content)
        bucket.requests.clear()
        page, watcher = new_page(base_url=local_site, cookie=TOKEN)
        page.goto(f"/annotations/{JOB}?variant=MT:2707:G:T")
        page.get_by_role("button", name="View in genome browser").click()
        expect(page.locator("[data-igv-place] canvas").first).to_be_visible()
        expect(page.locator("#announcer")).to_contain_text("Genome browser loaded.")
        page.wait_for_timeout(500)
        asked.append({(first, last) for key, first, last in bucket.requests if key.endswith(NAMES["results"])})
        assert watcher.complaints == []
    assert asked[0] == asked[1]
    assert len(packed) in {first for first, _ in asked[0]}, "where the index says that the records begin"


def test_names_of_the_file_are_no_markup(local_site: str, results: Services, tmp_path: Path,
                                         new_page: Callable[..., tuple[Page, Watcher]]) -> None:
    boto3.client("dynamodb").update_item(
        TableName=results.jobs.name, Key={"job_id": {"S": JOB}}, UpdateExpression="SET input_file_name = :name",
        ExpressionAttributeValues={":name": {"S": "<u>mine.vcf"}})
    plain = tmp_path / "planted.vcf"
    plain.write_text(HEADER + "MT\t307\t<u>rs</u>\tA\tC\t.\tPASS\tAC=<u>1</u>\n")
    packed = pysam.tabix_index(str(plain), preset="vcf", force=True)
    for name, path in ((NAMES["results"], packed), (NAMES["index"], f"{packed}.tbi")):
        boto3.client("s3").upload_file(str(path), results.settings.results_bucket, f"{ADA}/{JOB}/{name}")
    page, _ = new_page(base_url=local_site, cookie=TOKEN)
    page.goto(f"/annotations/{JOB}?variant=MT:307:G:T")
    page.get_by_role("button", name="View in genome browser").click()
    expect(page.locator("[data-igv-place] .igv-track-label").last).to_contain_text("<u>mine")
    track = page.locator("[data-igv-place] .igv-viewport").filter(has_text="<u>mine")
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    assert box is not None
    popover = page.locator("[data-igv-place] .igv-ui-popover").last
    for down in range(6, 80, 8):  # igv.js draws the variant somewhere in its track
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + down)
        page.wait_for_timeout(1000)  # a second click would be a double click until then
        if popover.is_visible():
            break
    expect(popover).to_contain_text("<u>rs</u>")
    assert page.locator("[data-igv-place] u").count() == 0


def test_view_that_cannot_be_opened_is_told(local_site: str, results: Services,
                                            new_page: Callable[..., tuple[Page, Watcher]]) -> None:
    page, _ = new_page(base_url=local_site, cookie=TOKEN)
    page.route("**/annotations/*/reference", lambda route: route.fulfill(status=503))
    page.goto(f"/annotations/{JOB}?variant=MT:307:G:T")
    page.get_by_role("button", name="View in genome browser").click()
    expect(page.get_by_role("alert")).to_contain_text("could not be loaded")
    page.unroute("**/annotations/*/reference")
    page.get_by_role("button", name="View in genome browser").click()
    expect(page.locator("[data-igv-place] canvas").first).to_be_visible()


@pytest.fixture
def own_reference(results: Services, tmp_path: Path) -> str:
    """A reference of the operator's in its bucket, which the completed job was annotated with."""
    plain = tmp_path / "sequence.fa"
    plain.write_text(">MT\n" + "\n".join("GATTACAGAT" * 6 for _ in range(20_000)) + "\n")
    pysam.tabix_compress(str(plain), str(tmp_path / "sequence.fa.gz"))
    pysam.faidx(str(tmp_path / "sequence.fa.gz"))
    models = tmp_path / "models.gff3"
    models.write_text("##gff-version 3\nMT\tx\tgene\t250\t900\t.\t+\t.\tID=gene:G1;Name=G1\n"
                      "MT\tx\tmRNA\t250\t900\t.\t+\t.\tID=transcript:T1;Parent=gene:G1\n"
                      "MT\tx\texon\t250\t900\t.\t+\t.\tParent=transcript:T1\n")
    pysam.tabix_index(str(models), preset="gff", force=True)
    mine = ReferenceInfo(name="mine", title="My own genome", assembly="M1", layers=(), sources=(),
                         contigs={"MT": 1_200_000}, prefix="mine/1")
    s3, bucket = boto3.client("s3"), results.references.bucket
    for name in ("sequence.fa.gz", "sequence.fa.gz.fai", "sequence.fa.gz.gzi", "models.gff3.gz", "models.gff3.gz.tbi"):
        s3.upload_file(str(tmp_path / name), bucket, f"mine/1/{name}")
    s3.put_object(Bucket=bucket, Key="catalogue.json", Body=json.dumps([mine.to_entry()]).encode())
    boto3.client("dynamodb").update_item(
        TableName=results.jobs.name, Key={"job_id": {"S": JOB}}, UpdateExpression="SET #name = :mine",
        ExpressionAttributeNames={"#name": "reference"}, ExpressionAttributeValues={":mine": {"S": "mine"}})
    return mine.name


def test_reference_of_the_operators_own(local_site: str, own_reference: str, bucket: Bucket,
                                        new_page: Callable[..., tuple[Page, Watcher]]) -> None:
    page, watcher = new_page(base_url=local_site, cookie=TOKEN)
    page.goto(f"/annotations/{JOB}?variant=MT:307:G:T")
    page.get_by_role("button", name="View in genome browser").click()
    expect(page.locator("[data-igv-place] canvas").first).to_be_visible()
    expect(page.locator("#announcer")).to_contain_text("Genome browser loaded.")
    page.wait_for_timeout(500)
    page.locator("[data-details]").screenshot(path=ARTIFACTS / "genome-own-reference.png")
    assert {key for key, _, _ in bucket.requests} >= {f"mine/1/{name}" for name in (
        "sequence.fa.gz", "sequence.fa.gz.fai", "sequence.fa.gz.gzi", "models.gff3.gz", "models.gff3.gz.tbi")}
    assert watcher.complaints == []


@pytest.mark.parametrize("contig", ["NC_045512.2", "MN908947.3"])
def test_a_linear_genome_by_either_name_of_its_sequence(
        local_site: str, new_page: Callable[..., tuple[Page, Watcher]], tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch, contig: str) -> None:
    """The genome view finds the results although they call the sequence otherwise than the reference does."""
    given = tmp_path / "sample.vcf"
    given.write_text((PROJECT / "reference" / "SARS-CoV-2" / "sample.vcf").read_text().replace("NC_045512.2", contig))
    made = tmp_path / "sample" / "SARS-CoV-2"
    made.mkdir(parents=True)
    annotate(given, Reference.load("SARS-CoV-2"), Outputs.beside(made / "sample.annot.vcf.gz"), processes=1)
    monkeypatch.setattr(sample, "DIRECTORY", tmp_path / "sample")
    sample.sample_summary.cache_clear()
    page, watcher = new_page(base_url=local_site)
    page.goto("/sample/SARS-CoV-2")
    sample.sample_summary.cache_clear()
    expect(page.locator("figure.line .bar").first).to_be_visible()
    page.locator(".variants-table tbody button").first.click()
    with page.expect_response(lambda response: response.url.endswith("/files/results") and response.status == 206):
        page.get_by_role("button", name="View in genome browser").click()
        expect(page.locator("[data-igv-place] canvas").first).to_be_visible()
    expect(page.locator("[data-genome-problem]")).to_be_hidden()
    page.wait_for_timeout(500)
    page.locator("[data-details]").screenshot(path=ARTIFACTS / f"genome-{contig}.png")
    assert watcher.complaints == []


def test_visitors_look_into_the_sample(local_site: str, new_page: Callable[..., tuple[Page, Watcher]], tmp_path: Path,
                                       monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(sample.DIRECTORY, tmp_path / "sample")
    table = tmp_path / "sample" / "rCRS" / "sample.variants.parquet"
    if not table.exists():
        table.write_bytes(parquet_bytes(variants_table(1172)))
    monkeypatch.setattr(sample, "DIRECTORY", tmp_path / "sample")
    page, watcher = new_page(base_url=local_site)
    page.goto("/sample")
    expect(page.locator("[data-count]")).to_have_text(re.compile(r"^1,\d{3} variants$"))
    page.locator(".variants-table tbody button").first.click()
    page.get_by_role("button", name="View in genome browser").click()
    expect(page.locator("[data-igv-place] canvas").first).to_be_visible()
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(500)
    page.screenshot(path=ARTIFACTS / "sample-genome.png", full_page=True)
    assert violations(page) == []
    assert watcher.complaints == []
