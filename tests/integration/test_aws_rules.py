"""The stand-ins refuse what AWS refuses: each rule bites."""
from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.aws_rules import RULES

BY_NAME = {"IndexName": "user_id-listed_as", "KeyConditionExpression": "user_id = :u"}
BREACHES: list[tuple[str, str, dict[str, Any], str]] = [
    (RULES[0].name, "query", {**BY_NAME, "FilterExpression": "contains(#l, :t) AND attribute_exists(note)",
                              "ExpressionAttributeNames": {"#l": "listed_as"},
                              "ExpressionAttributeValues": {":u": {"S": "x"}, ":t": {"S": "y"}}}, "listed_as"),
    (RULES[1].name, "query", {**BY_NAME, "ExpressionAttributeValues": {":u": {"S": "x"}, ":t": {"S": "y"}}}, ":t"),
    (RULES[2].name, "update_item", {"Key": {"job_id": {"S": "x"}}, "UpdateExpression": "SET a = :a",
                                    "ExpressionAttributeValues": {":a": {"S": "x" * 410_000}}}, "size"),
    (RULES[3].name, "query", {**BY_NAME, "ExpressionAttributeValues": {":u": {"S": "x"}},
                              "ExclusiveStartKey": {"job_id": {"S": "x"}, "listed_as": {"S": ""}}}, "starting key"),
]


@pytest.mark.parametrize(("rule", "operation", "arguments", "named"), BREACHES, ids=[one[0] for one in BREACHES])
def test_a_rule_bites(aws: dict[str, str], rule: str, operation: str, arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(ClientError, match="ValidationException") as refused:
        getattr(boto3.client("dynamodb"), operation)(TableName=aws["AnnotationsTable"], **arguments)
    assert named in refused.value.response["Error"]["Message"]


def test_every_rule_is_tried_and_says_where_aws_states_it() -> None:
    assert [one[0] for one in BREACHES] == [rule.name for rule in RULES]
    assert all(rule.page.startswith("https://docs.aws.amazon.com/") for rule in RULES)
