"""A retrieval is through: bytes back under the original key, then the record, then the archive's copy goes."""
from __future__ import annotations

from enum import Enum

from aws_lambda_powertools import Logger

from chalicelib.aws.archive.base import Retrieval
from chalicelib.aws.s3.object_copy import copy_checked
from chalicelib.domain.jobs import Job
from chalicelib.domain.messages import AllRestored, ArchiveJob, RestoreJob, ThawJob
from chalicelib.domain.names import companion_key, key_prefix
from chalicelib.domain.result_files import RESULTS, archived_kinds, companion_kinds
from chalicelib.exceptions import JobNotFoundError, RetrievalNotReadyError
from chalicelib.services import Services
from chalicelib.usecases.archive.file_hold import held_files
from chalicelib.usecases.metrics import count_bytes

logger = Logger(child=True)

SETTLE_SECONDS = 15
"""The index of archived jobs lags: whether all are back is asked a little later."""


class Thawed(Enum):
    """What became of a finished retrieval."""

    THAWED = "thawed"
    FREE = "the user is free again: the file stays in the archive"
    STALE = "of a copy that no job needs any more"
    NOT_READY = "the archive does not have the bytes out"


def thaw_results(services: Services, message: Retrieval | ThawJob, owner: str) -> Thawed:
    """Deal with one results file that its archive has ready.

    Args:
        message: What the archive reports, or a request for a job whose file was ready before.
        owner: A name for this run, different from any other's.

    Raises:
        FilesOnTheMoveError: Another run is moving the job's files; the message must come again.
    """
    if isinstance(message, Retrieval):
        return _thaw(services, message, owner)
    job = services.jobs.get(message.job_id)
    if job is None or job.user_id != message.user_id or job.archive_id is None:
        return Thawed.STALE
    return _thaw(services, Retrieval(archive_id=job.archive_id, job_id=job.job_id), owner)


def _thaw(services: Services, retrieval: Retrieval, owner: str) -> Thawed:
    logger.append_keys(archive_id=retrieval.archive_id)
    job_id = services.archive_table.by_archive_id(retrieval.archive_id) or retrieval.job_id
    if not job_id:
        logger.info("A retrieved file belongs to no job any more")
        return Thawed.STALE
    try:
        # The record itself, not the index, says what is to be done.
        with held_files(services, job_id, owner) as job:
            logger.append_keys(job_id=job.job_id, user_id=job.user_id)
            outcome = _thaw_held(services, job, retrieval, owner)
    except JobNotFoundError:
        logger.info("A retrieved file belongs to no job any more")
        return Thawed.STALE
    _look_again(services, job, outcome)
    return outcome


def _thaw_held(services: Services, job: Job, retrieval: Retrieval, owner: str) -> Thawed:
    archive_id = retrieval.archive_id
    if job.archive_id != archive_id:
        # Thawed before: what is left is to remove the copy, in case the first time ended just before that.
        _delete_cold(services, job, archive_id)
        return Thawed.STALE
    profile = services.profiles.get(job.user_id)
    # Out of a store that is being emptied it comes in any case, and goes cold again in the other one.
    if profile is None or (not profile.premium and services.archive_store.stays(archive_id)):
        services.archive_table.forget_retrieval(job.job_id, archive_id)
        return Thawed.FREE
    keys = {kind: key_prefix(job.user_id, job.job_id) + job.file_name(kind) for kind in archived_kinds()}
    try:
        services.archive_store.bring_back(job, retrieval, keys[RESULTS])
    except RetrievalNotReadyError:
        services.archive_table.forget_retrieval(job.job_id, archive_id)
        return Thawed.NOT_READY
    back = {kind: keys[kind] for kind in companion_kinds()
            if _bring_companion_back(services, job.file(kind).archive_id, keys[kind])}
    services.archive_table.record_thawed(job.job_id, owner, archive_id, {RESULTS: keys[RESULTS], **back},
                                         services.clock())
    _delete_cold(services, job, archive_id)
    count_bytes("BytesThawed", job)
    logger.info("Results thawed", extra={"bytes": job.file(RESULTS).size})
    return Thawed.THAWED


def _bring_companion_back(services: Services, cold: str | None, live: str) -> bool:
    """Copy what goes with the results file back.

    Args:
        cold: Its key in the archive bucket, None for a file that the job does not have.
        live: Its key in the results bucket.

    Returns:
        False when there is none.
    """
    if cold is None:
        return False
    try:
        copy_checked(services.files.archive_bucket, cold, services.files.results_bucket, live, "STANDARD")
    except FileNotFoundError:
        # The results file is worth more than what goes with it: it comes back without, and the operator hears of it.
        logger.exception("The record names a file that the archive lacks", extra={"key": cold})
        return False
    return True


def _delete_cold(services: Services, job: Job, archive_id: str) -> None:
    """Delete a copy, and what goes with it, that the record has stopped naming."""
    services.archive_store.delete(archive_id)
    prefix = key_prefix(job.user_id, job.job_id)
    for kind in companion_kinds():
        services.files.delete(services.files.archive_bucket, companion_key(prefix, archive_id, job.file_name(kind)))


def _back(job: Job, outcome: Thawed) -> bool:
    """True also where an earlier run brought the file back and was cut off before it looked again."""
    return outcome is Thawed.THAWED or (outcome is Thawed.STALE and job.file(RESULTS).key is not None)


def _look_again(services: Services, job: Job, outcome: Thawed) -> None:
    """The role may have changed meanwhile, and the change may have been handled before this result was back."""
    profile = services.profiles.get(job.user_id)
    if profile is None:
        return
    if outcome in (Thawed.FREE, Thawed.NOT_READY) and profile.premium:
        services.restore_queue.send(RestoreJob(user_id=job.user_id, job_id=job.job_id))
    elif not _back(job, outcome):
        return
    elif not profile.premium:
        services.archive_queue.send(ArchiveJob(user_id=job.user_id, job_id=job.job_id))
    elif profile.restoring:
        services.notify_queue.send(AllRestored(user_id=job.user_id), delay=SETTLE_SECONDS)
