"""A profile: who a signed-in person is, and under which role."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import msgspec


class Role(StrEnum):
    """What a user pays for."""

    FREE = "free_user"
    PREMIUM = "premium_user"


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One person (table `profiles`, key `identity_id`).

    Attributes:
        identity_id: The Globus identity, a UUID.
        created: Epoch seconds of the first sign-in.
        mail_wanted: False for who wants no mail about ended annotations.
        grace_until: Epoch seconds until which results stay after premium ended, None outside such a time.
        told_of_end: The `grace_until` that the last email announced, None before any.
        restoring: True from sending for archived results until every one is back and a mail has said so.
        billing_id: The subscription's id at the payment service, None without one.
        checkout_id: The payment that was begun last there, None once it has led to a subscription.
        erasing_since: Epoch seconds at which deleting the account began, None otherwise.
        premium_until: Epoch seconds at which premium ends, since it was cancelled, None when it goes on.
    """

    identity_id: str
    name: str
    email: str
    institution: str
    role: Role = Role.FREE
    created: int
    mail_wanted: bool = True
    grace_until: int | None = None
    told_of_end: int | None = None
    restoring: bool = False
    billing_id: str | None = None
    checkout_id: str | None = None
    premium_until: int | None = None
    erasing_since: int | None = None

    @property
    def premium(self) -> bool:
        """True for who subscribes to premium."""
        return self.role is Role.PREMIUM

    def to_record(self) -> dict[str, Any]:
        """The profile as plain types."""
        record = {name: value for name, value in asdict(self).items() if value is not None}
        return {**record, "role": self.role.value}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Profile:
        """The profile that `to_record` described; fields of newer versions are ignored."""
        return msgspec.convert(record, cls)
