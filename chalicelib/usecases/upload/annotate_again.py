"""A file that was uploaded once is annotated once more, as a job of its own."""
from __future__ import annotations

import uuid

from aws_lambda_powertools import Logger

from chalicelib.domain.job_note import write_note
from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import InputFile, Job, JobStatus, LayerFile
from chalicelib.domain.messages import CopyInput
from chalicelib.domain.names import layer_prefix
from chalicelib.domain.placement import write_shift_3prime
from chalicelib.domain.profiles import Profile
from chalicelib.domain.result_files import INPUT
from chalicelib.exceptions import FileNotAvailableError
from chalicelib.services import Services
from chalicelib.usecases.jobs.announce_end import announce_end
from chalicelib.usecases.jobs.user_jobs import file_location, get_job
from chalicelib.usecases.quotas import require_room
from chalicelib.usecases.references import chosen_reference
from chalicelib.usecases.upload.prepare_upload import NOTE, REFERENCE, SHIFT_3PRIME

logger = Logger(child=True)


def annotate_again(services: Services, profile: Profile, job_id: str, reference: str, once: str = "",
                   shift_3prime: bool | None = None, layer: bool = True) -> str:
    """Have a job's input file copied to a place of its own, where it becomes a job as every upload does.

    Copying a large file can take longer than a request may, so the function behind the queue `uploads` does it. The
    new job shares nothing with the old one, so that either can be deleted.

    Args:
        profile: whose job it is.
        job_id: the job whose file is annotated again.
        reference: name of a reference, or "auto" to have it found out.
        once: what a form has that may be sent twice, "" for none. The same form makes the same job.
        shift_3prime: report insertions and deletions at the 3'-most position; None for what the job has.
        layer: False to leave out the user's own annotations that the job has.

    Returns:
        The key of the copy, which will be there in a moment.

    Raises:
        JobNotFoundError: the job is not this user's.
        JobFailure: there is no such reference, or the plan does not cover the file now.
        FileNotAvailableError: the uploaded file is no longer there.
    """
    job = get_job(services, profile.identity_id, job_id)
    bucket, source, version_id = file_location(job, INPUT)
    name, _ = chosen_reference(services, reference)
    require_room(services, profile, job.input.size, (job.layer.size or 0) if layer else 0)
    if services.files.describe(bucket, source, version_id) is None:
        raise FileNotAvailableError("The uploaded file no longer exists.", "Upload it again.")
    # Named after the old job and the form, so that nobody can aim at a job that exists.
    shift = job.shift_3prime if shift_3prime is None else shift_3prime
    wish = f"{once}/{name}/{SHIFT_3PRIME}" if shift else f"{once}/{name}"
    wish += "" if layer else "/without-layer"
    new_id = str(uuid.uuid5(uuid.UUID(job_id), wish)) if once else services.new_id()
    request = CopyInput(user_id=profile.identity_id, copy_of=job_id, job_id=new_id, reference=name, shift_3prime=shift,
                        layer=layer, file_name=job.input.name)
    services.uploads_queue.send(request)
    return request.key


def copy_input(services: Services, request: CopyInput) -> bool:
    """Copy the file; S3's event of the copy makes the job. The copying is S3's: no byte passes through here.

    Where the file has gone meanwhile, the job is made here, FAILED with that reason, since its user waits for it.

    Returns:
        True when the file was copied.
    """
    logger.append_keys(job_id=request.job_id, user_id=request.user_id)
    profile = services.profiles.get(request.user_id)
    if profile is None or profile.erasing_since is not None:
        logger.warning("The file's user has no profile any more; nothing is copied")
        return False
    made = services.jobs.get(request.job_id)
    if made is not None:
        announce_end(services, made)  # where an earlier run of ours made it and was cut off
        return False
    source = services.jobs.get(request.copy_of)
    if source is not None and source.user_id == request.user_id and not source.input.deleted:
        metadata = {REFERENCE: request.reference, SHIFT_3PRIME: write_shift_3prime(request.shift_3prime),
                    **({NOTE: write_note(source.note)} if source.note else {})}
        # First, as in an upload: the input file makes the job, with what lies beside it.
        layer = source.layer if request.layer else LayerFile()
        there = layer.key is None or services.files.copy_input(
            layer.key, layer.version, f"{layer_prefix(request.user_id, request.job_id)}{layer.name}", {})
        if there and services.files.copy_input(source.input.key, source.input.version, request.key, metadata):
            return True
    now = services.clock()
    reason = JobReason("input_missing", "The uploaded file no longer exists.", "Upload it again.")
    missing = InputFile(name=request.file_name, size=0, bucket=services.files.inputs_bucket, key=request.key,
                        deleted=True)
    job = Job(job_id=request.job_id, user_id=request.user_id, input=missing, submit_time=now,
              reference=request.reference, shift_3prime=request.shift_3prime, job_status=JobStatus.FAILED,
              complete_time=now, error=reason, unannounced=True)
    if services.jobs.create(job):
        announce_end(services, job)
    return False
