"""Links by which the job's page reads ranges of the results."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from annotator.engine.indexes import ending_for
from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.references import TABIX_REACH, ReferenceInfo
from chalicelib.services import Services
from chalicelib.usecases.jobs.result_links import READING_LINK_SECONDS
from tests.unit.web.conftest import JOB_ID, Browser

PAGE = f"/annotations/{JOB_ID}"
TABLE = b"PAR1 a table of variants PAR1"


@pytest.fixture
def make_completed(web: Services, make_job: Callable[..., Job], ada: Any) -> Callable[..., Job]:
    """Makes a completed job with a table of variants."""
    def make(**values: Any) -> Job:
        prefix = f"{ada.identity_id}/{JOB_ID}/free_1."
        boto3.client("s3").put_object(Bucket=web.settings.results_bucket, Key=prefix + "variants.parquet", Body=TABLE)
        return make_job(**{"job_status": JobStatus.COMPLETED, "complete_time": web.clock(), "summary": {"records": 3},
                           "s3_results_bucket": web.settings.results_bucket,
                           "s3_key_result_file": prefix + "annot.vcf.gz",
                           "s3_key_index_file": prefix + "annot.vcf.gz.tbi",
                           "s3_key_variants_file": prefix + "variants.parquet", **values})
    return make


def test_links_are_short_lived_and_to_the_owners_files(browser: Browser, make_completed: Callable[..., Job]) -> None:
    job = make_completed()
    answer = browser.get_json(f"{PAGE}/links")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["seconds"] == READING_LINK_SECONDS <= 300
    assert answer.json["variants"]["size"] == len(TABLE)
    keys = {"variants": job.file("variants").key, "results": job.file("results").key, "index": job.file("index").key}
    for kind, key in keys.items():
        address = urlsplit(answer.json[kind]["url"])
        assert address.path == f"/{key}"
        query = parse_qs(address.query)
        assert "response-content-disposition" not in query  # it is read by a script, not saved
        assert query["response-cache-control"] == ["private, no-store"]


@pytest.mark.parametrize("values", [
    {"s3_key_variants_file": None}, {"s3_key_result_file": None, "results_file_archive_id": "archive-1"},
    {"s3_key_variants_file": "nobody/nothing"}])
def test_no_links_without_a_table(browser: Browser, make_completed: Callable[..., Job], values: Any) -> None:
    make_completed(**values)
    assert browser.get_json(f"{PAGE}/links").status == 404


def test_page_may_read_from_results_and_references_only(browser: Browser, make_completed: Callable[..., Job]) -> None:
    make_completed()
    policy = browser.get(PAGE).headers["Content-Security-Policy"]
    buckets = " ".join(f"https://gas-test-{kind}-123456789012.s3.us-east-1.amazonaws.com"
                       for kind in ("results", "references"))
    assert f"connect-src 'self' {buckets};" in policy
    assert "script-src 'self';" in policy
    assert "'unsafe" not in policy


def test_reference_that_comes_with_gas(browser: Browser, make_completed: Callable[..., Job]) -> None:
    make_completed()
    told = browser.get_json(f"{PAGE}/reference").json
    assert (told["id"], set(told)) == ("rCRS", {"id", "name", "fasta", "genes", "names"})
    sequence = browser.get(told["fasta"]["url"], Accept="*/*").body.decode()
    assert sequence.startswith(">MT")
    assert len(sequence.partition("\n")[2].replace("\n", "")) == 16569
    assert "MT-ND4" in browser.get(told["genes"]["url"], Accept="*/*").body.decode()


@pytest.mark.parametrize(("longest", "ending"), [(9, ".tbi"), (TABIX_REACH - 1, ".tbi"), (TABIX_REACH, ".csi")])
def test_reference_of_the_bucket(browser: Browser, web: Services, make_completed: Callable[..., Job],
                                 monkeypatch: pytest.MonkeyPatch, longest: int, ending: str) -> None:
    assert ending_for(longest) == ending
    mine = ReferenceInfo(name="mine", title="Mine", assembly="M1", layers=(), sources=(),
                         contigs={"1": 9, "2": longest}, prefix="mine/1")
    references = web.references
    monkeypatch.setattr(references, "bucket", "the-references")
    monkeypatch.setattr(references, "entries", lambda now: [mine])
    make_completed(reference="mine")
    told = browser.get_json(f"{PAGE}/reference").json
    addresses = [*told["fasta"].values(), *told["genes"].values()]
    assert [urlsplit(address).path for address in addresses] == [
        f"/mine/1/{name}" for name in ("sequence.fa.gz", "sequence.fa.gz.fai", "sequence.fa.gz.gzi", "models.gff3.gz",
                                       f"models.gff3.gz{ending}")]
    assert all("Signature" in parse_qs(urlsplit(address).query) or "X-Amz-Signature" in address
               for address in addresses)
    assert "https://the-references.s3.us-east-1.amazonaws.com" in browser.get(PAGE).headers["Content-Security-Policy"]


def test_reference_that_is_gone(browser: Browser, make_completed: Callable[..., Job]) -> None:
    make_completed(reference="nowhere")
    assert browser.get_json(f"{PAGE}/reference").status == 404


def test_table_of_variants_can_be_downloaded(browser: Browser, make_completed: Callable[..., Job]) -> None:
    make_completed()
    assert "free_1.variants.parquet" in browser.get(PAGE).text
    answer = browser.get(f"{PAGE}/files/variants")
    assert answer.status == 302
    assert "free_1.variants.parquet" in parse_qs(urlsplit(answer.headers["Location"]).query)[
        "response-content-disposition"][0]
