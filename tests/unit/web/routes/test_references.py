"""References to choose from, and what pages say of the one that a job takes."""
from __future__ import annotations

import json
import re
from collections.abc import Callable

import boto3
import pytest

from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.references import ReferenceInfo
from chalicelib.services import Services
from tests.conftest import HeldClock
from tests.unit.web.conftest import JOB_ID, Answer, Browser


@pytest.fixture
def _two_more(web: Services, clock: HeldClock) -> None:
    """Two references in the bucket, whose catalogue no test before has read."""
    entries = [ReferenceInfo(name, f"Human genome {name}", name, (), (), {"1": 5}, f"{name}/1", "0" * 64).to_entry()
               for name in ("GRCh37", "GRCh38")]
    boto3.client("s3").put_object(Bucket=web.references.bucket, Key="catalogue.json", Body=json.dumps(entries).encode())


@pytest.fixture(autouse=True)
def _empty_bucket(web: Services) -> None:
    boto3.client("s3").delete_object(Bucket=web.references.bucket, Key="catalogue.json")


def reference_choice(page: Answer) -> str:
    """The list of references in the upload form."""
    return page.html.partition('<select class="text" id="reference"')[2].partition("</select>")[0]


def test_bundled_references_can_be_chosen(browser: Browser) -> None:
    select = reference_choice(browser.get("/annotate"))
    assert [piece.partition('"')[0] for piece in select.split('<option value="')[1:]] == ["auto", "rCRS", "SARS-CoV-2"]
    assert 'value="SARS-CoV-2" data-assembly="NC_045512.2"' in select
    assert "revised Cambridge Reference Sequence (rCRS)" in select
    assert "SARS-CoV-2, isolate Wuhan-Hu-1<" in select


@pytest.mark.usefixtures("_two_more")
def test_several_can_be_chosen_or_found_out(browser: Browser) -> None:
    page = browser.get("/annotate")
    select = reference_choice(page)
    assert 'name="x-amz-meta-reference"' in select
    assert [piece.partition('"')[0] for piece in select.split('<option value="')[1:]] == [
        "auto", "rCRS", "SARS-CoV-2", "GRCh37", "GRCh38"]
    assert 'value="GRCh38" data-assembly="GRCh38"' in select
    assert "Detect from the file" in select
    assert select.count("selected") == 1
    assert "selected" in select.partition('value="auto"')[2].partition("</option>")[0]


@pytest.mark.parametrize(("values", "shift", "words"), [
    ({}, False, "Left-aligned, as VEP reports them"),
    ({"shift_3prime": True}, True, "3′-most, as HGVS and ClinVar report them")])
def test_a_jobs_page_says_which_placement_was_asked_for(browser: Browser, make_job: Callable[..., Job],
                                                        values: dict[str, bool], shift: bool, words: str) -> None:
    make_job(**values)
    page = browser.get(f"/annotations/{JOB_ID}").text
    assert f"Insertions and deletions {words}" in page
    assert browser.get_json(f"/annotations/{JOB_ID}").json["shift_3prime"] is shift


@pytest.mark.parametrize(("values", "words"), [
    ({"reference": "auto"}, "Being detected from the file"),
    ({"reference": "auto", "job_status": JobStatus.FAILED}, "Not detected"),
    ({"reference": "GRCh38", "reference_title": "Human genome GRCh38", "reference_found": "detected from 2 lengths"},
     "Human genome GRCh38 (detected from 2 lengths)"),
    ({"reference": "GRCh38", "reference_title": "Human genome GRCh38"}, "Human genome GRCh38"),
    ({"reference": "mine"}, "mine")])
def test_a_jobs_page_tells_its_reference(browser: Browser, make_job: Callable[..., Job], values: dict[str, str],
                                         words: str) -> None:
    make_job(**values)
    assert words in browser.get(f"/annotations/{JOB_ID}").text
    data = browser.get_json(f"/annotations/{JOB_ID}").json
    assert (data["reference"], data["reference_title"], data["reference_found"]) == (
        values["reference"], values.get("reference_title"), values.get("reference_found"))


@pytest.mark.usefixtures("_two_more")
@pytest.mark.parametrize(("references", "offered"), [
    (("GRCh38",), ["GRCh38"]), (("GRCh37", "GRCh38", "withdrawn"), ["GRCh37", "GRCh38"]), ((), [])])
def test_a_failed_job_offers_references_that_may_fit(browser: Browser, make_job: Callable[..., Job],
                                                     references: tuple[str, ...], offered: list[str]) -> None:
    make_job(job_status=JobStatus.FAILED, reference="rCRS",
             error=JobReason("no_known_contig", "No record is on a contig of rCRS.", references=references))
    page = browser.get(f"/annotations/{JOB_ID}").html
    box = page.partition('aria-labelledby="reason"')[2].partition("</section>")[0]
    assert re.findall(r'name="reference" value="([^"]+)"', box) == offered
    assert ("Annotate with" in box, 'name="csrf_token"' in box) == (bool(offered), bool(offered))
