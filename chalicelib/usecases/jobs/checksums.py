"""Checksums of a job's files, by which a download can be verified."""
from __future__ import annotations

import base64
from dataclasses import dataclass

from chalicelib.aws.s3.object_copy import object_info
from chalicelib.services import Services
from chalicelib.usecases.jobs.user_jobs import file_location, get_job, job_files


@dataclass(frozen=True)
class FileChecksum:
    """A file that is there now.

    Attributes:
        size: Bytes.
        sha256: Hex digest; None where nobody has computed one: of uploads, and of large files but the results.
    """

    name: str
    size: int
    sha256: str | None


def checksums(services: Services, user_id: str, job_id: str) -> list[FileChecksum]:
    """Size and SHA-256 of each of a job's files, as the storage keeps them.

    Raises:
        JobNotFoundError: The job is not this user's.
    """
    job = get_job(services, user_id, job_id)
    found = []
    for file in job_files(job):
        info = object_info(*file_location(job, file.kind))
        if info is None:
            continue
        found.append(FileChecksum(file.name, info.size, job.file(file.kind).sha256 or _digest(info.checksum)))
    return found


def _digest(checksum: str) -> str | None:
    """Hex of S3's base64; of a file that was written in parts it is no digest of the file."""
    if not checksum or "-" in checksum:
        return None
    return base64.b64decode(checksum).hex()
