"""What a plan covers, before an upload is offered and when it becomes a job."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from chalicelib.aws.clients import client
from chalicelib.aws.dynamodb.storage_usage import FRESH_SECONDS, StorageUsage
from chalicelib.domain.jobs import JobStatus
from chalicelib.domain.profiles import Profile, Role
from chalicelib.exceptions import JobFailure
from chalicelib.services import Services
from chalicelib.usecases.jobs.user_jobs import delete_job
from chalicelib.usecases.quotas import usage
from chalicelib.usecases.upload.annotate_again import annotate_again
from chalicelib.usecases.upload.multipart_upload import begin
from chalicelib.usecases.upload.prepare_upload import prepare_upload
from tests.conftest import HeldClock
from tests.integration.support.jobs_made import ADA, EVE, job_id, keys_in, make_job, put_input
from tests.integration.upload.test_submit_job import deliver, s3_event, submit

__all__ = ["submit"]


def limited(services: Services, **limits: int) -> Services:
    return replace(services, settings=replace(services.settings, plans=replace(services.plans, **limits)))


def ended(services: Services, number: int = 1, **values: Any) -> None:
    make_job(services, number, **{"job_status": JobStatus.COMPLETED, **values})


def refused(action: Callable[[], object]) -> JobFailure:
    with pytest.raises(JobFailure) as failure:
        action()
    return failure.value


def test_no_form_for_more_open_jobs_than_the_plan_covers(
        services: Services, make_profile: Callable[..., Profile]) -> None:
    ada, few = make_profile(ADA), limited(services, free_open_limit=2, premium_open_limit=7)
    make_job(services, 1)
    make_job(services, 2, job_status=JobStatus.RUNNING)
    make_job(services, 3, user_id=EVE)
    failure = refused(lambda: prepare_upload(few, ada))
    assert failure.code == "too_many_open"
    assert failure.message == (
        "You have reached the limit of your Free plan for annotations that are waiting or running: 2.")
    assert failure.hint == "Wait until one has ended, or cancel one; Premium allows 7."
    services.jobs.cancel(job_id(1), services.clock())
    assert prepare_upload(few, ada).job_id


def test_no_form_without_room(services: Services, make_profile: Callable[..., Profile]) -> None:
    ada, small = make_profile(ADA), limited(services, free_storage_limit=1024, premium_storage_limit=3 * 1024**3)
    ended(services, 1, content=b"x" * 1000, results_file_size=24)
    failure = refused(lambda: prepare_upload(small, ada))
    assert failure.code == "storage_full"
    assert failure.message.replace("\N{NO-BREAK SPACE}", " ") == (
        "There is no room for another file: yours take up 1 KB of the 1 KB of your Free plan.")
    assert failure.hint.replace("\N{NO-BREAK SPACE}", " ") == (
        "Delete annotations that you no longer need; Premium has 3 GB.")
    delete_job(small, ADA, job_id(1))
    assert prepare_upload(small, ada).job_id


def test_premium_is_not_told_to_have_premium(services: Services, make_profile: Callable[..., Profile]) -> None:
    grace = make_profile(ADA, role=Role.PREMIUM)
    make_job(services)
    failure = refused(lambda: prepare_upload(limited(services, premium_open_limit=1), grace))
    assert failure.hint == "Wait until one has ended, or cancel one."


def test_what_was_refused_takes_up_no_room(services: Services, make_profile: Callable[..., Profile]) -> None:
    ada = make_profile(ADA)
    make_job(services, 1, job_status=JobStatus.FAILED, input_file_size=10**6, input_deleted=True)
    assert usage(services, ada).stored == 0


@pytest.mark.parametrize(("limit", "code"), [
    ({"free_open_limit": 1}, "too_many_open"), ({"free_storage_limit": 30}, "storage_full")])
def test_two_tabs_get_one_upload(services: Services, submit: ModuleType, make_profile: Callable[..., Profile],
                                 monkeypatch: pytest.MonkeyPatch, limit: dict[str, int], code: str) -> None:
    ada, few = make_profile(ADA), limited(services, **limit)
    monkeypatch.setattr(submit, "services", few)
    keys = [prepare_upload(few, ada).fields["key"].replace("${filename}", "a.vcf") for _ in "ab"]
    for key in keys:
        assert deliver(submit, s3_event(key, put_input(services, key, b"##fileformat=VCFv4.2\n"))) == []
    first, second = (services.jobs.get(key.split("/")[1]) for key in keys)
    assert first is not None
    assert second is not None
    assert first.job_status is JobStatus.PENDING
    assert second.error is not None
    assert (second.job_status, second.error.code) == (JobStatus.FAILED, code)
    assert keys_in(services.files.inputs_bucket) == keys[:1]


def test_an_upload_in_parts_and_a_copy_need_room_too(services: Services, make_profile: Callable[..., Profile]) -> None:
    grace, small = make_profile(ADA, role=Role.PREMIUM), limited(services, premium_storage_limit=50)
    ended(services, 1, content=b"x" * 30)
    assert refused(lambda: begin(small, grace, "a.vcf", 21, "", "rCRS")).code == "storage_full"
    assert begin(small, grace, "a.vcf", 20, "", "rCRS").key
    assert refused(lambda: annotate_again(small, grace, job_id(1), "rCRS")).code == "storage_full"


def test_annotations_are_counted_once_for_many_forms(services: Services, clock: HeldClock,
                                                     make_profile: Callable[..., Profile]) -> None:
    ada = make_profile(ADA)
    ended(services, 1, content=b"x" * 30)
    lean: list[str] = []
    assert usage(services, ada).stored == 30

    def note(params: dict[str, Any], **_: Any) -> None:
        lean.append(params.get("IndexName", ""))

    client("dynamodb").meta.events.register("provide-client-params.dynamodb.Query", note)
    try:
        for _ in range(3):
            assert usage(services, ada).stored == 30
        assert "user_id-submit_time-lean" not in lean
        clock.advance(FRESH_SECONDS)
        ended(services, 2, content=b"x" * 5)
        assert usage(services, ada).stored == 35
        assert lean.count("user_id-submit_time-lean") == 1
    finally:
        client("dynamodb").meta.events.unregister("provide-client-params.dynamodb.Query", note)


def test_a_figure_that_changed_meanwhile_is_counted_again(services: Services) -> None:
    figures, now = StorageUsage(services.jobs, services.new_id), services.clock()
    figures.note(ADA, 10, now)
    figures.add(ADA, 5, now)
    assert figures.get(ADA, now) == 15
    read = figures._read

    def late(user_id: str, moment: int) -> tuple[int, str] | None:
        found = read(user_id, moment)
        StorageUsage(services.jobs, services.new_id).note(ADA, 99, now)
        return found

    figures._read = late  # type: ignore[method-assign]
    figures.add(ADA, 5, now)
    assert StorageUsage(services.jobs).get(ADA, now) is None
    assert StorageUsage(services.jobs).get(EVE, now) is None
