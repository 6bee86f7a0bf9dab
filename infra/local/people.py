"""The people who can sign in at the development identity provider. None of them exists."""
from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

# Identity ids must stay the same from one start to the next: they are the keys of profiles and jobs.
_NAMESPACE = uuid.UUID("0f5d3a52-4c0b-4f5e-9a53-3f2c0c3f7e11")


@dataclass(frozen=True, kw_only=True)
class Person:
    """One identity, with the claims that Globus Auth gives for it.

    Attributes:
        username: `preferred_username`, unique.
        organization: None where the institution gives Globus none.
        provider: Name of the institution or service the person signs in at.
    """

    username: str
    name: str
    email: str
    organization: str | None
    provider: str

    @property
    def sub(self) -> str:
        """The Globus identity id, a UUID made from the user name."""
        return str(uuid.uuid5(_NAMESPACE, self.username))

    @property
    def provider_id(self) -> str:
        """The id of the identity provider, a UUID made from its name."""
        return str(uuid.uuid5(_NAMESPACE, self.provider))

    def claims(self, scopes: frozenset[str], authenticated: int) -> dict[str, Any]:
        """The claims of the id token and of userinfo.

        Args:
            scopes: What the client was granted; `profile` and `email` open the claims of these names.
            authenticated: Epoch seconds at which the person signed in.
        """
        claims: dict[str, Any] = {"sub": self.sub, "last_authentication": authenticated}
        if "profile" in scopes:
            claims |= {
                "name": self.name,
                "organization": self.organization,
                "preferred_username": self.username,
                "identity_provider": self.provider_id,
                "identity_provider_display_name": self.provider,
                "identity_set": [{
                    "sub": self.sub, "username": self.username, "name": self.name, "email": self.email,
                    "organization": self.organization, "identity_provider": self.provider_id,
                    "identity_provider_display_name": self.provider, "last_authentication": authenticated,
                }],
            }
        if "email" in scopes:
            claims["email"] = self.email
        return claims


PEOPLE: tuple[Person, ...] = (
    Person(username="amara@lakeside.example", name="Amara Okafor", email="amara.okafor@lakeside.example",
           organization="Lakeside University", provider="Lakeside University"),
    Person(username="jonas@nordfjord.example", name="Jonas Bråten", email="jonas.braten@nordfjord.example",
           organization="Nordfjord Institute of Genomics", provider="Nordfjord Institute of Genomics"),
    Person(username="lucia@sanelmo.example", name="Lucía Ibáñez O’Shea", email="lucia.ibanez@sanelmo.example",
           organization="Hospital Clínico San Elmo", provider="Hospital Clínico San Elmo"),
    Person(username="wei@mitolab.example", name="Wei Zhang", email="wei.zhang@mitolab.example",
           organization="Mitochondrial Disease Laboratory", provider="Lakeside University"),
    # Identities of services that belong to no institution come without an organization: pages must bear it.
    Person(username="0000-0000-0000-0000@orcid.example", name="Robin Vale", email="robin.vale@mail.example",
           organization=None, provider="ORCID"),
)
"""Different institutions, letters outside ASCII, two people of one institution, and one without any."""

DEMO_PERSON = PEOPLE[0]
"""Who `make demo` signs in as."""


def find_person(sub: str) -> Person | None:
    """The person with an identity id, or None."""
    return next((person for person in PEOPLE if person.sub == sub), None)
