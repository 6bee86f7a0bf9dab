"""The messages that move between the parts of GAS, as JSON."""
from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from chalicelib.domain.jobs import JobStatus
from chalicelib.domain.names import is_job_id, key_prefix
from chalicelib.domain.profiles import Role


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """Topic `job_requests`: a job waits for a worker. The record in the table is the truth; this only points at it."""

    job_id: str
    user_id: str

    def to_json(self) -> str:
        """The message body."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, body: str) -> JobRequest:
        """The message behind a body.

        :raises ValueError: for a body that is not such a message
        """
        match json.loads(body):
            case {"job_id": str(job_id), "user_id": str(user_id)} if is_job_id(job_id):
                return cls(job_id=job_id, user_id=user_id)
        raise ValueError(f"not a job request: {body[:200]}")


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """Topic `job_results`: a job ended. `role` and `job_status` are message attributes too, for filter policies."""

    job_id: str
    user_id: str
    job_status: JobStatus
    role: Role
    complete_time: int

    def to_json(self) -> str:
        """The message body."""
        return json.dumps({**asdict(self), "job_status": self.job_status.value, "role": self.role.value})

    @property
    def attributes(self) -> dict[str, str]:
        """What subscriptions may filter on."""
        return {"role": self.role.value, "job_status": self.job_status.value}


@dataclass(frozen=True, kw_only=True)
class FileRequest:
    """Queues `archive`, `restore` and `thaw`: a results file, or all of a user's, to be moved.

    :param user_id: whose
    :param job_id: which job, "" for all of the user's
    :param due: epoch seconds before which nothing is to be done, 0 for at once
    :param start: where to go on in the list of all, None at its beginning
    :param again: True when all are to be gone through once more, for what an index did not show yet; for one job,
        True when its retrieval is to be requested although one is recorded as under way
    """

    user_id: str
    job_id: str = ""
    due: int = 0
    start: dict[str, str | int] | None = None
    again: bool = False

    def to_json(self) -> str:
        """The message body, without what is not set."""
        return json.dumps({name: value for name, value in asdict(self).items() if value})

    @classmethod
    def from_json(cls, body: str) -> FileRequest:
        """The message behind a body; a `JobResult` reads as the request to move its job's file.

        :raises ValueError: for a body that is not such a message
        """
        values: Any = json.loads(body)
        if not isinstance(values, dict) or not values.get("user_id"):
            raise ValueError(f"not a request to move files: {body[:200]}")
        return cls(user_id=str(values["user_id"]), job_id=str(values.get("job_id", "")), due=int(values.get("due", 0)),
                   start=values.get("start"), again=bool(values.get("again", False)))


@dataclass(frozen=True, kw_only=True)
class CopyRequest:
    """Queue `uploads`, beside S3's events: an uploaded file is to be annotated once more, as a job of its own.

    Attributes:
        user_id: whose file.
        copy_of: the job that has the file.
        job_id: of the job that the copy will make.
        reference: name of the reference that it is to be annotated with, or "auto".
        file_name: the file's name.
    """

    user_id: str
    copy_of: str
    job_id: str
    reference: str
    file_name: str

    @property
    def key(self) -> str:
        """The key of the copy in the inputs bucket."""
        return f"{key_prefix(self.user_id, self.job_id)}{self.file_name}"

    def to_json(self) -> str:
        """The message body."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, body: str) -> CopyRequest | None:
        """The message behind a body, None for one of another kind, as an event of S3.

        Raises:
            ValueError: the body is no JSON, or names no jobs.
        """
        match json.loads(body):
            case {"user_id": str(user_id), "copy_of": copy_of, "job_id": job_id, "reference": str(reference),
                  "file_name": str(file_name)}:
                if not is_job_id(copy_of) or not is_job_id(job_id):
                    raise ValueError(f"not a request to copy a file: {body[:200]}")
                return cls(user_id=user_id, copy_of=copy_of, job_id=job_id, reference=reference, file_name=file_name)
        return None


class MailKind(StrEnum):
    """The mails that GAS sends."""

    ENDED = "ended"
    ARCHIVE_WARNING = "archive_warning"
    ALL_RESTORED = "all_restored"
    PREMIUM_ENDED = "premium_ended"


@dataclass(frozen=True, kw_only=True)
class MailRequest:
    """Queue `notify`: a mail to be written.

    :param job_id: the job that it is about, "" for one about the account
    """

    kind: MailKind
    user_id: str
    job_id: str = ""

    def to_json(self) -> str:
        """The message body."""
        return json.dumps({**asdict(self), "kind": self.kind.value})

    @classmethod
    def from_json(cls, body: str) -> MailRequest:
        """The message behind a body; a `JobResult` reads as the request to tell of the job's end.

        :raises ValueError: for a body that is not such a message
        """
        match json.loads(body):
            case {"kind": str(kind), "user_id": str(user_id), **rest}:
                return cls(kind=MailKind(kind), user_id=user_id, job_id=str(rest.get("job_id", "")))
            case {"job_status": str(), "user_id": str(user_id), "job_id": str(job_id)}:
                return cls(kind=MailKind.ENDED, user_id=user_id, job_id=job_id)
        raise ValueError(f"not a request for a mail: {body[:200]}")
