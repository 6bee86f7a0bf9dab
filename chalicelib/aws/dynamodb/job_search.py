"""Searching a user's jobs by two lean indexes, one by time and one by name. Never reads more than its share at once."""
from __future__ import annotations

import functools
import operator
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.conditions import Attr, AttributeBase, ConditionBase, Key

from chalicelib.aws.clients import client
from chalicelib.aws.dynamodb.cursors import cursor_of, start_key
from chalicelib.aws.dynamodb.items import expressions, from_item
from chalicelib.aws.dynamodb.jobs import JobPage, JobTable, is_job
from chalicelib.domain.job_query import FoundJobs, JobQuery, StatusFilter
from chalicelib.domain.job_record import from_record, searchable
from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.exceptions import TooManyRequestsError

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

    Attributes:
        jobs: Annotations.
        size: Bytes of uploaded files that are kept, and of annotated VCFs.
        archived: Annotations whose results are in the archive.
        more: True when there are more than were looked at.
    """

    jobs: int
    size: int
    archived: int
    more: bool


class JobSearch:
    """Finds jobs.

    Args:
        jobs: The table of jobs.
        sleep: Waits so many seconds.
    """

    def __init__(self, jobs: JobTable, sleep: Callable[[float], None] = time.sleep) -> None:
        self._jobs = jobs
        self._sleep = sleep

    def page(self, user_id: str, wanted: JobQuery, size: int, cursor: str | None = None) -> FoundJobs:
        """One page of what is wanted of a user's jobs.

        Args:
            cursor: `next_cursor` of the page before, None for the first page.

        Raises:
            BadRequestError: For a cursor that no page of such a list gave.
        """
        if wanted.since is not None and wanted.before is not None and wanted.since >= wanted.before:
            return FoundJobs([], None, 0, cut_short=False)  # no key lies between; DynamoDB refuses to look
        query = _query(self._jobs.name, user_id, wanted, size)
        if cursor:
            query["ExclusiveStartKey"] = start_key(cursor, user_id, _sorted_by(wanted),
                                                   str if wanted.order.by_name else int)
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
                         cursor_of(last, _sorted_by(wanted)) if last is not None else None, looked_at, cut_short)

    def used_space(self, user_id: str) -> UsedSpace:
        """How much a user has, of the newest annotations where there are very many."""
        query: dict[str, Any] = {
            "TableName": self._jobs.name, "IndexName": BY_TIME, "ScanIndexForward": False,
            **expressions(KeyConditionExpression=Key("user_id").eq(user_id)),
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

    def completed(self, page_size: int, after: str | None = None) -> JobPage:
        """The COMPLETED ones among the next `page_size` records. Scans: for the daily sweep only.

        Args:
            page_size: How many records are read.
            after: `next_cursor` of the page before, a job id; None for the first page.
        """
        scan: dict[str, Any] = {"TableName": self._jobs.name, "Limit": page_size,
                                **expressions(FilterExpression=Attr("job_status").eq(JobStatus.COMPLETED))}
        if after is not None:
            scan["ExclusiveStartKey"] = {"job_id": {"S": after}}
        answer = client("dynamodb").scan(**scan)
        return JobPage([from_record(from_item(item)) for item in answer["Items"]],
                       answer.get("LastEvaluatedKey", {}).get("job_id", {}).get("S"))

    def jobs(self, job_ids: list[str]) -> list[Job]:
        """The jobs of these ids as they are now, in their order; those that are gone are left out."""
        records = {record["job_id"]: record for record in self._records(job_ids) if is_job(record)}
        return [from_record(records[job_id]) for job_id in job_ids if job_id in records]

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


def _query(table: str, user_id: str, wanted: JobQuery, size: int) -> dict[str, Any]:
    key, filters = Key("user_id").eq(user_id), list[ConditionBase]()
    if wanted.order.by_name:
        filters += _submitted(Attr("submit_time"), wanted)
    else:
        key = functools.reduce(operator.and_, _submitted(Key("submit_time"), wanted), key)
    if wanted.text:
        filters.append(Attr("searched").contains(searchable(wanted.text)))  # no filter may be on a key, as `listed_as`
    if wanted.standing is StatusFilter.ARCHIVED:
        filters.append(Attr("results_file_archive_id").exists())
    elif wanted.standing is not None:
        filters.append(Attr("job_status").eq(wanted.standing))
    return {
        "TableName": table, "IndexName": BY_NAME if wanted.order.by_name else BY_TIME,
        "ScanIndexForward": wanted.order.forward, "Limit": READ_AT_ONCE if filters else size,
        "ProjectionExpression": "job_id, user_id, submit_time, listed_as",
        **expressions(KeyConditionExpression=key,
                      FilterExpression=functools.reduce(operator.and_, filters) if filters else None)}


def _submitted(time: AttributeBase, wanted: JobQuery) -> list[ConditionBase]:
    """When the jobs were submitted: one condition, since a key takes no more, or none."""
    if wanted.since is not None and wanted.before is not None:
        return [time.between(wanted.since, wanted.before - 1)]
    if wanted.since is not None:
        return [time.gte(wanted.since)]
    return [] if wanted.before is None else [time.lt(wanted.before)]


def _sorted_by(wanted: JobQuery) -> str:
    return "listed_as" if wanted.order.by_name else "submit_time"
