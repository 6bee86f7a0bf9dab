"""Table `annotations`, the moves of a results file: into the archive, out of it, and who holds it meanwhile."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.aws.clients import client
from chalicelib.aws.dynamodb.items import from_item, to_value
from chalicelib.aws.dynamodb.jobs import JobTable
from chalicelib.aws.dynamodb.record_update import ConditionFailedError
from chalicelib.domain.job_record import OPEN, UNANNOUNCED, FileAttributes, files_record
from chalicelib.domain.jobs import Job, JobStatus, RestoreStatus, RestoreTier, StoredFile
from chalicelib.domain.result_files import archived_kinds
from chalicelib.exceptions import BeingToldError, FilesOnTheMoveError, JobNotFoundError, LeaseLostError

ARCHIVED_OF_USER = "user_id-results_file_archive_id"
BY_ARCHIVE_ID = "results_file_archive_id"
BY_RESTORE_STATUS = "restore_status-restore_requested_time"
OPEN_JOBS = "open-submit_time"

_HELD = "file_hold_owner = :owner"
_RETRIEVAL = ("restore_status", "restore_tier", "restore_requested_time")
"""Attributes that a job has while a retrieval is under way."""


@dataclass(frozen=True)
class JobIds:
    """Some job ids of an index, and where the next ones begin (None at the end)."""

    job_ids: list[str]
    next_key: dict[str, Any] | None


class ArchiveTable:
    """Moves results files, in the record. Bytes are moved by whoever holds the job's files.

    :param jobs: the table of jobs
    """

    def __init__(self, jobs: JobTable) -> None:
        self._jobs = jobs

    # ---- the hold: archive, thaw and delete move a job's files one at a time ---------------------------------
    def hold_files(self, job_id: str, owner: str, now: int, seconds: int) -> Job:
        """Hold the files of a job; a hold that has run out is taken over.

        :param seconds: longer than the holder can live, so that two never move files at once
        :raises JobNotFoundError: there is no such job
        :raises FilesOnTheMoveError: somebody else holds them
        """
        try:
            return self._jobs.update(
                job_id, "attribute_not_exists(file_hold_owner) OR file_hold_owner = :owner OR file_hold_expires < :now",
                {":owner": owner, ":now": now}, {"file_hold_owner": owner, "file_hold_expires": now + seconds})
        except ConditionFailedError as failed:
            if failed.record is None:
                raise JobNotFoundError() from failed
            raise FilesOnTheMoveError() from failed

    def release_files(self, job_id: str, owner: str) -> None:
        """Give the hold up; nothing happens when it is not ours any more."""
        self._changed(job_id, _HELD, {":owner": owner}, {}, ("file_hold_owner", "file_hold_expires"))

    # ---- into the archive and out of it ----------------------------------------------------------------------
    def note_upload(self, job_id: str, owner: str, upload: str) -> None:
        """Note an upload into the archive that is about to be completed.

        :raises LeaseLostError: the hold is not ours any more
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
            "results_file_archive_id = :archive", {":archive": archive_id})

    def record_retrieval(self, job_id: str, archive_id: str, tier: RestoreTier, now: int) -> bool:
        """A retrieval is under way.

        :returns: False when the file is not (or no longer) in the archive under this id
        """
        return self._changed(
            job_id, "results_file_archive_id = :archive", {":archive": archive_id},
            {"restore_status": RestoreStatus.RESTORING.value, "restore_tier": tier.value,
             "restore_requested_time": now})

    def retrieval_requested_again(self, job: Job, now: int) -> None:
        """A retrieval that never came through has been asked for again; nothing happens when it moved meanwhile.

        Args:
            job: as it was read; its retrieval is the one that never came through.
            now: epoch seconds.
        """
        self._changed(job.job_id, "results_file_archive_id = :archive AND restore_requested_time = :seen",
                      {":archive": job.archive_id, ":seen": job.archive.restore_requested_time},
                      {"restore_requested_time": now})

    def forget_retrieval(self, job_id: str, archive_id: str) -> bool:
        """The file stays in the archive, although a retrieval brought it out.

        :returns: False when it is not in the archive under this id
        """
        return self._changed(job_id, "results_file_archive_id = :archive", {":archive": archive_id}, {}, _RETRIEVAL)

    # ---- said once -------------------------------------------------------------------------------------------
    def begin_telling(self, job_id: str, attribute: str, now: int, stale: int) -> bool:
        """A mail is about to go that only one may send: `attribute` is its `notified_time` or `warned_time`.

        :param stale: epoch seconds; whoever began before that has died over it
        :returns: False when the mail has gone, or the job is gone
        :raises BeingToldError: somebody else has begun
        """
        begun = f"{attribute}_begun"
        try:
            self._jobs.update(job_id, f"attribute_not_exists({attribute}) "
                              f"AND (attribute_not_exists({begun}) OR {begun} < :stale)", {":stale": stale},
                              {begun: now})
        except ConditionFailedError as failed:
            if failed.record is None or failed.record.get(attribute) is not None:
                return False
            raise BeingToldError() from failed
        return True

    def told(self, job_id: str, attribute: str, now: int) -> None:
        """The mail has gone."""
        self._changed(job_id, "", {}, {attribute: now}, (f"{attribute}_begun",))

    def not_told(self, job_id: str, attribute: str) -> None:
        """The mail did not go: whoever gets the message next shall try again at once."""
        self._changed(job_id, "", {}, {}, (f"{attribute}_begun",))

    def mark_swept(self, job_id: str, now: int, not_since: int) -> bool:
        """Note that the sweep helps a job along.

        :param not_since: epoch seconds; a job helped along later than this is left alone
        :returns: False when the job was helped along recently, or has ended
        """
        return self._changed(
            job_id, "(attribute_not_exists(swept_time) OR swept_time < :since) AND job_status IN (:pending, :running)",
            {":since": not_since, ":pending": JobStatus.PENDING.value, ":running": JobStatus.RUNNING.value},
            {"swept_time": now})

    # ---- found by index --------------------------------------------------------------------------------------
    def archived_of_user(self, user_id: str, limit: int, start: dict[str, Any] | None = None) -> JobIds:
        """Ids of a user's archived jobs, from a sparse index (which lags behind the table by moments)."""
        return self._ids(ARCHIVED_OF_USER, "user_id = :value AND results_file_archive_id > :nothing",
                         {":value": user_id, ":nothing": " "}, limit, start)

    def by_archive_id(self, archive_id: str) -> str | None:
        """The id of the job whose results file is in the archive under this id."""
        found = self._ids(BY_ARCHIVE_ID, "results_file_archive_id = :value", {":value": archive_id}, 1, None)
        return found.job_ids[0] if found.job_ids else None

    def restoring_since(self, before: int, limit: int, start: dict[str, Any] | None = None) -> JobIds:
        """Ids of jobs whose retrieval was requested before `before` and is not through."""
        return self._ids(BY_RESTORE_STATUS, "restore_status = :value AND restore_requested_time < :before",
                         {":value": RestoreStatus.RESTORING.value, ":before": before}, limit, start)

    def open_since(self, before: int, limit: int, start: dict[str, Any] | None = None) -> JobIds:
        """Ids of jobs submitted before `before` that have not ended."""
        return self._ids(OPEN_JOBS, "#open = :value AND submit_time < :before", {":value": OPEN, ":before": before},
                         limit, start)

    def unannounced(self, limit: int, start: dict[str, Any] | None = None) -> JobIds:
        """Ids of jobs that have ended and whose end has not been published."""
        return self._ids(OPEN_JOBS, "#open = :value", {":value": UNANNOUNCED}, limit, start)

    def _ids(self, index: str, condition: str, values: dict[str, Any], limit: int,
             start: dict[str, Any] | None) -> JobIds:
        query: dict[str, Any] = {
            "TableName": self._jobs.name, "IndexName": index, "Limit": limit, "KeyConditionExpression": condition,
            "ExpressionAttributeValues": {name: to_value(value) for name, value in values.items()},
        }
        if "#open" in condition:
            query["ExpressionAttributeNames"] = {"#open": "open"}
        if start:
            query["ExclusiveStartKey"] = {name: to_value(value) for name, value in start.items()}
        answer = client("dynamodb").query(**query)
        last = answer.get("LastEvaluatedKey")
        return JobIds([from_item(item)["job_id"] for item in answer["Items"]], from_item(last) if last else None)

    def _held(self, job_id: str, owner: str, assign: Mapping[str, Any], remove: Sequence[str] = (),
              condition: str = "", values: Mapping[str, Any] | None = None) -> Job:
        whole = f"{_HELD} AND {condition}" if condition else _HELD
        try:
            return self._jobs.update(job_id, whole, {**(values or {}), ":owner": owner}, assign, remove)
        except ConditionFailedError as failed:
            raise LeaseLostError() from failed

    def _changed(self, job_id: str, condition: str, values: Mapping[str, Any], assign: Mapping[str, Any],
                 remove: Sequence[str] = ()) -> bool:
        try:
            self._jobs.update(job_id, condition, values, assign, remove)
        except ConditionFailedError:
            return False
        return True
