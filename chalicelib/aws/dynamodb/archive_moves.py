"""Table `annotations`, the moves of a results file: into the archive, out of it, and who holds it meanwhile."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase, Key

from chalicelib.aws.clients import client
from chalicelib.aws.dynamodb.items import expressions, from_item, to_item
from chalicelib.aws.dynamodb.jobs import JobTable
from chalicelib.aws.dynamodb.record_update import ConditionFailedError
from chalicelib.domain.job_record import OPEN, UNANNOUNCED, FileAttributes, files_record
from chalicelib.domain.jobs import Job, JobStatus, RestoreStatus, RestoreTier
from chalicelib.domain.result_files import StoredFile, archived_kinds
from chalicelib.exceptions import BeingToldError, FilesOnTheMoveError, JobNotFoundError, LeaseLostError

ARCHIVED_OF_USER = "user_id-results_file_archive_id"
BY_ARCHIVE_ID = "results_file_archive_id"
BY_RESTORE_STATUS = "restore_status-restore_requested_time"
OPEN_JOBS = "open-submit_time"

_HOLDER, _ARCHIVE_ID, _SWEPT = Attr("file_hold_owner"), Attr("results_file_archive_id"), Attr("swept_time")
_RETRIEVAL = ("restore_status", "restore_tier", "restore_requested_time")
"""Attributes that a job has while a retrieval is under way."""


@dataclass(frozen=True)
class JobIds:
    """Some job ids of an index, and where the next ones begin (None at the end)."""

    job_ids: list[str]
    next_key: dict[str, Any] | None


class ArchiveMoves:
    """Records the moves of results files. The run that holds a job's files moves the bytes.

    Args:
        jobs: The table of jobs.
    """

    def __init__(self, jobs: JobTable) -> None:
        self._jobs = jobs

    # ---- the hold: archive, thaw and delete move a job's files one at a time ---------------------------------
    def hold_files(self, job_id: str, owner: str, now: int, seconds: int) -> Job:
        """Hold the files of a job; a hold that has run out is taken over.

        Args:
            seconds: Longer than the holder can live, so that two never move files at once.

        Raises:
            JobNotFoundError: There is no such job.
            FilesOnTheMoveError: Somebody else holds them.
        """
        try:
            return self._jobs.update(
                job_id, _HOLDER.not_exists() | _HOLDER.eq(owner) | Attr("file_hold_expires").lt(now),
                {"file_hold_owner": owner, "file_hold_expires": now + seconds})
        except ConditionFailedError as failed:
            if failed.record is None:
                raise JobNotFoundError() from failed
            raise FilesOnTheMoveError() from failed

    def release_files(self, job_id: str, owner: str) -> None:
        """Give the hold up; nothing happens when it is not ours any more."""
        self._changed(job_id, _HOLDER.eq(owner), {}, ("file_hold_owner", "file_hold_expires"))

    # ---- into the archive and out of it ----------------------------------------------------------------------
    def note_upload(self, job_id: str, owner: str, upload: str) -> None:
        """Note an upload into the archive that is about to be completed.

        Raises:
            LeaseLostError: The hold is not ours any more.
        """
        self._held(job_id, owner, {"archive_upload": upload})

    def record_archived(self, job: Job, owner: str, archive_ids: Mapping[str, str], now: int) -> Job:
        """The results file, and what goes with it, are in the archive now, and not in the results bucket any more.

        Args:
            job: As its files were held.
            owner: Who holds them.
            archive_ids: Of the copies, by kind of file.
            now: Epoch seconds.

        Raises:
            LeaseLostError: The hold is not ours any more.
        """
        copies = {kind: StoredFile(archive_id=archive_id) for kind, archive_id in archive_ids.items()}
        return self._held(
            job.job_id, owner, {**files_record(copies), "archived_time": now, "archivings": job.archive.archivings + 1},
            ("archive_upload", *(FileAttributes.of(kind).key for kind in archived_kinds()), *_RETRIEVAL))

    def record_thawed(self, job_id: str, owner: str, archive_id: str, keys: Mapping[str, str], now: int) -> Job:
        """The results file, and what goes with it, are back.

        Args:
            job_id: Whose files they are.
            owner: Who holds them.
            archive_id: Of the copy of the results file that was brought back.
            keys: In the results bucket, by kind of file.
            now: Epoch seconds.

        Raises:
            LeaseLostError: The hold is not ours any more, or the record names another copy.
        """
        live = {kind: StoredFile(key=key) for kind, key in keys.items()}
        return self._held(
            job_id, owner, {**files_record(live), "restored_time": now},
            (*(FileAttributes.of(kind).archive_id for kind in archived_kinds()), *_RETRIEVAL),
            _ARCHIVE_ID.eq(archive_id))

    def record_retrieval(self, job_id: str, archive_id: str, tier: RestoreTier, now: int) -> bool:
        """A retrieval is under way.

        Returns:
            False when the file is not (or no longer) in the archive under this id.
        """
        return self._changed(
            job_id, _ARCHIVE_ID.eq(archive_id),
            {"restore_status": RestoreStatus.RESTORING.value, "restore_tier": tier.value,
             "restore_requested_time": now})

    def retrieval_requested_again(self, job: Job, now: int) -> None:
        """A retrieval that never came through has been asked for again; nothing happens when it moved meanwhile.

        Args:
            job: as it was read; its retrieval is the one that never came through.
            now: epoch seconds.
        """
        seen = Attr("restore_requested_time").eq(job.archive.restore_requested_time)
        self._changed(job.job_id, _ARCHIVE_ID.eq(job.archive_id) & seen, {"restore_requested_time": now})

    def forget_retrieval(self, job_id: str, archive_id: str) -> bool:
        """The file stays in the archive, although a retrieval brought it out.

        Returns:
            False when it is not in the archive under this id.
        """
        return self._changed(job_id, _ARCHIVE_ID.eq(archive_id), {}, _RETRIEVAL)

    # ---- said once -------------------------------------------------------------------------------------------
    def begin_email(self, job_id: str, attribute: str, now: int, stale: int) -> bool:
        """A mail is about to go that only one may send: `attribute` is its `notified_time` or `warned_time`.

        Args:
            stale: Epoch seconds; a run that began before that has died.

        Returns:
            False when the mail has gone, or the job is gone.

        Raises:
            BeingToldError: Somebody else has begun.
        """
        begun = f"{attribute}_begun"
        try:
            self._jobs.update(job_id, Attr(attribute).not_exists() & (Attr(begun).not_exists() | Attr(begun).lt(stale)),
                              {begun: now})
        except ConditionFailedError as failed:
            if failed.record is None or failed.record.get(attribute) is not None:
                return False
            raise BeingToldError() from failed
        return True

    def email_sent(self, job_id: str, attribute: str, now: int) -> None:
        """The mail has gone."""
        self._changed(job_id, None, {attribute: now}, (f"{attribute}_begun",))

    def email_not_sent(self, job_id: str, attribute: str) -> None:
        """The email was not sent: the next run that gets the message may try again at once."""
        self._changed(job_id, None, {}, (f"{attribute}_begun",))

    def mark_swept(self, job_id: str, now: int, not_since: int) -> bool:
        """Note that the sweep helps a job along.

        Args:
            not_since: Epoch seconds; a job helped along later than this is left alone.

        Returns:
            False when the job was helped along recently, or has ended.
        """
        return self._changed(
            job_id, (_SWEPT.not_exists() | _SWEPT.lt(not_since))
            & Attr("job_status").is_in([JobStatus.PENDING, JobStatus.RUNNING]), {"swept_time": now})

    # ---- found by index --------------------------------------------------------------------------------------
    def archived_of_user(self, user_id: str, limit: int, start: dict[str, Any] | None = None) -> JobIds:
        """Ids of a user's archived jobs, from a sparse index (which lags behind the table by moments)."""
        return self._ids(ARCHIVED_OF_USER, Key("user_id").eq(user_id), limit, start)

    def by_archive_id(self, archive_id: str) -> str | None:
        """The id of the job whose results file is in the archive under this id."""
        found = self._ids(BY_ARCHIVE_ID, Key("results_file_archive_id").eq(archive_id), 1, None)
        return found.job_ids[0] if found.job_ids else None

    def restoring_since(self, before: int, limit: int, start: dict[str, Any] | None = None) -> JobIds:
        """Ids of jobs whose retrieval was requested before `before` and is not through."""
        return self._ids(BY_RESTORE_STATUS, Key("restore_status").eq(RestoreStatus.RESTORING)
                         & Key("restore_requested_time").lt(before), limit, start)

    def open_since(self, before: int, limit: int, start: dict[str, Any] | None = None) -> JobIds:
        """Ids of jobs submitted before `before` that have not ended."""
        return self._ids(OPEN_JOBS, Key("open").eq(OPEN) & Key("submit_time").lt(before), limit, start)

    def unannounced(self, limit: int, start: dict[str, Any] | None = None) -> JobIds:
        """Ids of jobs that have ended and whose end has not been published."""
        return self._ids(OPEN_JOBS, Key("open").eq(UNANNOUNCED), limit, start)

    def _ids(self, index: str, condition: ConditionBase, limit: int, start: dict[str, Any] | None) -> JobIds:
        query: dict[str, Any] = {"TableName": self._jobs.name, "IndexName": index, "Limit": limit,
                                 **expressions(KeyConditionExpression=condition)}
        if start:
            query["ExclusiveStartKey"] = to_item(start)
        answer = client("dynamodb").query(**query)
        last = answer.get("LastEvaluatedKey")
        return JobIds([from_item(item)["job_id"] for item in answer["Items"]], from_item(last) if last else None)

    def _held(self, job_id: str, owner: str, assign: Mapping[str, Any], remove: Sequence[str] = (),
              condition: ConditionBase | None = None) -> Job:
        held = _HOLDER.eq(owner)
        try:
            return self._jobs.update(job_id, held if condition is None else held & condition, assign, remove)
        except ConditionFailedError as failed:
            raise LeaseLostError() from failed

    def _changed(self, job_id: str, condition: ConditionBase | None, assign: Mapping[str, Any],
                 remove: Sequence[str] = ()) -> bool:
        try:
            self._jobs.update(job_id, condition, assign, remove)
        except ConditionFailedError:
            return False
        return True
