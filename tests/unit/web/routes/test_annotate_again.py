"""Annotating a file once more, and the checksums of a job's files."""
from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from chalicelib.domain.job_note import read_note, write_note
from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.messages import CopyInput, decode
from chalicelib.domain.names import is_job_id
from chalicelib.domain.profiles import Profile
from chalicelib.services import Services
from chalicelib.usecases.jobs.user_jobs import delete_job
from chalicelib.usecases.upload.annotate_again import copy_input
from chalicelib.usecases.upload.submit_job import submit_job
from chalicelib.web.http import runtime
from tests.integration.support.jobs_made import EVE, bodies_in
from tests.unit.web.conftest import JOB_ID, Browser

PAGE = f"/annotations/{JOB_ID}"
INPUT, RESULTS = b"##fileformat=VCFv4.2\n", b"results"


@pytest.fixture
def ended(request: pytest.FixtureRequest, web: Services, make_job: Callable[..., Job], ada: Profile) -> Job:
    """A completed job; an indirect parameter has further values of it."""
    prefix = f"{ada.identity_id}/{JOB_ID}/"
    s3 = boto3.client("s3")
    s3.put_object(Bucket=web.settings.inputs_bucket, Key=prefix + "free_1.vcf", Body=INPUT,
                  Metadata={"reference": "rCRS", "note": "old"})
    for name in ("free_1.annot.vcf.gz", "free_1.count.log"):
        s3.put_object(Bucket=web.settings.results_bucket, Key=prefix + name, Body=RESULTS, ChecksumAlgorithm="SHA256")
    return make_job(job_status=JobStatus.COMPLETED, complete_time=web.clock(), note="família, run 7",
                    s3_results_bucket=web.settings.results_bucket, s3_key_result_file=prefix + "free_1.annot.vcf.gz",
                    s3_key_log_file=prefix + "free_1.count.log", results_file_sha256="ab" * 32,
                    **getattr(request, "param", {}))


def deliver(web: Services, *bodies: dict[str, Any]) -> None:
    """Deal with messages of the queue `uploads` as their function does."""
    from lambdas import _handler

    assert _handler.logger  # the logger that the use case's is a child of
    for body in bodies:
        copy_input(web, decode(json.dumps(body), CopyInput))


def ask_again(browser: Browser, **values: str) -> str:
    """Send the form of the job's page; gives the key of the copy that is to come."""
    page = browser.get(PAGE)
    form = {"csrf_token": page.field("csrf_token"), "once": page.field("once"), "reference": "rCRS", **values}
    answer = browser.post(f"{PAGE}/again", form)
    assert answer.status == 303
    address = urlsplit(answer.headers["Location"])
    assert address.path == "/annotate/job"
    return parse_qs(address.query)["key"][0]


def test_file_is_annotated_again_as_a_job_of_its_own(browser: Browser, web: Services, ended: Job) -> None:
    key = ask_again(browser)
    assert (key.split("/")[0], key.split("/")[2]) == (ended.user_id, "free_1.vcf")
    assert JOB_ID not in key
    assert web.files.describe(web.settings.inputs_bucket, key) is None, "a request does not wait for the copy"
    deliver(web, *bodies_in(web.uploads_queue.url))
    browser.post(f"{PAGE}/delete")
    copy = web.files.describe(web.settings.inputs_bucket, key)  # S3's event makes a job of it
    assert copy is not None
    assert (copy.size, copy.metadata["reference"]) == (len(INPUT), "rCRS")
    assert read_note(copy.metadata["note"]) == "família, run 7"
    submit_job(web, key)  # as S3 reports it
    job = web.jobs.get(key.split("/")[1])
    assert job is not None
    assert (job.job_status, job.note, job.reference) == (JobStatus.PENDING, "família, run 7", "rCRS")


@pytest.mark.parametrize(("ended", "form", "shift"), [
    ({}, {}, False), ({"shift_3prime": True}, {}, True), ({}, {"shift_3prime": "yes"}, True),
    ({"shift_3prime": True}, {"shift_3prime": "no"}, False)], indirect=["ended"])
