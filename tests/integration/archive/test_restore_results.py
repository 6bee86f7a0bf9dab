"""Premium's results are sent for: Expedited, or Standard where there is no capacity; any number of them."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient

from chalicelib.domain.jobs import RestoreStatus, RestoreTier
from chalicelib.domain.profiles import Profile, Role
from chalicelib.services import Services
from chalicelib.usecases.archive import restore_results as use_case
from tests.conftest import HeldClock
from tests.integration.support.cold import RETENTION, Faults, Functions, error, make_completed, reload, request
from tests.integration.support.jobs_made import ADA, EVE, bodies_in, job_id


@pytest.fixture
def cold_job(services: Services, functions: Functions, clock: HeldClock, make_profile: Callable[..., Profile]) -> Any:
    """Makes jobs of Ada whose results are archived; she is premium afterwards."""
    def make(number: int = 1) -> Any:
        make_profile()
        job = make_completed(services, number)
        clock.advance(RETENTION)
        cold = functions.archive(job)
        services.profiles.subscribe(ADA)
        return cold

    return make


def answering(monkeypatch: pytest.MonkeyPatch, operation: str, answer: Callable[[dict[str, Any]], Any]) -> list[Any]:
    """Answer an operation in AWS's place; gives the list of the arguments it is called with."""
    original, asked = BaseClient._make_api_call, []

    def call(client: Any, name: str, arguments: dict[str, Any]) -> Any:
        if name != operation:
            return original(client, name, arguments)
        asked.append(arguments)
        return answer(arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return asked


def test_an_archived_result_is_sent_for_expedited(services: Services, functions: Functions, cold_job: Any,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    job = cold_job()
    asked = answering(monkeypatch, "RestoreObject", lambda _: {})
    assert functions.deliver("restore", request(job_id=job.job_id)) == []
    assert [(call["Key"], call["RestoreRequest"]) for call in asked] == [
        (job.archive_id, {"Days": 1, "GlacierJobParameters": {"Tier": "Expedited"}})]
    now = reload(services, job)
    assert (now.archive.restore_status, now.archive.restore_tier) == (RestoreStatus.RESTORING, RestoreTier.EXPEDITED)
    assert now.archive.restore_expected_time == services.clock() + 300


def test_without_capacity_standard_is_asked_for(services: Services, functions: Functions, cold_job: Any,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    def no_capacity(arguments: dict[str, Any]) -> Any:
        if arguments["RestoreRequest"]["GlacierJobParameters"]["Tier"] == "Expedited":
            raise error("GlacierExpeditedRetrievalNotAvailable", "RestoreObject")
        return {}

    job = cold_job()
    asked = answering(monkeypatch, "RestoreObject", no_capacity)
    assert functions.deliver("restore", request(job_id=job.job_id)) == []
    assert len(asked) == 2
    now = reload(services, job)
    assert now.archive.restore_tier is RestoreTier.STANDARD
    assert now.archive.restore_expected_time == services.clock() + 5 * 3600


def test_a_retrieval_under_way_is_no_error_and_keeps_its_time(
        services: Services, functions: Functions, clock: HeldClock, cold_job: Any,
        monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def under_way(_: object) -> Any:
        calls.append(1)
        if len(calls) > 1:
            raise error("RestoreAlreadyInProgress", "RestoreObject", 409)
        return {}

    job, began = cold_job(), services.clock()
    answering(monkeypatch, "RestoreObject", under_way)
    for _ in range(3):
        assert functions.deliver("restore", request(job_id=job.job_id)) == []
        clock.advance(60)
    assert reload(services, job).archive.restore_requested_time == began


def test_a_retrieval_that_nobody_recorded_is_recorded(services: Services, functions: Functions, cold_job: Any,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    def under_way(_: object) -> Any:
        raise error("RestoreAlreadyInProgress", "RestoreObject", 409)

    job = cold_job()
    answering(monkeypatch, "RestoreObject", under_way)
    assert functions.deliver("restore", request(job_id=job.job_id)) == []
    assert reload(services, job).archive.restore_status is RestoreStatus.RESTORING


def test_bytes_that_are_out_already_go_to_thaw(services: Services, functions: Functions, cold_job: Any) -> None:
    job = cold_job()
    boto3.client("s3").restore_object(Bucket=services.files.archive_bucket, Key=job.archive_id,
                                      RestoreRequest={"Days": 1})
    assert functions.deliver("restore", request(job_id=job.job_id)) == []
    assert functions.waiting("thaw") == [{"user_id": ADA, "job_id": job.job_id}]


def test_who_is_free_again_gets_nothing(services: Services, functions: Functions, cold_job: Any) -> None:
    job = cold_job()
    services.profiles.unsubscribe(ADA, services.clock())
    assert functions.deliver("restore", request(job_id=job.job_id), request()) == []
    assert reload(services, job).archive.restore_status is None
    assert functions.waiting("restore") == functions.waiting("thaw") == []


def test_nobody_restores_the_results_of_another(services: Services, functions: Functions, cold_job: Any,
                                                make_profile: Callable[..., Profile]) -> None:
    job = cold_job()
    make_profile(EVE, role=Role.PREMIUM)
    assert functions.deliver("restore", request(EVE, job_id=job.job_id), request(EVE)) == []
    assert reload(services, job).archive.restore_status is None
    assert functions.waiting("restore") == []


@pytest.mark.writes_once("sqs")  # twenty thousand messages would take minutes
def test_ten_thousand_jobs_fan_out_page_by_page_and_again_for_what_the_index_did_not_show(
        services: Services, functions: Functions, make_profile: Callable[..., Profile]) -> None:
    from moto.dynamodb.models import dynamodb_backends
    from moto.dynamodb.models.dynamo_type import Item

    make_profile(role=Role.PREMIUM)
    table = dynamodb_backends["123456789012"]["us-east-1"].get_table(services.jobs.name)
    for number in range(10_000):
        # Straight into moto: ten thousand puts would take minutes.
        attributes = {"job_id": {"S": job_id(number)}, "user_id": {"S": ADA}, "submit_time": {"N": str(number)},
                      "results_file_archive_id": {"S": f"{ADA}/{job_id(number)}/1/a.annot.vcf.gz"}}
        key = next(iter(Item(_value("job_id", attributes), None, attributes).attrs.values()))
        table.items[key] = Item(key, None, attributes)
    found: list[str] = []
    pages: list[dict[str, Any]] = [{"user_id": ADA, "again": True}]
    listed = 0
    while pages:
        body = pages.pop()
        listed += 1
        assert functions.deliver("restore", request(**{k: v for k, v in body.items() if k != "user_id"})) == []
        waiting = bodies_in(services.settings.restore_queue_url)
        found += [each["job_id"] for each in waiting if "job_id" in each]
        pages += [each for each in waiting if "job_id" not in each and "start" in each]
        again = [each for each in waiting if "job_id" not in each and "start" not in each]
        assert len(again) == (listed == 1)
    assert len(found) == 10_000
    assert set(found) == {job_id(number) for number in range(10_000)}
    assert 100 <= listed <= 101
    assert ("restore", use_case.LOOK_AGAIN_SECONDS) in functions.delays


def _value(name: str, attributes: dict[str, Any]) -> Any:
    from moto.dynamodb.models.dynamo_type import DynamoType

    return DynamoType(attributes[name])


def test_a_page_that_fails_is_listed_again(services: Services, functions: Functions, cold_job: Any,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [cold_job(number) for number in (1, 2, 3)]
    with monkeypatch.context() as now:
        answering(now, "SendMessageBatch", lambda asked: {"Failed": [{"Id": "1", "Code": "InternalError"}]})
        assert functions.deliver("restore", request()) == ["0"]
    assert functions.deliver("restore", request()) == []
    assert {body["job_id"] for body in functions.waiting("restore")} == {job.job_id for job in jobs}


def test_what_the_archive_does_not_hold_is_no_success(services: Services, functions: Functions, cold_job: Any) -> None:
    job = cold_job()
    services.archive_store.delete(str(job.archive_id))
    assert functions.deliver("restore", "{}", request(job_id=job.job_id), request()) == ["0", "1"]


@pytest.mark.parametrize("after", [False, True], ids=["refused", "answer lost"])
def test_every_call_may_fail_once(services: Services, functions: Functions, cold_job: Any,
                                  monkeypatch: pytest.MonkeyPatch, after: bool) -> None:
    faults, number, hit = Faults(), 0, True
    faults.after = after
    faults.install(monkeypatch)
    while hit:
        number += 1
        job = cold_job(number)
        faults.calls.clear()
        faults.fail_at = number
        failed = functions.deliver("restore", request(job_id=job.job_id))
        hit = len(faults.calls) >= number
        assert bool(failed) is hit
        faults.fail_at = 0
        assert functions.deliver("restore", request(job_id=job.job_id)) == []
        now = reload(services, job).archive
        assert (now.restore_status, now.restore_tier) == (RestoreStatus.RESTORING, RestoreTier.EXPEDITED)
    assert number == 6


@pytest.mark.parametrize("count", [0, 2])
def test_a_mail_is_to_come_only_where_something_was_archived(services: Services, functions: Functions, cold_job: Any,
                                                             make_profile: Callable[..., Profile], count: int) -> None:
    make_profile(role=Role.PREMIUM)
    for number in range(count):
        cold_job(number + 1)
    services.profiles.subscribe(ADA)
    assert functions.deliver("restore", request(again=True)) == []
    profile = services.profiles.get(ADA)
    assert profile is not None
    assert profile.restoring is bool(count)
