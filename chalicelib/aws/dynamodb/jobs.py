"""Table `annotations`: the record of every job. A job's status moves here, and by conditional update only."""
from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from chalicelib.aws.clients import client
from chalicelib.aws.dynamodb.items import from_item, to_item
from chalicelib.aws.dynamodb.record_update import VERSION, ConditionFailedError, update_record
from chalicelib.clock import NewId, random_id
from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import LONGEST_KEY, OPEN, UNANNOUNCED, Job, JobStatus, Progress, progress_record
from chalicelib.domain.names import is_job_id
from chalicelib.domain.size_limits import LONGEST_TEXT, shortened
from chalicelib.exceptions import (
    BadRequestError,
    FilesOnTheMoveError,
    JobNotCancellableError,
    JobNotFoundError,
    JobTakenError,
    LeaseLostError,
)

BY_USER = "user_id-submit_time"
OPEN_OF_USER = "user_id-open"
TOMBSTONE_SECONDS = 31 * 86_400
"""How long a deleted job's id stays taken: longer than any form, link or upload in parts of it can be used (two days),
and than S3's message about an upload can wait in a queue and then in its dead-letter queue (14 days each)."""
EXPIRES = "expires"
"""Epoch seconds after which DynamoDB drops an item. Jobs have no such attribute."""

# A worker writes only to a job that it still holds: cancelled, deleted or taken over, and the condition fails.
_HELD = "job_status = :running AND lease_owner = :owner"
_NOBODYS = "job_status = :pending OR (job_status = :running AND lease_expires < :now)"
_LEFT_AT_THE_END = ("lease_owner", "lease_expires", "retry_time", "progress")
"""Attributes that a job has until it ends."""


@dataclass(frozen=True)
class JobPage:
    """Some jobs, and where the next ones begin (None at the end)."""

    jobs: list[Job]
    next_cursor: str | None


@dataclass(frozen=True)
class Outputs:
    """What a finished annotation left in the results bucket.

    :param results_file_size: bytes
    :param results_file_sha256: hex digest of the results file
    :param summary: key figures of the annotation
    """

    bucket: str
    results_key: str
    index_key: str
    log_key: str
    summary_key: str
    variants_key: str
    results_file_size: int
    results_file_sha256: str
    summary: dict[str, Any]


