"""What an annotator does for the job that it holds, and when it gives the job up."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from annotator.worker import loop as worker_module
from annotator.worker.lease import Lease
from annotator.worker.loop import Worker
from annotator.worker.settings import WorkerSettings
from chalicelib.aws.job_request_queue import JobRequestsQueue, ReceivedMessage
from chalicelib.domain.jobs import Job, JobProgress, JobStatus, Stage
from chalicelib.domain.messages import JobRequest
from chalicelib.exceptions import JobTakenError, LeaseLostError
from chalicelib.services import Services
from tests.conftest import HeldClock
from tests.integration.support.jobs_made import ADA, keys_in, make_job, stored

pytestmark = pytest.mark.writes_once("sqs", "sns")

LEASE = 120


class HeardQueue(JobRequestsQueue):
    """The real queue; notes for how long messages are hidden."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.hidden: list[int] = []

    def hide(self, message: ReceivedMessage, seconds: int) -> None:
        self.hidden.append(seconds)
        super().hide(message, seconds)


@pytest.fixture
def queue(services: Services) -> HeardQueue:
    return HeardQueue(services.settings.job_requests_queue_url)


@pytest.fixture
def worker(services: Services, queue: HeardQueue, tmp_path: Path) -> Iterator[Worker]:
    worker = Worker(services, queue, WorkerSettings(work_dir=tmp_path, lease=LEASE, heartbeat=3600, pause=0), "w1")
    yield worker
    worker.workspace.close()


def requested(services: Services) -> Job:
    job = make_job(services)
    services.topics.request_job(JobRequest(job_id=job.job_id, user_id=ADA))
    return job


def test_the_message_is_hidden_for_as_long_as_the_job_is_worked_on(
        services: Services, queue: HeardQueue, worker: Worker, clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, seen = requested(services), []

    def annotate(services: Services, job: Job, lease: Lease, *_: Any) -> None:
        seen.append(list(queue.hidden))
        for _ in range(4):
            clock.advance(LEASE // 4)
            lease.beat()
        seen.append(list(queue.hidden))
        raise OSError("enough")

    monkeypatch.setattr(worker_module, "annotate_job", annotate)
    assert worker.work_once(0)
    assert seen == [[LEASE], [LEASE] * 5]
    assert stored(services, job).job_status is JobStatus.PENDING


@pytest.mark.parametrize("silent", [LEASE - 1, LEASE])
def test_a_lease_is_given_up_after_a_whole_lease_without_a_heartbeat(
        services: Services, worker: Worker, clock: HeldClock, monkeypatch: pytest.MonkeyPatch, silent: int) -> None:
    requested(services)
    lost = []

    def refuse(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "UpdateItem")

    def annotate(services: Services, job: Job, lease: Lease, *_: Any) -> None:
        with monkeypatch.context() as refused:
            refused.setattr(services.jobs, "renew", refuse)
            lease.beat()
            clock.advance(silent)
            lease.beat()
        lost.append(lease.lost)
        raise LeaseLostError()

    monkeypatch.setattr(worker_module, "annotate_job", annotate)
    assert worker.work_once(0)
    assert lost == [silent == LEASE]


def test_nothing_stays_of_what_was_uploaded_for_a_job_that_is_cancelled(
        services: Services, worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A heartbeat shows it only when some of the results are there."""
    job = requested(services)

    def annotate(services: Services, job: Job, lease: Lease, *_: Any) -> None:
        (tmp_path / "log").write_text("counts")
        services.files.upload_result(tmp_path / "log", f"{ADA}/{job.job_id}/a.count.log", "text/plain")
        services.jobs.cancel(job.job_id, services.clock())
        lease.beat()
        assert lease.lost
        raise LeaseLostError()

    monkeypatch.setattr(worker_module, "annotate_job", annotate)
    assert worker.work_once(0)
    assert stored(services, job).job_status is JobStatus.CANCELLED
    assert keys_in(services.files.results_bucket) == []


def test_a_heartbeat_that_comes_late_keeps_the_job_from_who_saw_the_lease_end(
        services: Services, clock: HeldClock, monkeypatch: pytest.MonkeyPatch) -> None:
    job = requested(services)
    services.jobs.take(job.job_id, "w1", clock(), LEASE)
    clock.advance(LEASE + 1)
    get = services.jobs.get

    def read_too_early(job_id: str) -> Job | None:
        found = get(job_id)
        services.jobs.renew(job_id, "w1", clock(), LEASE, JobProgress(stage=Stage.ANNOTATING))
        return found

    monkeypatch.setattr(services.jobs, "get", read_too_early)
    with pytest.raises(JobTakenError):
        services.jobs.take(job.job_id, "w2", clock(), LEASE)
    assert stored(services, job).run.lease_owner == "w1"
