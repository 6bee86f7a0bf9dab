"""Turns a file that arrived in the inputs bucket into a job, once, however often S3 reports it."""
from __future__ import annotations

from dataclasses import replace

from aws_lambda_powertools import Logger

from chalicelib.aws.s3.files import UploadedFile
from chalicelib.domain.job_note import read_note
from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import InputFile, Job, JobStatus, LayerFile
from chalicelib.domain.messages import JobRequest
from chalicelib.domain.names import InputKey, check_file_name
from chalicelib.domain.placement import read_shift_3prime
from chalicelib.domain.profiles import Profile
from chalicelib.exceptions import JobFailure
from chalicelib.services import Services
from chalicelib.usecases import quotas
from chalicelib.usecases.jobs.announce_end import announce_end
from chalicelib.usecases.references import chosen_reference
from chalicelib.usecases.upload.layers import find_layer, refusal_of_layer, remove_unused_layer
from chalicelib.usecases.upload.prepare_upload import NOTE, REFERENCE, SHIFT_3PRIME, SIZE

logger = Logger(child=True)

NO_FILE = "(no file)"
"""What a job is called that was made of a form without a file."""


def submit_job(services: Services, key: str, version_id: str | None = None) -> Job | None:
    """Make the job of an uploaded file and tell the workers.

    A file that cannot be a VCF file of this user's plan makes a job too, FAILED with the reason: the user sees
    what became of the upload. The file itself is not kept.

    A form can be sent again, and S3 keeps the new file as another version: of the same key, or under another name. The
    job has the version that it was made of; every other one is deleted, as is what comes for a job that was deleted.

    Args:
        key: The file's key in the inputs bucket.
        version_id: Which version of the file was uploaded; None for the current one.

    Returns:
        The job, or None when the file makes none: not an upload of ours, deleted meanwhile, or one of those that are
        deleted.
    """
    parts = InputKey.parse(key)
    if parts is None:
        logger.warning("A file outside the layout of uploads was left alone", extra={"key": key})
        return None
    logger.append_keys(job_id=parts.job_id, user_id=parts.user_id)
    bucket = services.files.inputs_bucket
    file = services.files.describe(bucket, key, version_id)
    if file is not None and parts.layer_name is not None:
        remove_unused_layer(services, parts, file)
        return None
    if file is None:
        # A late or repeated event of a file that the user has deleted: nothing to bring back.
        logger.info("The file is gone; no job is made")
        return None
    profile = services.profiles.get(parts.user_id)
    if profile is None or profile.erasing_since is not None:
        # Only a signed-in user gets a form, so the account was deleted in between, and with it its files.
        logger.warning("The file's user has no profile any more; the file is deleted")
        services.files.delete_version(bucket, key, file.version_id)
        return None

    refusal: JobReason | None = None
    reference, title, shift_3prime = services.settings.default_reference, None, False
    try:
        reference, title = chosen_reference(services, file.metadata.get(REFERENCE))
        shift_3prime = read_shift_3prime(file.metadata.get(SHIFT_3PRIME))
    except JobFailure as failure:
        refusal = failure.reason
    layer = find_layer(services, parts)
    input_file = InputFile(name=parts.file_name or NO_FILE, size=file.size, bucket=bucket, key=key,
                           version=file.version_id)
    job = Job(job_id=parts.job_id, user_id=parts.user_id, input=input_file, submit_time=services.clock(),
              premium=profile.premium, reference=reference, reference_title=title, shift_3prime=shift_3prime,
              layer=layer, note=read_note(file.metadata.get(NOTE)))
    refusal = (_refusal(services, parts.file_name, file, profile, layer.size or 0) or refusal_of_layer(layer)
               or refusal)
    if refusal is not None:
        job = _failed(job, refusal)
    if not services.jobs.create(job):
        return _submitted_before(services, job)
    logger.info("Job created", extra={"job_status": job.job_status.value, "size": file.size})
    _tell(services, job)
    if job.input.deleted:
        services.files.delete_version(bucket, key, file.version_id)
        if layer.key is not None:
            services.files.delete_version(bucket, layer.key, str(layer.version))
    else:
        quotas.note_stored(services, job.user_id, job.uploaded_size)
    return job


def _submitted_before(services: Services, job: Job) -> Job | None:
    """The id is taken.

    Args:
        job: What the file would have become.
    """
    existing = services.jobs.get(job.job_id)
    same = existing is not None and (existing.input.key, existing.input.version) == (
        job.input.key, job.input.version)
    if existing is not None and same:
        logger.info("Job exists already", extra={"job_status": existing.job_status.value})
        # The first delivery may have ended between record and message. A message too many does no harm.
        _tell(services, existing)
        if not existing.input.deleted:
            return existing
    else:
        logger.warning("A file came with a form that had been used before; the file is deleted")
    services.files.delete_version(job.input.bucket, job.input.key, str(job.input.version))
    return existing if same else None


def _refusal(services: Services, name: str, file: UploadedFile, profile: Profile, beside: int) -> JobReason | None:
    try:
        check_file_name(name)
    except JobFailure as failure:
        return failure.reason
    if file.metadata.get(SIZE, str(file.size)) != str(file.size):
        return JobReason(
            "other_size", "The size of the uploaded file differs from what was announced.", "Upload it again.")
    if file.size == 0:
        return JobReason("empty_file", "The file is empty.", "Check the file on your computer and upload it again.")
    return quotas.refusal(services, profile, quotas.usage(services, profile), file.size, beside)


def _failed(job: Job, reason: JobReason) -> Job:
    return replace(job, job_status=JobStatus.FAILED, complete_time=job.submit_time, error=reason,
                   unannounced=True, input=replace(job.input, deleted=True), layer=LayerFile())


def _tell(services: Services, job: Job) -> None:
    if job.job_status is JobStatus.PENDING:
        services.topics.request_job(JobRequest(job_id=job.job_id, user_id=job.user_id))
    else:
        announce_end(services, job)
