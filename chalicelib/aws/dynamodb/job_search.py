"""Searching a user's jobs by two lean indexes, one by time and one by name. Never reads more than its share at once."""
from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from chalicelib.aws.clients import client
from chalicelib.aws.dynamodb.items import from_item, to_item, to_value
from chalicelib.aws.dynamodb.jobs import JobTable, is_job, is_key
from chalicelib.domain.job_query import FoundJobs, Listing, Standing
from chalicelib.domain.jobs import Job, searchable
from chalicelib.domain.names import is_job_id
from chalicelib.exceptions import BadRequestError, TooManyRequestsError

BY_TIME = "user_id-submit_time-lean"
BY_NAME = "user_id-listed_as"
READ_AT_ONCE = 2000
"""Entries of an index that one query looks at: some 500 KB."""
MOST_QUERIES = 10
"""Queries for one page. A search among more jobs than these look at goes on with the next page."""
MOST_BATCH_TRIES = 5
"""Requests for one batch of which DynamoDB gives only a part, because it is throttled."""
FIRST_PAUSE = 0.05
"""Seconds before the second of them; each pause is twice as long as the one before."""
_MOST_GOT = 100
"""What DynamoDB gives in one BatchGetItem."""


@dataclass(frozen=True)
class UsedSpace:
    """How much a user has.

    :param jobs: annotations
    :param size: bytes of uploaded files that are kept, and of annotated VCFs
    :param archived: annotations whose results are in the archive
    :param more: True when there are more than were looked at
    """

    jobs: int
    size: int
    archived: int
    more: bool


class JobSearch:
    """Finds jobs.

    :param jobs: the table of jobs
    :param sleep: waits so many seconds
    """

    def __init__(self, jobs: JobTable, sleep: Callable[[float], None] = time.sleep) -> None:
        self._jobs = jobs
        self._sleep = sleep

    def page(self, user_id: str, wanted: Listing, size: int, cursor: str | None = None) -> FoundJobs:
        """One page of what is wanted of a user's jobs.

        :param cursor: `next_cursor` of the page before, None for the first page
        :raises BadRequestError: for a cursor that no page of such a list gave
        """
        if wanted.since is not None and wanted.before is not None and wanted.since >= wanted.before:
            return FoundJobs([], None, 0, cut_short=False)  # no key lies between; DynamoDB refuses to look
        query = _query(self._jobs.name, user_id, wanted, size)
        if cursor:
            query["ExclusiveStartKey"] = _start_key(cursor, user_id, wanted)
        found: list[dict[str, Any]] = []
        looked_at = 0
        last: dict[str, Any] | None = None
        for _ in range(MOST_QUERIES):
            answer = client("dynamodb").query(**query)
            found += answer["Items"]
            looked_at += answer["ScannedCount"]
            last = answer.get("LastEvaluatedKey")
            if last is None or len(found) >= size:
                break
            query["ExclusiveStartKey"] = last
        cut_short = last is not None and len(found) < size
        if len(found) > size:
            found = found[:size]
            last = found[-1]
        jobs = self.jobs([item["job_id"]["S"] for item in found])
        return FoundJobs([job for job in jobs if job.user_id == user_id],
                         _cursor(last, wanted) if last is not None else None, looked_at, cut_short)

    def used_space(self, user_id: str) -> UsedSpace:
        """How much a user has, of the newest annotations where there are very many."""
        query: dict[str, Any] = {
            "TableName": self._jobs.name, "IndexName": BY_TIME, "ScanIndexForward": False,
            "KeyConditionExpression": "user_id = :user", "ExpressionAttributeValues": {":user": {"S": user_id}},
            "ProjectionExpression": "input_file_size, input_deleted, results_file_size, results_file_archive_id"}
        jobs = size = archived = 0
        for _ in range(MOST_QUERIES):
            answer = client("dynamodb").query(**query)
            for record in map(from_item, answer["Items"]):
                jobs += 1
                kept = 0 if record.get("input_deleted") else int(record.get("input_file_size", 0))
                size += kept + int(record.get("results_file_size", 0))
                archived += "results_file_archive_id" in record
            if "LastEvaluatedKey" not in answer:
                return UsedSpace(jobs, size, archived, more=False)
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return UsedSpace(jobs, size, archived, more=True)

    def jobs(self, job_ids: list[str]) -> list[Job]:
        """The jobs of these ids as they are now, in their order; those that are gone are left out."""
        records = {record["job_id"]: record for record in self._records(job_ids) if is_job(record)}
        return [Job.from_record(records[job_id]) for job_id in job_ids if job_id in records]

    def _records(self, job_ids: list[str]) -> Iterator[dict[str, Any]]:
        for start in range(0, len(job_ids), _MOST_GOT):
            keys = [{"job_id": {"S": job_id}} for job_id in job_ids[start:start + _MOST_GOT]]
            for attempt in range(MOST_BATCH_TRIES):
                answer = client("dynamodb").batch_get_item(
                    RequestItems={self._jobs.name: {"Keys": keys, "ConsistentRead": True}})
                yield from map(from_item, answer["Responses"].get(self._jobs.name, []))
                keys = answer.get("UnprocessedKeys", {}).get(self._jobs.name, {}).get("Keys", [])
                if not keys:
                    break
                self._sleep(FIRST_PAUSE * 2**attempt)
            else:
                raise TooManyRequestsError()


