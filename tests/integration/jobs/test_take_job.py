"""Whose job an annotator takes: users take turns, a dead annotator's job comes first, and no job is forgotten."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from annotator.worker import loop as worker_module
from annotator.worker.loop import Worker
from annotator.worker.settings import WorkerSettings
from annotator.worker.task_protection import RENEW_SECONDS, TaskProtection
from chalicelib.aws.dynamodb.last_starts import TURNS_ID, LastStarts
from chalicelib.aws.dynamodb.throughput import ThroughputRecord
from chalicelib.aws.job_request_queue import JobRequestsQueue
from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.messages import JobRequest
from chalicelib.domain.result_files import JobOutputs
from chalicelib.exceptions import JobFailure
from chalicelib.services import Services
from chalicelib.usecases.jobs.queue_estimate import queue_places
from chalicelib.usecases.maintenance.sweep_jobs import sweep_jobs
from tests.conftest import HeldClock
from tests.ecs_agent import OFF, ON, running_agent
from tests.integration.support.jobs_made import ADA, EVE, job_id, make_job, stored
from tests.job_records import stored_files

pytestmark = pytest.mark.writes_once("sqs", "sns")

BOB = "33333333-3333-4333-8333-333333333333"
LEASE = 120
OUTPUTS = JobOutputs("results", stored_files("u/j/"), {})


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, clock: HeldClock) -> list[str]:
    """The users whose jobs were started, in order; each job takes a minute."""
    users: list[str] = []

    def annotate(services: Services, job: Job, *_: object) -> JobOutputs:
        users.append(job.user_id)
        clock.advance(60)
        return OUTPUTS

    monkeypatch.setattr(worker_module, "annotate_job", annotate)
    return users


@pytest.fixture
def make_worker(services: Services, tmp_path: Path) -> Iterator[Callable[[str], Worker]]:
    made: list[Worker] = []

    def make(owner: str) -> Worker:
        made.append(Worker(services, JobRequestsQueue(services.settings.job_requests_queue_url),
                           WorkerSettings(work_dir=tmp_path / "work", lease=LEASE, heartbeat=3600, pause=0), owner))
        return made[-1]

    yield make
    for worker in made:
        worker.workspace.close()


def submit(services: Services, number: int, user_id: str, **values: Any) -> Job:
    job = make_job(services, number, user_id, **values)
    ask(services, job)
    return job


def ask(services: Services, job: Job) -> None:
    services.topics.request_job(JobRequest(job_id=job.job_id, user_id=job.user_id))


def messages(services: Services) -> int:
    attributes = boto3.client("sqs").get_queue_attributes(
        QueueUrl=services.settings.job_requests_queue_url, AttributeNames=["All"])["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesNotVisible"])


def test_a_job_starts_within_two_others_although_a_user_has_180_waiting(
        services: Services, started: list[str], make_worker: Callable[[str], Worker], clock: HeldClock) -> None:
    worker = make_worker("w1")
    for number in range(180):
        submit(services, number, ADA)
    for _ in range(5):
        assert worker.work_once(0)
    assert started == [ADA] * 5
    late = submit(services, 500, EVE)
    place = queue_places(services, [late])[late.job_id]
    for _ in range(2):
        worker.work_once(0)
    assert EVE in started[5:]
    assert stored(services, late).job_status is JobStatus.COMPLETED
    assert place.before == started[5:].index(EVE), "the page said so"


def test_the_page_says_in_which_order_jobs_start(
        services: Services, started: list[str], make_worker: Callable[[str], Worker], clock: HeldClock,
        monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = []
    for number, user in enumerate([ADA, ADA, ADA, EVE, ADA, EVE, BOB, BOB]):
        jobs.append(submit(services, number, user, premium=user == BOB))
        clock.advance(10)
    running = make_job(services, 90, EVE, job_status=JobStatus.RUNNING, start_time=clock(), attempt_start_time=clock(),
                       lease_owner="other", lease_expires=clock() + 60)
    ThroughputRecord(services.jobs).add(running.input.size, 60)
    places = queue_places(services, jobs)
    clock.advance(60)
    services.jobs.complete(running.job_id, "other", clock(), OUTPUTS)
    begun: list[tuple[str, int]] = []
    take = services.jobs.take

    def noted(job_id: str, owner: str, now: int, lease: int) -> Job:
        begun.append((job_id, now))
        return take(job_id, owner, now, lease)

    monkeypatch.setattr(services.jobs, "take", noted)
    worker = make_worker("w1")
    while len(started) < len(jobs):
        assert worker.work_once(0)
    expected = sorted(places.items(), key=lambda entry: entry[1].before)
    assert [name for name, _ in begun] == [name for name, _ in expected]
    assert [moment for _, moment in begun] == [place.begins for _, place in expected]
    assert [place.before for _, place in expected] == list(range(1, len(jobs) + 1))


def test_no_job_is_forgotten_and_no_message_stays(
        services: Services, started: list[str], make_worker: Callable[[str], Worker]) -> None:
    """Whichever message comes first, another job may be the one whose turn it is."""
    for number in range(12):
        submit(services, number, (ADA, ADA, EVE)[number % 3], premium=number % 4 == 0)
    workers = [make_worker("w1"), make_worker("w2")]
    for turn in range(60):
        workers[turn % 2].work_once(0)
    assert len(started) == 12
    assert messages(services) == 0
    assert {stored(services, make).job_status for make in services.jobs.of_user(ADA, 20).jobs} == {JobStatus.COMPLETED}


def test_one_user_s_jobs_leave_an_annotator_for_others(
        services: Services, started: list[str], make_worker: Callable[[str], Worker], clock: HeldClock) -> None:
    running = [make_job(services, number, ADA) for number in range(WorkerSettings.most_running_of_user)]
    for job in running:
        services.jobs.take(job.job_id, "other", clock(), LEASE)
    waiting = submit(services, 10, ADA)
    worker = make_worker("w1")
    assert worker.work_once(0)
    assert started == []
    assert stored(services, waiting).run.attempt == 0, "that it must wait is no attempt"
    submit(services, 20, EVE)
    assert worker.work_once(0)
    assert started == [EVE]
    services.jobs.complete(running[0].job_id, "other", clock(), OUTPUTS)
    ask(services, waiting)  # its message is hidden for the queue's own clock, which a test does not move
    assert worker.work_once(0)
    assert started == [EVE, ADA]


def test_a_job_that_the_index_does_not_show_yet_is_taken(
        services: Services, started: list[str], make_worker: Callable[[str], Worker],
        monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.aws.dynamodb.open_jobs import OpenJobs
    from chalicelib.usecases.jobs import take_job

    monkeypatch.setattr(take_job, "open_jobs", lambda *_: OpenJobs([], more=False))
    submit(services, 1, ADA)
    assert make_worker("w1").work_once(0)
    assert started == [ADA]


def test_jobs_that_others_took_meanwhile_are_passed_over(
        services: Services, started: list[str], make_worker: Callable[[str], Worker], clock: HeldClock,
        monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.aws.dynamodb import open_jobs
    from chalicelib.usecases.jobs import take_job

    jobs = [make_job(services, number, ADA) for number in range(3)]
    before = open_jobs.open_jobs(services.jobs, 100)
    services.jobs.take(jobs[0].job_id, "other", clock(), LEASE)
    services.jobs.cancel(jobs[1].job_id, clock())
    ask(services, jobs[2])
    monkeypatch.setattr(take_job, "open_jobs", lambda *_: before)
    assert make_worker("w1").work_once(0)
    assert stored(services, jobs[2]).job_status is JobStatus.COMPLETED
    assert stored(services, jobs[0]).run.lease_owner == "other"


def test_turns_are_kept_beside_the_jobs_and_are_none_of_them(services: Services, clock: HeldClock) -> None:
    record = LastStarts(services.jobs)
    assert record.served() == {}
    record.note(ADA, clock(), clock())
    record.note(EVE, clock() + 5, clock() + 3)
    assert record.served() == {EVE: clock() + 5}, "a start before the oldest open job decides nothing any more"
    assert services.jobs.get(TURNS_ID) is None
    assert sweep_jobs(services)["open_jobs"] == 0


def test_two_annotators_note_their_turns_at_the_same_moment(services: Services, clock: HeldClock,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    record, other = LastStarts(services.jobs), LastStarts(services.jobs)
    read, overtaken = record._read, [True]

    def read_too_early() -> tuple[dict[str, int], int]:
        found = read()
        if overtaken:
            overtaken.pop()
            other.note(EVE, clock(), clock())
        return found

    monkeypatch.setattr(record, "_read", read_too_early)
    record.note(ADA, clock(), clock())
    assert other.served() == {ADA: clock(), EVE: clock()}


def test_a_turn_that_cannot_be_noted_does_not_stop_the_job(
        services: Services, started: list[str], make_worker: Callable[[str], Worker],
        monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.integration.support.cold import error

    monkeypatch.setattr(LastStarts, "note", lambda *_: (_ for _ in ()).throw(error("Throttled")))
    submit(services, 1, ADA)
    make_worker("w1").work_once(0)
    assert started == [ADA]


# ---- an annotator dies ---------------------------------------------------------------------------------------
class HeldQueue(JobRequestsQueue):
    """A queue of one message whose time is the test's: moto's passes on its own."""

    def __init__(self, clock: HeldClock, body: str) -> None:
        super().__init__("held")
        self.clock, self.body, self.visible, self.count = clock, body, clock(), 0

    def receive(self, wait_seconds: int = 5) -> Any:
        from chalicelib.aws.job_request_queue import ReceivedMessage

        if self.clock() < self.visible:
            return None
        self.count += 1
        self.visible = self.clock() + 120
        return ReceivedMessage(self.body, "r", self.count)

    def hide(self, message: Any, seconds: int) -> None:
        self.visible = self.clock() + seconds

    def done(self, message: Any) -> None:
        self.visible = 10**12


@pytest.mark.parametrize("hidden", [0, 1, 30, 90, 119])
@pytest.mark.parametrize("seen_before", [0, 1, 5])
def test_a_dead_annotator_s_job_starts_again_within_its_lease_and_a_poll(
        services: Services, started: list[str], make_worker: Callable[[str], Worker], clock: HeldClock, hidden: int,
        seen_before: int) -> None:
    """Its message had been hidden for a while when it died, and the idle annotator had seen the message before."""
    job = make_job(services, 1, ADA)
    queue = HeldQueue(clock, JobRequest(job_id=job.job_id, user_id=ADA).to_json())
    idle = make_worker("idle")
    idle.queue = queue
    services.jobs.take(job.job_id, "dead", clock(), LEASE)
    for _ in range(seen_before):  # its heartbeats go on, and the message shows nevertheless
        queue.visible = clock()
        idle.work_once(0)
        clock.advance(20)
        services.jobs.update(job.job_id, None, {"lease_expires": clock() + LEASE})
    if not seen_before:
        queue.visible = clock() + hidden
    died, poll = clock(), 5
    while not started:
        assert clock() - died <= LEASE + poll, "too late"
        idle.work_once(0)
        if not started:
            clock.advance(1)
    assert stored(services, job).run.attempt == 2
    assert queue.count <= seen_before + 3, "few deliveries are used up"


def test_a_dead_annotator_s_job_comes_before_all_others_whatever_message_is_first(
        services: Services, started: list[str], make_worker: Callable[[str], Worker], clock: HeldClock) -> None:
    dead = make_job(services, 1, EVE)
    services.jobs.take(dead.job_id, "dead", clock(), LEASE)
    clock.advance(LEASE + 1)
    submit(services, 2, ADA)
    make_worker("w1").work_once(0)
    assert started == [EVE]
    assert messages(services) == 1, "the message names a job that is still open"
    assert job_id(1) == dead.job_id


# ---- scale-in protection -------------------------------------------------------------------------------------
@pytest.mark.parametrize("outcome", ["completed", "failed", "to be tried again", "refused by the agent"])
def test_a_task_is_protected_while_it_works_and_only_then(
        services: Services, make_worker: Callable[[str], Worker], monkeypatch: pytest.MonkeyPatch,
        outcome: str) -> None:
    with running_agent() as agent:
        worker = make_worker("w1")
        worker.protection = TaskProtection(agent.address)
        if outcome == "refused by the agent":
            agent.answer = (400, b'{"error": {"Code": "AccessDeniedException"}}')

        def annotate(*_: object) -> JobOutputs:
            assert agent.states == [ON], "before the work begins"
            if outcome == "failed":
                raise JobFailure(JobReason("bad_record", "Line 6 has 4 columns."))
            if outcome == "to be tried again":
                raise OSError("no network")
            return OUTPUTS

        monkeypatch.setattr(worker_module, "annotate_job", annotate)
        job = submit(services, 1, ADA)
        assert worker.work_once(0)
        assert agent.states == [ON, OFF]
        ended = {"failed": JobStatus.FAILED, "to be tried again": JobStatus.PENDING}
        assert stored(services, job).job_status is ended.get(outcome, JobStatus.COMPLETED)
        assert not worker.work_once(0)
        assert agent.states == [ON, OFF], "an idle task may be ended"


def test_a_heartbeat_renews_the_protection(services: Services, make_worker: Callable[[str], Worker],
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    with running_agent() as agent:
        worker = make_worker("w1")
        worker.protection = TaskProtection(agent.address, lambda: now[0])
        worker.settings = replace(worker.settings, heartbeat=0.01)

        def annotate(*_: object) -> JobOutputs:
            now[0] += RENEW_SECONDS
            assert agent.renewed.wait(30)
            return OUTPUTS

        monkeypatch.setattr(worker_module, "annotate_job", annotate)
        submit(services, 1, ADA)
        assert worker.work_once(0)
        assert agent.states == [ON, ON, OFF]
