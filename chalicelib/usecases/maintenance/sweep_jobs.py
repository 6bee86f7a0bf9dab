"""Every few minutes: jobs and retrievals that nothing moves any more are helped along, or ended with a reason."""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from aws_lambda_powertools import Logger

from chalicelib.aws.dynamodb.archive_moves import JobIds
from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import Job, JobStatus, RestoreTier
from chalicelib.domain.messages import JobRequest, RestoreJob
from chalicelib.services import Services
from chalicelib.usecases.jobs.announce_end import announce_end

logger = Logger(child=True)

YOUNG = 900
"""Seconds after the upload during which a job is left alone."""
LEASE_OVERDUE = 300
"""Seconds after the end of a lease: by then the queue has delivered the job's message again, if it still has it."""
HELP_AGAIN = 3600
"""Seconds between two times that the sweep helps one job along."""
GIVE_UP = 48 * 3600
"""Seconds after the upload at which a job that nobody holds fails."""
ANNOUNCEMENT_OVERDUE = 60
"""Seconds after the end of a job by which the process that ended it has published that, unless it died."""
RETRIEVAL_OVERDUE = 2
"""A retrieval is overdue after so many times the longest that AWS says it takes."""
PAGE = 200


def sweep_jobs(services: Services) -> Counter[str]:
    """Go through open jobs and retrievals under way, by index.

    Returns:
        How many of each were found: requested_again, given_up, announced_late, retrievals_again, open_jobs; and in
        seconds oldest_open_job, oldest_waiting_job (of those that wait for longer than `YOUNG`) and oldest_retrieval.
    """
    counts: Counter[str] = Counter(requested_again=0, given_up=0, announced_late=0, retrievals_again=0, open_jobs=0,
                                   oldest_waiting_job=0)
    now = services.clock()
    counts["oldest_open_job"] = _oldest_open_job(services, now)
    counts["oldest_retrieval"] = _oldest_retrieval(services, now)
    for job_id in _all(lambda start: services.archive_table.open_since(now - YOUNG, PAGE, start)):
        job = services.jobs.get(job_id)
        if job is not None and not job.ended:
            counts["open_jobs"] += 1
            if job.job_status is JobStatus.PENDING:
                counts["oldest_waiting_job"] = max(counts["oldest_waiting_job"], now - job.submit_time)
            _help_along(services, job, now, counts)
    for job_id in _all(lambda start: services.archive_table.unannounced(PAGE, start)):
        _announce_late(services, job_id, now, counts)
    soonest_overdue = now - RETRIEVAL_OVERDUE * RestoreTier.EXPEDITED.expected_seconds
    # All of them: thousands of Standard retrievals that are in time must not hide an Expedited one that is not.
    for job_id in _all(lambda start: services.archive_table.restoring_since(soonest_overdue, PAGE, start)):
        _retrieve_again(services, job_id, now, counts)
    return counts


def _oldest_open_job(services: Services, now: int) -> int:
    """Seconds since the upload of the job that has been waiting or running longest, 0 without any."""
    job = _first(services, services.archive_table.open_since(now, 1))
    return now - job.submit_time if job is not None and not job.ended else 0


def _oldest_retrieval(services: Services, now: int) -> int:
    """Seconds since the retrieval that has been under way longest was asked for, 0 without any."""
    job = _first(services, services.archive_table.restoring_since(now, 1))
    asked = job.archive.restore_requested_time if job is not None else None
    return now - asked if asked is not None else 0


def _first(services: Services, page: JobIds) -> Job | None:
    return services.jobs.get(page.job_ids[0]) if page.job_ids else None


def _all(page_from: Callable[[dict[str, Any] | None], JobIds]) -> Iterator[str]:
    page = page_from(None)
    yield from page.job_ids
    while page.next_key is not None:
        page = page_from(page.next_key)
        yield from page.job_ids


def _help_along(services: Services, job: Job, now: int, counts: Counter[str]) -> None:
    held = job.job_status is JobStatus.RUNNING and (job.run.lease_expires or 0) + LEASE_OVERDUE >= now
    if held:
        return
    if now - job.submit_time > GIVE_UP:
        _give_up(services, job, now, counts)
    elif services.archive_table.mark_swept(job.job_id, now, now - HELP_AGAIN):
        # Its message may be lost or in the dead-letter queue; one too many does no harm.
        logger.warning("A job that nobody works on is requested again", extra={"job_id": job.job_id,
                                                                               "user_id": job.user_id})
        services.topics.request_job(JobRequest(job_id=job.job_id, user_id=job.user_id))
        counts["requested_again"] += 1


def _give_up(services: Services, job: Job, now: int, counts: Counter[str]) -> None:
    reason = JobReason("service_trouble", "GAS could not process this file for two days.",
                       "Upload it again. The administrators have been notified.")
    ended = services.jobs.give_up(job.job_id, now, reason)
    if ended is None:
        return
    logger.error("A job was given up", extra={"job_id": job.job_id, "user_id": job.user_id})
    counts["given_up"] += 1
    announce_end(services, ended)


def _announce_late(services: Services, job_id: str, now: int, counts: Counter[str]) -> None:
    """The process that ended the job died before publishing that, or SNS refused it."""
    job = services.jobs.get(job_id)
    if job is None or now - (job.complete_time or 0) < ANNOUNCEMENT_OVERDUE:
        return
    if announce_end(services, job):
        logger.warning("The end of a job is announced late", extra={"job_id": job_id, "user_id": job.user_id})
        counts["announced_late"] += 1


def _retrieve_again(services: Services, job_id: str, now: int, counts: Counter[str]) -> None:
    job = services.jobs.get(job_id)
    if job is None or not job.archived:
        return
    tier, asked = job.archive.restore_tier, job.archive.restore_requested_time
    if tier is None or asked is None or now - asked <= RETRIEVAL_OVERDUE * tier.expected_seconds:
        return
    logger.warning("A retrieval never came through; it is asked for again", extra={"job_id": job_id})
    # The message first: a sweep that dies here sends it again, and the other way round nobody would.
    services.restore_queue.send(RestoreJob(user_id=job.user_id, job_id=job_id, again=True))
    services.archive_table.retrieval_requested_again(job, now)
    counts["retrievals_again"] += 1
