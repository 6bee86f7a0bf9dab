"""The heartbeat of a running job: it renews the lease, hides the message and records progress."""
from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.dynamodb.jobs import JobTable
from chalicelib.aws.job_request_queue import JobRequestsQueue, ReceivedMessage
from chalicelib.clock import Clock
from chalicelib.domain.jobs import Job, JobProgress, Stage
from chalicelib.exceptions import LeaseLostError

logger = Logger(service="annotator", child=True)


class Lease:
    """Keeps one job, from a thread of its own, as long as the `with` block lasts.

    Args:
        seconds: How long the job stays ours after a heartbeat.
        interval: Seconds between two heartbeats.
        on_beat: Called before each heartbeat.
    """

    def __init__(self, job: Job, owner: str, message: ReceivedMessage, jobs: JobTable, queue: JobRequestsQueue,
                 clock: Clock, seconds: int, interval: float, on_beat: Callable[[], None]) -> None:
        self._job = job
        self._owner = owner
        self._message = message
        self._jobs = jobs
        self._queue = queue
        self._clock = clock
        self._seconds = seconds
        self._interval = interval
        self._on_beat = on_beat
        self._progress = JobProgress(stage=Stage.DOWNLOADING)
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._renewed = clock()
        self._hidden = clock()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    @property
    def lost(self) -> bool:
        """True once the job is no longer ours."""
        return self._lost.is_set()

    def report(self, progress: JobProgress) -> None:
        """The progress that the next heartbeat records."""
        self._progress = progress

    def __enter__(self) -> Lease:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._ended.wait(self._interval) and not self.lost:
            self.beat()

    def beat(self) -> None:
        """One heartbeat; `lost` says whether the job is still ours."""
        try:
            self._on_beat()
            self._renew()
        except LeaseLostError:
            self._lost.set()
        except (BotoCoreError, ClientError, OSError):
            # One heartbeat missed is no harm; a whole lease without one is: another worker may hold the job.
            logger.warning("A heartbeat failed", exc_info=True)
            if self._clock() - self._renewed >= self._seconds:
                self._lost.set()

    def _renew(self) -> None:
        now = self._clock()
        self._jobs.renew(self._job.job_id, self._owner, now, self._seconds, self._progress)
        self._renewed = now
        # The message needs less care than the page that shows the progress.
        if now - self._hidden >= self._seconds / 4:
            self._queue.hide(self._message, self._seconds)
            self._hidden = now
