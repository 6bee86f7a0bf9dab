"""Deleting an account: everything of it goes, nothing of others does, and what was cut off goes on."""
from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest

from chalicelib.aws.dynamodb.jobs import JobPage
from chalicelib.aws.dynamodb.last_starts import LastStarts
from chalicelib.domain.jobs import JobStatus
from chalicelib.domain.messages import EraseUser
from chalicelib.domain.profiles import Profile, Role
from chalicelib.domain.sessions import LoginAttempt, Session
from chalicelib.exceptions import FilesOnTheMoveError, PremiumRunsError
from chalicelib.services import Services
from chalicelib.usecases.account import erase_account as module
from chalicelib.usecases.account.erase_account import Erased, erase_account, request_erasure
from chalicelib.usecases.archive.file_hold import held_files
from chalicelib.usecases.jobs.user_jobs import delete_job
from chalicelib.usecases.upload.submit_job import submit_job
from tests.conftest import HeldClock
from tests.integration.support.jobs_made import ADA, EVE, bodies_in, job_id, keys_in, make_job, put_input


@pytest.fixture
def ada(services: Services, make_profile: Callable[..., Profile]) -> Profile:
    """Ada has jobs in every state, with files in all buckets, and two sessions; so has Eve one of each."""
    make_profile(EVE, "Eve")
    put = boto3.client("s3").put_object
    for user, first in ((ADA, 1), (EVE, 101)):
        states: list[dict[str, Any]] = [
            {}, {"job_status": JobStatus.RUNNING, "lease_owner": "w", "lease_expires": services.clock() + 60},
            {"job_status": JobStatus.FAILED}, {"job_status": JobStatus.COMPLETED},
            {"job_status": JobStatus.COMPLETED, "results_file_archive_id": "x"}]
        for number, values in enumerate(states, start=first):
            job = make_job(services, number, user, **values)
            put(Bucket=services.files.results_bucket, Key=f"{user}/{job.job_id}/free_1.annot.vcf.gz", Body=b"r")
            put(Bucket=services.files.archive_bucket, Key=f"{user}/{job.job_id}/1/free_1.annot.vcf.gz", Body=b"a")
        put_input(services, f"{user}/{job_id(first + 50)}/never a job.vcf", b"x")
        LastStarts(services.jobs).note(user, services.clock(), services.clock())
        for device in ("desk", "phone"):
            services.sessions.put(Session(session_id=f"{user}-{device}", user_id=user, csrf_token="c",
                                          created=services.clock(), expires=services.clock() + 60))
    services.sessions.put(LoginAttempt(session_id="login", state="s", nonce="n", code_verifier="v", next_path="/",
                                       expires=services.clock() + 60))
    return make_profile(ADA)


def ask(services: Services, profile: Profile) -> None:
    """The deletion is asked for, and the time has come at which the profile may go."""
    request_erasure(services, profile)
    assert isinstance(services.clock, HeldClock)
    services.clock.advance(module.SECOND_LOOK_SECONDS)


def left_of(services: Services, user_id: str) -> dict[str, int]:
    """How much of a user is anywhere."""
    dynamodb = boto3.client("dynamodb")
    tables = {"jobs": services.jobs.name, "profiles": services.profiles.name, "sessions": services.sessions.name}
    counts = {kind: sum(user_id in json.dumps(item) for item in dynamodb.scan(TableName=name)["Items"])
              for kind, name in tables.items()}
    buckets = {"inputs": services.files.inputs_bucket, "results": services.files.results_bucket,
               "archive": services.files.archive_bucket}
    return counts | {kind: sum(key.startswith(user_id) for key in keys_in(name)) for kind, name in buckets.items()}


NOTHING = {"jobs": 0, "profiles": 0, "sessions": 0, "inputs": 0, "results": 0, "archive": 0}


def test_everything_of_it_goes_and_nothing_of_others(services: Services, ada: Profile) -> None:
    theirs = left_of(services, EVE)
    ask(services, ada)
    assert bodies_in(services.settings.erase_queue_url) == [{"type": "erase_user", "user_id": ADA}]
    assert erase_account(services, ADA, lambda: True) is Erased.WHOLLY
    assert left_of(services, ADA) == NOTHING
    assert left_of(services, EVE) == theirs
    assert min(theirs.values()) > 0
    assert erase_account(services, ADA, lambda: True) is Erased.NOT_ASKED_FOR


