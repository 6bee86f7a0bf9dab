"""Everything that GAS has of a user: how much it is, and all of it to take away."""
from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from chalicelib.aws.dynamodb.job_search import UsedSpace
from chalicelib.domain.job_record import to_record
from chalicelib.domain.jobs import Job
from chalicelib.domain.layers import LAYER
from chalicelib.domain.profiles import Profile
from chalicelib.services import Services
from chalicelib.usecases.jobs.user_jobs import file_location, job_files

PART = 100
"""Annotations in one part of an export."""
LINK_SECONDS = 3600
"""How long the links of an export are good: long enough to fetch what one part names."""


@dataclass(frozen=True)
class FileLink:
    """A file of an export, with a link that downloads it.

    Attributes:
        path: Where it belongs: a directory for each annotation.
        size: bytes, None where the record does not keep it.
    """

    path: str
    size: int | None
    link: str


@dataclass(frozen=True)
class ExportPart:
    """One part of an export.

    Attributes:
        records: What the table knows of each annotation.
        next_cursor: Where the next part begins, None at the end.
    """

    records: list[dict[str, Any]]
    files: list[FileLink]
    next_cursor: str | None


def used_space(services: Services, user_id: str) -> UsedSpace:
    """How many annotations, and how large their files are."""
    return services.job_search.used_space(user_id)


def export_part(services: Services, user_id: str, cursor: str | None = None) -> ExportPart:
    """The newest annotations of a user, or those that follow `cursor`, with links to all of their files.

    Raises:
        BadRequestError: For a cursor that no part gave.
    """
    page = services.jobs.of_user(user_id, PART, cursor)
    return ExportPart(
        [_record(job) for job in page.jobs],
        [link for job in page.jobs for link in _links(services, job)],
        page.next_cursor,
    )


def profile_record(profile: Profile) -> dict[str, Any]:
    """What the table knows of a person."""
    return asdict(profile) | {"role": profile.role.value}


def _record(job: Job) -> dict[str, Any]:
    record = to_record(job)
    # How GAS works, not what it knows of you.
    for inner in ("open", "listed_as", "searched", "lease_owner", "file_hold_owner", "hand_backs", "retry_time"):
        record.pop(inner, None)
    return record


def _links(services: Services, job: Job) -> list[FileLink]:
    links = []
    for file in job_files(job):
        bucket, key, version_id = file_location(job, file.kind)
        folder = f"{job.job_id}/{LAYER}" if file.kind == LAYER else job.job_id  # it may be named like the input file
        links.append(FileLink(f"{folder}/{file.name}", file.size,
                              services.files.presign_download(bucket, key, file.name, LINK_SECONDS, version_id)))
    return links
