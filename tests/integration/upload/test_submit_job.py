"""An uploaded file becomes a job: once, however often S3 tells of it."""
from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest

from chalicelib.domain.jobs import JobStatus
from chalicelib.domain.messages import CopyInput
from chalicelib.domain.profiles import Profile, Role
from chalicelib.services import Services
from tests.integration.support.cold import Faults
from tests.integration.support.jobs_made import ADA, bodies_in, job_id, keys_in, make_job, put_input

CONTEXT = SimpleNamespace(function_name="submit", memory_limit_in_mb=128, aws_request_id="r-1",
                          invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:submit")


@pytest.fixture
def submit(services: Services, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    from lambdas import submit as module

    monkeypatch.setattr(module, "services", services)
    return module


def s3_event(key: str, version: str = "") -> str:
    """What S3 reports about an upload; from a bucket without versions, or from the sweep, without `versionId`."""
    told = {"key": urllib.parse.quote_plus(key, safe="/"), **({"versionId": version} if version else {})}
    return json.dumps({"Records": [{"s3": {"bucket": {"name": "inputs"}, "object": told}}]})


def deliver(module: ModuleType, *bodies: str) -> list[str]:
    """Deliver messages; returns the ids of those reported as failed."""
    event = {"Records": [{"messageId": str(number), "body": body, "receiptHandle": "r", "attributes": {},
                          "messageAttributes": {}, "eventSource": "aws:sqs", "eventSourceARN": "a:b:c:d:e:f",
                          "awsRegion": "us-east-1", "md5OfBody": ""} for number, body in enumerate(bodies)]}
    answer: dict[str, Any] = module.handler(event, CONTEXT)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.mark.parametrize("name", ["free_1.vcf", "two words.vcf", "plus+and~tilde.vcf.gz", "ünïcödé 数据.vcf",
                                  "x" * 251 + ".vcf", "100%.vcf", "a&b=c?.vcf"])
def test_an_upload_becomes_a_waiting_job(services: Services, submit: ModuleType, make_profile: Callable[..., Profile],
                                         name: str) -> None:
    make_profile(ADA)
    key = f"{ADA}/{job_id()}/{name}"
    put_input(services, key, b"##fileformat=VCFv4.2\n")
    assert deliver(submit, s3_event(key)) == []
    job = services.jobs.get(job_id())
    assert job is not None
    assert (job.job_status, job.user_id, job.input.name) == (JobStatus.PENDING, ADA, name)
    assert (job.input.size, job.submit_time, job.reference) == (21, services.clock(), "auto")
    assert bodies_in(services.settings.job_requests_queue_url) == [
        {"type": "job_request", "job_id": job_id(), "user_id": ADA}]


def test_a_note_comes_with_the_upload(services: Services, submit: ModuleType,
                                      make_profile: Callable[..., Profile]) -> None:
    make_profile(ADA)
    key = f"{ADA}/{job_id()}/a.vcf"
    put_input(services, key, b"x", note="UTF-8''Fam%C3%ADlia%207%0Aproband")
    assert deliver(submit, s3_event(key)) == []
    job = services.jobs.get(job_id())
    assert job is not None
    assert job.note == "Família 7 proband"


def put_catalogue(services: Services, *names: str) -> None:
    entries = [{"name": name, "title": f"Human genome {name}", "assembly": name, "layers": ["dbSNP"],
                "sources": [{"name": "sequence", "version": "1", "licence": "free"}], "contigs": {"1": 1000},
                "prefix": f"{name}/1", "manifest_sha256": "0" * 64, "size": 5} for name in names]
    boto3.client("s3").put_object(Bucket=services.references.bucket, Key="catalogue.json",
                                  Body=json.dumps(entries).encode())


@pytest.mark.parametrize(("wish", "name", "title"), [
    ("GRCh38", "GRCh38", "Human genome GRCh38"), ("auto", "auto", None),
    ("rCRS", "rCRS", "Human mitochondrial genome, revised Cambridge Reference Sequence (rCRS)"), ("", "auto", None)])
def test_the_chosen_reference(services: Services, submit: ModuleType, make_profile: Callable[..., Profile],
                              wish: str, name: str, title: str | None) -> None:
    make_profile(ADA)
    put_catalogue(services, "GRCh38")
    key = f"{ADA}/{job_id()}/a.vcf"
    put_input(services, key, b"x", **({"reference": wish} if wish else {}))
    assert deliver(submit, s3_event(key)) == []
    job = services.jobs.get(job_id())
    assert job is not None
    assert (job.job_status, job.reference, job.reference_title) == (JobStatus.PENDING, name, title)


@pytest.mark.parametrize(("wish", "shift"), [({"shift-3prime": "yes"}, True), ({"shift-3prime": "no"}, False),
                                             ({"shift-3prime": ""}, False), ({}, False)])
def test_the_chosen_placement(services: Services, submit: ModuleType, make_profile: Callable[..., Profile],
                              wish: dict[str, str], shift: bool) -> None:
    make_profile(ADA)
    key = f"{ADA}/{job_id()}/a.vcf"
    put_input(services, key, b"x", **wish)
    assert deliver(submit, s3_event(key)) == []
    job = services.jobs.get(job_id())
    assert job is not None
    assert (job.job_status, job.shift_3prime) == (JobStatus.PENDING, shift)


def test_a_placement_that_does_not_exist_fails_the_job(services: Services, submit: ModuleType,
                                                       make_profile: Callable[..., Profile]) -> None:
    make_profile(ADA)
    key = f"{ADA}/{job_id()}/a.vcf"
    put_input(services, key, b"x", **{"shift-3prime": "true"})
    assert deliver(submit, s3_event(key)) == []
    job = services.jobs.get(job_id())
    assert job is not None
    assert job.error is not None
    assert (job.job_status, job.error.code) == (JobStatus.FAILED, "placement_unknown")


def test_a_reference_that_is_not_there_fails_the_job(services: Services, submit: ModuleType,
                                                     make_profile: Callable[..., Profile]) -> None:
    make_profile(ADA)
    put_catalogue(services, "GRCh37", "GRCh38")
    key = f"{ADA}/{job_id()}/a.vcf"
    put_input(services, key, b"x", reference="hg99")
    assert deliver(submit, s3_event(key)) == []
    job = services.jobs.get(job_id())
    assert job is not None
    assert job.error is not None
    assert (job.job_status, job.error.code, job.error.text) == (JobStatus.FAILED, "reference_unknown", "hg99")
    assert job.error.hint == "Upload the file again and select one of: rCRS, SARS-CoV-2, GRCh37, GRCh38."


def test_the_same_event_three_times_makes_one_job(services: Services, submit: ModuleType,
                                                  make_profile: Callable[..., Profile]) -> None:
    make_profile(ADA)
    key = f"{ADA}/{job_id()}/a.vcf"
    put_input(services, key, b"x")
    for _ in range(3):
        assert deliver(submit, s3_event(key)) == []
    assert len(services.jobs.of_user(ADA, 10).jobs) == 1


def test_a_late_event_does_not_move_a_job_that_is_under_way(services: Services, submit: ModuleType,
                                                            make_profile: Callable[..., Profile]) -> None:
    make_profile(ADA)
    key = f"{ADA}/{job_id()}/a.vcf"
    put_input(services, key, b"x")
    deliver(submit, s3_event(key))
    services.jobs.take(job_id(), "w1", services.clock(), 60)
    bodies_in(services.settings.job_requests_queue_url)
    assert deliver(submit, s3_event(key)) == []
    job = services.jobs.get(job_id())
    assert job is not None
    assert job.job_status is JobStatus.RUNNING
    assert bodies_in(services.settings.job_requests_queue_url) == []


def test_a_late_event_does_not_bring_back_a_deleted_job(services: Services, submit: ModuleType,
                                                        make_profile: Callable[..., Profile]) -> None:
    make_profile(ADA)
    assert deliver(submit, s3_event(f"{ADA}/{job_id()}/a.vcf")) == []
    assert services.jobs.get(job_id()) is None


def test_a_second_file_sent_with_one_form_is_deleted(services: Services, submit: ModuleType,
                                                     make_profile: Callable[..., Profile]) -> None:
    make_profile(ADA)
    first, second = f"{ADA}/{job_id()}/a.vcf", f"{ADA}/{job_id()}/b.vcf"
    for key in (first, second):
        put_input(services, key, b"x")
        deliver(submit, s3_event(key))
    assert keys_in(services.files.inputs_bucket) == [first]
    job = services.jobs.get(job_id())
    assert job is not None
    assert job.input.name == "a.vcf"


@pytest.mark.parametrize(("name", "content", "code"), [
    ("a.txt", b"x", "wrong_extension"), ("a.vcf", b"", "empty_file"), ("a.vcf", b"x" * 153_601, "file_too_large")])
def test_what_cannot_be_annotated_is_a_failed_job_with_a_reason(
        services: Services, submit: ModuleType, make_profile: Callable[..., Profile], name: str, content: bytes,
        code: str) -> None:
    make_profile(ADA)
    key = f"{ADA}/{job_id()}/{name}"
    put_input(services, key, content)
    assert deliver(submit, s3_event(key)) == []
    job = services.jobs.get(job_id())
    assert job is not None
    assert job.error is not None
    assert (job.job_status, job.error.code) == (JobStatus.FAILED, code)
    assert job.error.hint
    assert job.complete_time == services.clock()
    assert bodies_in(services.settings.job_requests_queue_url) == []


def test_premium_takes_what_free_does_not(services: Services, submit: ModuleType,
                                          make_profile: Callable[..., Profile]) -> None:
    make_profile(ADA, role=Role.PREMIUM)
    key = f"{ADA}/{job_id()}/a.vcf"
    put_input(services, key, b"x" * 153_601)
    deliver(submit, s3_event(key))
    job = services.jobs.get(job_id())
    assert job is not None
    assert job.job_status is JobStatus.PENDING


def test_s3s_test_event_and_foreign_keys_are_passed_over(services: Services, submit: ModuleType) -> None:
    put_input(services, "somewhere/else.vcf", b"x")
    test_event = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "inputs"})
    assert deliver(submit, test_event, s3_event("somewhere/else.vcf")) == []
    assert keys_in(services.files.inputs_bucket) == ["somewhere/else.vcf"]


