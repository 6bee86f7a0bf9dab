"""The sweep: what nothing moves any more is helped along, what is safe is repaired, the rest is counted."""
from __future__ import annotations

import urllib.parse
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from chalicelib.aws.dynamodb.orphan_sightings import OrphanSightings
from chalicelib.aws.dynamodb.sweep_position import SweepPositionRecord
from chalicelib.domain.jobs import Job, JobStatus, RestoreStatus, RestoreTier
from chalicelib.domain.profiles import Profile, Role
from chalicelib.services import Services
from chalicelib.usecases.maintenance import sweep_files as files_use_case
from chalicelib.usecases.maintenance import sweep_jobs as jobs_use_case
from chalicelib.usecases.maintenance.sweep_files import sweep_files
from chalicelib.usecases.maintenance.sweep_jobs import sweep_jobs
from tests.conftest import HeldClock
from tests.integration.support.cold import (
    CONTEXT,
    RETENTION,
    Functions,
    make_completed,
    names_in,
    reload,
)
from tests.integration.support.jobs_made import ADA, bodies_in, job_id, keys_in, make_job, put_input

DAY = 86_400


@pytest.fixture
def as_of_now(clock: HeldClock) -> HeldClock:
    """The clock, at the time at which moto writes files."""
    clock.now = int(datetime.now(UTC).timestamp())
    return clock


def walk(services: Services) -> dict[str, int]:
    return {name: count for name, count in sweep_files(services, lambda: True).items() if count}


def archived(services: Services, functions: Functions, clock: HeldClock, number: int = 1) -> Job:
    job = make_completed(services, number)
    clock.advance(RETENTION)
    return functions.archive(job)


# ---- every few minutes ---------------------------------------------------------------------------------------
def test_a_waiting_job_is_requested_again_once_an_hour_and_given_up_after_two_days(
        services: Services, functions: Functions, clock: HeldClock, make_profile: Callable[..., Profile]) -> None:
    make_profile()
    job = make_job(services)
    queue = services.settings.job_requests_queue_url
    assert sweep_jobs(services)["requested_again"] == 0
    clock.advance(1000)
    assert [sweep_jobs(services)["requested_again"] for _ in range(3)] == [1, 0, 0]
    clock.advance(3601)
    assert sweep_jobs(services) == {"requested_again": 1, "given_up": 0, "announced_late": 0,
                                    "retrievals_again": 0, "open_jobs": 1, "oldest_open_job": 4601,
                                    "oldest_waiting_job": 4601, "oldest_retrieval": 0}
    assert bodies_in(queue) == [{"type": "job_request", "job_id": job.job_id, "user_id": ADA}] * 2
    clock.advance(2 * DAY)
    assert sweep_jobs(services)["given_up"] == 1
    failed = reload(services, job)
    assert failed.error is not None
    assert (failed.job_status, failed.error.code) == (JobStatus.FAILED, "service_trouble")
    assert [body["job_status"] for body in functions.waiting("notify")] == ["FAILED"]
    assert sweep_jobs(services)["open_jobs"] == 0


def test_the_age_of_waiting_jobs_is_not_that_of_running_ones(
        services: Services, clock: HeldClock, make_profile: Callable[..., Profile]) -> None:
    make_profile()
    job = make_job(services)
    clock.advance(5000)
    services.jobs.take(job.job_id, "w1", clock(), 60)
    counts = sweep_jobs(services)
    assert (counts["oldest_open_job"], counts["oldest_waiting_job"]) == (5000, 0)


@pytest.mark.writes_once("sqs")
def test_the_sweep_counts_the_messages_of_job_requests(services: Services, functions: Functions) -> None:
    queue = services.settings.job_requests_queue_url
    for _ in range(3):
        boto3.client("sqs").send_message(QueueUrl=queue, MessageBody="{}")
    boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=1)
    counts = functions.modules["sweep"].handler({"walk": "requests"}, CONTEXT)
    assert counts == {"requests_waiting": 2, "requests_in_flight": 1}


def test_a_job_whose_lease_runs_is_left_alone_and_one_past_it_is_not(
        services: Services, clock: HeldClock, make_profile: Callable[..., Profile]) -> None:
    make_profile()
    job = make_job(services)
    clock.advance(1000)
    services.jobs.take(job.job_id, "w1", clock(), 60)
    clock.advance(300)
    assert sweep_jobs(services)["requested_again"] == 0
    clock.advance(100)
    assert sweep_jobs(services)["requested_again"] == 1


