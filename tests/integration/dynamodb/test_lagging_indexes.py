"""What reads an index of DynamoDB copes with one that has not seen the last writes."""
from __future__ import annotations

from collections.abc import Callable

from chalicelib.domain.jobs import RestoreStatus
from chalicelib.domain.profiles import Profile
from chalicelib.services import Services
from chalicelib.usecases.account.erase_account import SECOND_LOOK_SECONDS, Erased, erase_account, request_erasure
from chalicelib.usecases.archive.restore_results import LOOK_AGAIN_SECONDS
from chalicelib.usecases.maintenance.sweep_jobs import YOUNG, sweep_jobs
from tests.aws_rules.lagging_indexes import LaggingIndexes
from tests.conftest import HeldClock
from tests.integration.support.cold import RETENTION, Functions, make_completed, reload, request
from tests.integration.support.jobs_made import ADA, keys_in, make_job


def test_every_archived_result_comes_back(
        services: Services, functions: Functions, clock: HeldClock, make_profile: Callable[..., Profile],
        lagging_indexes: LaggingIndexes) -> None:
    """The last results were archived in the moment in which their user subscribed."""
    make_profile()
    jobs = [make_completed(services, number) for number in range(1, 5)]
    clock.advance(RETENTION)
    for job in jobs:
        functions.archive(job)
    services.profiles.subscribe(ADA)
    functions.deliver("restore", request(again=True))
    functions.deliver_waiting("restore")
    clock.advance(LOOK_AGAIN_SECONDS)
    lagging_indexes.catch_up()
    functions.deliver("restore", request())
    functions.deliver_waiting("restore")
    assert [reload(services, job).archive.restore_status for job in jobs] == [RestoreStatus.RESTORING] * 4


def test_nothing_of_an_account_is_left(
        services: Services, clock: HeldClock, make_profile: Callable[..., Profile],
        lagging_indexes: LaggingIndexes) -> None:
    profile = make_profile()
    for number in range(1, 5):
        make_job(services, number)
    request_erasure(services, profile)
    ends = [erase_account(services, ADA, lambda: True)]
    assert services.profiles.get(ADA) is not None, "the profile goes last, and not before a second look"
    clock.advance(SECOND_LOOK_SECONDS)
    lagging_indexes.catch_up()
    while ends[-1] is not Erased.WHOLLY:
        assert len(ends) < 5
        ends.append(erase_account(services, ADA, lambda: True))
    assert services.profiles.get(ADA) is None
    assert keys_in(services.files.inputs_bucket) == []
    lagging_indexes.catch_up()
    assert services.jobs.of_user(ADA, 10).jobs == []


def test_the_sweep_helps_every_job_along(
        services: Services, functions: Functions, clock: HeldClock, make_profile: Callable[..., Profile],
        lagging_indexes: LaggingIndexes) -> None:
    make_profile()
    for number in range(1, 5):
        make_job(services, number)
    clock.advance(YOUNG + 1)
    helped = 0
    for _ in range(20):
        helped += sweep_jobs(services)["requested_again"]
    assert helped == 4


def test_the_indexes_did_lag(services: Services, make_profile: Callable[..., Profile],
                             lagging_indexes: LaggingIndexes) -> None:
    make_profile()
    for number in range(1, 5):
        make_job(services, number)
        services.jobs.of_user(ADA, 10)
        services.jobs.of_user(ADA, 10)
    assert lagging_indexes.late > 0
