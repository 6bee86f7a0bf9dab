"""What the queue `thaw` carries: reports of both archives that a file can be read, and requests of ours."""
from __future__ import annotations

from typing import Any

from msgspec import Struct

from chalicelib.aws.archive.base import Retrieval
from chalicelib.aws.s3.events import object_events
from chalicelib.domain.messages import ThawJob, convert, decode, parse
from chalicelib.domain.names import InputKey
from chalicelib.exceptions import InvalidMessageError


class _GlacierJob(Struct, rename="pascal", tag_field="Action", tag="ArchiveRetrieval"):
    """https://docs.aws.amazon.com/amazonglacier/latest/dev/api-describe-job-get.html, which Glacier publishes, too."""

    archive_id: str
    job_id: str
    status_code: str
    status_message: str | None = None
    job_description: str | None = None


class _JobDescription(Struct):
    """What `GlacierArchive.request` gives a retrieval as its description."""

    job_id: str = ""


def read_retrievals(body: str) -> list[Retrieval | ThawJob]:
    """Read a message of the queue `thaw`.

    Args:
        body: An event of S3 (`s3:ObjectRestore:Completed`), Glacier's description of a retrieval that has ended, or a
            `ThawJob`. Other events of S3 report no retrieval.

    Raises:
        InvalidMessageError: The message is none of these, or the retrieval failed.
    """
    message = parse(body)
    events = object_events(message)
    if events is not None:
        return [_of_key(event.key) for event in events if event.name == "ObjectRestore:Completed"]
    if isinstance(message, dict) and "Action" in message:
        return [_of_glacier(message)]
    return [decode(body, ThawJob)]


def _of_key(key: str) -> Retrieval:
    parts = InputKey.parse(key)
    return Retrieval(archive_id=key, job_id=parts.job_id if parts else "")


def _of_glacier(message: Any) -> Retrieval:
    job: _GlacierJob = convert(message, _GlacierJob)
    if job.status_code != "Succeeded":
        raise InvalidMessageError(f"Glacier could not retrieve a file: {job.status_message}")
    description: _JobDescription = convert(parse(job.job_description or "{}"), _JobDescription)
    return Retrieval(archive_id=job.archive_id, retrieval_id=job.job_id, job_id=description.job_id)
