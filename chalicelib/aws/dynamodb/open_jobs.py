"""The jobs that wait or run, from a sparse index, which lags behind the table by moments."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.conditions import Key

from chalicelib.aws.clients import client
from chalicelib.aws.dynamodb.archive_moves import OPEN_JOBS
from chalicelib.aws.dynamodb.items import expressions, from_item
from chalicelib.aws.dynamodb.jobs import JobTable
from chalicelib.domain.fair_queue import OpenJob
from chalicelib.domain.job_record import OPEN
from chalicelib.domain.jobs import JobStatus


@dataclass(frozen=True)
class OpenJobs:
    """Open jobs, the oldest first.

    Attributes:
        more: True when there are more than were read.
    """

    jobs: list[OpenJob]
    more: bool


def open_jobs(table: JobTable, most: int) -> OpenJobs:
    """The oldest open jobs of all users.

    Args:
        most: jobs to read.
    """
    query: dict[str, Any] = {"TableName": table.name, "IndexName": OPEN_JOBS,
                             **expressions(KeyConditionExpression=Key("open").eq(OPEN))}
    found: list[OpenJob] = []
    while True:
        answer = client("dynamodb").query(**query, Limit=most - len(found))
        found += map(_open_job, answer["Items"])
        last = answer.get("LastEvaluatedKey")
        if last is None or len(found) >= most:
            return OpenJobs(found, more=last is not None)
        query["ExclusiveStartKey"] = last


def _open_job(item: dict[str, Any]) -> OpenJob:
    record = from_item(item)
    return OpenJob(job_id=record["job_id"], user_id=record["user_id"], submit_time=record["submit_time"],
                   input_file_size=record["input_file_size"], job_status=JobStatus(record["job_status"]),
                   premium=record.get("premium", False))