def test_the_placement_is_kept_unless_another_is_chosen(browser: Browser, web: Services, ended: Job,
                                                        form: dict[str, str], shift: bool) -> None:
    page = browser.get(PAGE).html.partition('name="shift_3prime"')[2].partition("</select>")[0]
    assert f'value="{"yes" if ended.shift_3prime else "no"}" selected' in page
    key = ask_again(browser, **form)
    deliver(web, *bodies_in(web.uploads_queue.url))
    submit_job(web, key)
    job = web.jobs.get(key.split("/")[1])
    assert job is not None
    assert job.shift_3prime is shift


def test_the_same_form_with_another_placement_is_another_job(browser: Browser, ended: Job) -> None:
    assert ask_again(browser, once="one form") != ask_again(browser, once="one form", shift_3prime="yes")


def test_a_placement_that_does_not_exist_is_refused(browser: Browser, ended: Job) -> None:
    form = {"csrf_token": browser.get(PAGE).field("csrf_token"), "shift_3prime": "true"}
    assert browser.post(f"{PAGE}/again", form, Accept="application/json").status == 422


@pytest.mark.writes_once
def test_a_form_that_is_sent_twice_makes_one_job(browser: Browser, web: Services, ended: Job) -> None:
    key = ask_again(browser, once="one form")
    assert ask_again(browser, once="one form") == key
    assert ask_again(browser, once="another form") != key
    messages = bodies_in(web.uploads_queue.url)
    assert len(messages) == 3
    deliver(web, *messages, *messages)
    for one in {(message["user_id"], message["job_id"], message["file_name"]) for message in messages}:
        submit_job(web, "/".join(one))
    assert len(web.jobs.of_user(ended.user_id, 10).jobs) == 3, "the first one and two more"


def test_nobody_can_aim_at_a_job_that_exists(browser: Browser, web: Services, ended: Job) -> None:
    for once in (JOB_ID, f"../{JOB_ID}", "x" * 5000, "é\0"):
        assert is_job_id(ask_again(browser, once=once).split("/")[1])
    assert not any(message["job_id"] == JOB_ID for message in bodies_in(web.uploads_queue.url))


@pytest.mark.writes_once
@pytest.mark.parametrize("gone", ["file", "job", "account"])
def test_what_goes_before_it_is_copied(browser: Browser, web: Services, ended: Job, gone: str) -> None:
    key = ask_again(browser)
    (message,) = bodies_in(web.uploads_queue.url)
    if gone == "file":
        web.files.delete(ended.input.bucket, ended.input.key)
    elif gone == "job":
        delete_job(web, ended.user_id, JOB_ID)
    else:
        web.profiles.begin_erasing(ended.user_id, 1)
    deliver(web, message, message)
    job = web.jobs.get(key.split("/")[1])
    if gone == "account":
        assert job is None
    else:
        assert job is not None
        assert job.error is not None
        assert (job.job_status, job.error.code, job.unannounced) == (JobStatus.FAILED, "input_missing", False)


def test_another_user_s_job_is_not_copied(web: Services, ended: Job, ada: Profile) -> None:
    """Only the site sends such messages, and it has asked whose job it is; the function asks again."""
    eve = replace(ada, identity_id=EVE)
    web.profiles.sign_in(eve)
    other = "aaaaaaaa-0000-4000-8000-00000000000e"
    deliver(web, {"type": "copy_input", "user_id": EVE, "copy_of": JOB_ID, "job_id": other, "reference": "rCRS",
                  "file_name": "a.vcf"})
    job = web.jobs.get(other)
    assert job is not None
    assert job.job_status is JobStatus.FAILED
    assert web.files.describe(web.settings.inputs_bucket, f"{EVE}/{other}/a.vcf") is None


