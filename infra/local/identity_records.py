"""What the development identity provider keeps, and how it refuses."""
from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from infra.local.people import Person


class OAuthError(Exception):
    """A refusal in OAuth's own words.

    Args:
        error: Code of RFC 6749 or RFC 6750.
        description: For the developer.
        status: HTTP status where it is answered directly.
    """

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status


class UnsafeRedirectError(Exception):
    """The client or its redirect address is unknown: the browser must be shown a page and sent nowhere."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """The one registered application.

    Attributes:
        redirect_uris: Where a code may be sent.
    """

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...]

    def may_return_to(self, address: str) -> bool:
        """True when an address is of the application's own origin."""
        origins = {urlsplit(uri)[:2] for uri in self.redirect_uris}
        return urlsplit(address)[:2] in origins


@dataclass(frozen=True, kw_only=True)
class Login:
    """A login that was begun: what the browser asked for."""

    redirect_uri: str
    scopes: tuple[str, ...]
    state: str
    nonce: str
    challenge: str
    offline: bool
    expires: int


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A login that somebody agreed to."""

    login: Login
    person: Person
    authenticated: int
    expires: int


@dataclass(frozen=True, kw_only=True)
class Token:
    """An access or refresh token that was given out."""

    person: Person
    scopes: tuple[str, ...]
    resource_server: str
    issued: int
    expires: int
    grant: Grant
    kind: str = "access"