def _query(table: str, user_id: str, wanted: Listing, size: int) -> dict[str, Any]:
    values: dict[str, Any] = {":user": user_id}
    key, filters = ["user_id = :user"], list[str]()
    times = [("since", ">="), ("before", "<")]
    if wanted.since is not None and wanted.before is not None and not wanted.order.by_name:
        key.append("submit_time BETWEEN :since AND :last")  # a key takes one condition
        values |= {":since": wanted.since, ":last": wanted.before - 1}
        times = []
    for name, comparison in times:
        moment = getattr(wanted, name)
        if moment is not None:
            (filters if wanted.order.by_name else key).append(f"submit_time {comparison} :{name}")
            values[f":{name}"] = moment
    if wanted.text:
        filters.append("contains(searched, :text)")  # not `listed_as`: no filter may be on a key of its index
        values[":text"] = searchable(wanted.text)
    if wanted.standing is Standing.ARCHIVED:
        filters.append("attribute_exists(results_file_archive_id)")
    elif wanted.standing is not None:
        filters.append("job_status = :status")
        values[":status"] = wanted.standing.value
    query: dict[str, Any] = {
        "TableName": table, "IndexName": BY_NAME if wanted.order.by_name else BY_TIME,
        "ScanIndexForward": wanted.order.forward, "Limit": READ_AT_ONCE if filters else size,
        "KeyConditionExpression": " AND ".join(key),
        "ProjectionExpression": "job_id, user_id, submit_time, listed_as",
        "ExpressionAttributeValues": {name: to_value(value) for name, value in values.items()}}
    if filters:
        query["FilterExpression"] = " AND ".join(filters)
    return query


def _cursor(key: dict[str, Any], wanted: Listing) -> str:
    record = from_item(key)
    text = json.dumps([record["job_id"], record[_sorted_by(wanted)]], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _start_key(cursor: str, user_id: str, wanted: Listing) -> dict[str, Any]:
    # The user's id comes from the session, never from the cursor: no cursor leads into another user's jobs.
    name = _sorted_by(wanted)
    try:
        job_id, value = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not is_job_id(job_id) or not is_key(value, str if wanted.order.by_name else int):
            raise ValueError(name)
        return to_item({"job_id": job_id, name: value, "user_id": user_id})
    except (ValueError, TypeError) as error:
        raise BadRequestError("This page of the list does not exist.", "Go back to the first page.",
                              field="cursor") from error


def _sorted_by(wanted: Listing) -> str:
    return "listed_as" if wanted.order.by_name else "submit_time"
