"""A profile: who a signed-in person is, and under which role."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """What a user pays for."""

    FREE = "free_user"
    PREMIUM = "premium_user"


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One person (table `profiles`, key `identity_id`).

    :param identity_id: the Globus identity, a UUID
    :param created: epoch seconds of the first sign-in
    """

    identity_id: str
    name: str
    email: str
    institution: str
    role: Role = Role.FREE
    created: int

    @property
    def premium(self) -> bool:
        """True for who subscribes to premium."""
        return self.role is Role.PREMIUM

    def to_record(self) -> dict[str, Any]:
        """The profile as plain types."""
        return {**asdict(self), "role": self.role.value}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Profile:
        """The profile that `to_record` described."""
        return cls(identity_id=record["identity_id"], name=record["name"], email=record["email"],
                   institution=record["institution"], role=Role(record["role"]), created=int(record["created"]))