@pytest.mark.parametrize(("tier", "overdue"), [(RestoreTier.EXPEDITED, 601), (RestoreTier.STANDARD, 36_001)])
def test_a_retrieval_that_never_came_is_asked_for_again(
        services: Services, functions: Functions, clock: HeldClock, make_profile: Callable[..., Profile],
        tier: RestoreTier, overdue: int) -> None:
    make_profile()
    job = archived(services, functions, clock)
    services.profiles.subscribe(ADA)
    services.archive_table.record_retrieval(job.job_id, str(job.archive_id), tier, clock())
    clock.advance(overdue - 1)
    assert sweep_jobs(services)["retrievals_again"] == 0
    clock.advance(1)
    assert sweep_jobs(services)["retrievals_again"] == 1
    assert functions.deliver_waiting("restore") == 1
    assert reload(services, job).archive.restore_status is RestoreStatus.RESTORING


def test_retrievals_in_time_do_not_hide_one_that_is_overdue(
        services: Services, functions: Functions, clock: HeldClock, make_profile: Callable[..., Profile],
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_use_case, "PAGE", 2)
    make_profile()
    jobs = [archived(services, functions, clock, number) for number in range(1, 6)]
    for job in jobs[:4]:
        services.archive_table.record_retrieval(job.job_id, str(job.archive_id), RestoreTier.STANDARD,
                                                clock())
    clock.advance(1)
    services.archive_table.record_retrieval(jobs[4].job_id, str(jobs[4].archive_id),
                                            RestoreTier.EXPEDITED, clock())
    clock.advance(700)
    assert sweep_jobs(services)["retrievals_again"] == 1
    assert functions.waiting("restore") == [
        {"type": "restore_job", "user_id": ADA, "job_id": jobs[4].job_id, "again": True}]


# ---- once a day ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["a.vcf", "two words+plus.vcf", "ünïcödé 100%.vcf"])
def test_an_upload_that_became_no_job_is_submitted_again(services: Services, functions: Functions,
                                                         as_of_now: HeldClock, name: str) -> None:
    key = f"{ADA}/{job_id()}/{name}"
    put_input(services, key, b"x")
    assert walk(services) == {}
    as_of_now.advance(3700)
    assert walk(services) == {"uploads_resubmitted": 1}
    (event,) = bodies_in(services.settings.uploads_queue_url)
    assert urllib.parse.unquote_plus(event["Records"][0]["s3"]["object"]["key"]) == key


@pytest.mark.parametrize("input_deleted", [False, True])
def test_a_file_that_came_after_its_job_is_submitted_again_to_be_deleted(
        services: Services, as_of_now: HeldClock, input_deleted: bool) -> None:
    job = make_job(services, job_status=JobStatus.FAILED, input_deleted=input_deleted)
    assert walk(services) == {}
    as_of_now.advance(3700)
    assert walk(services) == ({"uploads_resubmitted": 1} if input_deleted else {})
    other = f"{ADA}/{job_id()}/other.vcf"
    put_input(services, other, b"x")  # by the same form, and within a second of the job
    services.jobs.update(job.job_id, None, {"submit_time": as_of_now(), "input_deleted": False})
    as_of_now.advance(3700)
    assert walk(services) == {"uploads_resubmitted": 1}, "the form was used again, and S3's event was lost"
    services.files.delete(services.files.inputs_bucket, other)
    services.jobs.update(job.job_id, None, {"submit_time": job.submit_time - 600, "input_deleted": False})
    assert walk(services) == {"uploads_resubmitted": 1}


def test_a_free_result_that_is_long_due_is_archived(services: Services, functions: Functions, as_of_now: HeldClock,
                                                    make_profile: Callable[..., Profile]) -> None:
    make_profile()
    job = make_completed(services)
    as_of_now.advance(RETENTION + 10)
    assert walk(services) == {}
    as_of_now.advance(DAY)
    assert walk(services) == {"archive_requested": 1}
    assert functions.deliver_waiting("archive") == 1
    assert reload(services, job).archived


@pytest.mark.parametrize("left", ["free_1.annot.vcf.gz", "free_1.annot.vcf.gz.tbi"])
def test_an_original_left_beside_its_archived_copy_is_removed(
        services: Services, functions: Functions, as_of_now: HeldClock, make_profile: Callable[..., Profile],
        left: str) -> None:
    make_profile()
    job = archived(services, functions, as_of_now)
    boto3.client("s3").put_object(Bucket=services.files.results_bucket, Key=f"{ADA}/{job.job_id}/{left}", Body=b"x")
    as_of_now.advance(2 * DAY)
    assert walk(services)["archive_requested"] == 1
    functions.deliver_waiting("archive")
    assert names_in(services.files.results_bucket) == ["free_1.count.log", "free_1.summary.json"]
    assert reload(services, job).archived


