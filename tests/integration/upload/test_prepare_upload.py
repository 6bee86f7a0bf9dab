"""A form or link for an upload is good for one upload: attacks that send it again, and files that no plan covers."""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import boto3
import pytest

from chalicelib.aws.dynamodb.job_search import JobSearch
from chalicelib.aws.dynamodb.jobs import TOMBSTONE_SECONDS
from chalicelib.domain.jobs import JobStatus
from chalicelib.domain.profiles import Profile, Role
from chalicelib.exceptions import FileNotAvailableError, JobNotFoundError
from chalicelib.services import Services
from chalicelib.usecases.archive.file_hold import held_files
from chalicelib.usecases.jobs.user_jobs import delete_job, download_link, job_files
from chalicelib.usecases.upload.annotate_again import annotate_again
from tests.conftest import real_template
from tests.integration.support.jobs_made import ADA, bodies_in, job_id, put_input, stored
from tests.integration.upload.test_submit_job import deliver, s3_event, submit
from tests.job_records import job_with

__all__ = ["submit"]

KEY = f"{ADA}/{job_id()}/a.vcf"
FIRST, SECOND = b"##fileformat=VCFv4.2\n", b"other bytes"


def versions(services: Services) -> list[str]:
    """Every version and delete marker of the inputs bucket."""
    found = boto3.client("s3").list_object_versions(Bucket=services.files.inputs_bucket)
    return [entry["VersionId"] for entry in (*found.get("Versions", []), *found.get("DeleteMarkers", []))]


@pytest.fixture
def submitted(services: Services, submit: ModuleType, make_profile: Callable[..., Profile]) -> str:
    """A job of an uploaded file; gives the file's version."""
    make_profile(ADA)
    version = put_input(services, KEY, FIRST)
    assert deliver(submit, s3_event(KEY, version)) == []
    bodies_in(services.settings.job_requests_queue_url)
    return version


def annotate(services: Services) -> None:
    """The job completes."""
    services.jobs.take(job_id(), "w1", services.clock(), 60)
    services.jobs.update(job_id(), None, {"job_status": JobStatus.COMPLETED.value}, ("lease_owner", "lease_expires"))


def content(services: Services, version: str, path: Path) -> bytes:
    """What a worker downloads."""
    assert services.files.download(services.files.inputs_bucket, KEY, path, version_id=version)
    return path.read_bytes()


def test_the_form_sent_again_does_not_replace_the_input_of_a_job(
        services: Services, submit: ModuleType, submitted: str, tmp_path: Path) -> None:
    annotate(services)
    second = put_input(services, KEY, SECOND)
    job = services.jobs.get(job_id())
    assert job is not None
    assert job.input.version == submitted
    # Before the event arrives: who reads the input reads the version that became the job.
    assert content(services, submitted, tmp_path / "before") == FIRST
    assert f"versionId={submitted}" in download_link(services, ADA, job_id(), "input")
    assert deliver(submit, s3_event(KEY, second)) == []
    assert versions(services) == [submitted]
    assert services.jobs.get(job_id()) == job
    assert content(services, submitted, tmp_path / "after") == FIRST


def test_annotating_again_copies_the_version_of_the_job(
        services: Services, submit: ModuleType, submitted: str, make_profile: Callable[..., Profile]) -> None:
    annotate(services)
    put_input(services, KEY, SECOND)
    copy = annotate_again(services, make_profile(ADA), job_id(), "rCRS")
    assert deliver(submit, *map(json.dumps, bodies_in(services.settings.uploads_queue_url))) == []
    body = boto3.client("s3").get_object(Bucket=services.files.inputs_bucket, Key=copy)["Body"].read()
    assert body == FIRST


