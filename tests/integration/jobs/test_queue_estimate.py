"""When waiting jobs should begin, and running ones end."""
from __future__ import annotations

from typing import Any

from chalicelib.aws.dynamodb.throughput import PACE_ID, ThroughputRecord
from chalicelib.domain.jobs import Job, JobProgress, JobStatus, Stage
from chalicelib.domain.throughput import Throughput
from chalicelib.services import Services
from chalicelib.usecases.jobs import queue_estimate as module
from chalicelib.usecases.jobs.queue_estimate import QueuePlace, expected_end, queue_places
from tests.integration.support.jobs_made import ADA, EVE, job_id, make_job


def running(services: Services, number: int, started: int, **values: Any) -> Job:
    return make_job(services, number, EVE, submit_time=services.clock() - 500 + number, job_status=JobStatus.RUNNING,
                    start_time=services.clock() - started, attempt=1, **values)


def waiting(services: Services, number: int, user_id: str = EVE, **values: Any) -> Job:
    return make_job(services, number, user_id, submit_time=services.clock() - 100 + number, **values)


def test_two_workers_share_the_queue(services: Services) -> None:
    now = services.clock()
    ThroughputRecord(services.jobs).add(1_000, 30)
    running(services, 1, started=10)
    running(services, 2, started=25)
    jobs = [waiting(services, number, ADA if number > 3 else EVE) for number in range(3, 7)]
    assert queue_places(services, jobs[1:]) == {
        job_id(4): QueuePlace(3, False, now + 20), job_id(5): QueuePlace(4, False, now + 35),
        job_id(6): QueuePlace(5, False, now + 50)}


def test_nobody_can_tell_without_a_worker_or_a_pace(services: Services) -> None:
    first, second = waiting(services, 1), waiting(services, 2)
    assert queue_places(services, [first, second]) == {job_id(1): QueuePlace(0, False, None),
                                                       job_id(2): QueuePlace(1, False, None)}
    running(services, 3, started=10)
    assert queue_places(services, [first]) == {job_id(1): QueuePlace(1, False, None)}


def test_jobs_that_do_not_wait_have_no_place(services: Services) -> None:
    assert queue_places(services, [running(services, 1, started=1)]) == {}


def test_very_many_before_it(services: Services, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "MOST_LOOKED_AT", 3)
    jobs = [waiting(services, number) for number in range(6)]
    places = queue_places(services, [jobs[1], jobs[5]])
    assert places == {job_id(1): QueuePlace(1, False, None), job_id(5): QueuePlace(3, True, None)}


def test_end_of_a_running_job(services: Services) -> None:
    now = services.clock()
    pace = Throughput().with_one(1_000, 60)
    halfway = running(services, 1, 20, progress=JobProgress(stage=Stage.ANNOTATING, records=50, total=100))
    assert expected_end(halfway, pace, now) == now + 20
    begun = running(services, 2, 20, progress=JobProgress(stage=Stage.CHECKING, records=50))
    assert expected_end(begun, pace, now) == now + 40
    assert expected_end(begun, Throughput(), now) is None
    again = running(services, 5, 500, attempt_start_time=now - 20)
    assert expected_end(again, pace, now) == now + 40, "the first attempt is of no use any more"
    late = running(services, 3, 600, progress=JobProgress(stage=Stage.ANNOTATING, records=1, total=100))
    assert expected_end(late, pace, now) == now
    assert expected_end(waiting(services, 4), pace, now) is None


def test_the_pace_is_kept_beside_the_jobs_and_is_none_of_them(services: Services) -> None:
    record = ThroughputRecord(services.jobs)
    assert record.get() == Throughput()
    record.add(1_000_000, 4)
    record.add(1_000_000, 4)
    assert record.get().expected(1_000_000) == 4
    assert services.job_search.completed(100).jobs == []
    assert services.jobs.get(PACE_ID) is None
    assert queue_places(services, [waiting(services, 1)])[job_id(1)].before == 0
    assert PACE_ID not in {job.job_id for job in services.jobs.of_user(EVE, 10).jobs}
