"""Premium begins and ends: what comes back, what stays, and until when."""
from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.profiles import Profile, Role
from chalicelib.services import Services
from chalicelib.usecases.billing.subscription import ArchivedCount, count_archived, subscribe, unsubscribe
from chalicelib.usecases.jobs.user_jobs import delete_job
from tests.conftest import HeldClock
from tests.integration.support.cold import RETENTION, Faults, Functions, error, make_completed, reload, request
from tests.integration.support.jobs_made import ADA, EVE

WEEK = 604_800


def test_subscribing_sends_for_everything_and_doing_so_again_does_no_harm(
        services: Services, functions: Functions, make_profile: Callable[..., Profile]) -> None:
    make_profile()
    for _ in range(2):
        profile = subscribe(services, ADA, "sub_1")
        assert (profile.role, profile.restoring, profile.billing_id) == (Role.PREMIUM, False, "sub_1")
    assert functions.waiting("restore") == [{"user_id": ADA, "again": True}] * 2


def test_what_is_archived_is_counted(services: Services, functions: Functions, clock: HeldClock,
                                     make_profile: Callable[..., Profile]) -> None:
    make_profile()
    jobs = [make_completed(services, number) for number in (1, 2, 3)]
    clock.advance(RETENTION)
    for job in jobs[:2]:
        functions.archive(job)
    assert count_archived(services, ADA) == ArchivedCount(2, False)
    assert count_archived(services, EVE) == ArchivedCount(0, False)


def test_results_stay_for_the_time_of_grace_and_go_cold_after_it(
        services: Services, functions: Functions, clock: HeldClock, make_profile: Callable[..., Profile]) -> None:
    make_profile(role=Role.PREMIUM)
    job = make_completed(services)
    profile = unsubscribe(services, ADA)
    assert profile is not None
    assert (profile.role, profile.grace_until) == (Role.FREE, clock() + WEEK)
    assert functions.waiting("notify") == [{"kind": "premium_ended", "user_id": ADA, "job_id": ""}]
    rounds = 0
    while not reload(services, job).archived:
        clock.advance(min(next(delay for name, delay in reversed(functions.delays) if name == "archive"), 900))
        functions.deliver_waiting("archive")
        rounds += 1
        assert rounds < 700
    assert clock() >= profile.grace_until
    assert rounds > 600


def test_subscribing_within_the_time_of_grace_stops_it(services: Services, functions: Functions, clock: HeldClock,
                                                       make_profile: Callable[..., Profile]) -> None:
    make_profile(role=Role.PREMIUM)
    job = make_completed(services)
    unsubscribe(services, ADA)
    clock.advance(WEEK - 1)
    assert subscribe(services, ADA).grace_until is None
    clock.advance(2)
    assert functions.deliver_waiting("archive") == 1
    assert functions.waiting("archive") == []
    assert reload(services, job) == job


def test_a_second_end_of_premium_counts_from_its_own_day(services: Services, functions: Functions, clock: HeldClock,
                                                         make_profile: Callable[..., Profile]) -> None:
    make_profile(role=Role.PREMIUM)
    job = make_completed(services)
    unsubscribe(services, ADA)
    clock.advance(WEEK - 10)
    subscribe(services, ADA)
    unsubscribe(services, ADA)
    clock.advance(20)  # the first message is due, the second is not
    functions.deliver_waiting("archive")
    assert not reload(services, job).archived
    clock.advance(WEEK)
    functions.deliver_waiting("archive")
    functions.deliver_waiting("archive")
    assert reload(services, job).archived


def test_who_is_not_premium_cannot_end_it(services: Services, functions: Functions,
                                          make_profile: Callable[..., Profile]) -> None:
    make_profile()
    assert unsubscribe(services, ADA) is None
    assert functions.deliver_waiting("notify") == 1, "said before it is done"
    assert functions.mails() == 0


@pytest.mark.writes_once
@pytest.mark.parametrize("at", range(1, 5))
def test_the_end_of_premium_is_told_of_whenever_the_function_dies(
        services: Services, functions: Functions, make_profile: Callable[..., Profile], at: int,
        monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing comes again: once the role has changed, a second try finds a free user and does nothing."""
    make_profile(role=Role.PREMIUM)
    faults = Faults()
    faults.fail_at = at
    with monkeypatch.context() as broken:
        faults.install(broken)
        try:
            unsubscribe(services, ADA)
        except ClientError:
            assert len(faults.calls) == at
    functions.deliver_waiting("notify")
    profile = services.profiles.get(ADA)
    assert profile is not None
    assert functions.mails() == (0 if profile.premium else 1)


def test_an_end_that_could_not_be_said_to_the_queue_is_no_end(
        services: Services, functions: Functions, make_profile: Callable[..., Profile],
        monkeypatch: pytest.MonkeyPatch) -> None:
    make_profile(role=Role.PREMIUM)
    with monkeypatch.context() as now:
        now.setattr(services.archive_queue, "send", lambda *_, **__: (_ for _ in ()).throw(error("Throttling")))
        with pytest.raises(Exception, match="Throttling"):
            unsubscribe(services, ADA)
    profile = services.profiles.get(ADA)
    assert profile is not None
    assert profile.premium


def test_an_archive_message_of_all_finds_nothing_of_strangers(services: Services, functions: Functions,
                                                              clock: HeldClock,
                                                              make_profile: Callable[..., Profile]) -> None:
    make_profile()
    make_profile(EVE)
    make_completed(services, 1, EVE)
    clock.advance(RETENTION)
    assert functions.deliver("archive", request(ADA), request("nobody")) == []
    assert functions.waiting("archive") == []


@pytest.mark.parametrize("left", [0, 1])
def test_deleting_the_last_awaited_result_says_that_all_are_back(services: Services, functions: Functions,
                                                                 clock: HeldClock, left: int,
                                                                 make_profile: Callable[..., Profile]) -> None:
    make_profile()
    jobs = [make_completed(services, number) for number in range(1, 2 + left)]
    clock.advance(RETENTION)
    for job in jobs:
        functions.archive(job)
    services.profiles.subscribe(ADA)
    services.profiles.begin_restoring(ADA)
    delete_job(services, ADA, jobs[0].job_id)
    assert functions.deliver_waiting("notify") == 1
    profile = services.profiles.get(ADA)
    assert profile is not None
    assert profile.restoring is bool(left)
