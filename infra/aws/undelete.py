"""`python -m infra undelete`: finds files that records name and the buckets lack, and restores their old versions.

The buckets of results and of the archive keep what was deleted for 30 days, as old versions. This command looks for
files that a job's record names and that are not there, and makes the newest old version of each current again. What a
user deleted has no record and no old version: it stays deleted.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from chalicelib.aws.dynamodb.items import expressions, from_item
from chalicelib.aws.dynamodb.jobs import is_job
from chalicelib.aws.s3.object_copy import MISSING
from chalicelib.domain.job_record import from_record
from chalicelib.domain.jobs import Job, JobStatus
from infra.aws.service_stack import Deployment
from infra.errors import OperatorError


@dataclass(frozen=True)
class MissingFile:
    """A file that a job's record names and that its bucket lacks.

    Attributes:
        markers: Versions of the delete markers that hide it, newest first.
        recoverable: True when an old version is behind them.
    """

    job_id: str
    bucket: str
    key: str
    markers: tuple[str, ...]
    recoverable: bool


def missing_files(place: Deployment, job_id: str = "") -> Iterator[MissingFile]:
    """Look through the completed jobs, or at one.

    Raises:
        OperatorError: The stage is not deployed, or has no such job.
    """
    outputs = _outputs(place)
    s3 = place.client("s3")
    for job in _jobs(place, outputs["AnnotationsTable"], job_id):
        for bucket, keys in ((outputs["ResultsBucket"], job.results_bucket_keys),
                             (outputs["ArchiveBucket"], job.archive_bucket_keys)):
            for key in keys:
                if not _exists(s3, bucket, key):
                    yield _missing(s3, job, bucket, key)


def undelete(place: Deployment, say: Callable[[str], None], job_id: str = "", restore: bool = False) -> int:
    """Show missing files, or bring them back.

    Args:
        job_id: Of the one job to look at, "" for all.

    Returns:
        How many are still missing afterwards.
    """
    s3, left = place.client("s3"), 0
    for file in missing_files(place, job_id):
        where = f"{file.job_id}: s3://{file.bucket}/{file.key}"
        if not file.recoverable:
            say(f"{where} has no old version")
            left += 1
        elif restore:
            for marker in file.markers:
                s3.delete_object(Bucket=file.bucket, Key=file.key, VersionId=marker)
            say(f"{where} is back")
        else:
            say(f"{where} can be brought back")
            left += 1
    say(f"{left} files are missing.")
    return left


def _outputs(place: Deployment) -> dict[str, str]:
    try:
        stack = place.client("cloudformation").describe_stacks(StackName=place.stack_name)["Stacks"][0]
    except ClientError as error:
        raise OperatorError(f"There is no stack {place.stack_name} here: {error}") from error
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _jobs(place: Deployment, table: str, job_id: str) -> Iterator[Job]:
    dynamodb = place.client("dynamodb")
    if job_id:
        item = dynamodb.get_item(TableName=table, Key={"job_id": {"S": job_id}}, ConsistentRead=True).get("Item")
        record = from_item(item or {})
        if not is_job(record):
            raise OperatorError(f"There is no job {job_id}.", "Its id is in the address of its page.")
        yield from_record(record)
        return
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table, **expressions(FilterExpression=Attr("job_status").eq(JobStatus.COMPLETED)))
    for page in pages:
        for item in page["Items"]:
            yield from_record(from_item(item))


def _exists(s3: Any, bucket: str, key: str) -> bool:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in MISSING:
            return False
        raise
    return True


def _missing(s3: Any, job: Job, bucket: str, key: str) -> MissingFile:
    found = s3.list_object_versions(Bucket=bucket, Prefix=key)
    versions = [one for one in found.get("Versions", []) if one["Key"] == key]
    newest = max((one["LastModified"] for one in versions), default=None)
    markers = [one for one in found.get("DeleteMarkers", [])
               if one["Key"] == key and (newest is None or one["LastModified"] >= newest)]
    return MissingFile(job.job_id, bucket, key, tuple(one["VersionId"] for one in markers), newest is not None)
