"""Users, annotators and a payment service on the AWS in memory, for the simulation of a job's life."""
from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from annotator.worker.engine_process import EngineCrashedError, EngineStoppedError
from annotator.worker.lease import Lease
from annotator.worker.loop import Worker
from annotator.worker.settings import WorkerSettings
from chalicelib.aws.archive.s3 import S3Archive
from chalicelib.aws.dynamodb.archive_moves import ArchiveMoves
from chalicelib.aws.dynamodb.jobs import JobTable
from chalicelib.aws.dynamodb.profiles import ProfileTable
from chalicelib.aws.dynamodb.sessions import SessionTable
from chalicelib.aws.job_request_queue import JobRequestsQueue
from chalicelib.aws.s3.files import FileStore
from chalicelib.aws.s3.references import ReferenceCatalogue
from chalicelib.aws.secrets import Secrets
from chalicelib.aws.ses import Mailer
from chalicelib.aws.sns import Topics
from chalicelib.aws.sqs import WorkQueue
from chalicelib.billing.service import SubscriptionState, WayBack
from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import Job, JobProgress, Stage
from chalicelib.domain.messages import JobResult
from chalicelib.domain.names import key_prefix
from chalicelib.domain.profiles import Profile
from chalicelib.domain.result_files import JobOutputs
from chalicelib.exceptions import JobFailure, LeaseLostError, PaymentServiceError
from chalicelib.services import Services
from chalicelib.settings import Settings
from tests.integration.support.memory_aws import MemoryAws, Message
from tests.integration.support.memory_call import CutOffError
from tests.job_records import stored_files
from tests.payments import MemoryBilling

LEASE = 120
OPEN_LIMIT = 3
"""Open jobs of a free user."""
BACK = WayBack(paid="https://gas.example.org/paid", left="https://gas.example.org/left")
QUEUES = ("archive", "restore", "thaw", "notify", "erase", "uploads")


@dataclass
class Announcements(Topics):
    """The real topics; notes what was announced."""

    ended: list[JobResult] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__("JobRequestsTopic", "JobResultsTopic")

    def announce_result(self, result: JobResult) -> None:
        super().announce_result(result)
        self.ended.append(result)


class SteppedBilling(MemoryBilling):
    """A payment service whose calls are steps, too; it reports every change of a subscription."""

    def __init__(self, aws: MemoryAws) -> None:
        super().__init__()
        self.aws = aws

    def _answers(self) -> None:
        try:
            self.aws.step()
        except ClientError as error:
            raise PaymentServiceError() from error

    def tell(self, billing_id: str) -> None:
        self.aws.messages.append(Message("payments", billing_id, self.aws.now))

    def pay(self, checkout_id: str, standing: SubscriptionState = SubscriptionState.LIVE) -> str:
        billing_id = super().pay(checkout_id, standing)
        self.tell(billing_id)
        return billing_id

    def becomes(self, billing_id: str, standing: SubscriptionState, ends: int | None = None) -> None:
        before = self.subscriptions[billing_id]
        super().becomes(billing_id, standing, ends)
        if self.subscriptions[billing_id] != before:
            self.tell(billing_id)


def make_services(aws: MemoryAws, new_id: Callable[[], str]) -> Services:
    """The real adapters, on the AWS in memory."""
    jobs, files, nobody = JobTable("annotations", new_id), FileStore("inputs", "results", "archive"), Secrets("", "")
    queues: dict[str, Any] = {f"{name}_queue": WorkQueue(name) for name in QUEUES}
    settings = Settings.from_environment({
        "FREE_RETENTION_SECONDS": "999999", "SITE_URL": "https://gas.example.org", "DEFAULT_REFERENCE": "rCRS",
        "FREE_OPEN_LIMIT": str(OPEN_LIMIT)})
    return Services(
        settings=settings, jobs=jobs, profiles=ProfileTable("profiles", new_id), sessions=SessionTable("sessions"),
        files=files, references=ReferenceCatalogue(files, ""), topics=Announcements(), secrets=nobody,
        billing=SteppedBilling(aws), archive_table=ArchiveMoves(jobs),
        archive_store=S3Archive("results", "archive"), job_requests_queue=JobRequestsQueue("job-requests"),
        mailer=Mailer("gas@example.org"), clock=lambda: aws.now, new_id=new_id, **queues)


