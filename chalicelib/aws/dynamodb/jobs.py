"""Table `annotations`: the record of every job. A job's status moves here, and by conditional update only."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec
from boto3.dynamodb.conditions import Attr, ConditionBase, Key

from chalicelib.aws.dynamodb.cursors import cursor_of, start_key
from chalicelib.aws.dynamodb.items import expressions, from_item, to_item
from chalicelib.aws.dynamodb.record_update import VERSION, ConditionFailedError, update_record
from chalicelib.aws.dynamodb.table import Table
from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.job_record import OPEN, UNANNOUNCED, files_record, from_record, to_record
from chalicelib.domain.jobs import Job, JobProgress, JobStatus, progress_record
from chalicelib.domain.result_files import JobOutputs
from chalicelib.domain.size_limits import LONGEST_TEXT, shortened
from chalicelib.exceptions import (
    FilesOnTheMoveError,
    JobNotCancellableError,
    JobNotFoundError,
    JobTakenError,
    LeaseLostError,
)

BY_USER, OPEN_OF_USER = "user_id-submit_time", "user_id-open"
TOMBSTONE_SECONDS = 31 * 86_400
"""How long a deleted job's id stays taken: longer than any form, link or upload in parts of it can be used (two days),
and than S3's message about an upload can wait in a queue and then in its dead-letter queue (14 days each)."""
EXPIRES = "expires"
"""Epoch seconds after which DynamoDB drops an item. Jobs have no such attribute."""

_LEFT_AT_THE_END = ("lease_owner", "lease_expires", "retry_time", "progress")
"""Attributes that a job has until it ends."""

_STATUS = Attr("job_status")
_RUNNING = _STATUS.eq(JobStatus.RUNNING)
_OPEN = _STATUS.is_in([JobStatus.PENDING, JobStatus.RUNNING])


def _held(owner: str) -> ConditionBase:
    """A worker writes only to a job that it still holds: not to one that was cancelled, deleted or taken over."""
    return _RUNNING & Attr("lease_owner").eq(owner)


def _nobodys(now: int) -> ConditionBase:
    """The job waits, or its worker has been silent for too long."""
    return _STATUS.eq(JobStatus.PENDING) | (_RUNNING & Attr("lease_expires").lt(now))


@dataclass(frozen=True)
class JobPage:
    """Some jobs, and where the next ones begin (None at the end)."""

    jobs: list[Job]
    next_cursor: str | None