def test_what_was_cut_off_goes_on(services: Services, ada: Profile) -> None:
    ask(services, ada)
    bodies_in(services.settings.erase_queue_url)
    for stop_after in (2, 1, 0):
        time = iter([True] * stop_after)
        assert erase_account(services, ADA, lambda time=time: next(time, False)) is Erased.IN_PART  # type: ignore[misc]
        assert bodies_in(services.settings.erase_queue_url) == [{"type": "erase_user", "user_id": ADA}]
        assert services.profiles.get(ADA) is not None, "it must be known that the account is to go"
    assert erase_account(services, ADA, lambda: True) is Erased.WHOLLY
    assert left_of(services, ADA) == NOTHING


@pytest.mark.parametrize("broken", ["purge_below", "delete_of_user", "delete"])
def test_an_error_anywhere_is_made_good_by_the_next_delivery(services: Services, ada: Profile, broken: str,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    ask(services, ada)
    part = {"purge_below": services.files, "delete_of_user": services.sessions, "delete": services.profiles}[broken]

    def fail(*_: object) -> None:
        raise RuntimeError("503")

    with monkeypatch.context() as patch:
        patch.setattr(part, broken, fail)
        with pytest.raises(RuntimeError):
            erase_account(services, ADA, lambda: True)
    assert services.profiles.get(ADA) is not None
    assert erase_account(services, ADA, lambda: True) is Erased.WHOLLY
    assert left_of(services, ADA) == NOTHING


def test_files_that_are_being_moved_are_waited_for(services: Services, ada: Profile,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0)
    ask(services, ada)
    bodies_in(services.settings.erase_queue_url)
    with held_files(services, job_id(4), "archive"):
        assert erase_account(services, ADA, lambda: True) is Erased.IN_PART
    assert bodies_in(services.settings.erase_queue_url) == [{"type": "erase_user", "user_id": ADA}]
    assert left_of(services, ADA)["jobs"] == 2, "the job, and when its user was served"
    assert erase_account(services, ADA, lambda: True) is Erased.WHOLLY
    assert left_of(services, ADA) == NOTHING


def test_a_job_that_the_index_showed_too_late_goes_too(
        services: Services, ada: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    """`submit` had read the profile just before; the job that it made is in the table and not yet in the index."""
    asked: list[tuple[EraseUser, int]] = []
    request_erasure(services, ada)
    monkeypatch.setattr(services.erase_queue, "send", lambda message, delay=0: asked.append((message, delay)))
    list_jobs, late = services.jobs.of_user, job_id(4)

    def without_the_late_one(*arguments: Any) -> JobPage:
        page = list_jobs(*arguments)
        return replace(page, jobs=[job for job in page.jobs if job.job_id != late])

    with monkeypatch.context() as lagging:
        lagging.setattr(services.jobs, "of_user", without_the_late_one)
        assert erase_account(services, ADA, lambda: True) is Erased.IN_PART
    assert services.jobs.get(late) is not None
    assert services.profiles.get(ADA) is not None, "so that the job is found"
    assert asked == [(EraseUser(user_id=ADA), module.SECOND_LOOK_SECONDS)]
    assert isinstance(services.clock, HeldClock)
    services.clock.advance(module.SECOND_LOOK_SECONDS)
    assert erase_account(services, ADA, lambda: True) is Erased.WHOLLY
    assert left_of(services, ADA) == NOTHING


def test_files_are_held_for_as_long_as_the_function_lives(services: Services, ada: Profile,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    """An archiving that begins after the 30 seconds of a request, while the files are being deleted, is refused."""
    ask(services, ada)
    purge, refused = services.files.purge_below, list[str]()

    def slowly(bucket: str, prefix: str) -> None:
        if job_id(4) in prefix and not refused:
            assert isinstance(services.clock, HeldClock)
            services.clock.advance(880)
            with pytest.raises(FilesOnTheMoveError), held_files(services, job_id(4), "archive"):
                pass
            refused.append(prefix)
        purge(bucket, prefix)

    monkeypatch.setattr(services.files, "purge_below", slowly)
    assert erase_account(services, ADA, lambda: True) is Erased.WHOLLY
    assert refused


def test_a_record_stays_when_somebody_else_holds_the_files_by_now(services: Services, ada: Profile,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    """A deletion outlives its hold; an archiving takes it and writes a copy that only the record leads to."""
    purge = services.files.purge_below

    def too_slowly(bucket: str, prefix: str) -> None:
        assert isinstance(services.clock, HeldClock)
        services.clock.advance(20)
        if bucket == services.files.archive_bucket:
            services.archive_table.hold_files(job_id(4), "archive", services.clock(), 60)
        purge(bucket, prefix)

    with monkeypatch.context() as slow:
        slow.setattr(services.files, "purge_below", too_slowly)
        with pytest.raises(FilesOnTheMoveError):
            delete_job(services, ADA, job_id(4))
    job = services.jobs.get(job_id(4))
    assert job is not None
    assert job.archive.hold_owner == "archive"
    services.archive_table.release_files(job_id(4), "archive")
    delete_job(services, ADA, job_id(4))
    assert services.jobs.get(job_id(4)) is None


def test_turns_that_others_write_all_the_time(
    services: Services, ada: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(services, ada)
    bodies_in(services.settings.erase_queue_url)
    with monkeypatch.context() as busy:
        busy.setattr(LastStarts, "forget", lambda *_: False)
        assert erase_account(services, ADA, lambda: True) is Erased.IN_PART
    assert bodies_in(services.settings.erase_queue_url) == [{"type": "erase_user", "user_id": ADA}]
    assert erase_account(services, ADA, lambda: True) is Erased.WHOLLY
    assert left_of(services, ADA) == NOTHING


def test_who_signs_in_anew_is_left_alone(services: Services, ada: Profile,
                                         make_profile: Callable[..., Profile]) -> None:
    ask(services, ada)
    erase_account(services, ADA, lambda: True)
    make_profile(ADA)
    make_job(services, 80)
    assert erase_account(services, ADA, lambda: True) is Erased.NOT_ASKED_FOR, "a message that came twice"
    assert services.jobs.get(job_id(80)) is not None


def test_an_upload_that_arrives_late_makes_no_job(services: Services, ada: Profile) -> None:
    from lambdas import _handler

    assert _handler.logger  # the logger that the use case's is a child of
    ask(services, ada)
    key = f"{ADA}/{job_id(70)}/late.vcf"
    put_input(services, key, b"x")
    assert submit_job(services, key) is None
    assert key not in keys_in(services.files.inputs_bucket)


def test_premium_that_is_paid_for_ends_first(services: Services, ada: Profile,
                                             make_profile: Callable[..., Profile]) -> None:
    charged: Any = SimpleNamespace(charges=True)
    premium = make_profile(ADA, role=Role.PREMIUM)
    with pytest.raises(PremiumRunsError):
        request_erasure(replace(services, billing=charged), premium)
    profile = services.profiles.get(ADA)
    assert profile is not None
    assert profile.erasing_since is None
    request_erasure(services, premium)  # where Premium costs nothing, it ends with the account


def test_function(services: Services, ada: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    from lambdas import erase

    monkeypatch.setattr(erase, "services", services)
    ask(services, ada)
    context = SimpleNamespace(function_name="erase", memory_limit_in_mb=512, aws_request_id="r",
                              invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:erase",
                              get_remaining_time_in_millis=lambda: 900_000)
    record = {"messageId": "1", "body": EraseUser(user_id=ADA).to_json(), "receiptHandle": "r", "attributes": {},
              "messageAttributes": {}, "eventSource": "aws:sqs", "eventSourceARN": "a:b:c:d:e:f",
              "awsRegion": "us-east-1", "md5OfBody": ""}
    assert erase.handler({"Records": [record]}, context) == {"batchItemFailures": []}
    assert left_of(services, ADA) == NOTHING
    function: ModuleType = erase
    assert function.handler({"Records": [{**record, "body": "{}"}]}, context) == {
        "batchItemFailures": [{"itemIdentifier": "1"}]}
