"""What users do with their jobs: list, look, download, cancel, delete. Every one asks whose job it is."""
from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.dynamodb.jobs import JobPage
from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.layers import LAYER
from chalicelib.domain.messages import AllRestored
from chalicelib.domain.names import is_job_id, key_prefix
from chalicelib.domain.result_files import INPUT, LOG, RESULT_FILES
from chalicelib.exceptions import FileNotAvailableError, JobNotCancellableError, JobNotFoundError
from chalicelib.services import Services
from chalicelib.usecases.archive.file_hold import held_files
from chalicelib.usecases.archive.thaw_results import SETTLE_SECONDS
from chalicelib.usecases.jobs.announce_end import announce_end
from chalicelib.usecases.quotas import note_deleted

logger = Logger(child=True)

DOWNLOAD_LINK_SECONDS = 60
DELETE_SECONDS = 30
"""How long a request to the site may take to delete one job: as long as the function that answers it can live."""
LONGEST_LOG_SHOWN = 1024 * 1024
"""Bytes of a log file that a page shows; the whole file can be downloaded."""


class FileLocation(NamedTuple):
    """Where the storage has a file.

    Attributes:
        version_id: Which of its versions; None for the current one.
    """

    bucket: str
    key: str
    version_id: str | None = None


@dataclass(frozen=True)
class JobFile:
    """A file that is there now.

    Attributes:
        size: bytes, None where the record does not keep it.
    """

    kind: str
    name: str
    size: int | None


def list_jobs(services: Services, user_id: str, page_size: int, cursor: str | None = None) -> JobPage:
    """A page of the user's jobs, newest first.

    Raises:
        BadRequestError: For a cursor that no page gave.
    """
    return services.jobs.of_user(user_id, page_size, cursor)


def get_job(services: Services, user_id: str, job_id: str) -> Job:
    """One job of the user.

    Raises:
        JobNotFoundError: There is none, or it is another user's.
    """
    job = services.jobs.get(job_id) if is_job_id(job_id) else None
    if job is None or job.user_id != user_id:
        raise JobNotFoundError()
    return job


def job_files(job: Job) -> list[JobFile]:
    """The files of a job that can be downloaded now, the results first."""
    found = [JobFile(kind, job.file_name(kind), job.file(kind).size) for kind, file in RESULT_FILES.items()
             if file.downloadable and job.file(kind).key is not None]
    if not job.input.deleted:
        found.append(JobFile(INPUT, job.input.name, job.input.size))
    if job.layer.name is not None:
        found.append(JobFile(LAYER, job.layer.name, job.layer.size))
    return found


def download_link(services: Services, user_id: str, job_id: str, kind: str) -> str:
    """A link to one file, good for a minute.

    Raises:
        JobNotFoundError: The job is not this user's.
        FileNotAvailableError: The job has no such file now.
    """
    job = get_job(services, user_id, job_id)
    bucket, key, version_id = file_location(job, kind)
    name = next((file.name for file in job_files(job) if file.kind == kind), None)
    if name is None:
        raise FileNotAvailableError()
    return services.files.presign_download(bucket, key, name, DOWNLOAD_LINK_SECONDS, version_id)


def read_log(services: Services, user_id: str, job_id: str) -> str:
    """The log file's text, its first mebibyte.

    Raises:
        JobNotFoundError: The job is not this user's.
        FileNotAvailableError: The job has no log (yet).
    """
    job = get_job(services, user_id, job_id)
    bucket, key, _ = file_location(job, LOG)
    text = services.files.read_text(bucket, key, LONGEST_LOG_SHOWN)
    if text is None:
        raise FileNotAvailableError()
    return text


def cancel_job(services: Services, user_id: str, job_id: str) -> Job:
    """End a waiting or running job.

    Raises:
        JobNotFoundError: The job is not this user's.
        JobNotCancellableError: The job has already ended.
    """
    get_job(services, user_id, job_id)
    job = services.jobs.cancel(job_id, services.clock())
    try:
        announce_end(services, job)
    except (BotoCoreError, ClientError):
        # The job is cancelled, which is what the user asked for. Its record has the mark: the sweep announces it.
        logger.warning("A cancellation was not announced", extra={"job_id": job_id}, exc_info=True)
    return job


def delete_job(services: Services, user_id: str, job_id: str, hold_seconds: int = DELETE_SECONDS) -> None:
    """Delete a job with everything that belongs to it; one that has not ended is cancelled first.

    Files go first and the record last: what is interrupted can be repeated.

    Args:
        hold_seconds: How long nobody else may move the job's files; longer than the caller can live.

    Raises:
        JobNotFoundError: The job is not this user's.
        FilesOnTheMoveError: The job's files are on their way into or out of the archive, or somebody else holds them
            since our hold ran out; the record stays.
    """
    job = get_job(services, user_id, job_id)
    if not job.ended:
        try:
            job = services.jobs.cancel(job_id, services.clock())
        except JobNotCancellableError:
            job = get_job(services, user_id, job_id)  # it ended just now
    owner = services.new_id()
    with held_files(services, job_id, owner, hold_seconds) as held:
        if held.archive_id is not None:
            services.archive_store.delete(held.archive_id)
        # Also of a job that was never archived: an archiving that was cut off may have left a copy.
        services.archive_store.discard(held)
        for bucket in (held.input.bucket, services.files.results_bucket, services.files.archive_bucket):
            services.files.purge_below(bucket, key_prefix(held.user_id, held.job_id))
        if held.archived:
            _notify_if_all_are_restored(services, user_id)
        services.jobs.delete(job_id, owner, services.clock())
        note_deleted(services, user_id)


def _notify_if_all_are_restored(services: Services, user_id: str) -> None:
    """The last result that was awaited from the archive may be the one that is deleted."""
    profile = services.profiles.get(user_id)
    if profile is not None and profile.restoring and profile.erasing_since is None:
        services.notify_queue.send(AllRestored(user_id=user_id), delay=SETTLE_SECONDS)


def file_location(job: Job, kind: str) -> FileLocation:
    """Where one of a job's files is.

    Raises:
        FileNotAvailableError: The job has no such file now.
    """
    if kind == INPUT:
        if job.input.deleted:
            raise FileNotAvailableError(
                "The uploaded file was rejected and has not been kept.", "Upload the file again.")
        return FileLocation(job.input.bucket, job.input.key, job.input.version)
    if kind == LAYER:
        if job.layer.key is None:
            raise FileNotAvailableError()
        return FileLocation(job.input.bucket, job.layer.key, job.layer.version)
    bucket, key = job.results_bucket, job.file(kind).key
    if not bucket or not key:
        hint = "It failed before the file was written." if job.job_status is JobStatus.FAILED else ""
        raise FileNotAvailableError(hint=hint)
    return FileLocation(bucket, key)