class JobTable:
    """Reads and moves jobs.

    :param name: the table's name
    :param new_id: makes the id that each update writes
    """

    def __init__(self, name: str, new_id: NewId = random_id) -> None:
        self.name = name
        self._new_id = new_id

    @property
    def _dynamodb(self) -> Any:
        return client("dynamodb")

    # ---- reading ---------------------------------------------------------------------------------------------
    def get(self, job_id: str) -> Job | None:
        """The job as it is now (a consistent read), or None."""
        record = self._record(job_id)
        return Job.from_record(record) if record is not None else None

    def _record(self, job_id: str) -> dict[str, Any] | None:
        answer = self._dynamodb.get_item(TableName=self.name, Key={"job_id": {"S": job_id}}, ConsistentRead=True)
        record = from_item(answer.get("Item", {}))
        return record if is_job(record) else None

    def of_user(self, user_id: str, page_size: int, cursor: str | None = None) -> JobPage:
        """A page of a user's jobs, newest first.

        :param cursor: `next_cursor` of the page before, None for the first page
        :raises BadRequestError: for a cursor that no page of this user gave
        """
        query: dict[str, Any] = {
            "TableName": self.name, "IndexName": BY_USER, "ScanIndexForward": False, "Limit": page_size,
            "KeyConditionExpression": "user_id = :user", "ExpressionAttributeValues": {":user": {"S": user_id}},
        }
        if cursor:
            query["ExclusiveStartKey"] = _start_key(cursor, user_id)
        answer = self._dynamodb.query(**query)
        last = answer.get("LastEvaluatedKey")
        return JobPage([Job.from_record(from_item(item)) for item in answer["Items"]],
                       _cursor(last) if last else None)

    def count_open(self, user_id: str, most: int) -> int:
        """How many of a user's jobs are PENDING or RUNNING.

        :param most: the count ends there
        """
        answer = self._dynamodb.query(
            TableName=self.name, IndexName=OPEN_OF_USER, Select="COUNT", Limit=most,
            KeyConditionExpression="user_id = :user AND #open = :open", ExpressionAttributeNames={"#open": "open"},
            ExpressionAttributeValues={":user": {"S": user_id}, ":open": {"S": OPEN}})
        return int(answer["Count"])

    def completed(self, page_size: int, after: str | None = None) -> JobPage:
        """The COMPLETED ones among the next `page_size` records. Scans: for the daily sweep only.

        Args:
            page_size: How many records are read.
            after: `next_cursor` of the page before, a job id; None for the first page.
        """
        scan: dict[str, Any] = {
            "TableName": self.name, "Limit": page_size, "FilterExpression": "job_status = :completed",
            "ExpressionAttributeValues": {":completed": {"S": JobStatus.COMPLETED.value}}}
        if after is not None:
            scan["ExclusiveStartKey"] = {"job_id": {"S": after}}
        answer = self._dynamodb.scan(**scan)
        return JobPage([Job.from_record(from_item(item)) for item in answer["Items"]],
                       answer.get("LastEvaluatedKey", {}).get("job_id", {}).get("S"))

    # ---- a job's beginning -----------------------------------------------------------------------------------
    def create(self, job: Job) -> bool:
        """Put a new job.

        :returns: False when there is another one under this id already, or was one that has been deleted; what is there
            is left as it is
        """
        record = {**job.to_record(), VERSION: self._new_id()}
        try:
            self._dynamodb.put_item(TableName=self.name, Item=to_item(record),
                                    ConditionExpression="attribute_not_exists(job_id)",
                                    ReturnValuesOnConditionCheckFailure="ALL_OLD")
        except self._dynamodb.exceptions.ConditionalCheckFailedException as error:
            item = error.response.get("Item")
            existing = from_item(item) if item else self._record(job.job_id)
            return existing is not None and existing.get(VERSION) == record[VERSION]
        return True

    # ---- the worker's moves ----------------------------------------------------------------------------------
    def take(self, job_id: str, owner: str, now: int, lease_seconds: int) -> Job:
        """PENDING, or RUNNING with a lease that ended -> RUNNING, held by `owner`; counts one attempt more.

        :param now: epoch seconds
        :param lease_seconds: how long the worker may be silent before another takes over
        :raises JobNotFoundError: there is no such job
        :raises JobTakenError: another worker holds the lease, or the job is to be tried again later
        :raises LeaseLostError: the job has already ended
        """
        job = self.get(job_id)
        while job is not None:
            if job.ended:
                raise LeaseLostError()
            if job.job_status is JobStatus.RUNNING and (job.lease_expires or 0) >= now:
                raise JobTakenError()
            if job.retry_time is not None and job.retry_time > now:
                raise JobTakenError()
            try:
                return self.update(
                    job_id, f"({_NOBODYS}) AND attempt = :seen",
                    {":pending": JobStatus.PENDING.value, ":running": JobStatus.RUNNING.value, ":now": now,
                     ":seen": job.attempt},
                    {"job_status": JobStatus.RUNNING.value, "lease_owner": owner,
                     "lease_expires": now + lease_seconds, "attempt": job.attempt + 1,
                     "start_time": job.start_time or now, "attempt_start_time": now}, ("progress", "retry_time"))
            except ConditionFailedError as failed:
                job = _job(failed)  # it moved since we read it: look again
        raise JobNotFoundError()

    def renew(self, job_id: str, owner: str, now: int, lease_seconds: int, progress: Progress) -> None:
        """The heartbeat: extends the lease and records progress, in one write.

        :raises LeaseLostError: the job is no longer this owner's
        """
        self._held_update(job_id, owner, {"lease_expires": now + lease_seconds, "progress": progress_record(progress)})

    def note_reference(self, job_id: str, owner: str, name: str, title: str, found: str | None) -> None:
        """Record what a job is annotated with.

        :param found: by what it was found; None where the user chose it
        :raises LeaseLostError: the job is no longer this owner's
        """
        how = {"reference_found": shortened(found, LONGEST_TEXT)} if found is not None else {}
        self._held_update(job_id, owner, {"reference": name, "reference_title": title, **how})

    def hand_back(self, job: Job, owner: str, count_attempt: bool, retry_time: int | None = None) -> None:
        """RUNNING -> PENDING, for another worker to take.

        :param job: as it was taken
        :param count_attempt: False when the worker must stop and the file has no part in it
        :param retry_time: epoch seconds before which nobody is to take it, after trouble that is not the file's; None
            for none
        :raises LeaseLostError: the job is no longer this owner's
        """
        later = {} if retry_time is None else {"retry_time": retry_time, "hand_backs": job.hand_backs + 1}
        self._held_update(job.job_id, owner, {"job_status": JobStatus.PENDING.value,
                                              "attempt": job.attempt if count_attempt else job.attempt - 1, **later},
                          ("lease_owner", "lease_expires", "progress"))

    def complete(self, job_id: str, owner: str, now: int, outputs: Outputs) -> Job:
        """RUNNING -> COMPLETED, with what the annotation left.

        :raises LeaseLostError: the job is no longer this owner's
        :raises RecordTooLargeError: the summary is larger than a record can be
        """
        return self._held_update(
            job_id, owner,
            {**_end(JobStatus.COMPLETED, now), "s3_results_bucket": outputs.bucket,
             "s3_key_result_file": outputs.results_key, "s3_key_index_file": outputs.index_key,
             "s3_key_log_file": outputs.log_key, "s3_key_summary_file": outputs.summary_key,
             "s3_key_variants_file": outputs.variants_key, "results_file_size": outputs.results_file_size,
             "results_file_sha256": outputs.results_file_sha256, "summary": outputs.summary}, _LEFT_AT_THE_END)

    def fail(self, job_id: str, owner: str, now: int, reason: JobReason) -> Job:
        """RUNNING -> FAILED.

        :raises LeaseLostError: the job is no longer this owner's
        """
        return self._held_update(job_id, owner, _failure(now, reason), _LEFT_AT_THE_END)

    def give_up(self, job_id: str, now: int, reason: JobReason) -> Job | None:
        """PENDING, or RUNNING without a lease -> FAILED: nobody works on it.

        :returns: None when somebody does, or the job has ended
        """
        try:
            return self.update(job_id, _NOBODYS, {":pending": JobStatus.PENDING.value,
                                                  ":running": JobStatus.RUNNING.value, ":now": now},
                               _failure(now, reason), _LEFT_AT_THE_END)
        except ConditionFailedError:
            return None

    # ---- the user's moves ------------------------------------------------------------------------------------
    def cancel(self, job_id: str, now: int) -> Job:
        """PENDING or RUNNING -> CANCELLED. A running worker notices at its next heartbeat.

        :raises JobNotCancellableError: the job has already ended
        :raises JobNotFoundError: there is no such job
        """
        try:
            return self.update(
                job_id, "job_status IN (:pending, :running)",
                {":pending": JobStatus.PENDING.value, ":running": JobStatus.RUNNING.value},
                _end(JobStatus.CANCELLED, now), _LEFT_AT_THE_END)
        except ConditionFailedError as failed:
            if failed.record is None:
                raise JobNotFoundError() from failed
            raise JobNotCancellableError() from failed

    def announced(self, job_id: str) -> None:
        """The end of a job has been published: its mark goes. Nothing happens when it has gone before."""
        try:
            self.update(job_id, "#open = :unannounced", {":unannounced": UNANNOUNCED}, {}, ("open",))
        except ConditionFailedError:
            return

    def delete(self, job_id: str, owner: str, now: int) -> None:
        """Drop the record of a job that has ended; its files must be gone already.

        A tombstone takes the record's place: the bare id, so that no upload that comes later makes this job again.

        :param owner: who holds the job's files
        :param now: epoch seconds
        :raises JobNotCancellableError: the job has not ended
        :raises FilesOnTheMoveError: somebody else holds its files by now, and may have written some of them again
        """
        try:
            self._dynamodb.put_item(
                TableName=self.name,
                Item=to_item({"job_id": job_id, EXPIRES: now + TOMBSTONE_SECONDS, VERSION: self._new_id()}),
                ConditionExpression="attribute_not_exists(job_status) OR (NOT job_status IN (:pending, :running) "
                                    "AND file_hold_owner = :owner)",
                ExpressionAttributeValues={":pending": {"S": JobStatus.PENDING.value},
                                           ":running": {"S": JobStatus.RUNNING.value}, ":owner": {"S": owner}})
        except self._dynamodb.exceptions.ConditionalCheckFailedException as failed:
            job = self.get(job_id)
            if job is None:
                return  # another run deleted it just now
            if not job.ended:
                raise JobNotCancellableError("This annotation has not ended yet.", "Cancel it first.") from failed
            raise FilesOnTheMoveError() from failed

    # ---- how every move is written ---------------------------------------------------------------------------
    def _held_update(self, job_id: str, owner: str, assign: Mapping[str, Any], remove: Sequence[str] = ()) -> Job:
        try:
            return self.update(job_id, _HELD, {":owner": owner, ":running": JobStatus.RUNNING.value}, assign, remove)
        except ConditionFailedError as failed:
            raise LeaseLostError() from failed

    def update(self, job_id: str, condition: str, values: Mapping[str, Any], assign: Mapping[str, Any],
               remove: Sequence[str] = ()) -> Job:
        """One conditional update of a job that exists; every move of every job is one.

        :param condition: ConditionExpression, "" for none beyond the job's existence
        :param values: what the names in the condition stand for
        :param assign: attributes and their new, absolute values
        :param remove: attributes to remove
        :returns: the job afterwards
        :raises ConditionFailedError: with the record as it stood
        :raises RecordTooLargeError: the job's record would be larger than DynamoDB takes
        """
        whole = "attribute_exists(job_status)" + (f" AND ({condition})" if condition else "")
        try:
            return Job.from_record(update_record(self.name, {"job_id": job_id}, self._new_id(), assign=assign,
                                                 remove=remove, condition=whole, values=values))
        except ConditionFailedError as failed:
            if failed.record is not None and not is_job(failed.record):
                raise ConditionFailedError(None) from failed
            raise


