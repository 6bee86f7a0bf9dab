"""Server-side sessions: what a browser's cookie stands for."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import msgspec


@dataclass(frozen=True, kw_only=True)
class Session:
    """A signed-in browser. The cookie holds a random token; the table only its SHA-256.

    Attributes:
        session_id: SHA-256 (hex) of the cookie's token.
        user_id: The Globus identity.
        csrf_token: What every form of this session must send back.
        expires: Epoch seconds after which the session is void (and DynamoDB drops it).
    """

    session_id: str
    user_id: str
    csrf_token: str
    created: int
    expires: int

    def to_record(self) -> dict[str, Any]:
        """The session as plain types."""
        return {**asdict(self), "kind": "session"}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Session:
        """The session that `to_record` described."""
        return msgspec.convert(record, cls)


@dataclass(frozen=True, kw_only=True)
class LoginAttempt:
    """A login that a browser began and Globus has not answered yet; it is used once.

    Attributes:
        session_id: SHA-256 (hex) of the login cookie's token.
        state: OAuth state.
        nonce: OpenID Connect nonce.
        code_verifier: PKCE verifier (RFC 7636).
        next_path: Our own path to go to afterwards.
        expires: Epoch seconds.
    """

    session_id: str
    state: str
    nonce: str
    code_verifier: str
    next_path: str
    expires: int

    def to_record(self) -> dict[str, Any]:
        """The attempt as plain types."""
        return {**asdict(self), "kind": "login"}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> LoginAttempt:
        """The attempt that `to_record` described."""
        return msgspec.convert(record, cls)
