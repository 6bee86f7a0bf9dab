"""Uploading a large file in parts: the browser may stop, lose its connection or be closed, and go on later.

GAS begins the upload, so that a user has a bounded number of unfinished ones. The browser sends the parts to S3 itself,
with a link for each request that is good for as many bytes as it says. S3 drops what is not completed within a day.
Only Premium has files that are large enough.
"""
from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.names import InputKey, check_file_name, key_prefix
from chalicelib.domain.placement import read_shift_3prime, write_shift_3prime
from chalicelib.domain.profiles import Profile
from chalicelib.exceptions import BadRequestError, ForbiddenError, JobFailure, NotFoundError, TooManyRequestsError
from chalicelib.services import Services
from chalicelib.usecases.quotas import require_room
from chalicelib.usecases.upload.prepare_upload import NOTE, REFERENCE, SHIFT_3PRIME, SIZE, uploaded_layer

LINK_SECONDS = 3600
LARGEST_PART = 16 * 1024**2
"""Bytes of one part. With it, the plan's largest file says how many parts there are, and so how much can be stored."""
MOST_UNFINISHED = 20
"""Uploads in parts of one user that have begun and are not completed. A page sends two at a time; S3 drops those of
closed tabs within a day."""


class PartRequest(StrEnum):
    """The requests about an upload in parts. GAS carries out the first one; the browser sends the others to S3."""

    BEGIN = "begin"
    PUT = "put"
    LIST = "list"
    COMPLETE = "complete"
    ABORT = "abort"


@dataclass(frozen=True)
class BegunUpload:
    """An upload in parts that S3 waits for."""

    key: str
    upload_id: str


def begin(services: Services, profile: Profile, file_name: str, size: int, note: str, reference: str,
          shift_3prime: str = "", job_id: str = "") -> BegunUpload:
    """Allocate a job id and begin the upload of its input file.

    Args:
        size: Of the file, bytes; what arrives has to have this size.
        note: As `read_note` takes it, in ASCII.
        shift_3prime: As `read_shift_3prime` takes it.
        job_id: That of a form with which the user's own annotations were uploaded; "" for a new one.

    Raises:
        NotFoundError: No such annotations.
        ForbiddenError: Without premium.
        JobFailure: The file's name, its size or the placement is not one that is taken, or the plan covers no further
            file now.
        TooManyRequestsError: Too many uploads of this user are not completed.
    """
    _require_premium(profile)
    check_file_name(file_name)
    if size < 1:
        raise JobFailure(JobReason("empty_file", "The file is empty.", "Choose a file with VCF records in it."))
    require_room(services, profile, size)
    placement = write_shift_3prime(read_shift_3prime(shift_3prime))
    for field, text in ((NOTE, note), (REFERENCE, reference)):
        if not (text.isascii() and text.isprintable()):  # S3 keeps them as headers
            raise BadRequestError("Notes and references must be printable ASCII, or encoded as in RFC 8187.",
                                  field=field)
    if job_id and uploaded_layer(services, profile.identity_id, job_id) is None:
        raise NotFoundError()
    if services.files.count_unfinished(f"{profile.identity_id}/", MOST_UNFINISHED) >= MOST_UNFINISHED:
        raise TooManyRequestsError(f"{MOST_UNFINISHED} of your uploads are not completed.",
                                   "Complete or cancel one of them. Unfinished uploads are removed after a day.")
    key = key_prefix(profile.identity_id, job_id or services.new_id()) + file_name
    metadata = {NOTE: note, REFERENCE: reference, SHIFT_3PRIME: placement, SIZE: str(size)}
    return BegunUpload(key, services.files.begin_parts(key, metadata))


def sign(services: Services, profile: Profile, request: PartRequest, key: str, upload_id: str,
         number: int = 0, length: int = 0) -> str:
    """A link for one more request of an upload that has begun.

    Args:
        number: Of the part, for `PartRequest.PUT`.
        length: Of the part, bytes.

    Raises:
        ForbiddenError: Without premium.
        NotFoundError: The key is not one of this user's.
        BadRequestError: No such part, or no upload.
    """
    _require_premium(profile)
    parts = InputKey.parse(key)
    if parts is None or parts.user_id != profile.identity_id:
        raise NotFoundError()
    if not upload_id or request is PartRequest.BEGIN:
        raise BadRequestError("The request does not name an upload.", field="upload_id")
    call = {PartRequest.PUT: "upload_part", PartRequest.LIST: "list_parts",
            PartRequest.COMPLETE: "complete_multipart_upload", PartRequest.ABORT: "abort_multipart_upload"}[request]
    values: dict[str, str | int] = {"UploadId": upload_id}
    if request is PartRequest.PUT:
        most_parts = -(-services.plans.of(profile.role).upload_limit // LARGEST_PART)
        if not 1 <= number <= most_parts:
            raise BadRequestError(f"There is no part {number}.", field="number")
        if not 1 <= length <= LARGEST_PART:
            raise BadRequestError(f"A part must have 1 to {LARGEST_PART:,} bytes.", field="length")
        values |= {"PartNumber": number, "ContentLength": length}
    return services.files.presign_part_request(call, LINK_SECONDS, key, values)


def _require_premium(profile: Profile) -> None:
    if not profile.premium:
        raise ForbiddenError("Uploading in parts needs Premium.", "Upload the file as a whole.")
