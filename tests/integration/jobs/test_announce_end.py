"""The end of every job is announced, whoever dies between the record and the announcement, and the mail goes out once.

Each transition is carried out by the code that does so in service. Its process is killed at each call to AWS that
follows the update of the record. Nothing comes again, no message and no event: only the
sweep runs, as it does every five minutes.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient

from annotator.worker import loop as worker_module
from annotator.worker.loop import Worker
from annotator.worker.settings import WorkerSettings
from chalicelib.aws.job_request_queue import JobRequestsQueue
from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.messages import JobRequest, RestoreJob
from chalicelib.domain.profiles import Profile, Role
from chalicelib.domain.result_files import JobOutputs
from chalicelib.exceptions import JobFailure
from chalicelib.services import Services
from chalicelib.usecases.archive.restore_results import restore_results
from chalicelib.usecases.jobs.user_jobs import cancel_job
from chalicelib.usecases.maintenance.sweep_jobs import sweep_jobs
from chalicelib.usecases.upload.submit_job import submit_job
from tests.conftest import HeldClock
from tests.integration.support.cold import Functions, error, make_completed, request, restored_event
from tests.integration.support.jobs_made import ADA, bodies_in, job_id, make_job, put_input
from tests.job_records import stored_files

pytestmark = pytest.mark.writes_once

OUTPUTS = JobOutputs("results", stored_files("u/j/"), {})


class KilledError(BaseException):
    """The end of a process by force: no handler of ours runs, as none catches it."""


@dataclass
class Killer:
    """Kills the process before one of the calls to AWS that follow a certain one.

    Attributes:
        begins: says of an operation and its arguments whether counting begins after it.
        at: number of the call that is not made any more, from 1; 0 for none.
        calls: operations since counting began.
    """

    begins: Callable[[str, dict[str, Any]], bool]
    at: int = 0
    counting: bool = False
    calls: list[str] = field(default_factory=list)

    def set(self, at: int, begins: Callable[[str, dict[str, Any]], bool] | None = None) -> None:
        """Kill at another call, counted from here."""
        self.at, self.begins, self.counting, self.calls = at, begins or self.begins, False, []

    def call(self, original: Any, client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        """In place of botocore's call."""
        if self.counting:
            self.calls.append(operation)
            if len(self.calls) == self.at:
                raise KilledError
        answer = original(client, operation, arguments)
        self.counting = self.counting or self.begins(operation, arguments)
        return answer


def ends_a_job(operation: str, arguments: dict[str, Any]) -> bool:
    """True for the write that ends a job."""
    if operation not in ("PutItem", "UpdateItem"):
        return False
    values = arguments.get("Item") or arguments["ExpressionAttributeValues"]
    status = values.get("job_status") or values.get(":set_job_status") or {}
    return status.get("S") in ("COMPLETED", "FAILED", "CANCELLED")


@dataclass
class Stage:
    """What a transition needs.

    Attributes:
        annotated: puts an outcome in the place of the annotation.
        results_queue: a queue that hears what the topic `job_results` says.
    """

    services: Services
    functions: Functions
    clock: HeldClock
    worker: Worker
    annotated: Callable[[Callable[[], JobOutputs]], None]
    results_queue: str


