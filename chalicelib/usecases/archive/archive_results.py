"""Results of free users go cold: results bucket -> archive. First the copy, then the record, then the original."""
from __future__ import annotations

from enum import Enum

from aws_lambda_powertools import Logger

from chalicelib.aws.s3.object_copy import copy_checked
from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.messages import ArchiveJob, ArchiveMessage, ArchiveUser, ArchiveWarning, RestoreJob
from chalicelib.domain.names import companion_key, key_prefix
from chalicelib.domain.profiles import Profile
from chalicelib.domain.result_files import RESULTS, archived_kinds, companion_kinds
from chalicelib.exceptions import JobNotFoundError
from chalicelib.services import Services
from chalicelib.usecases.archive.file_hold import held_files
from chalicelib.usecases.metrics import count_bytes

logger = Logger(child=True)

PAGE = 100
WARN_BEFORE = 86_400
"""Seconds before archiving at which a warning goes out, where results are kept longer than that."""


class Archived(Enum):
    """What became of a request to archive."""

    ARCHIVED = "archived"
    ALREADY = "already archived"
    PREMIUM = "premium keeps its results"
    NOTHING = "nothing to archive"
    LATER = "not due yet"


def archive_results(services: Services, message: ArchiveMessage, owner: str) -> Archived:
    """Deal with one message of the queue `archive`: a job's results file, or all of a user's.

    Args:
        owner: A name for this run, different from any other's.

    Raises:
        FilesOnTheMoveError: Another run is moving the job's files; the message must come again.
    """
    if isinstance(message, ArchiveUser):
        return _archive_all(services, message)
    logger.append_keys(job_id=message.job_id, user_id=message.user_id)
    job, profile = services.jobs.get(message.job_id), services.profiles.get(message.user_id)
    if job is None or job.job_status is not JobStatus.COMPLETED or profile is None:
        return Archived.NOTHING
    if profile.premium:
        _send_for(services, job)
        return Archived.PREMIUM
    now = services.clock()
    due = due_time(services, job, profile)
    if now < due:
        _warn(services, job, now, due)
        services.archive_queue.send(ArchiveJob(user_id=job.user_id, job_id=job.job_id), delay=due - now)
        return Archived.LATER
    try:
        with held_files(services, job.job_id, owner) as held:
            outcome = _archive_held(services, held, owner)
    except JobNotFoundError:
        return Archived.NOTHING
    # The user may have upgraded while this went on, and the restore may have looked before the record was there.
    profile, moved = services.profiles.get(job.user_id), services.jobs.get(job.job_id)
    if profile is not None and profile.premium and moved is not None:
        _send_for(services, moved)
    return outcome


def _send_for(services: Services, job: Job) -> None:
    """Restore a result that was archived while its user upgraded."""
    if job.archived:
        logger.info("The user upgraded while the result was archived; it is requested")
        services.restore_queue.send(RestoreJob(user_id=job.user_id, job_id=job.job_id))


def due_time(services: Services, job: Job, profile: Profile) -> int:
    """When a free user's results file is to be archived, epoch seconds."""
    completed = job.complete_time or job.submit_time
    return max(completed + services.plans.free_retention, profile.grace_until or 0)


def _archive_held(services: Services, job: Job, owner: str) -> Archived:
    """With the job's files held: bring what is live into the archive, or end an archiving that was cut off."""
    if job.archive_id is not None:
        if not services.archive_store.holds(job):
            logger.error("The record names a file that the archive lacks; what is live is kept",
                         extra={"archive_id": job.archive_id})
            return Archived.NOTHING
        _delete_live(services, job)
        return Archived.ALREADY
    if job.file(RESULTS).key is None:
        return Archived.NOTHING
    archive_id = services.archive_store.put(
        job, lambda upload: services.archive_table.note_upload(job.job_id, owner, upload))
    companions = {kind: _archive_companion(services, job, archive_id, live) for kind in companion_kinds()
                  if (live := job.file(kind).key) is not None}
    cold = services.archive_table.record_archived(job, owner, {RESULTS: archive_id, **companions}, services.clock())
    _delete_live(services, cold)
    count_bytes("BytesArchived", job)
    logger.info("Results archived", extra={"archive_id": archive_id, "bytes": job.file(RESULTS).size})
    return Archived.ARCHIVED


def _archive_companion(services: Services, job: Job, archive_id: str, live: str) -> str:
    """Copy what goes with the results file; returns its key in the archive bucket.

    The copy has a storage class that is cheap to keep and is read at once, so that a thaw waits for one retrieval.
    """
    prefix = key_prefix(job.user_id, job.job_id)
    cold = companion_key(prefix, archive_id, live.removeprefix(prefix))
    copy_checked(services.files.results_bucket, live, services.files.archive_bucket, cold, "GLACIER_IR")
    return cold


def _delete_live(services: Services, job: Job) -> None:
    """Delete the originals of an archived job, but nothing that its record still names."""
    for kind in archived_kinds():
        if job.file(kind).key is None:
            services.files.delete(services.files.results_bucket,
                                  key_prefix(job.user_id, job.job_id) + job.file_name(kind))


def _warn(services: Services, job: Job, now: int, due: int) -> None:
    # The function that sends the email marks it as sent, so that a lost request is repeated by the next check.
    long_kept = services.plans.free_retention > WARN_BEFORE
    if long_kept and due - now <= WARN_BEFORE and job.mail.warned_time is None and job.file(RESULTS).key is not None:
        services.notify_queue.send(ArchiveWarning(user_id=job.user_id, job_id=job.job_id))


def _archive_all(services: Services, message: ArchiveUser) -> Archived:
    """Premium ended and its grace time is over: every result that is still live gets a message of its own."""
    logger.append_keys(user_id=message.user_id)
    profile, now = services.profiles.get(message.user_id), services.clock()
    if profile is None:
        return Archived.NOTHING
    if profile.premium:
        return Archived.PREMIUM
    due = max(message.due, profile.grace_until or 0)
    if now < due:
        services.archive_queue.send(message, delay=due - now)
        return Archived.LATER
    page = services.jobs.of_user(message.user_id, PAGE, message.cursor)
    services.archive_queue.send_many(ArchiveJob(user_id=job.user_id, job_id=job.job_id) for job in page.jobs
                                     if job.job_status is JobStatus.COMPLETED and job.file(RESULTS).key is not None)
    if page.next_cursor is not None:
        services.archive_queue.send(ArchiveUser(user_id=message.user_id, cursor=page.next_cursor))
    return Archived.LATER