def test_own_annotations_are_shown_downloaded_and_left_out_on_request(browser: Browser, make_job: Callable[..., Job],
                                                                      web: Services) -> None:
    job = make_job(job_status=JobStatus.COMPLETED, complete_time=web.clock(), layer_file_name="my targets.bed",
                   layer_file_size=2048, s3_key_layer_file=f"{EVE}/x/layer/my targets.bed", s3_version_layer_file="v1",
                   summary={"layers": [{"name": "my_targets", "kind": "regions", "matched": 3}]})
    page = browser.get(PAGE)
    assert "my targets.bed (2 KB); my_targets: 3 records overlap it" in page.text
    answer = browser.get_json(PAGE).json
    assert (answer["layer_file_name"], answer["layer_file_size"]) == ("my targets.bed", 2048)
    assert {"kind": "layer", "name": "my targets.bed", "size": 2048, "href": f"{PAGE}/files/layer"} in answer["files"]
    assert "versionId=v1" in browser.get(f"{PAGE}/files/layer").headers["Location"]
    boto3.client("s3").put_object(Bucket=web.settings.inputs_bucket, Key=job.input.key, Body=INPUT)
    ask_again(browser)
    ask_again(browser, layer="no")
    wishes = [body.get("layer", True) for body in bodies_in(web.uploads_queue.url)]
    assert sorted(wishes) == [False, True]


def test_a_refused_file_is_not_offered_to_be_annotated_again(browser: Browser, make_job: Callable[..., Job]) -> None:
    make_job(job_status=JobStatus.FAILED, input_deleted=True)
    page = browser.get(PAGE)
    assert f"{PAGE}/again" not in page.html
    assert f"{PAGE}/files/input" not in page.html
    answer = browser.post(f"{PAGE}/again", {"csrf_token": page.field("csrf_token"), "reference": "rCRS"})
    assert answer.status == 404
    assert "not been kept" in answer.text


def test_unknown_reference_is_refused(browser: Browser, ended: Job) -> None:
    token = browser.get(PAGE).field("csrf_token")
    answer = browser.post(f"{PAGE}/again", {"csrf_token": token, "reference": "GRCh99"})
    assert answer.status == 422
    assert "select one of: rCRS" in answer.text


def test_larger_than_the_plan_takes_now(browser: Browser, web: Services, ended: Job) -> None:
    plans = replace(web.plans, free_upload_limit=10)
    runtime.use(replace(web, settings=replace(web.settings, plans=plans)))
    token = browser.get(PAGE).field("csrf_token")
    answer = browser.post(f"{PAGE}/again", {"csrf_token": token})
    assert answer.status == 422
    assert "The file is larger than the limit of your Free plan, 10 bytes." in answer.text


def test_input_that_is_gone(browser: Browser, web: Services, ended: Job) -> None:
    web.files.delete(ended.input.bucket, ended.input.key)
    token = browser.get(PAGE).field("csrf_token")
    assert browser.post(f"{PAGE}/again", {"csrf_token": token}).status == 404


def test_open_jobs_do_not_offer_it(browser: Browser, make_job: Callable[..., Job]) -> None:
    make_job()
    assert "Annotate again" not in browser.get(PAGE).text


@pytest.mark.parametrize("note", ["família, run 7", "100 % = all; 'quoted' \"too\"", "数据"])
def test_notes_survive_the_copy(note: str) -> None:
    assert write_note(note).isascii()
    assert read_note(write_note(note)) == note


def test_checksums(browser: Browser, ended: Job) -> None:
    log = hashlib.sha256(RESULTS).hexdigest()
    assert browser.get_json(f"{PAGE}/checksums").json == {"files": [
        {"name": "free_1.annot.vcf.gz", "size": 7, "sha256": "ab" * 32},  # what the annotator recorded
        {"name": "free_1.count.log", "size": 7, "sha256": log},
        {"name": "free_1.vcf", "size": 21, "sha256": None}]}
    plain = browser.get(f"{PAGE}/checksums")
    assert plain.body.decode() == f"{'ab' * 32}  free_1.annot.vcf.gz\n{log}  free_1.count.log\n"
    assert "SHA256SUMS" in plain.headers["Content-Disposition"]
    part: Any = browser.get(f"{PAGE}/checksums", HX_Request="true")
    assert log in part.text
    assert "none was computed" in part.text
    assert "<html" not in part.html
