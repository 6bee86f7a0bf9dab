"""Looking into results in the packaged service: real links, real ranges, the bucket's own rules for browsers."""
from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from infra.local.stack import LocalStack
from tests.browser.conftest import Watcher
from tests.browser.test_whole_way import HEADER, RECORDS, completed, sign_in
from tests.browser.variants_file import parquet_bytes, variants_table

pytestmark = [pytest.mark.browser, pytest.mark.e2e]


def put_table(stack: LocalStack, job_id: str) -> None:
    """Put a larger table of variants in the place of the job's own, so that ranges are worth asking for."""
    item = stack.client("dynamodb").get_item(TableName=stack.outputs["AnnotationsTable"],
                                             Key={"job_id": {"S": job_id}})["Item"]
    stack.client("s3").put_object(Bucket=stack.outputs["ResultsBucket"], Key=item["s3_key_variants_file"]["S"],
                                  Body=parquet_bytes(variants_table(45_000)))


def test_looking_into_results(stack: LocalStack, new_page: Callable[..., tuple[Page, Watcher]], tmp_path: Path) -> None:
    page, watcher = new_page(base_url=stack.settings.site)
    sign_in(page)
    sample = tmp_path / f"looked into {uuid.uuid4().hex[:6]}.vcf"
    sample.write_text(HEADER + RECORDS, encoding="utf-8")
    page.get_by_label("VCF files, up to").set_input_files(sample)
    page.get_by_role("button", name="Upload and annotate").click()
    completed(page)
    expect(page.locator("[data-count]")).to_have_text("4 variants")  # the annotator's own table, without a reload
    expect(page.locator(".variants-table tbody tr").last).to_contain_text("MT:11,778 G>A")
    job_id = page.url.rpartition("/")[2]
    put_table(stack, job_id)
    answers: list[tuple[int, str]] = []
    page.on("response", lambda response: answers.append((response.status, response.url)))
    page.goto(f"/annotations/{job_id}?impact=HIGH")
    expect(page.locator("[data-count]")).to_have_text("450 of 45,000 variants")
    ranges = [status for status, url in answers if ".variants.parquet" in url]
    assert len(ranges) > 1
    assert set(ranges) == {206}

    page.locator(".variants-table tbody button").first.click()
    page.get_by_role("button", name="View in genome browser").click()
    expect(page.locator("[data-igv-place] canvas").first).to_be_visible()
    assert {status for status, url in answers if ".annot.vcf.gz" in url} <= {200, 206}
    assert watcher.complaints == []

    with page.expect_download() as started:
        page.goto(f"/annotations/{job_id}")
        page.get_by_role("link", name=re.compile(r"\.annot\.vcf\.gz Annotated VCF")).click()
    digest = hashlib.sha256(Path(started.value.path()).read_bytes()).hexdigest()
    page.get_by_text("Checksums (SHA-256)").click()
    expect(page.locator("#checksums")).to_contain_text(digest)

    page.get_by_text("Run again…").click()
    page.get_by_role("button", name="Run again", exact=True).click()
    expect(page).to_have_url(re.compile(r"/annotations/[0-9a-f-]{36}$"), timeout=60_000)
    assert page.url.rpartition("/")[2] != job_id
    completed(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(sample.name)
    assert watcher.complaints == []
