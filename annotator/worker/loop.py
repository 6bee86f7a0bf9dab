"""The ECS worker: takes jobs from the queue and brings each to an end, or leaves it so that another worker can."""
from __future__ import annotations

import os
import signal
import socket
import threading
from types import FrameType

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from annotator.worker.annotate_job import annotate_job
from annotator.worker.engine_process import EngineCrashedError, EngineStoppedError
from annotator.worker.lease import Lease
from annotator.worker.limited_process import hide_environment
from annotator.worker.settings import WorkerSettings
from annotator.worker.task_protection import TaskProtection
from annotator.worker.workspace import Workspace
from chalicelib.aws.job_request_queue import LONG_POLL_SECONDS, JobRequestsQueue, ReceivedMessage
from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.messages import JobRequest, decode
from chalicelib.domain.names import key_prefix
from chalicelib.exceptions import (
    InvalidMessageError,
    JobFailure,
    LeaseLostError,
    MissingSettingsError,
    RecordTooLargeError,
    ReferenceUnavailableError,
    StorageUnavailableError,
    WorkerOutOfDiskError,
)
from chalicelib.services import Services
from chalicelib.usecases.jobs.announce_end import announce_end
from chalicelib.usecases.jobs.take_job import next_look, take_next_job

logger = Logger(service="annotator")

RETRY_SECONDS = 30
PAUSE_SECONDS = 5
"""Between an error that nothing else dealt with and the next message."""
REFUSED_FOR_GOOD = ("ValidationException", "InvalidParameter", "InvalidParameterValue", "InvalidArgument",
                    "EntityTooLarge", "KeyTooLongError")
"""Error codes of AWS for what it will refuse again, however often it is asked."""
LOGGED = "Contact support and quote the job ID."
MOST_HAND_BACKS = 15
"""After so many times that a worker gave it back for trouble that is not the file's, a job fails with a reason."""