class JobTable(Table):
    """Reads and moves jobs."""

    # ---- reading ---------------------------------------------------------------------------------------------
    def get(self, job_id: str) -> Job | None:
        """The job as it is now (a consistent read), or None."""
        record = self._record(job_id)
        return from_record(record) if record is not None else None

    def _record(self, job_id: str) -> dict[str, Any] | None:
        answer = self._dynamodb.get_item(TableName=self.name, Key={"job_id": {"S": job_id}}, ConsistentRead=True)
        record = from_item(answer.get("Item", {}))
        return record if is_job(record) else None

    def of_user(self, user_id: str, page_size: int, cursor: str | None = None) -> JobPage:
        """A page of a user's jobs, newest first.

        Args:
            cursor: `next_cursor` of the page before, None for the first page.

        Raises:
            BadRequestError: For a cursor that no page of this user gave.
        """
        query: dict[str, Any] = {"TableName": self.name, "IndexName": BY_USER, "ScanIndexForward": False,
                                 "Limit": page_size, **expressions(KeyConditionExpression=Key("user_id").eq(user_id))}
        if cursor:
            query["ExclusiveStartKey"] = start_key(cursor, user_id, "submit_time", int)
        answer = self._dynamodb.query(**query)
        last = answer.get("LastEvaluatedKey")
        return JobPage([from_record(from_item(item)) for item in answer["Items"]],
                       cursor_of(last, "submit_time") if last else None)

    def count_open(self, user_id: str, most: int) -> int:
        """How many of a user's jobs are PENDING or RUNNING.

        Args:
            most: The count ends there.
        """
        answer = self._dynamodb.query(
            TableName=self.name, IndexName=OPEN_OF_USER, Select="COUNT", Limit=most,
            **expressions(KeyConditionExpression=Key("user_id").eq(user_id) & Key("open").eq(OPEN)))
        return int(answer["Count"])

    def count_since(self, user_id: str, since: int, most: int) -> int:
        """How many of a user's jobs were submitted at or after a time.

        Args:
            since: Epoch seconds.
            most: The count ends there.
        """
        answer = self._dynamodb.query(
            TableName=self.name, IndexName=BY_USER, Select="COUNT", Limit=most,
            **expressions(KeyConditionExpression=Key("user_id").eq(user_id) & Key("submit_time").gte(since)))
        return int(answer["Count"])

    # ---- a job's beginning -----------------------------------------------------------------------------------
    def create(self, job: Job) -> bool:
        """Put a new job.

        Returns:
            False when there is another one under this id already, or was one that has been deleted; what is there is
            left as it is.
        """
        record = {**to_record(job), VERSION: self._new_id()}
        try:
            self._dynamodb.put_item(TableName=self.name, Item=to_item(record),
                                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                                    **expressions(ConditionExpression=Attr("job_id").not_exists()))
        except self._dynamodb.exceptions.ConditionalCheckFailedException as error:
            item = error.response.get("Item")
            existing = from_item(item) if item else self._record(job.job_id)
            return existing is not None and existing.get(VERSION) == record[VERSION]
        return True

    # ---- the worker's moves ----------------------------------------------------------------------------------
    def take(self, job_id: str, owner: str, now: int, lease_seconds: int) -> Job:
        """PENDING, or RUNNING with a lease that ended -> RUNNING, held by `owner`; counts one attempt more.

        Args:
            now: Epoch seconds.
            lease_seconds: How long the worker may be silent before another takes over.

        Raises:
            JobNotFoundError: There is no such job.
            JobTakenError: Another worker holds the lease, or the job is to be tried again later.
            LeaseLostError: The job has already ended.
        """
        job = self.get(job_id)
        while job is not None:
            if job.ended:
                raise LeaseLostError()
            if job.job_status is JobStatus.RUNNING and (job.run.lease_expires or 0) >= now:
                raise JobTakenError()
            if job.run.retry_time is not None and job.run.retry_time > now:
                raise JobTakenError()
            try:
                return self.update(
                    job_id, _nobodys(now) & Attr("attempt").eq(job.run.attempt),
                    {"job_status": JobStatus.RUNNING.value, "lease_owner": owner,
                     "lease_expires": now + lease_seconds, "attempt": job.run.attempt + 1,
                     "start_time": job.run.start_time or now, "attempt_start_time": now}, ("progress", "retry_time"))
            except ConditionFailedError as failed:
                # It moved since we read it: look again.
                job = from_record(failed.record) if failed.record is not None else None
        raise JobNotFoundError()

    def renew(self, job_id: str, owner: str, now: int, lease_seconds: int, progress: JobProgress) -> None:
        """The heartbeat: extends the lease and records progress, in one write.

        Raises:
            LeaseLostError: The job is no longer this owner's.
        """
        self._held_update(job_id, owner, {"lease_expires": now + lease_seconds, "progress": progress_record(progress)})

    def note_reference(self, job_id: str, owner: str, name: str, title: str, found: str | None) -> None:
        """Record what a job is annotated with.

        Args:
            found: By what it was found; None where the user chose it.

        Raises:
            LeaseLostError: The job is no longer this owner's.
        """
        how = {"reference_found": shortened(found, LONGEST_TEXT)} if found is not None else {}
        self._held_update(job_id, owner, {"reference": name, "reference_title": title, **how})

    def hand_back(self, job: Job, owner: str, count_attempt: bool, retry_time: int | None = None) -> None:
        """RUNNING -> PENDING, for another worker to take.

        Args:
            job: As it was taken.
            count_attempt: False when the worker must stop and the file has no part in it.
            retry_time: Epoch seconds before which nobody is to take it, after trouble that is not the file's; None for
                none.

        Raises:
            LeaseLostError: The job is no longer this owner's.
        """
        later = {} if retry_time is None else {"retry_time": retry_time, "hand_backs": job.run.hand_backs + 1}
        attempt = job.run.attempt if count_attempt else job.run.attempt - 1
        self._held_update(job.job_id, owner, {"job_status": JobStatus.PENDING.value, "attempt": attempt, **later},
                          ("lease_owner", "lease_expires", "progress"))

    def complete(self, job_id: str, owner: str, now: int, outputs: JobOutputs) -> Job:
        """RUNNING -> COMPLETED, with what the annotation left.

        Raises:
            LeaseLostError: The job is no longer this owner's.
            RecordTooLargeError: The summary is larger than a record can be.
        """
        return self._held_update(
            job_id, owner,
            {**_end(JobStatus.COMPLETED, now), "s3_results_bucket": outputs.bucket, "summary": outputs.summary,
             **files_record(outputs.files)}, _LEFT_AT_THE_END)

    def fail(self, job_id: str, owner: str, now: int, reason: JobReason) -> Job:
        """RUNNING -> FAILED.

        Raises:
            LeaseLostError: The job is no longer this owner's.
        """
        return self._held_update(job_id, owner, _failure(now, reason), _LEFT_AT_THE_END)

    def give_up(self, job_id: str, now: int, reason: JobReason) -> Job | None:
        """PENDING, or RUNNING without a lease -> FAILED: nobody works on it.

        Returns:
            None when somebody does, or the job has ended.
        """
        try:
            return self.update(job_id, _nobodys(now), _failure(now, reason), _LEFT_AT_THE_END)
        except ConditionFailedError:
            return None

    # ---- the user's moves ------------------------------------------------------------------------------------
    def cancel(self, job_id: str, now: int) -> Job:
        """PENDING or RUNNING -> CANCELLED. A running worker notices at its next heartbeat.

        Raises:
            JobNotCancellableError: The job has already ended.
            JobNotFoundError: There is no such job.
        """
        try:
            return self.update(job_id, _OPEN, _end(JobStatus.CANCELLED, now), _LEFT_AT_THE_END)
        except ConditionFailedError as failed:
            if failed.record is None:
                raise JobNotFoundError() from failed
            raise JobNotCancellableError() from failed

    def announced(self, job_id: str) -> None:
        """The end of a job has been published: its mark goes. Nothing happens when it has gone before."""
        with suppress(ConditionFailedError):
            self.update(job_id, Attr("open").eq(UNANNOUNCED), {}, ("open",))

    def delete(self, job_id: str, owner: str, now: int) -> None:
        """Drop the record of a job that has ended; its files must be gone already.

        A tombstone takes the record's place: the bare id, so that no upload that comes later makes this job again.

        Args:
            owner: Who holds the job's files.
            now: Epoch seconds.

        Raises:
            JobNotCancellableError: The job has not ended.
            FilesOnTheMoveError: Somebody else holds its files by now, and may have written some of them again.
        """
        try:
            self._dynamodb.put_item(
                TableName=self.name,
                Item=to_item({"job_id": job_id, EXPIRES: now + TOMBSTONE_SECONDS, VERSION: self._new_id()}),
                **expressions(ConditionExpression=_STATUS.not_exists()
                              | (~_OPEN & Attr("file_hold_owner").eq(owner))))
        except self._dynamodb.exceptions.ConditionalCheckFailedException as failed:
            job = self.get(job_id)
            if job is None:
                return  # another run deleted it just now
            if not job.ended:
                raise JobNotCancellableError("This job has not finished yet.", "Cancel it first.") from failed
            raise FilesOnTheMoveError() from failed

    # ---- how every move is written ---------------------------------------------------------------------------
    def _held_update(self, job_id: str, owner: str, assign: Mapping[str, Any], remove: Sequence[str] = ()) -> Job:
        try:
            return self.update(job_id, _held(owner), assign, remove)
        except ConditionFailedError as failed:
            raise LeaseLostError() from failed

    def update(self, job_id: str, condition: ConditionBase | None, assign: Mapping[str, Any],
               remove: Sequence[str] = ()) -> Job:
        """One conditional update of a job that exists; every move of every job is one.

        Args:
            condition: What must hold, None for nothing beyond the job's existence.
            assign: Attributes and their new, absolute values.
            remove: Attributes to remove.

        Returns:
            The job afterwards.

        Raises:
            ConditionFailedError: With the record as it stood.
            RecordTooLargeError: The job's record would be larger than DynamoDB takes.
        """
        whole = _STATUS.exists() if condition is None else _STATUS.exists() & condition
        try:
            return from_record(update_record(self.name, {"job_id": job_id}, self._new_id(), assign=assign,
                                             remove=remove, condition=whole))
        except ConditionFailedError as failed:
            if failed.record is not None and not is_job(failed.record):
                raise ConditionFailedError(None) from failed
            raise


def _failure(now: int, reason: JobReason) -> dict[str, Any]:
    return {**_end(JobStatus.FAILED, now), "error": msgspec.to_builtins(reason)}


def _end(status: JobStatus, now: int) -> dict[str, Any]:
    """What every update that ends a job assigns; the mark makes sure that somebody publishes the end."""
    return {"job_status": status.value, "complete_time": now, "open": UNANNOUNCED}


def is_job(record: Mapping[str, Any]) -> bool:
    """False for what else the table has: tombstones of deleted jobs, figures, sightings of files."""
    return "job_status" in record
