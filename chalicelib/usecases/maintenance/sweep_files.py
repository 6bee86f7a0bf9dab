"""Once a day: buckets and records are compared with each other; what is safe is repaired, the rest is counted."""
from __future__ import annotations

import functools
import itertools
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from aws_lambda_powertools import Logger

from chalicelib.aws.dynamodb.sweep_position import SweepPosition
from chalicelib.aws.s3.events import created_event
from chalicelib.aws.s3.files import ListedFile
from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.messages import ArchiveJob, RestoreJob
from chalicelib.domain.names import InputKey
from chalicelib.domain.profiles import Profile
from chalicelib.domain.result_files import RESULTS, archived_kinds
from chalicelib.exceptions import FilesOnTheMoveError, JobNotFoundError
from chalicelib.services import Services
from chalicelib.usecases.archive.archive_results import due_time
from chalicelib.usecases.archive.file_hold import held_files
from chalicelib.usecases.upload.layers import WAITS_FOR_INPUT

logger = Logger(child=True)

UPLOAD_OVERDUE = 3600
"""Seconds after which an uploaded file without a job is one whose S3 event did not reach us."""
CLOCKS_APART = 60
"""Seconds by which S3's clock may be ahead of ours."""
LEFTOVER_SECONDS = 120
"""How long deleting one such file can take, with all attempts."""
LEFTOVER = 86_400
"""Seconds after which a file that no record names is a leftover, and again until it is deleted if it still is one."""
FINDINGS = ("uploads_resubmitted", "archive_requested", "restore_requested", "leftovers_seen", "leftovers_deleted",
            "results_missing", "archive_missing")
BATCH = 100
"""Jobs whose files are compared between two looks at the clock, and at which a walk can stop."""
MOST_SEEN = 2_000_000
"""Jobs, in one bucket each, that a walk remembers to have found files of: about 100 bytes each. S3 is asked about each
of the others, which is slower and finds the same."""


@dataclass
class _Walk:
    """One run of a walk: what it counted and what it remembers.

    Attributes:
        seen: Hashes of a bucket and a job id of which it found files, of at most `MOST_SEEN`.
    """

    services: Services
    counts: Counter[str]
    seen: set[int] = field(default_factory=set)
    _profile: tuple[str, Profile | None] = ("", None)

    def profile(self, user_id: str) -> Profile | None:
        """A user's profile, read once for consecutive files. Functions that get messages read it again."""
        if self._profile[0] != user_id:
            self._profile = user_id, self.services.profiles.get(user_id)
        return self._profile[1]


LookAt = Callable[[_Walk, ListedFile, Job | None], None]


def sweep_files(services: Services, time_left: Callable[[], bool], begin: bool = True) -> Counter[str]:
    """Walk through the three buckets and the records, from where the last walk stopped if it ran out of time.

    Args:
        services: The services.
        time_left: Asked after every batch; False stops the walk and saves its position.
        begin: False only continues a walk that ran out of time, and does nothing without one.

    Returns:
        How many of each of `FINDINGS`, and `oldest_walk`: seconds since a walk began that is still not finished, or 0.
    """
    walk = _Walk(services, Counter(dict.fromkeys((*FINDINGS, "oldest_walk"), 0)))
    record = services.sweep_position
    start = record.get()
    if start is None:
        if not begin:
            return walk.counts
        start = SweepPosition(services.clock(), "inputs", None)
    position = start
    try:
        for position in _positions(walk, start):
            if not time_left():
                walk.counts["oldest_walk"] = services.clock() - position.begun
                logger.info("The walk ran out of time", extra={"part": position.part, "after": position.after})
                record.put(position)
                return walk.counts
    except Exception:
        record.put(position)
        raise
    record.clear()
    return walk.counts