def test_a_premium_users_archived_result_that_nobody_sent_for_is_sent_for(
        services: Services, functions: Functions, as_of_now: HeldClock, make_profile: Callable[..., Profile]) -> None:
    make_profile()
    job = archived(services, functions, as_of_now)
    as_of_now.advance(2 * DAY)
    assert walk(services) == {}
    services.profiles.subscribe(ADA)
    assert walk(services) == {"restore_requested": 1}
    assert functions.waiting("restore") == [{"type": "restore_job", "user_id": ADA, "job_id": job.job_id}]


def test_leftovers_go_when_they_were_seen_twice_a_day_apart_and_what_records_name_stays(
        services: Services, functions: Functions, as_of_now: HeldClock, make_profile: Callable[..., Profile]) -> None:
    make_profile(role=Role.PREMIUM)
    live = make_completed(services, 1)
    services.profiles.unsubscribe(ADA, 0)
    cold = archived(services, functions, as_of_now, 2)
    services.profiles.subscribe(ADA)
    services.archive_table.record_retrieval(cold.job_id, str(cold.archive_id), RestoreTier.STANDARD, 0)
    named = keys_in(services.files.results_bucket) + keys_in(services.files.archive_bucket)
    s3 = boto3.client("s3")
    for bucket, key in ((services.files.archive_bucket, f"{ADA}/{live.job_id}/1/free_1.annot.vcf.gz"),
                        (services.files.archive_bucket, f"{ADA}/{cold.job_id}/2/free_1.annot.vcf.gz"),
                        (services.files.archive_bucket, f"{ADA}/{job_id(9)}/1/free_1.annot.vcf.gz"),
                        (services.files.results_bucket, f"{ADA}/{job_id(9)}/free_1.annot.vcf.gz")):
        s3.put_object(Bucket=bucket, Key=key, Body=b"left behind")
    assert walk(services) == {}
    as_of_now.advance(2 * DAY)
    assert walk(services) == {"leftovers_seen": 4}
    as_of_now.advance(DAY - 1)
    assert walk(services) == {}, "a second sighting comes a day after the first, or later"
    as_of_now.advance(1)
    assert walk(services) == {"leftovers_deleted": 4}
    assert keys_in(services.files.results_bucket) + keys_in(services.files.archive_bucket) == named


def test_a_copy_that_is_just_being_written_anew_is_no_leftover(
        services: Services, functions: Functions, as_of_now: HeldClock, make_profile: Callable[..., Profile],
        monkeypatch: pytest.MonkeyPatch) -> None:
    make_profile()
    job = make_completed(services)
    key = f"{ADA}/{job.job_id}/1/free_1.annot.vcf.gz"
    boto3.client("s3").put_object(Bucket=services.files.archive_bucket, Key=key, Body=b"of a run that was cut off")
    as_of_now.advance(2 * DAY)
    assert walk(services)["leftovers_seen"] == 1
    as_of_now.advance(2 * DAY)
    OrphanSightings(services.jobs).note(services.files.archive_bucket, key, as_of_now() - DAY)
    (seen,) = services.files.walk(services.files.archive_bucket)
    put = services.archive_store.put

    def swept_meanwhile(job_put: Any, intend: Any) -> str:
        archive_id = put(job_put, intend)
        with monkeypatch.context() as now:
            # The walk listed the bucket before the copy was written anew.
            listed = {services.files.archive_bucket: [seen]}
            now.setattr(services.files, "walk", lambda bucket, after: listed.get(bucket, []))
            assert walk(services) == {}
        return archive_id

    monkeypatch.setattr(services.archive_store, "put", swept_meanwhile)
    assert functions.archive(job).archive_id == key
    assert key in keys_in(services.files.archive_bucket)


def test_a_file_that_was_written_again_is_seen_for_the_first_time(
        services: Services, functions: Functions, as_of_now: HeldClock, make_profile: Callable[..., Profile]) -> None:
    make_profile()
    key = f"{ADA}/{job_id(9)}/1/free_1.annot.vcf.gz"
    boto3.client("s3").put_object(Bucket=services.files.archive_bucket, Key=key, Body=b"left behind")
    OrphanSightings(services.jobs).note(services.files.archive_bucket, key, 1000)  # before it was written again
    as_of_now.advance(2 * DAY)
    assert walk(services) == {"leftovers_seen": 1}