@pytest.fixture
def stage(services: Services, functions: Functions, clock: HeldClock, tmp_path: Path,
          make_profile: Callable[..., Profile], monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    make_profile()
    url: str = boto3.client("sqs").create_queue(QueueName="hear-results")["QueueUrl"]
    boto3.client("sns").subscribe(TopicArn=services.settings.job_results_topic, Protocol="sqs",
                                  Endpoint="arn:aws:sqs:us-east-1:123456789012:hear-results",
                                  Attributes={"RawMessageDelivery": "true"})
    worker = Worker(services, JobRequestsQueue(services.settings.job_requests_queue_url),
                    WorkerSettings(work_dir=tmp_path / "work", heartbeat=3600), "w1")
    yield Stage(services, functions, clock, worker,
                lambda outcome: monkeypatch.setattr(worker_module, "annotate_job", lambda *_: outcome()), url)
    worker.workspace.close()


def refused() -> JobOutputs:
    raise JobFailure(JobReason("bad_record", "Line 6 has 4 columns."))


def born_failed(stage: Stage) -> Callable[[], object]:
    key = f"{ADA}/{job_id()}/empty.vcf"
    put_input(stage.services, key, b"")
    return lambda: submit_job(stage.services, key)


def failed_by_worker(stage: Stage) -> Callable[[], object]:
    stage.annotated(refused)
    ask(stage, make_job(stage.services))
    return lambda: stage.worker.work_once(0)


def completed(stage: Stage) -> Callable[[], object]:
    stage.annotated(lambda: OUTPUTS)
    ask(stage, make_job(stage.services))
    return lambda: stage.worker.work_once(0)


def out_of_attempts(stage: Stage) -> Callable[[], object]:
    ask(stage, make_job(stage.services, attempt=3))
    return lambda: stage.worker.work_once(0)


def cancelled(stage: Stage) -> Callable[[], object]:
    job = make_job(stage.services)
    return lambda: cancel_job(stage.services, ADA, job.job_id)


def given_up(stage: Stage) -> Callable[[], object]:
    make_job(stage.services)
    stage.clock.advance(3 * 86_400)
    return lambda: sweep_jobs(stage.services)


def ask(stage: Stage, job: Job) -> None:
    stage.services.topics.request_job(JobRequest(job_id=job.job_id, user_id=ADA))


TRANSITIONS = {"born failed": (born_failed, "FAILED"), "failed by the worker": (failed_by_worker, "FAILED"),
               "completed": (completed, "COMPLETED"), "out of attempts": (out_of_attempts, "FAILED"),
               "cancelled": (cancelled, "CANCELLED"), "given up by the sweep": (given_up, "FAILED")}
STEPS = 5
"""The profile is read, the end published, the mark removed; then a worker deletes its message and notes its pace."""


@pytest.fixture
def killer(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Killer:
    killer, original = Killer(ends_a_job), BaseClient._make_api_call
    monkeypatch.setattr(BaseClient, "_make_api_call",
                        lambda client, operation, arguments: killer.call(original, client, operation, arguments))
    return killer


@pytest.mark.parametrize("name", TRANSITIONS)
def test_an_end_is_announced_once_when_nobody_dies(stage: Stage, killer: Killer, name: str) -> None:
    prepare, status = TRANSITIONS[name]
    work = prepare(stage)
    work()
    assert killer.calls[:3] == ["GetItem", "Publish", "UpdateItem"], "profile, announcement, mark"
    stage.clock.advance(300)
    assert sweep_jobs(stage.services)["announced_late"] == 0
    assert [body["job_status"] for body in bodies_in(stage.results_queue)] == [status]


@pytest.mark.parametrize("at", range(1, STEPS + 1))
@pytest.mark.parametrize("name", TRANSITIONS)
def test_an_end_is_announced_whoever_dies_and_when(stage: Stage, killer: Killer, name: str, at: int) -> None:
    prepare, status = TRANSITIONS[name]
    work = prepare(stage)
    killer.set(at)
    try:
        work()
    except KilledError:
        pass
    else:
        assert len(killer.calls) < at, "nothing was left to be killed at"
    killer.set(0)
    stage.clock.advance(300)
    late = sweep_jobs(stage.services)["announced_late"]
    heard = [body["job_status"] for body in bodies_in(stage.results_queue)]
    assert set(heard) == {status}
    assert len(heard) <= 1 + late, "twice only where the mark outlived the announcement"
    job = stage.services.jobs.get(job_id())
    assert job is not None
    assert (job.job_status, job.unannounced) == (JobStatus(status), False)
    assert sweep_jobs(stage.services)["announced_late"] == 0
    # However often it was announced, there is one mail, and none for what the user has done.
    for _ in range(2):
        stage.functions.deliver_waiting("notify")
    assert stage.functions.mails() == (0 if status == "CANCELLED" else 1)


def test_the_sweep_leaves_whoever_ended_the_job_the_time_to_announce_it(stage: Stage) -> None:
    job = make_job(stage.services)
    stage.services.jobs.cancel(job.job_id, stage.clock())
    assert sweep_jobs(stage.services)["announced_late"] == 0
    stage.clock.advance(60)
    assert sweep_jobs(stage.services)["announced_late"] == 1


def test_a_job_that_was_deleted_meanwhile_is_not_announced(stage: Stage) -> None:
    job = make_job(stage.services)
    stage.services.jobs.cancel(job.job_id, stage.clock())
    stage.services.archive_table.hold_files(job.job_id, "user", stage.clock(), 60)
    stage.services.jobs.delete(job.job_id, "user", stage.clock())
    stage.clock.advance(300)
    assert sweep_jobs(stage.services)["announced_late"] == 0
    assert bodies_in(stage.results_queue) == []
    stage.services.jobs.announced(job.job_id)  # by a run that read it before
    assert stage.services.jobs.get(job.job_id) is None


def test_a_cancellation_holds_although_it_cannot_be_announced(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job(stage.services)
    with monkeypatch.context() as away:
        away.setattr(stage.services.topics, "announce_result", lambda *_: (_ for _ in ()).throw(error("Throttled")))
        assert cancel_job(stage.services, ADA, job.job_id).job_status is JobStatus.CANCELLED
    stage.clock.advance(300)
    assert sweep_jobs(stage.services)["announced_late"] == 1


# ---- a result that is back, and a retrieval that never came ---------------------------------------------------
@pytest.mark.parametrize("at", range(1, 8))
def test_a_result_that_is_back_is_told_of_whenever_the_thaw_dies(
        stage: Stage, killer: Killer, at: int) -> None:
    """The message of a retrieval stays in its queue until everything that follows from it has been done."""
    services, functions = stage.services, stage.functions
    job = make_completed(services)
    stage.clock.advance(300)
    cold = functions.archive(job)
    services.profiles.subscribe(ADA)
    services.profiles.begin_restoring(ADA)
    assert functions.deliver("restore", request("restore", job_id=job.job_id)) == []
    bodies_in(services.settings.notify_queue_url)
    killer.set(at, lambda operation, arguments: operation == "UpdateItem" and (
        ":set_restored_time" in arguments["ExpressionAttributeValues"]))
    event = restored_event(str(cold.archive_id))
    try:
        assert functions.deliver("thaw", event) == []
        assert len(killer.calls) < at
    except KilledError:
        stage.clock.advance(1080)  # the message shows again
        assert functions.deliver("thaw", event) == []
    killer.set(0)
    assert stage.services.jobs.get(job.job_id).file("results").key is not None  # type: ignore[union-attr]
    functions.deliver_waiting("notify")
    assert functions.mails() == 1


@pytest.mark.parametrize("at", [1, 2, 3])  # the job is read, the message sent, the record written
def test_a_retrieval_that_never_came_is_asked_for_although_the_sweep_dies_over_it(
        stage: Stage, killer: Killer, at: int) -> None:
    services, functions = stage.services, stage.functions
    job = _sent_for(stage)
    stage.clock.advance(700)
    killer.set(at, lambda operation, arguments: operation == "Query" and (
        "restore_status" in arguments["IndexName"] and arguments["Limit"] > 1))
    with pytest.raises(KilledError):
        sweep_jobs(services)
    killer.set(0)
    stage.clock.advance(300)
    sweep_jobs(services)
    assert functions.deliver_waiting("restore") >= 1
    now = services.jobs.get(job.job_id)
    assert now is not None
    assert now.archive.restore_requested_time == stage.clock()


def test_a_retrieval_that_never_came_is_forgotten_where_its_user_is_free_again(stage: Stage) -> None:
    services, functions = stage.services, stage.functions
    job = _sent_for(stage)
    services.profiles.unsubscribe(ADA, stage.clock())
    stage.clock.advance(700)
    assert sweep_jobs(services)["retrievals_again"] == 1
    functions.deliver_waiting("restore")
    now = services.jobs.get(job.job_id)
    assert now is not None
    assert now.archive.restore_status is None
    assert services.profiles.get(ADA).role is Role.FREE  # type: ignore[union-attr]


def _sent_for(stage: Stage) -> Job:
    """An archived job whose user subscribed, and whose retrieval was requested."""
    job = make_completed(stage.services)
    stage.clock.advance(300)
    stage.functions.archive(job)
    stage.services.profiles.subscribe(ADA)
    restore_results(stage.services, RestoreJob(user_id=job.user_id, job_id=job.job_id))
    return job