def _positions(walk: _Walk, start: SweepPosition) -> Iterator[SweepPosition]:
    """Carry a walk on from `start`; the position after each batch."""
    files = walk.services.files
    parts: dict[str, Callable[[_Walk, str | None], Iterator[str]]] = {
        "inputs": functools.partial(_bucket, files.inputs_bucket, _input),
        "results": functools.partial(_bucket, files.results_bucket, _result),
        "archive": functools.partial(_bucket, files.archive_bucket, _cold),
        "records": _records}
    for part in itertools.dropwhile(lambda name: name != start.part, parts):
        for after in parts[part](walk, start.after if part == start.part else None):
            yield SweepPosition(start.begun, part, after)


def _bucket(bucket: str, look_at: LookAt, walk: _Walk, after: str | None) -> Iterator[str]:
    """Compare a bucket's files with the records of their jobs; the last key of each batch.

    S3 lists keys in order, so the files of one job follow each other, and each record is read once.
    """
    groups = itertools.groupby(walk.services.files.walk(bucket, after), key=_job_id)
    for batch in _batches((job_id, list(stored)) for job_id, stored in groups):
        found = walk.services.job_search.jobs([job_id for job_id, _ in batch if job_id])
        jobs = {job.job_id: job for job in found}
        for job_id, stored in batch:
            if job_id:
                job = jobs.get(job_id)
                for file in stored:
                    look_at(walk, file, job)
                if job is not None:
                    _count_missing(walk, job, bucket, {file.key for file in stored})
                if len(walk.seen) < MOST_SEEN:
                    walk.seen.add(hash((bucket, job_id)))
        yield batch[-1][1][-1].key


def _records(walk: _Walk, after: str | None) -> Iterator[str]:
    """Look for the files of jobs that have none in a bucket; the last job id of each batch."""
    services = walk.services
    while True:
        page = services.job_search.completed(BATCH, after)
        for job in page.jobs:
            for bucket, keys in itertools.groupby(_named_files(services, job), key=operator.itemgetter(0)):
                # One file is enough: a job that has any was compared with the bucket's list.
                first = next(keys)[1]
                if hash((bucket, job.job_id)) not in walk.seen and services.files.size(bucket, first) is None:
                    _count_missing(walk, job, bucket, set())
        if page.next_cursor is None:
            return
        after = page.next_cursor
        yield after


def _job_id(file: ListedFile) -> str:
    """The job whose file this is; empty for a file of none."""
    parts = InputKey.parse(file.key)
    return parts.job_id if parts is not None else ""


def _batches(groups: Iterable[tuple[str, list[ListedFile]]]) -> Iterator[list[tuple[str, list[ListedFile]]]]:
    groups = iter(groups)
    while batch := list(itertools.islice(groups, BATCH)):
        yield batch


def _count_missing(walk: _Walk, job: Job, bucket: str, present: set[str]) -> None:
    """Report the files that a completed job's record names in a bucket and that are not there."""
    services = walk.services
    if job.job_status is not JobStatus.COMPLETED:
        return
    for named, key in _named_files(services, job):
        if named == bucket and key not in present and _still_missing(services, job.job_id, bucket, key):
            finding = "results_missing" if bucket == services.files.results_bucket else "archive_missing"
            logger.error("A file that a record names is missing",
                         extra={"job_id": job.job_id, "bucket": bucket, "key": key})
            walk.counts[finding] += 1


def _named_files(services: Services, job: Job) -> list[tuple[str, str]]:
    """Buckets and keys of the files that a job's record names, its input aside."""
    files = services.files
    return [*((files.results_bucket, key) for key in job.results_bucket_keys),
            *((files.archive_bucket, key) for key in job.archive_bucket_keys)]


def _input(walk: _Walk, file: ListedFile, job: Job | None) -> None:
    parts = InputKey.parse(file.key)
    if parts is not None and parts.layer_name is not None:
        _layer(walk, file, job)
        return
    # What has another name than the job's input, came later than its job, or belongs to a job whose input was refused
    # is none of the job's files: `submit` deletes it.
    settled = (job is not None and file.key == job.input.key and not job.input.deleted
               and file.modified <= job.submit_time + CLOCKS_APART)
    if not settled and walk.services.clock() - file.modified > UPLOAD_OVERDUE:
        logger.warning("An upload that became no job is submitted again", extra={"key": file.key})
        walk.services.uploads_queue.send_text(created_event(file.key))
        walk.counts["uploads_resubmitted"] += 1


