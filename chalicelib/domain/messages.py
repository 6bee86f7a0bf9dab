"""The messages that move between the parts of GAS, as JSON."""
from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from chalicelib.domain.jobs import JobStatus
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
            case {"job_id": str(job_id), "user_id": str(user_id)}:
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
