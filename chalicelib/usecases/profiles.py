"""Who signs in gets a profile."""
from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.profiles import Profile
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
    return services.profiles.sign_in(Profile(
        identity_id=identity.identity_id, name=identity.name, email=identity.email,
        institution=identity.institution, created=services.clock()))