@pytest.mark.writes_once
def test_a_file_that_is_annotated_again_is_copied_and_then_becomes_a_job(
        services: Services, submit: ModuleType, make_profile: Callable[..., Profile]) -> None:
    make_profile(ADA)
    source = make_job(services, 1, content=b"##fileformat=VCFv4.2\n", note="família")
    copy = CopyInput(user_id=ADA, copy_of=source.job_id, job_id=job_id(2), reference="rCRS", file_name="free_1.vcf")
    assert deliver(submit, copy.to_json(), copy.to_json()) == []
    assert services.jobs.get(job_id(2)) is None, "S3's event makes the job"
    assert deliver(submit, s3_event(copy.key), copy.to_json(), s3_event(copy.key)) == []
    job = services.jobs.get(job_id(2))
    assert job is not None
    assert (job.job_status, job.note, job.input.size) == (JobStatus.PENDING, "família", 21)
    assert deliver(submit, copy.to_json().replace(source.job_id, "no job's id")) == ["0"]


@pytest.mark.writes_once
@pytest.mark.parametrize("at", range(1, 12))
def test_a_file_is_copied_once_whenever_the_function_dies(
        services: Services, submit: ModuleType, make_profile: Callable[..., Profile], at: int,
        monkeypatch: pytest.MonkeyPatch) -> None:
    make_profile(ADA)
    source = make_job(services, 1)
    copy = CopyInput(user_id=ADA, copy_of=source.job_id, job_id=job_id(2), reference="rCRS", file_name="free_1.vcf")
    faults = Faults()
    faults.fail_at = at
    with monkeypatch.context() as broken:
        faults.install(broken)
        failed = deliver(submit, copy.to_json())
    assert bool(failed) is (len(faults.calls) >= at)
    if failed:
        assert deliver(submit, copy.to_json()) == []
    assert deliver(submit, s3_event(copy.key)) == []
    assert len(services.jobs.of_user(ADA, 10).jobs) == 2
    assert len(keys_in(services.files.inputs_bucket)) == 2


def test_a_broken_message_fails_alone(services: Services, submit: ModuleType,
                                      make_profile: Callable[..., Profile]) -> None:
    make_profile(ADA)
    key = f"{ADA}/{job_id()}/a.vcf"
    put_input(services, key, b"x")
    assert deliver(submit, '{"not": "an event"}', s3_event(key)) == ["0"]
    assert services.jobs.get(job_id()) is not None


def test_a_job_whose_request_was_not_published_is_requested_again(
        services: Services, submit: ModuleType, make_profile: Callable[..., Profile],
        monkeypatch: pytest.MonkeyPatch) -> None:
    make_profile(ADA)
    key = f"{ADA}/{job_id()}/a.vcf"
    put_input(services, key, b"x")

    def unreachable(request: object) -> None:
        raise ConnectionError("SNS is away")

    with monkeypatch.context() as away:
        away.setattr(services.topics, "request_job", unreachable)
        assert deliver(submit, s3_event(key)) == ["0"]
    assert bodies_in(services.settings.job_requests_queue_url) == []
    assert deliver(submit, s3_event(key)) == []
    assert bodies_in(services.settings.job_requests_queue_url) == [
        {"type": "job_request", "job_id": job_id(), "user_id": ADA}]
