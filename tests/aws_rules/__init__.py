"""What AWS refuses and its stand-ins accept: refused in every test that talks to AWS through boto3 or the double.

Each rule is an entry of `RULES`, with the page of AWS's documentation that states it. `test_aws_rules.py` shows that
each of them bites. `lagging_indexes.py` makes DynamoDB's indexes as late as AWS allows them to be.
"""
from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from tests.aws_rules import dynamodb, messages, objects
from tests.aws_rules.rule import Arguments

RULES = (*dynamodb.RULES, *objects.RULES, *messages.RULES)
_ONE_AT_A_TIME = threading.RLock()
"""moto's tables are not made for threads, and an annotator has one for its heartbeat."""


def refuse(service: str, operation: str, arguments: Arguments) -> None:
    """Raise AWS's error if a call breaks a rule.

    Args:
        service: boto3's name of it, such as "dynamodb".
        operation: As AWS writes it, such as "GetItem".
        arguments: What boto3 is called with.

    Raises:
        ClientError: With the code and message of AWS.
    """
    for rule in RULES:
        if service in rule.services and (message := rule.broken(operation, arguments)) is not None:
            raise ClientError({"Error": {"Code": rule.code, "Message": message}}, operation)


@pytest.fixture(autouse=True)
def _aws_refuses() -> Iterator[None]:
    """Every boto3 client of a test refuses what a rule says."""
    original = BaseClient._make_api_call

    def call(client: Any, operation: str, arguments: Arguments) -> Any:
        refuse(client.meta.service_model.service_name, operation, arguments)
        if operation == "ReceiveMessage":  # it may wait for a message
            return original(client, operation, arguments)
        with _ONE_AT_A_TIME:
            return original(client, operation, arguments)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(BaseClient, "_make_api_call", call)
        yield
