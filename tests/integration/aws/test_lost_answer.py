"""DynamoDB carries out an update, its answer is lost, and the SDK sends the update again: nothing is lost by it."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.client import BaseClient

from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import JobStatus
from chalicelib.domain.profiles import Profile, Role
from chalicelib.exceptions import FilesOnTheMoveError, LeaseLostError
from chalicelib.services import Services
from chalicelib.usecases.maintenance.sweep_files import LEFTOVER, sweep_files
from chalicelib.usecases.upload.submit_job import submit_job
from tests.conftest import HeldClock
from tests.integration.support.cold import (
    RETENTION,
    Functions,
    live_sha256,
    make_completed,
    names_in,
    reload,
    request,
    restored_event,
)
from tests.integration.support.jobs_made import ADA, job_id, keys_in, make_job, put_input
from tests.repeated_writes import send_twice


def updates_twice(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return send_twice(monkeypatch, lambda service, *_: service == "dynamodb")


def swept(services: Services, days: int) -> dict[str, int]:
    """What a sweep finds so many days from now: moto writes files at the real time."""
    now = int(datetime.now(UTC).timestamp()) + days * (LEFTOVER + 100)
    return {name: count for name, count in sweep_files(replace(services, clock=lambda: now), lambda: True).items()
            if count}


@pytest.mark.writes_once
def test_the_only_copy_of_a_result_outlives_every_sweep(
        services: Services, functions: Functions, clock: HeldClock, make_profile: Callable[..., Profile],
        monkeypatch: pytest.MonkeyPatch) -> None:
    make_profile()
    clock.now = int(datetime.now(UTC).timestamp())  # an input that is newer than its job is none of its files
    job = make_completed(services, 1)
    clock.advance(RETENTION)
    assert updates_twice(monkeypatch) == []
    functions.archive(job)
    named = keys_in(services.files.archive_bucket)
    assert len(named) == 3
    assert [swept(services, days) for days in (1, 2, 3)] == [{}, {}, {}]
    assert keys_in(services.files.archive_bucket) == named
    assert reload(services, job).archive_id in named


@pytest.mark.writes_once
def test_index_and_table_come_back_with_the_result(
        services: Services, functions: Functions, clock: HeldClock, make_profile: Callable[..., Profile],
        monkeypatch: pytest.MonkeyPatch) -> None:
    make_profile()
    job = make_completed(services, 1)
    before = names_in(services.files.results_bucket)
    clock.advance(RETENTION)
    updates_twice(monkeypatch)
    functions.archive(job)
    services.profiles.subscribe(ADA)
    assert functions.deliver("restore", request("restore", job_id=job.job_id)) == []
    cold = reload(services, job)
    assert functions.deliver("thaw", restored_event(str(cold.archive_id))) == []
    assert names_in(services.files.results_bucket) == before
    assert keys_in(services.files.archive_bucket) == []
    back = reload(services, job)
    assert (back.file("index").key, back.file("variants").key) == (job.file("index").key, job.file("variants").key)
    assert live_sha256(services, job) == job.file("results").sha256


@pytest.mark.writes_once
def test_a_worker_does_not_lock_itself_out_of_the_job_that_it_took(
        services: Services, clock: HeldClock, make_profile: Callable[..., Profile],
        monkeypatch: pytest.MonkeyPatch) -> None:
    make_profile()
    job = make_job(services, 3)
    updates_twice(monkeypatch)
    taken = services.jobs.take(job.job_id, "me", clock(), 120)
    assert (taken.run.attempt, taken.run.lease_owner, taken.job_status) == (1, "me", JobStatus.RUNNING)
    services.jobs.hand_back(taken, "me", False)
    again = services.jobs.take(job.job_id, "other", clock(), 120)
    assert again.run.attempt == 1
    failed = services.jobs.fail(job.job_id, "other", clock(), JobReason(code="x", message="y"))
    assert failed.job_status is JobStatus.FAILED


@pytest.mark.writes_once
def test_a_hold_belongs_to_who_asked_twice_and_to_nobody_else(
        services: Services, clock: HeldClock, make_profile: Callable[..., Profile],
        monkeypatch: pytest.MonkeyPatch) -> None:
    make_profile()
    job = make_completed(services, 1)
    updates_twice(monkeypatch)
    assert services.archive_table.hold_files(job.job_id, "me", clock(), 60).archive.hold_owner == "me"
    with pytest.raises(FilesOnTheMoveError):
        services.archive_table.hold_files(job.job_id, "other", clock(), 60)
    assert services.archive_table.begin_email(job.job_id, "notified_time", clock(), clock() - 60)
    assert not services.archive_table.mark_swept(job.job_id, clock(), clock() - 60), "the job has ended"


@pytest.mark.writes_once
def test_a_job_that_failed_at_its_upload_is_announced_although_its_record_was_written_twice(
        services: Services, functions: Functions, make_profile: Callable[..., Profile],
        monkeypatch: pytest.MonkeyPatch) -> None:
    make_profile()
    key = f"{ADA}/{job_id(5)}/empty.vcf"
    put_input(services, key, b"")
    updates_twice(monkeypatch)
    job = submit_job(services, key)
    assert job is not None
    assert job.job_status is JobStatus.FAILED
    assert [body["job_status"] for body in functions.waiting("notify")] == ["FAILED"]


@pytest.mark.writes_once
def test_an_announcement_that_was_lost_with_its_run_is_repeated_for_failed_uploads_too(
        services: Services, functions: Functions, make_profile: Callable[..., Profile],
        monkeypatch: pytest.MonkeyPatch) -> None:
    make_profile()
    key = f"{ADA}/{job_id(5)}/empty.vcf"
    put_input(services, key, b"")
    with monkeypatch.context() as broken:
        broken.setattr(type(services.topics), "announce_result", lambda *_: (_ for _ in ()).throw(OSError("cut off")))
        with pytest.raises(OSError, match="cut off"):
            submit_job(services, key)
    assert functions.waiting("notify") == []
    submit_job(services, key)
    assert [body["job_status"] for body in functions.waiting("notify")] == ["FAILED"]


@pytest.mark.writes_once
def test_profile_changes_succeed_when_they_are_repeated(
        services: Services, clock: HeldClock, make_profile: Callable[..., Profile],
        monkeypatch: pytest.MonkeyPatch) -> None:
    make_profile()
    updates_twice(monkeypatch)
    profiles = services.profiles
    assert profiles.begin_checkout(ADA, "checkout-1", None)
    assert not profiles.begin_checkout(ADA, "checkout-2", None), "another payment was begun meanwhile"
    assert profiles.subscribe(ADA, "sub-1").role is Role.PREMIUM
    assert profiles.begin_restoring(ADA)
    profiles.begin_restored_email(ADA, clock(), clock() - 60)
    ended = profiles.unsubscribe(ADA, 77, "sub-1")
    assert ended is not None
    assert (ended.role, ended.grace_until) == (Role.FREE, 77)
    assert profiles.begin_erasing(ADA, 5).erasing_since == 5
    assert profiles.begin_erasing(ADA, 9).erasing_since == 5


@pytest.mark.writes_once
def test_a_login_can_be_taken_once_by_one_request_however_often_it_is_sent(
        services: Services, clock: HeldClock, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.domain.sessions import LoginAttempt

    attempt = LoginAttempt(session_id="s", state="x", nonce="n", code_verifier="v", next_path="/", expires=clock() + 9)
    services.sessions.put(attempt)
    updates_twice(monkeypatch)
    assert services.sessions.take_login("s", clock()) == attempt
    assert services.sessions.take_login("s", clock()) is None


@pytest.mark.writes_once
def test_a_repetition_leaves_alone_what_others_wrote_in_between(
        services: Services, clock: HeldClock, make_profile: Callable[..., Profile],
        monkeypatch: pytest.MonkeyPatch) -> None:
    make_profile()
    job = make_job(services, 4)
    taken = services.jobs.take(job.job_id, "me", clock(), 120)
    original, meanwhile = BaseClient._make_api_call, [lambda: services.jobs.take(job.job_id, "other", clock(), 120)]

    def late_repetition(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        answer = original(client, operation, arguments)
        if operation == "UpdateItem" and meanwhile:
            meanwhile.pop()()
            return original(client, operation, arguments)
        return answer

    monkeypatch.setattr(BaseClient, "_make_api_call", late_repetition)
    with pytest.raises(LeaseLostError):
        services.jobs.hand_back(taken, "me", True)
    now = reload(services, job)
    assert (now.job_status, now.run.lease_owner, now.run.attempt) == (JobStatus.RUNNING, "other", 2)
