"""Uploading a large file in parts: the browser may stop, lose its connection or be closed, and go on later.

The browser speaks to S3 itself, with a link for each request; S3 drops what is not completed within a day. Only who has
premium uploads files that are worth it.
"""
from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.names import InputKey, check_file_name, is_job_id, key_prefix
from chalicelib.domain.profiles import Profile
from chalicelib.exceptions import BadRequestError, ForbiddenError, JobFailure, NotFoundError
from chalicelib.services import Services
from chalicelib.usecases.quotas import require_room
from chalicelib.usecases.uploads import NOTE, REFERENCE

LINK_SECONDS = 3600
MOST_PARTS = 10_000
"""S3 takes no more."""


class PartRequest(StrEnum):
    """The requests about an upload in parts that a browser sends to S3."""

    BEGIN = "begin"
    PUT = "put"
    LIST = "list"
    COMPLETE = "complete"
    ABORT = "abort"


@dataclass(frozen=True)
class SignedRequest:
    """A link for one request, with the headers that it must carry."""

    key: str
    url: str
    headers: dict[str, str]


def begin(services: Services, profile: Profile, file_name: str, size: int, note: str, reference: str) -> SignedRequest:
    """Allocate a job id; the link begins the upload of its input file.

    :param note: as `read_note` takes it, in ASCII
    :raises ForbiddenError: without premium
    :raises JobFailure: the file's name or size is not one that is taken, or the plan covers no further file now
    """
    _require_premium(profile)
    check_file_name(file_name)
    if size < 1:
        raise JobFailure("empty_file", "The file is empty.", "Choose a file with VCF records in it.")
    require_room(services, profile, size)
    if not (note.isascii() and reference.isascii()):
        raise BadRequestError("Notes and references come in ASCII.", field=NOTE)
    key = key_prefix(profile.identity_id, services.new_id()) + file_name
    link = services.files.presign_part_request("create_multipart_upload", LINK_SECONDS, key, {},
                                               {NOTE: note, REFERENCE: reference})
    return SignedRequest(key, link.url, link.headers)


def sign(services: Services, profile: Profile, request: PartRequest, key: str, upload_id: str,
         number: int = 0) -> SignedRequest:
    """A link for one more request of an upload that has begun.

    :param number: of the part, for `PartRequest.PUT`
    :raises ForbiddenError: without premium
    :raises NotFoundError: the key is not one of this user's
    :raises BadRequestError: no such part, or no upload
    """
    _require_premium(profile)
    parts = InputKey.parse(key)
    if parts is None or parts.user_id != profile.identity_id or not is_job_id(parts.job_id):
        raise NotFoundError()
    if not upload_id or request is PartRequest.BEGIN:
        raise BadRequestError("The request does not say which upload is meant.", field="upload_id")
    call = {PartRequest.PUT: "upload_part", PartRequest.LIST: "list_parts",
            PartRequest.COMPLETE: "complete_multipart_upload", PartRequest.ABORT: "abort_multipart_upload"}[request]
    values: dict[str, str | int] = {"UploadId": upload_id}
    if request is PartRequest.PUT:
        if not 1 <= number <= MOST_PARTS:
            raise BadRequestError(f"There is no part {number}.", field="number")
        values["PartNumber"] = number
    link = services.files.presign_part_request(call, LINK_SECONDS, key, values)
    return SignedRequest(key, link.url, link.headers)


def _require_premium(profile: Profile) -> None:
    if not profile.premium:
        raise ForbiddenError("Files are uploaded in parts with Premium only.", "Upload the file as a whole.")
