"""A job's status moves by conditional update only, whoever comes late or twice."""
from __future__ import annotations

import pytest

from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import Job, JobProgress, JobStatus, Stage
from chalicelib.domain.result_files import JobOutputs, StoredFile
from chalicelib.exceptions import (
    BadRequestError,
    FilesOnTheMoveError,
    JobNotCancellableError,
    JobNotFoundError,
    JobTakenError,
    LeaseLostError,
)
from chalicelib.services import Services
from tests.integration.support.jobs_made import ADA, EVE, job_id, make_job
from tests.integration.support.jobs_made import stored as reload
from tests.job_records import stored_files

OUTPUTS = JobOutputs(
    bucket="results",
    files={**stored_files("u/j/", "a.vcf"), "results": StoredFile("u/j/a.annot.vcf.gz", None, 1234, "ab" * 32)},
    summary={"records": 3, "titv": 2.5, "consequences": {"missense_variant": 2}},
)


def test_a_job_comes_back_as_it_was_put(services: Services) -> None:
    job = make_job(services)
    assert services.jobs.get(job.job_id) == job


def test_a_job_is_created_once(services: Services) -> None:
    job = make_job(services)
    assert services.jobs.create(job) is False


def test_the_whole_way_to_completed(services: Services) -> None:
    job = make_job(services)
    now = services.clock()
    taken = services.jobs.take(job.job_id, "w1", now, 60)
    assert (taken.job_status, taken.run.attempt, taken.run.start_time, taken.run.lease_expires) \
        == (JobStatus.RUNNING, 1, now, now + 60)
    services.jobs.renew(job.job_id, "w1", now + 30, 60, JobProgress(stage=Stage.ANNOTATING, records=5, total=10))
    seen = services.jobs.get(job.job_id)
    assert seen is not None
    assert seen.run.progress is not None
    assert (seen.run.progress.percent, seen.run.lease_expires) == (50, now + 90)
    done = services.jobs.complete(job.job_id, "w1", now + 40, OUTPUTS)
    assert done.job_status is JobStatus.COMPLETED
    assert done.complete_time == now + 40
    assert done.summary == OUTPUTS.summary
    assert done.run.lease_owner is None
    assert done.run.progress is None
    assert done.version != taken.version


def test_a_held_job_is_not_taken_until_its_lease_ends(services: Services) -> None:
    job = make_job(services)
    services.jobs.take(job.job_id, "w1", 1000, 60)
    with pytest.raises(JobTakenError):
        services.jobs.take(job.job_id, "w2", 1060, 60)
    again = services.jobs.take(job.job_id, "w2", 1061, 60)
    run = again.run
    assert (run.lease_owner, run.attempt, run.start_time, run.attempt_start_time) == ("w2", 2, 1000, 1061)


def test_who_lost_the_lease_cannot_write(services: Services) -> None:
    job = make_job(services)
    services.jobs.take(job.job_id, "w1", 1000, 60)
    services.jobs.take(job.job_id, "w2", 1061, 60)
    with pytest.raises(LeaseLostError):
        services.jobs.renew(job.job_id, "w1", 1062, 60, JobProgress(stage=Stage.ANNOTATING))
    with pytest.raises(LeaseLostError):
        services.jobs.complete(job.job_id, "w1", 1062, OUTPUTS)
    with pytest.raises(LeaseLostError):
        services.jobs.fail(job.job_id, "w1", 1062, JobReason(code="x", message="x"))
    with pytest.raises(LeaseLostError):
        services.jobs.hand_back(reload(services, job), "w1", True)
    assert services.jobs.complete(job.job_id, "w2", 1063, OUTPUTS).job_status is JobStatus.COMPLETED


@pytest.mark.parametrize(("count_attempt", "attempts"), [(True, 2), (False, 1)])
def test_a_job_handed_back_waits_again(services: Services, count_attempt: bool, attempts: int) -> None:
    job = make_job(services)
    services.jobs.take(job.job_id, "w1", 1000, 60)
    services.jobs.hand_back(reload(services, job), "w1", count_attempt)
    seen = services.jobs.get(job.job_id)
    assert seen is not None
    assert (seen.job_status, seen.run.lease_owner) == (JobStatus.PENDING, None)
    assert services.jobs.take(job.job_id, "w2", 1001, 60).run.attempt == attempts