def test_the_form_sent_again_does_not_bring_back_a_deleted_job(
        services: Services, submit: ModuleType, submitted: str) -> None:
    annotate(services)
    delete_job(services, ADA, job_id())
    for name in ("a.vcf", "b.vcf"):
        key = f"{ADA}/{job_id()}/{name}"
        assert deliver(submit, s3_event(key, put_input(services, key, SECOND))) == []
    assert services.jobs.get(job_id()) is None
    assert versions(services) == []
    assert bodies_in(services.settings.job_requests_queue_url) == []


def test_what_is_left_of_a_deleted_job_says_nothing_of_anybody(services: Services, submitted: str) -> None:
    annotate(services)
    delete_job(services, ADA, job_id())
    item = boto3.client("dynamodb").get_item(TableName=services.jobs.name, Key={"job_id": {"S": job_id()}})["Item"]
    assert set(item) == {"job_id", "expires", "version"}
    assert int(item["expires"]["N"]) == services.clock() + TOMBSTONE_SECONDS
    assert services.jobs.of_user(ADA, 10).jobs == []


def test_the_table_forgets_deleted_jobs_after_every_message_about_them() -> None:
    resources = real_template()["Resources"]
    assert resources["AnnotationsTable"]["Properties"]["TimeToLiveSpecification"] == {
        "AttributeName": "expires", "Enabled": True}
    assert 2 * resources["UploadsQueue"]["Properties"]["MessageRetentionPeriod"] < TOMBSTONE_SECONDS


def test_deleting_a_job_twice_leaves_the_same(services: Services, submitted: str) -> None:
    annotate(services)
    services.archive_table.hold_files(job_id(), "me", services.clock(), 60)
    for _ in range(2):
        services.jobs.delete(job_id(), "me", services.clock())
    assert services.jobs.get(job_id()) is None


def test_no_move_finds_a_deleted_job(services: Services, submitted: str) -> None:
    services.jobs.cancel(job_id(), services.clock())
    services.archive_table.hold_files(job_id(), "me", services.clock(), 60)
    services.jobs.delete(job_id(), "me", services.clock())
    with pytest.raises(JobNotFoundError):
        services.jobs.take(job_id(), "w1", services.clock(), 60)
    with pytest.raises(JobNotFoundError):
        services.jobs.cancel(job_id(), services.clock())
    with pytest.raises(JobNotFoundError), held_files(services, job_id(), "w1", 60):
        pytest.fail("the files of a deleted job are held")
    assert JobSearch(services.jobs).jobs([job_id()]) == []


def test_events_out_of_order_keep_one_of_two_files(
        services: Services, submit: ModuleType, make_profile: Callable[..., Profile], tmp_path: Path) -> None:
    make_profile(ADA)
    first, second = put_input(services, KEY, FIRST), put_input(services, KEY, SECOND)
    assert deliver(submit, s3_event(KEY, second), s3_event(KEY, first), s3_event(KEY, second)) == []
    assert versions(services) == [second]
    job = services.jobs.get(job_id())
    assert job is not None
    assert (job.input.version, job.input.size) == (second, len(SECOND))
    assert content(services, second, tmp_path / "input") == SECOND


def test_an_event_without_a_version_means_the_newest(
        services: Services, submit: ModuleType, submitted: str) -> None:
    put_input(services, KEY, SECOND)
    assert deliver(submit, s3_event(KEY)) == []
    assert versions(services) == [submitted]
    assert deliver(submit, s3_event(KEY)) == []
    assert versions(services) == [submitted]


@pytest.mark.parametrize(("name", "body", "code"), [
    ("a.txt", b"x", "wrong_extension"), ("a.vcf", b"", "empty_file"), ("a.vcf", b"x" * 153_601, "file_too_large"),
    ("../../x/a.vcf", b"x", "bad_name"), ("", b"", "no_name"), ("\u202efcv.vcf", b"x", "bad_name")])
