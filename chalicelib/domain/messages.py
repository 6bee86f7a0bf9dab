"""The messages between the parts of GAS: one class each, JSON on the wire.

A message's `type` names its class, so that each queue reads a union of those that it carries. Fields that a reader does
not know, of a newer version, are ignored; a field at its default is left out.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, get_args

import msgspec
from msgspec import Meta, Struct

from chalicelib.domain.jobs import JobStatus
from chalicelib.domain.names import JOB_ID, key_prefix
from chalicelib.domain.profiles import Role
from chalicelib.exceptions import InvalidMessageError

JobId = Annotated[str, Meta(pattern=rf"^{JOB_ID}\Z")]
UserId = Annotated[str, Meta(min_length=1)]


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every message has: the user whom it concerns."""

    user_id: UserId

    def to_json(self) -> str:
        """The message body."""
        return msgspec.json.encode(self).decode()


class JobRequest(Message, tag="job_request", frozen=True, kw_only=True):
    """A job waits for a worker. The record in the table is the truth; this only points at it."""

    job_id: JobId


class JobResult(Message, tag="job_result", frozen=True, kw_only=True):
    """A job has ended. `role` and `job_status` are message attributes too, for the filter policies of subscriptions."""

    job_id: JobId
    job_status: JobStatus
    role: Role
    complete_time: int

    @property
    def attributes(self) -> dict[str, str]:
        """What subscriptions may filter on."""
        return {"role": self.role.value, "job_status": self.job_status.value}


class ArchiveJob(Message, tag="archive_job", frozen=True, kw_only=True):
    """A job's results file goes into the archive once that is due."""

    job_id: JobId


class ArchiveUser(Message, tag="archive_user", frozen=True, kw_only=True):
    """Premium has ended: all results files of the user go into the archive.

    Attributes:
        due: Epoch seconds before which nothing is done; 0 for at once.
        cursor: Where the list of the user's jobs continues, None at its beginning.
    """

    due: int = 0
    cursor: str | None = None


class RestoreJob(Message, tag="restore_job", frozen=True, kw_only=True):
    """A job's results file is retrieved from the archive.

    Attributes:
        again: True to request the retrieval although the record says that one is under way.
    """

    job_id: JobId
    again: bool = False


class RestoreUser(Message, tag="restore_user", frozen=True, kw_only=True):
    """Premium has begun: all archived results files of the user are retrieved.

    Attributes:
        start: The entry of the index of archived jobs after which the list continues, None at its beginning.
        again: True to list them once more later, for what the index does not show yet.
    """

    start: dict[str, str] | None = None
    again: bool = False


class ThawJob(Message, tag="thaw_job", frozen=True, kw_only=True):
    """The archive has a job's results file ready; no event of the archive will say so."""

    job_id: JobId


class EraseUser(Message, tag="erase_user", frozen=True, kw_only=True):
    """The account is deleted, with everything that belongs to it."""


class CopyInput(Message, tag="copy_input", frozen=True, kw_only=True):
    """A file that was uploaded for one job is annotated again, as a job of its own.

    Attributes:
        copy_of: The job that has the file.
        job_id: The job that the copy becomes.
        reference: Name of the reference that it is annotated with, or "auto".
        shift_3prime: True to report insertions and deletions at the 3'-most position.
        layer: False to leave out the user's own annotations that the job has.
        file_name: The file's name.
    """

    copy_of: JobId
    job_id: JobId
    reference: str
    shift_3prime: bool = False
    layer: bool = True
    file_name: str

    @property
    def key(self) -> str:
        """The key of the copy in the inputs bucket."""
        return f"{key_prefix(self.user_id, self.job_id)}{self.file_name}"


class ArchiveWarning(Message, tag="archive_warning", frozen=True, kw_only=True):
    """A mail is due: a job's results file goes into the archive soon."""

    job_id: JobId


class AllRestored(Message, tag="all_restored", frozen=True, kw_only=True):
    """A mail is due, once all results files of the user are back from the archive."""


class PremiumEnded(Message, tag="premium_ended", frozen=True, kw_only=True):
    """A mail is due: the user's Premium has ended."""


ArchiveMessage = JobResult | ArchiveJob | ArchiveUser
RestoreMessage = RestoreJob | RestoreUser
NotifyMessage = JobResult | ArchiveWarning | AllRestored | PremiumEnded


def reader(kinds: Any) -> Callable[[str], list[Any]]:
    """Returns what reads the bodies of a queue that carries these kinds of message, one in each body."""
    return lambda body: [decode(body, kinds)]


def decode(body: str, kinds: Any) -> Any:
    """Read a message of ours.

    Args:
        body: The message body.
        kinds: The class of message that the queue carries, or the union of them.

    Raises:
        InvalidMessageError: The body is not such a message; the error names the field that is wrong.
    """
    return convert(_with_type(parse(body), get_args(kinds) or (kinds,)), kinds)


def parse(body: str) -> Any:
    """Read JSON.

    Raises:
        InvalidMessageError: The body is not JSON.
    """
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise InvalidMessageError(f"{error}: {body[:200]}") from error


def convert(values: Any, kind: Any) -> Any:
    """Make a class, or one of a union, of parsed JSON.

    Raises:
        InvalidMessageError: The values are not of this kind; the error names the field that is wrong.
    """
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise InvalidMessageError(f"{error}: {str(values)[:200]}") from error


def _with_type(values: Any, kinds: tuple[type[Message], ...]) -> Any:
    """Give a message from before messages had a `type` the one that it would have now.

    Its queue and its fields determine it: mails had a `kind`, and the others are of the first kind of their queue all
    of whose required fields they have. Queues keep messages for 14 days, and dead letters can be sent again, so this
    can go one release after every stage has been deployed with it.
    """
    if not isinstance(values, dict) or "type" in values:
        return values
    if "kind" in values:
        return {**values, "type": values["kind"]}
    for kind in kinds:
        if {field.name for field in msgspec.structs.fields(kind) if field.required} <= values.keys():
            return {**values, "type": kind.__struct_config__.tag}
    return values