@pytest.mark.parametrize("number", range(5))
def test_a_missing_file_of_a_live_result_is_counted(
        services: Services, functions: Functions, as_of_now: HeldClock, make_profile: Callable[..., Profile],
        number: int) -> None:
    make_profile(role=Role.PREMIUM)
    job = make_completed(services)
    assert len(job.results_bucket_keys) == 5
    services.files.delete(services.files.results_bucket, job.results_bucket_keys[number])
    assert walk(services) == {"results_missing": 1}


@pytest.mark.parametrize("number", range(3))
def test_a_missing_file_of_an_archived_result_is_counted(
        services: Services, functions: Functions, as_of_now: HeldClock, make_profile: Callable[..., Profile],
        number: int) -> None:
    make_profile()
    job = archived(services, functions, as_of_now)
    assert len(job.archive_bucket_keys) == 3
    services.files.delete(services.files.archive_bucket, job.archive_bucket_keys[number])
    assert walk(services) == {"archive_missing": 1}


def test_an_original_is_kept_when_the_archive_lacks_its_copy(
        services: Services, functions: Functions, as_of_now: HeldClock, make_profile: Callable[..., Profile]) -> None:
    make_profile()
    job = archived(services, functions, as_of_now)
    live = f"{ADA}/{job.job_id}/free_1.annot.vcf.gz"
    boto3.client("s3").put_object(Bucket=services.files.results_bucket, Key=live, Body=b"the last copy")
    services.files.delete(services.files.archive_bucket, str(job.archive_id))
    functions.archive(job)
    assert live in keys_in(services.files.results_bucket)


def test_a_walk_that_runs_out_of_time_is_continued_where_it_stopped(
        services: Services, functions: Functions, as_of_now: HeldClock, make_profile: Callable[..., Profile],
        monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Every batch is the last one of its run; all runs together find what one run finds."""
    monkeypatch.setattr(files_use_case, "BATCH", 1)
    make_profile(role=Role.PREMIUM)
    jobs = [make_completed(services, number) for number in range(1, 4)]
    for number, job in enumerate(jobs[:2]):
        services.files.delete(services.files.results_bucket, job.results_bucket_keys[number])
    for key in jobs[2].results_bucket_keys:  # nothing is left of this job, so that only its record names it
        services.files.delete(services.files.results_bucket, key)
    missing = {jobs[0].results_bucket_keys[0], jobs[1].results_bucket_keys[1], *jobs[2].results_bucket_keys}
    put_input(services, f"{ADA}/{job_id(9)}/late.vcf", b"x")
    as_of_now.advance(3700)
    assert sweep_files(services, lambda: False, begin=False)["oldest_walk"] == 0, "no walk was under way"
    found = [sweep_files(services, lambda: False)]
    while SweepPositionRecord(services.jobs).get() is not None:
        assert len(found) < 20
        as_of_now.advance(3600)
        found.append(sweep_files(services, lambda: False, begin=False))
    assert [counts["oldest_walk"] for counts in found] == [*range(0, 3600 * (len(found) - 1), 3600), 0]
    assert sum(counts["uploads_resubmitted"] for counts in found) == 1
    assert {getattr(line, "key", "") for line in caplog.records if line.levelname == "ERROR"} == missing


def test_a_walk_that_fails_is_continued_at_the_batch_that_failed(
        services: Services, as_of_now: HeldClock, make_profile: Callable[..., Profile],
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_use_case, "BATCH", 1)
    make_profile()
    make_completed(services)
    put_input(services, f"{ADA}/{job_id(9)}/late.vcf", b"x")
    as_of_now.advance(3700)
    with monkeypatch.context() as broken:
        broken.setattr(files_use_case, "_result", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            sweep_files(services, lambda: True)
    assert sweep_files(services, lambda: True, begin=False)["uploads_resubmitted"] == 0, "the inputs were done"
    assert SweepPositionRecord(services.jobs).get() is None


def test_the_function_reports_what_it_found(
        services: Services, functions: Functions, as_of_now: HeldClock, make_profile: Callable[..., Profile]) -> None:
    make_profile()
    make_completed(services)
    handler = functions.modules["sweep"].handler
    assert handler({"walk": "files"}, CONTEXT)["results_missing"] == 0
    assert handler({"walk": "remaining files"}, CONTEXT)["oldest_walk"] == 0
    assert handler({"walk": "jobs"}, CONTEXT)["open_jobs"] == 0
