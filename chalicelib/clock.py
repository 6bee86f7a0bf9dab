"""Time, ids and randomness as the code takes them: from outside, so that tests can hold them."""
from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable

Clock = Callable[[], int]
"""Returns the time now, in whole seconds since the epoch (UTC)."""

NewId = Callable[[], str]
"""Returns an identifier never returned before."""

NewToken = Callable[[], str]
"""Returns a secret that nobody can guess (256 bits, URL-safe)."""


def system_clock() -> int:
    """The machine's time in whole seconds since the epoch."""
    return int(time.time())


def random_id() -> str:
    """A random UUID, the form of every job id."""
    return str(uuid.uuid4())


def random_token() -> str:
    """256 random bits, URL-safe: session ids, CSRF tokens, OAuth state and nonce, PKCE verifiers."""
    return secrets.token_urlsafe(32)