def test_a_refused_file_is_not_stored(services: Services, submit: ModuleType, make_profile: Callable[..., Profile],
                                      name: str, body: bytes, code: str) -> None:
    profile = make_profile(ADA)
    key = f"{ADA}/{job_id()}/{name}"
    version = put_input(services, key, body)
    assert deliver(submit, s3_event(key, version)) == []
    job = services.jobs.get(job_id())
    assert job is not None
    assert job.error is not None
    assert (job.job_status, job.error.code, job.input.deleted) == (JobStatus.FAILED, code, True)
    assert versions(services) == []
    assert job_files(job) == []
    with pytest.raises(FileNotAvailableError):
        download_link(services, ADA, job_id(), "input")
    with pytest.raises(FileNotAvailableError):
        annotate_again(services, profile, job_id(), "rCRS")


def test_the_form_of_a_refused_file_sent_again_leaves_nothing(
        services: Services, submit: ModuleType, make_profile: Callable[..., Profile]) -> None:
    make_profile(ADA)
    assert deliver(submit, s3_event(KEY, put_input(services, KEY, b""))) == []
    assert deliver(submit, s3_event(KEY, put_input(services, KEY, FIRST))) == []
    job = services.jobs.get(job_id())
    assert job is not None
    assert job.job_status is JobStatus.FAILED
    assert versions(services) == []


def test_a_refused_file_is_deleted_after_its_reason_was_announced(
        services: Services, submit: ModuleType, make_profile: Callable[..., Profile],
        monkeypatch: pytest.MonkeyPatch) -> None:
    make_profile(ADA)
    event = s3_event(KEY, put_input(services, KEY, b""))

    def unreachable(result: object) -> None:
        raise ConnectionError("SNS is away")

    with monkeypatch.context() as away:
        away.setattr(services.topics, "announce_result", unreachable)
        assert deliver(submit, event) == ["0"]
    assert bodies_in(services.settings.notify_queue_url) == []
    assert deliver(submit, event) == []
    assert [body["job_id"] for body in bodies_in(services.settings.notify_queue_url)] == [job_id()]
    assert versions(services) == []


def test_the_file_of_a_deleted_account_goes_with_its_version(services: Services, submit: ModuleType) -> None:
    assert deliver(submit, s3_event(KEY, put_input(services, KEY, FIRST))) == []
    assert versions(services) == []


def test_a_downgrade_during_an_upload_keeps_nothing_that_the_plan_does_not_cover(
        services: Services, submit: ModuleType, make_profile: Callable[..., Profile]) -> None:
    make_profile(ADA, role=Role.PREMIUM)
    version = put_input(services, KEY, b"x" * 153_601)
    services.profiles.unsubscribe(ADA, services.clock())
    assert deliver(submit, s3_event(KEY, version)) == []
    job = services.jobs.get(job_id())
    assert job is not None
    assert job.error is not None
    assert job.error.code == "file_too_large"
    assert versions(services) == []


@pytest.mark.parametrize("declared", [3, 5])
def test_a_file_of_another_size_than_announced_is_refused(
        services: Services, submit: ModuleType, make_profile: Callable[..., Profile], declared: int) -> None:
    make_profile(ADA, role=Role.PREMIUM)
    version = put_input(services, KEY, b"four", **{"declared-size": str(declared)})
    assert deliver(submit, s3_event(KEY, version)) == []
    job = services.jobs.get(job_id())
    assert job is not None
    assert job.error is not None
    assert job.error.code == "other_size"
    assert versions(services) == []


def test_the_worker_annotates_the_version_of_the_job(
        services: Services, submitted: str, tmp_path: Path) -> None:
    put_input(services, KEY, SECOND)
    job = services.jobs.get(job_id())
    assert job is not None
    assert job.input.version is not None
    assert content(services, job.input.version, tmp_path / "input") == FIRST
    gone = job_with(job, s3_version_input_file="0" * 32)
    assert stored(services, job) == job
    assert not services.files.download(gone.input.bucket, KEY, tmp_path / "gone",
                                       version_id=gone.input.version)
