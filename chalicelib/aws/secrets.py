"""Secrets Manager: the Globus client's id and secret."""
from __future__ import annotations

import json
from dataclasses import dataclass

from aws_lambda_powertools.utilities.parameters import SecretsProvider

from chalicelib.aws.clients import client


@dataclass(frozen=True)
class GlobusClient:
    """The confidential client that GAS is to Globus Auth."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return f"GlobusClient(client_id={self.client_id!r}, client_secret=<hidden>)"


class Secrets:
    """Reads secrets, and keeps them for five minutes, so that a rotated one is taken up.

    :param globus_secret_name: name of the secret with the JSON keys `client_id` and `client_secret`
    """

    def __init__(self, globus_secret_name: str) -> None:
        self.globus_secret_name = globus_secret_name
        self._provider: SecretsProvider | None = None

    def globus_client(self) -> GlobusClient:
        """The Globus client's id and secret."""
        if self._provider is None:
            self._provider = SecretsProvider(boto3_client=client("secretsmanager"))
        secret = json.loads(str(self._provider.get(self.globus_secret_name, max_age=300)))
        return GlobusClient(client_id=secret["client_id"], client_secret=secret["client_secret"])
