"""Credentials of other services. Their secrets never appear in logs or tracebacks."""
from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class GlobusClient:
    """The confidential OAuth client under which GAS is registered with Globus Auth."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return f"GlobusClient(client_id={self.client_id!r}, client_secret=<hidden>)"


@dataclass(frozen=True)
class StripeKeys:
    """The key that authenticates GAS to Stripe, and the secret that signs Stripe's webhooks."""

    secret_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)