class Worker:
    """Works on one job at a time until it is asked to stop.

    Args:
        owner: This worker's name, different from any other's.
    """

    def __init__(self, services: Services, queue: JobRequestsQueue, settings: WorkerSettings, owner: str) -> None:
        self.services = services
        self.queue = queue
        self.settings = settings
        self.owner = owner
        self.workspace = Workspace(settings.work_dir, owner)
        self.protection = TaskProtection(settings.ecs_agent)
        self._stop = threading.Event()

    def stop(self) -> None:
        """End after handing back the current job."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """True once the worker was asked to stop."""
        return self._stop.is_set()

    def run(self) -> None:
        """Take jobs until asked to stop."""
        self.workspace.remove_leftovers()
        logger.info("Worker started", extra={"owner": self.owner})
        try:
            while not self.stopping:
                self.workspace.touch_alive()
                try:
                    self.work_once()
                except (BotoCoreError, ClientError):
                    # AWS is out of reach or refuses: the message comes again, and so do we.
                    logger.exception("A call to AWS failed; trying again")
                    self._stop.wait(PAUSE_SECONDS)
                except Exception:
                    logger.exception("A message could not be dealt with; it will be delivered again")
                    self._stop.wait(PAUSE_SECONDS)
        finally:
            self.workspace.close()
            logger.info("Worker stopped", extra={"owner": self.owner})

    def work_once(self, wait_seconds: int = LONG_POLL_SECONDS) -> bool:
        """Wait for one message, and work on the job whose turn it is.

        Returns:
            False when none came.
        """
        message = self.queue.receive(wait_seconds)
        if message is None:
            return False
        try:
            request: JobRequest = decode(message.body, JobRequest)
        except InvalidMessageError:
            # Shown again soon and often, it reaches the dead-letter queue, whose alarm notifies the operator.
            if message.receive_count == 1:
                logger.exception("A message is no job request", extra={"body": message.body[:500]})
            self.queue.hide(message, 1)
            return True
        try:
            self._handle(request.job_id, message)
        finally:
            logger.remove_keys(["job_id", "user_id"])
        return True

    # ---- one message, and the job whose turn it is -----------------------------------------------------------
    def _handle(self, job_id: str, message: ReceivedMessage) -> None:
        if self.stopping:
            self.queue.hide(message, 0)
            return
        named = self.services.jobs.get(job_id)
        if named is None or named.ended:
            # Annotated under another message, cancelled or deleted; or its worker died before it announced the end.
            if named is not None:
                announce_end(self.services, named)
            self.queue.done(message)
            return
        job = take_next_job(self.services, named, self.owner, self.settings.lease,
                            self.settings.most_running_of_user)
        if job is None:
            self.queue.hide(message, next_look(named, message.receive_count, self.services.clock()))
            self._stop.wait(self.settings.pause)
            return
        logger.append_keys(job_id=job.job_id, user_id=job.user_id)
        self.queue.hide(message, self.settings.lease)
        logger.info("Job taken", extra={"attempt": job.run.attempt})
        try:
            self._bring_to_an_end(job, message)
        finally:
            self.protection.clear()

    def _release(self, job: Job, message: ReceivedMessage) -> None:
        """The job has ended. A message that names another one is shown again: that one may still be open."""
        if _names(message, job):
            self.queue.done(message)
        else:
            self.queue.hide(message, 0)

    def _bring_to_an_end(self, job: Job, message: ReceivedMessage) -> None:
        try:
            if job.run.attempt > self.settings.most_attempts:
                raise JobFailure(JobReason(
                    "worker_stopped_repeatedly",
                    f"Processing this file failed {self.settings.most_attempts} times.", LOGGED))
            self.protection.protect()
            with Lease(job, self.owner, message, self.services.jobs, self.queue, self.services.clock,
                       self.settings.lease, self.settings.heartbeat, self._on_beat) as lease:
                outputs = annotate_job(self.services, job, lease, self.workspace, self.settings,
                                       lambda: self.stopping or lease.lost)
            ended = self.services.jobs.complete(job.job_id, self.owner, self.services.clock(), outputs)
        except JobFailure as failure:
            self._fail(job, message, failure.reason)
        except LeaseLostError:
            self._lost(job, message)
        except EngineStoppedError:
            self._hand_back(job, message, count_attempt=False, delay=0)
        except EngineCrashedError:
            self._again(job, message, count_attempt=True)
        except WorkerOutOfDiskError as full:
            logger.warning("No room for the job", extra={"detail": full.message})
            self._again(job, message, count_attempt=False)
        except (BotoCoreError, ClientError, OSError, ReferenceUnavailableError, StorageUnavailableError) as error:
            if _refused_for_good(error):
                logger.exception("AWS refuses what this job needs, and would refuse it again")
                self._fail(job, message, JobReason(
                    "result_refused", f"The results of this job could not be stored: {error}", LOGGED))
            else:
                logger.exception("The job could not be worked on; it will be tried again")
                self._again(job, message, count_attempt=False)
        except RecordTooLargeError:
            logger.exception("The job's record would be too large")
            self._fail(job, message, JobReason(
                "record_too_large", "The summary of this job is too large to be stored.", LOGGED))
        except Exception:
            logger.exception("The annotator failed on this job")
            self._again(job, message, count_attempt=True)
        else:
            logger.info("Job completed", extra={"records": outputs.summary.get("records")})
            announce_end(self.services, ended)
            self._release(job, message)
            self._note_pace(ended)

    def _on_beat(self) -> None:
        self.workspace.touch_alive()
        self.protection.protect()

    def _note_pace(self, job: Job) -> None:
        """Record how long it took, for the expected times of other jobs; jobs that were started twice are left out."""
        if job.run.attempt != 1 or job.run.start_time is None or job.complete_time is None:
            return
        try:
            self.services.throughput.add(job.uploaded_size, job.complete_time - job.run.start_time)
        except (BotoCoreError, ClientError):
            logger.warning("The pace was not noted", exc_info=True)

    def _again(self, job: Job, message: ReceivedMessage, count_attempt: bool) -> None:
        if count_attempt and job.run.attempt >= self.settings.most_attempts:
            self._fail(job, message, JobReason(
                "annotation_crashed", f"Processing failed {job.run.attempt} times because of an internal error.",
                LOGGED))
        elif not count_attempt and job.run.hand_backs + 1 >= MOST_HAND_BACKS:
            self._fail(job, message, JobReason(
                "service_trouble", "GAS could not process this file for a long time.",
                "Upload it again later. The administrators have been notified."))
        else:
            self._hand_back(job, message, count_attempt, 0 if count_attempt else RETRY_SECONDS)

    def _hand_back(self, job: Job, message: ReceivedMessage, count_attempt: bool, delay: int) -> None:
        retry_time = self.services.clock() + delay if delay else None
        try:
            self.services.jobs.hand_back(job, self.owner, count_attempt, retry_time)
        except LeaseLostError:
            self._lost(job, message)
            return
        self.queue.hide(message, delay if _names(message, job) else 0)
        logger.info("Job handed back", extra={"delay": delay})

    def _fail(self, job: Job, message: ReceivedMessage, reason: JobReason) -> None:
        try:
            ended = self.services.jobs.fail(job.job_id, self.owner, self.services.clock(), reason)
        except LeaseLostError:
            self._lost(job, message)
            return
        logger.info("Job failed", extra={"reason": reason.code})
        announce_end(self.services, ended)
        self._release(job, message)

    def _lost(self, job: Job, message: ReceivedMessage) -> None:
        """The job was cancelled, deleted or taken over while we worked on it."""
        now = self.services.jobs.get(job.job_id)
        if now is None or now.job_status is JobStatus.CANCELLED:
            logger.info("The job was cancelled or deleted; its results are removed")
            self.services.files.purge_below(self.services.files.results_bucket, key_prefix(job.user_id, job.job_id))
            self._release(job, message)
        else:
            # Another worker has it; our message shows again when the time is over for which it is hidden.
            logger.warning("The job was taken over", extra={"job_status": now.job_status.value})


def _names(message: ReceivedMessage, job: Job) -> bool:
    """Whether the job is the one that the message names, and not another one whose turn it was."""
    request: JobRequest = decode(message.body, JobRequest)
    return request.job_id == job.job_id


def _refused_for_good(error: Exception) -> bool:
    return isinstance(error, ClientError) and error.response["Error"]["Code"] in REFUSED_FOR_GOOD


def main() -> int:
    """Run a worker as the environment says, until SIGTERM or SIGINT."""
    try:
        services = Services.from_environment("annotator")
    except MissingSettingsError as error:
        logger.exception(error.message, extra={"hint": error.hint})
        return 1
    settings = WorkerSettings.from_environment()
    owner = f"{socket.gethostname()}-{os.getpid()}-{services.new_id()[:8]}"
    hide_environment()
    worker = Worker(services, JobRequestsQueue(services.settings.job_requests_queue_url), settings, owner)

    def stop(number: int, frame: FrameType | None) -> None:
        worker.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    worker.run()
    return 0
