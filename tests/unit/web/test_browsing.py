"""Links by which the job's page reads ranges of the results."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.services import Services
from chalicelib.usecases.browsing import READING_LINK_SECONDS
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
    keys = {"variants": job.s3_key_variants_file, "results": job.s3_key_result_file, "index": job.s3_key_index_file}
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


def test_page_may_read_from_the_results_bucket_only(browser: Browser, make_completed: Callable[..., Job]) -> None:
    make_completed()
    policy = browser.get(PAGE).headers["Content-Security-Policy"]
    assert "connect-src 'self' https://gas-test-results-123456789012.s3.amazonaws.com;" in policy
    assert "script-src 'self';" in policy


def test_table_of_variants_can_be_downloaded(browser: Browser, make_completed: Callable[..., Job]) -> None:
    make_completed()
    assert "free_1.variants.parquet" in browser.get(PAGE).text
    answer = browser.get(f"{PAGE}/files/variants")
    assert answer.status == 302
    assert "free_1.variants.parquet" in parse_qs(urlsplit(answer.headers["Location"]).query)[
        "response-content-disposition"][0]
