"""A free annotator takes the job whose turn it is. Messages only say that there is work; the table says which.

A message stays in the queue until the job that it names has ended, whichever jobs were taken meanwhile, so that there
are never fewer messages than open jobs. See docs/decisions/fair-queue.md.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.dynamodb.open_jobs import open_jobs
from chalicelib.domain.fair_queue import Line, OpenJob
from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.exceptions import JobNotFoundError, JobTakenError, LeaseLostError
from chalicelib.services import Services

logger = Logger(service="annotator", child=True)

MOST_LOOKED_AT = 5000
"""Open jobs that are looked at, the oldest ones: a megabyte of an index."""
LONGEST_WAIT = 60
"""Seconds that a message of a job which may not run yet stays hidden at most."""


def take_next_job(services: Services, named: Job, owner: str, lease: int, most_running: int) -> Job | None:
    """Take the job whose turn it is: one whose annotator died, else the first in line whose user may run one more.

    Args:
        named: the job that the message names, as it is now; the index may not have it yet.
        owner: the annotator's name.
        lease: seconds that the annotator may be silent before another one takes over.
        most_running: jobs of one user that may run at the same time.

    Returns:
        The job, held by `owner`; None when no job may be taken now.
    """
    now = services.clock()
    seen = {job.job_id: job for job in (*open_jobs(services.jobs, MOST_LOOKED_AT).jobs, OpenJob.of(named))}
    running = [job for job in services.job_search.jobs(
        [job.job_id for job in seen.values() if job.job_status is JobStatus.RUNNING])
        if job.job_status is JobStatus.RUNNING]
    waiting = [job for job in seen.values() if job.job_status is JobStatus.PENDING]
    for job_id in _in_turn(services, running, waiting, now, most_running):
        try:
            job = services.jobs.take(job_id, owner, now, lease)
        except (JobNotFoundError, JobTakenError, LeaseLostError):
            continue  # the index lags, another annotator was faster, or the job is to be tried again later
        _note_turn(services, job, now, min(job.submit_time for job in seen.values()))
        return job
    return None


def _in_turn(services: Services, running: list[Job], waiting: list[OpenJob], now: int,
             most_running: int) -> Iterator[str]:
    """Ids of the jobs that may be taken, the next one first."""
    held = Counter(job.user_id for job in running if not _abandoned(job, now))
    yield from (job.job_id for job in running if _abandoned(job, now))
    line = Line(waiting, services.last_starts.served())
    while (job := line.next(now)) is not None:
        if held[job.user_id] < most_running:
            yield job.job_id


def _abandoned(job: Job, now: int) -> bool:
    return (job.run.lease_expires or 0) < now


def _note_turn(services: Services, job: Job, now: int, oldest: int) -> None:
    try:
        services.last_starts.note(job.user_id, now, oldest)
    except (BotoCoreError, ClientError):
        # The job is taken, and that is worth more than whose turn is next.
        logger.warning("A turn was not noted", extra={"job_id": job.job_id}, exc_info=True)


def next_look(named: Job, deliveries: int, now: int) -> int:
    """Seconds until a message is to be shown again, when no job may be taken now.

    Args:
        named: the job that the message names.
        deliveries: how often the message has come, this time included.
        now: epoch seconds.
    """
    if named.job_status is JobStatus.RUNNING:  # in case its annotator dies: not before its lease ends, and not later
        return max((named.run.lease_expires or now) - now, 0) + 1
    if named.run.retry_time is not None and named.run.retry_time > now:
        return named.run.retry_time - now
    return min(5 * deliveries, LONGEST_WAIT)