def test_a_job_handed_back_for_trouble_waits_for_its_time(services: Services) -> None:
    job = make_job(services)
    services.jobs.hand_back(services.jobs.take(job.job_id, "w1", 1000, 60), "w1", False, retry_time=1030)
    with pytest.raises(JobTakenError):
        services.jobs.take(job.job_id, "w2", 1029, 60)
    taken = services.jobs.take(job.job_id, "w2", 1030, 60)
    assert (taken.run.attempt, taken.run.hand_backs, taken.run.retry_time) == (1, 1, None)


def test_a_failed_job_keeps_its_reason(services: Services) -> None:
    job = make_job(services)
    services.jobs.take(job.job_id, "w1", 1000, 60)
    reason = JobReason(code="wrong_column_count", message="Line 17 has 5 columns.", hint="Look.", line=17, text="MT\t1")
    assert services.jobs.fail(job.job_id, "w1", 1001, reason).error == reason


def test_an_ended_job_is_not_taken(services: Services) -> None:
    job = make_job(services)
    services.jobs.cancel(job.job_id, 1000)
    with pytest.raises(LeaseLostError):
        services.jobs.take(job.job_id, "w1", 1001, 60)
    with pytest.raises(JobNotFoundError):
        services.jobs.take(job_id(99), "w1", 1001, 60)


def test_cancel_takes_the_job_from_its_worker(services: Services) -> None:
    job = make_job(services)
    services.jobs.take(job.job_id, "w1", 1000, 60)
    assert services.jobs.cancel(job.job_id, 1001).job_status is JobStatus.CANCELLED
    with pytest.raises(LeaseLostError):
        services.jobs.renew(job.job_id, "w1", 1002, 60, JobProgress(stage=Stage.ANNOTATING))
    with pytest.raises(JobNotCancellableError):
        services.jobs.cancel(job.job_id, 1003)
    with pytest.raises(JobNotFoundError):
        services.jobs.cancel(job_id(99), 1003)


def test_only_ended_jobs_are_deleted(services: Services) -> None:
    job = make_job(services)
    services.archive_table.hold_files(job.job_id, "me", 1000, 60)
    with pytest.raises(JobNotCancellableError):
        services.jobs.delete(job.job_id, "me", services.clock())
    services.jobs.cancel(job.job_id, 1000)
    with pytest.raises(FilesOnTheMoveError):
        services.jobs.delete(job.job_id, "other", services.clock())
    services.jobs.delete(job.job_id, "me", services.clock())
    services.jobs.delete(job.job_id, "me", services.clock())
    assert services.jobs.get(job.job_id) is None


def test_jobs_are_listed_newest_first_page_by_page_and_only_ones_own(services: Services) -> None:
    for number in range(1, 6):
        make_job(services, number, submit_time=1000 + number)
    make_job(services, 6, user_id=EVE, submit_time=2000)
    seen, cursor = [], None
    while True:
        page = services.jobs.of_user(ADA, 2, cursor)
        seen += [job.submit_time for job in page.jobs]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [1005, 1004, 1003, 1002, 1001]


@pytest.mark.parametrize("cursor", ["x", "bm90IGpzb24", "WzFd", "%%%", "W251bGwsbnVsbF0"])
def test_a_cursor_that_no_page_gave_is_refused(services: Services, cursor: str) -> None:
    with pytest.raises(BadRequestError):
        services.jobs.of_user(ADA, 2, cursor)


def test_a_cursor_of_another_user_leads_to_ones_own_jobs_only(services: Services) -> None:
    for number in (1, 2):
        make_job(services, number, user_id=EVE, submit_time=1000 + number)
    cursor = services.jobs.of_user(EVE, 1).next_cursor
    make_job(services, 3, user_id=ADA, submit_time=900)
    assert all(job.user_id == ADA for job in services.jobs.of_user(ADA, 5, cursor).jobs)


def test_an_attempt_that_was_made_since_the_record_was_read_counts(
        services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between reading and taking, another worker began the job and handed it back."""
    job = make_job(services)
    read, others = services.jobs.get, [True]

    def read_too_early(job_id: str) -> Job | None:
        found = read(job_id)
        if others:
            others.pop()
            services.jobs.hand_back(services.jobs.take(job_id, "w1", services.clock(), 60), "w1", True)
        return found

    monkeypatch.setattr(services.jobs, "get", read_too_early)
    assert services.jobs.take(job.job_id, "w2", services.clock(), 60).run.attempt == 2