def _job(failed: ConditionFailedError) -> Job | None:
    return Job.from_record(failed.record) if failed.record is not None else None


def _failure(now: int, reason: JobReason) -> dict[str, Any]:
    return {**_end(JobStatus.FAILED, now), "error": msgspec.to_builtins(reason)}


def _end(status: JobStatus, now: int) -> dict[str, Any]:
    """What every update that ends a job assigns; the mark makes sure that somebody publishes the end."""
    return {"job_status": status.value, "complete_time": now, "open": UNANNOUNCED}


def is_job(record: Mapping[str, Any]) -> bool:
    """False for what else the table has: tombstones of deleted jobs, figures, sightings of files."""
    return "job_status" in record


def is_key(value: object, kind: type) -> bool:
    """Whether DynamoDB takes a value from outside as a key: a number of 38 digits, or a text of 1 to 1,024 bytes."""
    if isinstance(value, bool) or not isinstance(value, kind):
        return False
    if isinstance(value, str):
        try:
            return 0 < len(value.encode()) <= LONGEST_KEY
        except UnicodeEncodeError:  # half of a surrogate pair
            return False
    return isinstance(value, int) and 0 <= value < 10**38


def _cursor(key: dict[str, Any]) -> str:
    record = from_item(key)
    text = json.dumps([record["job_id"], record["submit_time"]], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _start_key(cursor: str, user_id: str) -> dict[str, Any]:
    # The user's id comes from the session, never from the cursor: no cursor leads into another user's jobs.
    try:
        job_id, submit_time = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not is_job_id(job_id) or not is_key(submit_time, int):
            raise ValueError("submit_time")
        return to_item({"job_id": job_id, "submit_time": submit_time, "user_id": user_id})
    except (ValueError, TypeError) as error:
        raise BadRequestError("This page of the list does not exist.", "Go back to the first page.",
                              field="cursor") from error
