"""Secrets Manager: the Globus client's id and secret, Stripe's keys."""
from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools.utilities.parameters import SecretsProvider

from chalicelib.aws.clients import client
from chalicelib.domain.credentials import GlobusClient, StripeKeys


class Secrets:
    """Reads secrets, and keeps them for five minutes, so that a rotated one is taken up.

    Args:
        globus_secret_name: Name of the secret with the JSON keys `client_id` and `client_secret`.
        stripe_secret_name: Name of the secret with the JSON keys `secret_key` and `webhook_secret`, "" without Stripe.
    """

    def __init__(self, globus_secret_name: str, stripe_secret_name: str = "") -> None:
        self.globus_secret_name = globus_secret_name
        self.stripe_secret_name = stripe_secret_name
        self._provider: SecretsProvider | None = None

    def globus_client(self) -> GlobusClient:
        """The Globus client's id and secret."""
        secret = self._read(self.globus_secret_name)
        return GlobusClient(client_id=secret["client_id"], client_secret=secret["client_secret"])

    def stripe_keys(self) -> StripeKeys:
        """Stripe's secret key and the signing secret of the webhook."""
        secret = self._read(self.stripe_secret_name)
        return StripeKeys(secret_key=secret["secret_key"], webhook_secret=secret["webhook_secret"])

    def _read(self, name: str) -> dict[str, Any]:
        if self._provider is None:
            self._provider = SecretsProvider(boto3_client=client("secretsmanager"))
        secret: dict[str, Any] = json.loads(str(self._provider.get(name, max_age=300)))
        return secret
