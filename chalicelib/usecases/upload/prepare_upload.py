"""Before a job: the browser is given a form that uploads one file straight to S3."""
from __future__ import annotations

from dataclasses import dataclass

from chalicelib.aws.s3.files import PresignedPost
from chalicelib.domain.jobs import Job
from chalicelib.domain.names import InputKey, is_job_id, key_prefix, layer_prefix
from chalicelib.domain.placement import NO
from chalicelib.domain.profiles import Profile
from chalicelib.exceptions import JobFailure, NotFoundError
from chalicelib.services import Services
from chalicelib.usecases.quotas import Usage, refusal, usage

UPLOAD_FORM_SECONDS = 3600
"""How long a form may wait before it is sent. S3 checks at the first byte, so slow uploads are not cut."""
NOTE, REFERENCE, SHIFT_3PRIME = "note", "reference", "shift-3prime"
"""What the form says of the file beside its name: how the user calls the job, what it is annotated with, and where
consequences of insertions and deletions are reported (`read_shift_3prime`)."""
SIZE = "declared-size"
"""What GAS has S3 keep of a file that comes in parts: the size that was asked for, in bytes."""


@dataclass(frozen=True)
class UploadForm:
    """The form: its fields go first, the file last.

    Attributes:
        limit: Largest file of this user's plan, bytes.
        expires: Epoch seconds at which S3 refuses the form.
        layer: The form for a file with the user's own annotations, which is sent before this one.
    """

    job_id: str
    url: str
    fields: dict[str, str]
    limit: int
    expires: int
    layer: PresignedPost
    file_field: str = "file"


def prepare_upload(services: Services, profile: Profile, return_url: str = "", used: Usage | None = None,
                   job_id: str = "", layer_url: str = "") -> UploadForm:
    """Allocate a job id and presign the POST of its input file, for this user's plan.

    Args:
        return_url: Where S3 sends the browser after the upload, with `bucket`, `key` and `etag` added; "" for a script,
            which is answered with 201.
        used: What the user has of what the plan covers, None to have it counted.
        job_id: One that `uploaded_layer` has found; "" for a new one.
        layer_url: Where S3 sends the browser after the upload of the user's own annotations, as `return_url`.

    Raises:
        JobFailure: The plan covers no further file now.
    """
    reason = refusal(services, profile, used or usage(services, profile))
    if reason is not None:
        raise JobFailure(reason)
    job_id = job_id or services.new_id()
    limit = services.plans.of(profile.role).upload_limit
    post = services.files.presign_upload(key_prefix(profile.identity_id, job_id), limit, return_url,
                                         UPLOAD_FORM_SECONDS,
                                         {NOTE: "", REFERENCE: services.settings.default_reference, SHIFT_3PRIME: NO})
    layer = services.files.presign_upload(layer_prefix(profile.identity_id, job_id), limit, layer_url,
                                          UPLOAD_FORM_SECONDS)
    return UploadForm(job_id=job_id, url=post.url, fields=post.fields, limit=limit,
                      expires=services.clock() + UPLOAD_FORM_SECONDS, layer=layer)


def uploaded_layer(services: Services, user_id: str, job_id: str) -> str | None:
    """The name of the file with the user's own annotations that waits for its input file; None where there is none.

    Args:
        job_id: That the input file will have.

    Raises:
        NotFoundError: The id is not one that a new job can have.
    """
    if not is_job_id(job_id) or services.jobs.get(job_id) is not None:
        raise NotFoundError()
    prefix = layer_prefix(user_id, job_id)
    key = services.files.first_below(services.files.inputs_bucket, prefix)
    return None if key is None else key.removeprefix(prefix)


def find_uploaded_job(services: Services, user_id: str, key: str) -> Job | None:
    """The job of an uploaded file, None while `submit` has not made it yet.

    Args:
        key: The key that S3 returned to the browser.

    Raises:
        NotFoundError: For a key that is not one of this user's uploads.
    """
    parts = InputKey.parse(key)
    if parts is None or parts.user_id != user_id:
        raise NotFoundError()
    job = services.jobs.get(parts.job_id)
    if job is not None and job.user_id != user_id:
        raise NotFoundError()
    return job
