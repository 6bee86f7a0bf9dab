"""Once a day: buckets and records are held against each other; what is safe is repaired, the rest is counted."""
from __future__ import annotations

import json
import urllib.parse
from collections import Counter
from collections.abc import Callable

from aws_lambda_powertools import Logger

from chalicelib.aws.files import StoredFile
from chalicelib.aws.unnamed_files import UnnamedFiles
from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.messages import FileRequest
from chalicelib.domain.names import InputKey, ResultNames
from chalicelib.exceptions import FilesOnTheMoveError, JobNotFoundError
from chalicelib.services import Services
from chalicelib.usecases.archive_results import due_time
from chalicelib.usecases.file_hold import held_files

logger = Logger(child=True)

UPLOAD_OVERDUE = 3600
"""Seconds after which an uploaded file without a job is one that S3's event did not reach us for."""
CLOCKS_APART = 60
"""Seconds by which S3's clock may be ahead of ours."""
LEFTOVER_SECONDS = 120
"""How long deleting one such file can take, with all attempts."""
LEFTOVER = 86_400
"""Seconds after which a file that no record names is a leftover, and again until it is deleted if it still is one."""
FINDINGS = ("uploads_resubmitted", "archive_requested", "restore_requested", "leftovers_seen", "leftovers_deleted",
            "results_missing", "archive_missing")


def sweep_files(services: Services, time_left: Callable[[], bool]) -> Counter[str]:
    """Walk the three buckets and the records.

    :param time_left: asked for every file; False ends the walk, which starts again the next day
    :returns: how many of each of `FINDINGS`, and `unfinished` when time ran out
    """
    counts: Counter[str] = Counter(dict.fromkeys(FINDINGS, 0))
    present: set[tuple[str, str]] = set()
    files = services.files
    for bucket, look_at in ((files.inputs_bucket, _input), (files.results_bucket, _result),
                            (files.archive_bucket, _cold)):
        for file in files.walk(bucket):
            if not time_left():
                counts["unfinished"] += 1
                return counts
            present.add((bucket, file.key))
            parts = InputKey.parse(file.key)
            if parts is not None:
                look_at(services, file, services.jobs.get(parts.job_id), counts)
    for job in services.jobs.completed():
        for bucket, key in _named_files(services, job):
            if (bucket, key) not in present and _still_missing(services, job.job_id, bucket, key):
                finding = "results_missing" if bucket == files.results_bucket else "archive_missing"
                logger.error("A file that a record names is missing",
                             extra={"job_id": job.job_id, "bucket": bucket, "key": key})
                counts[finding] += 1
    return counts


def _named_files(services: Services, job: Job) -> list[tuple[str, str]]:
    """Buckets and keys of the files that a job's record names, its input aside."""
    files = services.files
    return [*((files.results_bucket, key) for key in job.results_bucket_keys),
            *((files.archive_bucket, key) for key in job.archive_bucket_keys)]


def _input(services: Services, file: StoredFile, job: Job | None, counts: Counter[str]) -> None:
    # What came later than its job, or for a job whose input was refused, is none of its files: `submit` deletes it.
    settled = job is not None and file.modified <= job.submit_time + CLOCKS_APART and not job.input_deleted
    if not settled and services.clock() - file.modified > UPLOAD_OVERDUE:
        logger.warning("An upload that became no job is submitted again", extra={"key": file.key})
        event = {"Records": [{"s3": {"object": {"key": urllib.parse.quote_plus(file.key, safe="/")}}}]}
        services.uploads_queue.send_text(json.dumps(event))
        counts["uploads_resubmitted"] += 1


def _result(services: Services, file: StoredFile, job: Job | None, counts: Counter[str]) -> None:
    if job is None or (job.ended and job.job_status is not JobStatus.COMPLETED):
        _leftover(services, services.files.results_bucket, file, job, counts)
        return
    names, name = ResultNames.of(job.input_file_name), file.key.rsplit("/", 1)[1]
    # A companion asks for itself only where it was left behind: the results file asks for both.
    wanted = (names.results, *names.companions) if job.archived else (names.results,)
    if name not in wanted or job.job_status is not JobStatus.COMPLETED:
        return
    profile = services.profiles.get(job.user_id)
    # Free and long due, or archived with the original still there: the archive's message was lost.
    if profile is not None and not profile.premium and services.clock() > due_time(services, job, profile) + LEFTOVER:
        services.archive_queue.send(FileRequest(user_id=job.user_id, job_id=job.job_id))
        counts["archive_requested"] += 1


def _cold(services: Services, file: StoredFile, job: Job | None, counts: Counter[str]) -> None:
    if job is None or file.key not in job.archive_bucket_keys:
        _leftover(services, services.files.archive_bucket, file, job, counts)
        return
    if services.clock() - file.modified <= LEFTOVER or job.restore_status is not None:
        return
    # By the file that lies in this bucket whatever store has the results file, so that a job asks once.
    if file.key == (job.s3_key_archived_index_file or job.results_file_archive_id):
        profile = services.profiles.get(job.user_id)
        if profile is not None and profile.premium:
            services.restore_queue.send(FileRequest(user_id=job.user_id, job_id=job.job_id))
            counts["restore_requested"] += 1


def _leftover(services: Services, bucket: str, file: StoredFile, job: Job | None, counts: Counter[str]) -> None:
    """A file that no record names goes when it was seen twice, a day apart, and nobody holds the job's files.

    An archiving under way may be writing this very copy again, to record it next: that is what the hold excludes.
    """
    now = services.clock()
    if now - file.modified <= LEFTOVER:
        return
    unnamed = UnnamedFiles(services.jobs, services.new_id)
    since = unnamed.first_seen(bucket, file.key)
    if since is None or since < file.modified:
        logger.warning("A file that no record names was seen; it is deleted if it is seen again in a day or later",
                       extra={"bucket": bucket, "key": file.key})
        unnamed.note(bucket, file.key, now)
        counts["leftovers_seen"] += 1
        return
    if now - since < LEFTOVER:
        return
    if job is None:
        _delete(services, bucket, file, counts)
        return
    try:
        with held_files(services, job.job_id, services.new_id(), LEFTOVER_SECONDS) as held:
            if (bucket, file.key) not in _named_files(services, held):
                _delete(services, bucket, file, counts)
    except JobNotFoundError:
        _delete(services, bucket, file, counts)
    except FilesOnTheMoveError:
        return  # the next day's walk sees it again


def _delete(services: Services, bucket: str, file: StoredFile, counts: Counter[str]) -> None:
    logger.warning("A file that no record names is deleted", extra={"bucket": bucket, "key": file.key})
    services.files.delete(bucket, file.key)
    UnnamedFiles(services.jobs, services.new_id).forget(bucket, file.key)
    counts["leftovers_deleted"] += 1


def _still_missing(services: Services, job_id: str, bucket: str, key: str) -> bool:
    """The record may have moved on, or the file have come, since the walk went by."""
    job = services.jobs.get(job_id)
    return (job is not None and (bucket, key) in _named_files(services, job)
            and services.files.size(bucket, key) is None)
