"""Once a day: buckets and records are held against each other; what is safe is repaired, the rest is counted."""
from __future__ import annotations

import json
import urllib.parse
from collections import Counter
from collections.abc import Callable

from aws_lambda_powertools import Logger

from chalicelib.aws.files import StoredFile
from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.messages import FileRequest
from chalicelib.domain.names import InputKey, ResultNames, key_prefix
from chalicelib.exceptions import FilesOnTheMoveError, JobNotFoundError
from chalicelib.services import Services
from chalicelib.usecases.archive_results import due_time
from chalicelib.usecases.file_hold import held_files

logger = Logger(child=True)

UPLOAD_OVERDUE = 3600
"""Seconds after which an uploaded file without a job is one that S3's event did not reach us for."""
LEFTOVER_SECONDS = 120
"""How long deleting one such file can take, with all attempts."""
LEFTOVER = 86_400
"""Seconds after which a file that no record names is one that nothing will claim any more."""
FINDINGS = ("uploads_resubmitted", "archive_requested", "restore_requested", "leftovers_deleted", "results_missing")


def sweep_files(services: Services, time_left: Callable[[], bool]) -> Counter[str]:
    """Walk the three buckets and the records.

    :param time_left: asked for every file; False ends the walk, which the next day's begins anew
    :returns: how many of each of `FINDINGS`, and `unfinished` when time ran out
    """
    counts: Counter[str] = Counter(dict.fromkeys(FINDINGS, 0))
    present: set[str] = set()
    walks = ((services.files.inputs_bucket, _input), (services.files.results_bucket, _result),
             (services.files.archive_bucket, _cold))
    for bucket, look_at in walks:
        for file in services.files.walk(bucket):
            if not time_left():
                counts["unfinished"] += 1
                return counts
            present.add(file.key)
            parts = InputKey.parse(file.key)
            if parts is not None:
                look_at(services, file, services.jobs.get(parts.job_id), counts)
    for job_id, key in services.jobs.live_results():
        if key not in present and _still_names(services, job_id, key):
            logger.error("A results file is missing", extra={"job_id": job_id})
            counts["results_missing"] += 1
    return counts


def _input(services: Services, file: StoredFile, job: Job | None, counts: Counter[str]) -> None:
    if job is None and services.clock() - file.modified > UPLOAD_OVERDUE:
        logger.warning("An upload that became no job is submitted again", extra={"key": file.key})
        event = {"Records": [{"s3": {"object": {"key": urllib.parse.quote_plus(file.key, safe="/")}}}]}
        services.uploads_queue.send_text(json.dumps(event))
        counts["uploads_resubmitted"] += 1


def _result(services: Services, file: StoredFile, job: Job | None, counts: Counter[str]) -> None:
    age = services.clock() - file.modified
    if job is None or (job.ended and job.job_status is not JobStatus.COMPLETED):
        if age > LEFTOVER:
            _delete(services, services.files.results_bucket, file, counts)
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
    if services.clock() - file.modified <= LEFTOVER:
        return
    if job is None:
        _delete(services, services.files.archive_bucket, file, counts)
    elif not _named(job, file):
        _delete_leftover(services, file, job, counts)
    elif job.restore_status is None and file.key.endswith(ResultNames.of(job.input_file_name).index):
        # By its index file, which lies in this bucket whatever store has the results file.
        profile = services.profiles.get(job.user_id)
        if profile is not None and profile.premium:
            services.restore_queue.send(FileRequest(user_id=job.user_id, job_id=job.job_id))
            counts["restore_requested"] += 1


def _named(job: Job, file: StoredFile) -> bool:
    return job.archived and file.key.startswith(f"{key_prefix(job.user_id, job.job_id)}{job.archivings}/")


def _delete_leftover(services: Services, file: StoredFile, job: Job, counts: Counter[str]) -> None:
    """With the job's files held: an archiving under way may just be writing this copy anew, and record it next."""
    try:
        with held_files(services, job.job_id, services.new_id(), LEFTOVER_SECONDS) as held:
            if not _named(held, file):
                _delete(services, services.files.archive_bucket, file, counts)
    except JobNotFoundError:
        _delete(services, services.files.archive_bucket, file, counts)
    except FilesOnTheMoveError:
        return  # the next day's walk comes by again


def _delete(services: Services, bucket: str, file: StoredFile, counts: Counter[str]) -> None:
    logger.warning("A file that no record names is deleted", extra={"bucket": bucket, "key": file.key})
    services.files.delete(bucket, file.key)
    counts["leftovers_deleted"] += 1


def _still_names(services: Services, job_id: str, key: str) -> bool:
    """The record may have moved on, or the file have come, since the walk went by."""
    job = services.jobs.get(job_id)
    return (job is not None and job.s3_key_result_file == key
            and services.files.size(services.files.results_bucket, key) is None)
