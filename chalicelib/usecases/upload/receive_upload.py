"""The queue `uploads`: what S3 reports of files that came, and requests to annotate one again."""
from __future__ import annotations

from enum import Enum

from chalicelib.aws.s3.events import ObjectEvent, object_events
from chalicelib.domain.messages import CopyInput, decode, parse
from chalicelib.services import Services
from chalicelib.usecases.upload.annotate_again import copy_input
from chalicelib.usecases.upload.submit_job import submit_job


class Received(Enum):
    """What became of a file."""

    SUBMITTED = "it is a job"
    COPIED = "copied, to become a job"
    NOTHING = "nothing to do"


def read_uploads(body: str) -> list[ObjectEvent | CopyInput]:
    """Read a message of the queue `uploads`.

    Raises:
        InvalidMessageError: The message is neither an event of S3 nor a `CopyInput`.
    """
    events = object_events(parse(body))
    return [decode(body, CopyInput)] if events is None else [*events]


def receive_upload(services: Services, message: ObjectEvent | CopyInput) -> Received:
    """Make the job of a file that came, or the copy of one that is annotated again."""
    if isinstance(message, CopyInput):
        return Received.COPIED if copy_input(services, message) else Received.NOTHING
    job = submit_job(services, message.key, message.version_id)
    return Received.SUBMITTED if job is not None else Received.NOTHING
