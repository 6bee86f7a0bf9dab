"""A file that was uploaded once is annotated once more, as a job of its own."""
from __future__ import annotations

from chalicelib.domain.names import key_prefix
from chalicelib.domain.notes import write_note
from chalicelib.domain.profiles import Profile
from chalicelib.exceptions import FileNotAvailableError
from chalicelib.services import Services
from chalicelib.usecases.annotations import FileKind, file_location, get_job
from chalicelib.usecases.quotas import require_room
from chalicelib.usecases.references import chosen_reference
from chalicelib.usecases.uploads import NOTE, REFERENCE


def annotate_again(services: Services, profile: Profile, job_id: str, reference: str) -> str:
    """Copy a job's input file to a place of its own, where it becomes a job as every upload does.

    The copy is the storage's; no byte passes through here. The new job shares nothing with the old one, so that either
    can be deleted.

    :param reference: name of a reference, or "auto" to have it found out
    :returns: the key of the copy
    :raises JobNotFoundError: the job is not this user's
    :raises JobFailure: there is no such reference, or the plan does not cover the file now
    :raises FileNotAvailableError: the uploaded file is no longer there
    """
    job = get_job(services, profile.identity_id, job_id)
    _, source, version_id = file_location(job, FileKind.INPUT)
    name, _ = chosen_reference(services, reference)
    require_room(services, profile, job.input_file_size)
    key = key_prefix(profile.identity_id, services.new_id()) + job.input_file_name
    told = {REFERENCE: name, **({NOTE: write_note(job.note)} if job.note else {})}
    if not services.files.copy_input(source, version_id, key, told):
        raise FileNotAvailableError("The uploaded file is no longer there.", "Upload it again.")
    return key