def _layer(walk: _Walk, file: ListedFile, job: Job | None) -> None:
    """The user's own annotations for a job, which `submit` deletes where no job takes them."""
    taken = job is not None and file.key == job.layer.key and file.modified <= job.submit_time + CLOCKS_APART
    if not taken and walk.services.clock() - file.modified > WAITS_FOR_INPUT:
        walk.services.uploads_queue.send_text(created_event(file.key))


def _result(walk: _Walk, file: ListedFile, job: Job | None) -> None:
    services = walk.services
    if job is None or (job.ended and job.job_status is not JobStatus.COMPLETED):
        _leftover(walk, services.files.results_bucket, file, job)
        return
    # What goes with the results file asks for itself only where it was left behind: the results file asks for all.
    wanted = [kind for kind in archived_kinds() if job.file(kind).key is None] if job.archived else [RESULTS]
    if file.key.rsplit("/", 1)[1] not in map(job.file_name, wanted) or job.job_status is not JobStatus.COMPLETED:
        return
    profile = walk.profile(job.user_id)
    # Free and long due, or archived with the original still there: the archive's message was lost.
    if profile is not None and not profile.premium and services.clock() > due_time(services, job, profile) + LEFTOVER:
        services.archive_queue.send(ArchiveJob(user_id=job.user_id, job_id=job.job_id))
        walk.counts["archive_requested"] += 1


def _cold(walk: _Walk, file: ListedFile, job: Job | None) -> None:
    services = walk.services
    if job is None or file.key not in job.archive_bucket_keys:
        _leftover(walk, services.files.archive_bucket, file, job)
        return
    if services.clock() - file.modified <= LEFTOVER or job.archive.restore_status is not None:
        return
    # By one of its files in this bucket, whatever store has the results file, so that a job asks once.
    if file.key == job.archive_bucket_keys[0]:
        profile = walk.profile(job.user_id)
        if profile is not None and profile.premium:
            services.restore_queue.send(RestoreJob(user_id=job.user_id, job_id=job.job_id))
            walk.counts["restore_requested"] += 1


def _leftover(walk: _Walk, bucket: str, file: ListedFile, job: Job | None) -> None:
    """A file that no record names goes when it was seen twice, a day apart, and nobody holds the job's files.

    An archiving under way may be writing this very copy again, to record it next: that is what the hold excludes.
    """
    services = walk.services
    now = services.clock()
    if now - file.modified <= LEFTOVER:
        return
    unnamed = services.orphan_sightings
    since = unnamed.first_seen(bucket, file.key)
    if since is None or since < file.modified:
        logger.warning("A file that no record names was seen; it is deleted if it is seen again in a day or later",
                       extra={"bucket": bucket, "key": file.key})
        unnamed.note(bucket, file.key, now)
        walk.counts["leftovers_seen"] += 1
        return
    if now - since < LEFTOVER:
        return
    if job is None:
        _delete(walk, bucket, file)
        return
    try:
        with held_files(services, job.job_id, services.new_id(), LEFTOVER_SECONDS) as held:
            if (bucket, file.key) not in _named_files(services, held):
                _delete(walk, bucket, file)
    except JobNotFoundError:
        _delete(walk, bucket, file)
    except FilesOnTheMoveError:
        return  # the next day's walk sees it again


def _delete(walk: _Walk, bucket: str, file: ListedFile) -> None:
    services = walk.services
    logger.warning("A file that no record names is deleted", extra={"bucket": bucket, "key": file.key})
    services.files.delete(bucket, file.key)
    services.orphan_sightings.forget(bucket, file.key)
    walk.counts["leftovers_deleted"] += 1


def _still_missing(services: Services, job_id: str, bucket: str, key: str) -> bool:
    """The record may have moved on, or the file have come, since the walk went by."""
    job = services.jobs.get(job_id)
    return (job is not None and (bucket, key) in _named_files(services, job)
            and services.files.size(bucket, key) is None)
