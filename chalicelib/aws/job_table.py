"""Table `annotations`: the record of every job. A job's status moves here, and by conditional update only."""
from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws.clients import client
from chalicelib.aws.items import from_item, to_item, to_value
from chalicelib.domain.jobs import Job, JobReason, JobStatus, Progress, progress_record, reason_record
from chalicelib.exceptions import (
    BadRequestError,
    JobNotCancellableError,
    JobNotFoundError,
    JobTakenError,
    LeaseLostError,
)

BY_USER = "user_id-submit_time"

# A worker writes only to a job that it still holds: cancelled, deleted or taken over, and the condition fails.
_HELD = "job_status = :running AND lease_owner = :owner"


@dataclass(frozen=True)
class JobPage:
    """Some of a user's jobs, newest first, and where the next ones begin (None at the end)."""

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
    """

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def _dynamodb(self) -> Any:
        return client("dynamodb")

    # ---- reading ---------------------------------------------------------------------------------------------
    def get(self, job_id: str) -> Job | None:
        """The job as it is now (a consistent read), or None."""
        answer = self._dynamodb.get_item(TableName=self.name, Key={"job_id": {"S": job_id}}, ConsistentRead=True)
        return Job.from_record(from_item(answer["Item"])) if "Item" in answer else None

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

    def live_results(self) -> Iterator[tuple[str, str]]:
        """Job id and key of every results file that should be there. Scans: for the daily sweep only."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self.name, ProjectionExpression="job_id, s3_key_result_file",
            FilterExpression="attribute_exists(s3_key_result_file)")
        for page in pages:
            for item in page["Items"]:
                yield item["job_id"]["S"], item["s3_key_result_file"]["S"]

    # ---- a job's beginning -----------------------------------------------------------------------------------
    def create(self, job: Job) -> bool:
        """Put a new job.

        :returns: False when the job is there already; it is left as it is
        """
        try:
            self._dynamodb.put_item(TableName=self.name, Item=to_item(job.to_record()),
                                    ConditionExpression="attribute_not_exists(job_id)")
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    # ---- the worker's moves ----------------------------------------------------------------------------------
    def take(self, job_id: str, owner: str, now: int, lease_seconds: int) -> Job:
        """PENDING, or RUNNING with a lease that ended -> RUNNING, held by `owner`; counts one attempt more.

        :raises JobNotFoundError: deleted meanwhile
        :raises JobTakenError: another worker holds the lease
        :raises LeaseLostError: the job has already ended
        """
        try:
            return self.update(
                job_id,
                "SET job_status = :running, lease_owner = :owner, lease_expires = :expires, "
                "start_time = if_not_exists(start_time, :now) ADD attempt :one, version :one REMOVE progress",
                "job_status = :pending OR (job_status = :running AND lease_expires < :now)",
                {":running": JobStatus.RUNNING.value, ":pending": JobStatus.PENDING.value, ":owner": owner,
                 ":expires": now + lease_seconds, ":now": now, ":one": 1})
        except ConditionFailedError as failed:
            job = failed.job
            if job is None:
                raise JobNotFoundError() from failed
            if job.job_status is JobStatus.RUNNING and job.lease_expires is not None:
                raise JobTakenError(job.lease_expires) from failed
            raise LeaseLostError() from failed

    def renew(self, job_id: str, owner: str, now: int, lease_seconds: int, progress: Progress) -> None:
        """The heartbeat: extends the lease and records progress, in one write.

        :raises LeaseLostError: the job is no longer this owner's
        """
        self._held_update(job_id, owner, "SET lease_expires = :expires, progress = :progress ADD version :one",
                          {":expires": now + lease_seconds, ":progress": progress_record(progress), ":one": 1})

    def note_reference(self, job_id: str, owner: str, name: str, title: str, found: str | None) -> None:
        """Record what a job is annotated with.

        :param found: by what it was found; None where the user chose it
        :raises LeaseLostError: the job is no longer this owner's
        """
        how = {":found": found} if found is not None else {}
        self._held_update(job_id, owner, "SET #reference = :name, reference_title = :title"
                          f"{', reference_found = :found' if how else ''} ADD version :one",
                          {":name": name, ":title": title, ":one": 1, **how})

    def hand_back(self, job_id: str, owner: str, count_attempt: bool) -> None:
        """RUNNING -> PENDING, for another worker to take.

        :param count_attempt: False when the worker must stop and the file has no part in it
        :raises LeaseLostError: the job is no longer this owner's
        """
        self._held_update(job_id, owner,
                          "SET job_status = :pending ADD attempt :back, version :one "
                          "REMOVE lease_owner, lease_expires, progress",
                          {":pending": JobStatus.PENDING.value, ":back": 0 if count_attempt else -1, ":one": 1})

    def complete(self, job_id: str, owner: str, now: int, outputs: Outputs) -> Job:
        """RUNNING -> COMPLETED, with what the annotation left.

        :raises LeaseLostError: the job is no longer this owner's
        """
        return self._held_update(
            job_id, owner,
            "SET job_status = :completed, complete_time = :now, s3_results_bucket = :bucket, "
            "s3_key_result_file = :results, s3_key_index_file = :index, s3_key_log_file = :log, "
            "s3_key_summary_file = :summary_key, s3_key_variants_file = :variants, "
            "results_file_size = :size, results_file_sha256 = :sha256, summary = :summary "
            "ADD version :one REMOVE lease_owner, lease_expires, progress, #open",
            {":completed": JobStatus.COMPLETED.value, ":now": now, ":bucket": outputs.bucket,
             ":results": outputs.results_key, ":index": outputs.index_key, ":log": outputs.log_key,
             ":summary_key": outputs.summary_key, ":variants": outputs.variants_key, ":size": outputs.results_file_size,
             ":sha256": outputs.results_file_sha256, ":summary": outputs.summary, ":one": 1})

    def fail(self, job_id: str, owner: str, now: int, reason: JobReason) -> Job:
        """RUNNING -> FAILED.

        :raises LeaseLostError: the job is no longer this owner's
        """
        return self._held_update(
            job_id, owner,
            "SET job_status = :failed, complete_time = :now, #error = :error "
            "ADD version :one REMOVE lease_owner, lease_expires, progress, #open",
            {":failed": JobStatus.FAILED.value, ":now": now, ":error": reason_record(reason), ":one": 1})

    def give_up(self, job_id: str, now: int, reason: JobReason) -> Job | None:
        """PENDING, or RUNNING without a lease -> FAILED: nobody works on it.

        :returns: None when somebody does, or the job has ended
        """
        try:
            return self.update(
                job_id, "SET job_status = :failed, complete_time = :now, #error = :error "
                "ADD version :one REMOVE lease_owner, lease_expires, progress, #open",
                "job_status = :pending OR (job_status = :running AND lease_expires < :now)",
                {":failed": JobStatus.FAILED.value, ":pending": JobStatus.PENDING.value,
                 ":running": JobStatus.RUNNING.value, ":now": now, ":error": reason_record(reason), ":one": 1})
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
                job_id,
                "SET job_status = :cancelled, complete_time = :now "
                "ADD version :one REMOVE lease_owner, lease_expires, progress, #open",
                "job_status IN (:pending, :running)",
                {":cancelled": JobStatus.CANCELLED.value, ":pending": JobStatus.PENDING.value,
                 ":running": JobStatus.RUNNING.value, ":now": now, ":one": 1})
        except ConditionFailedError as failed:
            if failed.job is None:
                raise JobNotFoundError() from failed
            raise JobNotCancellableError() from failed

    def delete(self, job_id: str) -> None:
        """Drop the record of a job that has ended; its files must be gone already.

        :raises JobNotCancellableError: the job has not ended
        """
        try:
            self._dynamodb.delete_item(
                TableName=self.name, Key={"job_id": {"S": job_id}},
                ConditionExpression="attribute_not_exists(job_id) OR NOT job_status IN (:pending, :running)",
                ExpressionAttributeValues={":pending": {"S": JobStatus.PENDING.value},
                                           ":running": {"S": JobStatus.RUNNING.value}})
        except self._dynamodb.exceptions.ConditionalCheckFailedException as failed:
            raise JobNotCancellableError("This annotation has not ended yet.", "Cancel it first.") from failed

    # ---- how every move is written ---------------------------------------------------------------------------
    def _held_update(self, job_id: str, owner: str, update: str, values: dict[str, Any]) -> Job:
        try:
            return self.update(job_id, update, _HELD,
                                {**values, ":owner": owner, ":running": JobStatus.RUNNING.value})
        except ConditionFailedError as failed:
            raise LeaseLostError() from failed

    def update(self, job_id: str, update: str, condition: str, values: dict[str, Any]) -> Job:
        """One conditional update of a job that exists; every move of every job is one.

        :param update: UpdateExpression; `#error`, `#open` and `#reference` stand for attributes with reserved names
        :param condition: ConditionExpression
        :param values: by their names in both expressions, as Python values
        :returns: the job afterwards
        :raises ConditionFailedError: with the job as it stood
        """
        # Some of our names are reserved words of DynamoDB's expressions.
        reserved = {f"#{name}": name for name in ("error", "open", "reference") if f"#{name}" in update}
        names = {"ExpressionAttributeNames": reserved} if reserved else {}
        try:
            answer = self._dynamodb.update_item(
                TableName=self.name, Key={"job_id": {"S": job_id}}, UpdateExpression=update,
                ConditionExpression=f"attribute_exists(job_id) AND ({condition})",
                ExpressionAttributeValues={name: to_value(value) for name, value in values.items()},
                ReturnValues="ALL_NEW", ReturnValuesOnConditionCheckFailure="ALL_OLD", **names)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            item = error.response.get("Item")
            # One reading more where the answer did not bring the item along.
            raise ConditionFailedError(Job.from_record(from_item(item)) if item else self.get(job_id)) from error
        return Job.from_record(from_item(answer["Attributes"]))


class ConditionFailedError(Exception):
    """The job was not in the state that a move needs; `job` is the record as it stood, None without one."""

    def __init__(self, job: Job | None) -> None:
        super().__init__()
        self.job = job


def _cursor(key: dict[str, Any]) -> str:
    record = from_item(key)
    text = json.dumps([record["job_id"], record["submit_time"]], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _start_key(cursor: str, user_id: str) -> dict[str, Any]:
    # The user's id comes from the session, never from the cursor: no cursor leads into another user's jobs.
    try:
        job_id, submit_time = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return to_item({"job_id": str(job_id), "submit_time": int(submit_time), "user_id": user_id})
    except (ValueError, TypeError) as error:
        raise BadRequestError("This page of the list does not exist.", "Go back to the first page.",
                              field="cursor") from error
