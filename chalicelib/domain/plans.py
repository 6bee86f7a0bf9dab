"""What each role gets."""
from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.profiles import Role


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The terms of one role.

    :param name: what pages call it
    :param upload_limit: largest input file, bytes
    :param retention: seconds after completion until the results file goes to the archive, None for never
    """

    role: Role
    name: str
    upload_limit: int
    retention: int | None


@dataclass(frozen=True, kw_only=True)
class Plans:
    """Both plans, as the operator set them.

    :param free_upload_limit: bytes
    :param premium_upload_limit: bytes
    :param free_retention: seconds
    """

    free_upload_limit: int
    premium_upload_limit: int
    free_retention: int

    def of(self, role: Role) -> Plan:
        """The plan of a role."""
        if role is Role.PREMIUM:
            return Plan(role=role, name="Premium", upload_limit=self.premium_upload_limit, retention=None)
        return Plan(role=role, name="Free", upload_limit=self.free_upload_limit, retention=self.free_retention)
