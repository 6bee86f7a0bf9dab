"""What AWS refuses and its stand-ins accept: refused in every test that talks to AWS through boto3.

Each rule is one function in `RULES`, with the page of AWS's documentation that states it. `test_aws_rules.py` shows
that each of them bites.
"""
from __future__ import annotations

import functools
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

DYNAMODB_ITEM = 400 * 1024
_NAME = re.compile(r"#?[A-Za-z_][\w.\-]*")
_WORDS = {"AND", "OR", "NOT", "IN", "BETWEEN", "attribute_exists", "attribute_not_exists", "attribute_type",
          "begins_with", "contains", "size"}


_ONE_AT_A_TIME = threading.RLock()
"""moto's tables are not made for threads, and an annotator has one for its heartbeat."""
Ask = Callable[[str, dict[str, Any]], Any]
"""Carries out an operation of the same client, unseen by what the test counts."""


@dataclass(frozen=True)
class Rule:
    """One thing that AWS refuses.

    :param services: of whose calls
    :param page: where AWS says so
    :param broken: called with a way to ask the stand-in, the operation and the arguments; gives the refusal's
        message, or None
    """

    name: str
    services: tuple[str, ...]
    page: str
    broken: Callable[[Ask, str, dict[str, Any]], str | None]


def _filter_on_a_key(ask: Ask, operation: str, arguments: dict[str, Any]) -> str | None:
    if operation != "Query" or "FilterExpression" not in arguments:
        return None
    table = ask("DescribeTable", {"TableName": arguments["TableName"]})["Table"]
    schema = table["KeySchema"]
    if "IndexName" in arguments:
        schema = next(one["KeySchema"] for one in table["GlobalSecondaryIndexes"]
                      if one["IndexName"] == arguments["IndexName"])
    names = arguments.get("ExpressionAttributeNames", {})
    used = {names.get(word, word) for word in _NAME.findall(re.sub(r":\w+", "", arguments["FilterExpression"]))
            if word not in _WORDS}
    keys = used & {key["AttributeName"] for key in schema}
    return (f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {min(keys)}"
            if keys else None)


def _unused_name(ask: Ask, operation: str, arguments: dict[str, Any]) -> str | None:
    text = " ".join(str(value) for name, value in arguments.items() if name.endswith("Expression"))
    used = set(re.findall(r"[#:]\w+", text))
    for kind in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        unused = set(arguments.get(kind, {})) - used
        if unused:
            return f"Value provided in {kind} unused in expressions: keys: {{{min(unused)}}}"
        if kind in arguments and not arguments[kind]:
            return f"{kind} must not be empty"
    return None


def _large_item(ask: Ask, operation: str, arguments: dict[str, Any]) -> str | None:
    if operation not in ("PutItem", "UpdateItem"):
        return None
    # An update adds at least what it assigns; moto refuses it too, but only after it has changed the item.
    size = len(json.dumps({name: arguments.get(name) for name in ("Item", "ExpressionAttributeValues")}, default=str))
    return "Item size has exceeded the maximum allowed size" if size > DYNAMODB_ITEM else None


def _endless_key(ask: Ask, operation: str, arguments: dict[str, Any]) -> str | None:
    for value in arguments.get("ExclusiveStartKey", {}).values():
        if value.get("S") == "":
            return "The provided starting key is invalid: One or more parameter values are not valid."
        if "N" in value and len(value["N"].strip("-").replace(".", "")) > 38:
            return "Attempting to store more than 38 significant digits in a Number"
    return None


_DYNAMODB = "https://docs.aws.amazon.com/amazondynamodb/latest"
RULES = (
    Rule("no filter on a key of the queried index", ("dynamodb",),
         f"{_DYNAMODB}/developerguide/Query.FilterExpression.html", _filter_on_a_key),
    Rule("no expression name or value that is not used", ("dynamodb",),
         f"{_DYNAMODB}/developerguide/Expressions.ExpressionAttributeNames.html", _unused_name),
    Rule("no item over 400 KB", ("dynamodb",), f"{_DYNAMODB}/developerguide/Constraints.html", _large_item),
    Rule("no start key that cannot be a key", ("dynamodb",), f"{_DYNAMODB}/APIReference/API_Query.html", _endless_key),
)


@pytest.fixture(autouse=True)
def _aws_refuses() -> Iterator[None]:
    """Refuses, with DynamoDB's ValidationException, what a rule says."""
    original = BaseClient._make_api_call

    def call(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        service = client.meta.service_model.service_name
        for rule in RULES:
            if service in rule.services and (
                    message := rule.broken(functools.partial(original, client), operation, arguments)) is not None:
                raise ClientError({"Error": {"Code": "ValidationException", "Message": message}}, operation)
        if operation == "ReceiveMessage":  # it may wait for a message
            return original(client, operation, arguments)
        with _ONE_AT_A_TIME:
            return original(client, operation, arguments)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(BaseClient, "_make_api_call", call)
        yield