ENDS: dict[str, Exception] = {
    "bad file": JobFailure(JobReason("bad_line", "There is a fault in the file.", "Correct it.")),
    "crash": EngineCrashedError(), "stop": EngineStoppedError(), "no disk": OSError("No space left on device")}
"""How annotations end that are not completed."""


@dataclass
class Hold:
    """What an annotator believes: until then the job is its own."""

    job_id: str
    until: int


class Annotators:
    """Annotators that do everything but annotate.

    Args:
        wait: Lets so many seconds pass.
        lives: Seconds that are left to each run that stands still, the innermost last.
    """

    def __init__(self, aws: MemoryAws, services: Services, folder: Path, wait: Callable[[int], None],
                 lives: list[int]) -> None:
        self.aws, self.services, self.wait, self.lives = aws, services, wait, lives
        self.settings = WorkerSettings(work_dir=folder, lease=LEASE, heartbeat=10**6, pause=0, most_running_of_user=2)
        self.workers: list[Worker] = []
        self.busy: list[Worker] = []
        self.made = 0
        self.holds: dict[str, Hold] = {}
        self.outcome, self.beats = "completed", 0
        """Of the next annotation: how it ends, and after how many heartbeats."""

    def idle(self) -> Worker:
        """One that has nothing to do; another one is started where all have."""
        for worker in self.workers:
            if worker not in self.busy:
                return worker
        self.made += 1
        self.workers.append(Worker(self.services, JobRequestsQueue("job-requests"), self.settings, f"w{self.made}"))
        return self.workers[-1]

    def work_once(self, worker: Worker, outcome: str, beats: int) -> None:
        """As `Worker.run` does it, once; what is left of a worker that dies is its lease."""
        self.outcome, self.beats = outcome, beats
        self.busy.append(worker)
        try:
            with suppress(ClientError):
                worker.work_once(0)
        except CutOffError:
            worker.workspace.close()
            self.workers.remove(worker)
            raise
        finally:
            self.busy.remove(worker)

    def close(self) -> None:
        for worker in self.workers:
            worker.workspace.close()

    def annotate(self, services: Services, job: Job, lease: Lease, *_: Any) -> JobOutputs:
        """In place of `annotate_job`. It may take long, and so may any step of it; those of the worker may not."""
        (outcome, beats), owner, died = (self.outcome, self.beats), str(job.run.lease_owner), False
        self.outcome, self.beats = "completed", 0
        self.holds[owner] = Hold(job.job_id, int(job.run.attempt_start_time or 0) + LEASE)
        self.lives[-1] += 10**6
        try:
            for number in range(beats):
                self.wait(50)
                lease.report(JobProgress(stage=Stage.ANNOTATING, records=number))
                renewed = self.aws.now
                lease.beat()
                _require(lease)
                if lease._renewed >= renewed:
                    self.holds[owner].until = lease._renewed + LEASE
            if outcome in ENDS:
                raise ENDS[outcome]
            return self._upload(job, lease)
        except CutOffError:
            died = True
            raise
        finally:
            self.lives[-1] = 60
            if not died:
                del self.holds[owner]

    def _upload(self, job: Job, lease: Lease) -> JobOutputs:
        files = stored_files(key_prefix(job.user_id, job.job_id), job.input.name)
        for file in files.values():
            _require(lease)
            self.aws.client("s3").put_object(Bucket="results", Key=file.key, Body=str(file.key).encode())
        files["results"] = replace(files["results"], size=7, sha256="0" * 64)
        return JobOutputs("results", files, {"records": 1})


def _require(lease: Lease) -> None:
    if lease.lost:
        raise LeaseLostError()


def profile_record(user_id: str, now: int) -> dict[str, Any]:
    return Profile(identity_id=user_id, name="A", email=f"{user_id[:4]}@example.org", institution="x",
                   created=now).to_record()


def upload_event(key: str, version: str) -> str:
    """As S3 reports a file that arrived."""
    return json.dumps({"Records": [{"s3": {"object": {"key": key, "versionId": version}}}]})

