"""Who signs in gets a profile."""
from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.profiles import Profile
from chalicelib.domain.size_limits import LONGEST_EMAIL, LONGEST_WORD, shortened
from chalicelib.services import Services


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What Globus says of a person who signed in."""

    identity_id: str
    name: str
    email: str
    institution: str


def register_sign_in(services: Services, identity: Identity) -> Profile:
    """The profile of who signed in, made at the first time and brought up to date later. Its role stays."""
    # Half an address is somebody else's: one that no mail system takes is no address.
    email = identity.email if len(identity.email) <= LONGEST_EMAIL else ""
    return services.profiles.sign_in(Profile(
        identity_id=identity.identity_id, name=shortened(identity.name, LONGEST_WORD), email=email,
        institution=shortened(identity.institution, LONGEST_WORD), created=services.clock()))
