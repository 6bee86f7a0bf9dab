"""One conditional update of one DynamoDB record, which does no harm when it is carried out twice.

DynamoDB can carry out an update and lose the answer on the way. botocore then sends the same update again, and nobody
above it learns of that. Two rules make the repetition harmless, and every update of every record follows them:

* Values are absolute. Nothing is counted with ADD: the caller reads the record, computes the new value, and names the
  value that it has read in the condition.
* Every update writes an id of its own into `version`. A condition that fails on a record with this very id failed
  because the update was carried out before: that counts as success.

`docs/decisions/repeated-writes.md` lists every write, and says why this is enough.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from boto3.dynamodb.conditions import ConditionBase
from botocore.exceptions import ClientError

from chalicelib.aws.clients import client
from chalicelib.aws.dynamodb.items import expressions, from_item, to_item
from chalicelib.exceptions import RecordTooLargeError

VERSION = "version"
"""The attribute that holds the id of the last update."""


class ConditionFailedError(Exception):
    """The record was not in the state that an update needs.

    Args:
        record: The record as it stood, None when there is none.
    """

    def __init__(self, record: dict[str, Any] | None) -> None:
        super().__init__()
        self.record = record


def update_record(table: str, key: Mapping[str, str], write_id: str, *, assign: Mapping[str, Any],
                  remove: Iterable[str] = (), condition: ConditionBase | None = None) -> dict[str, Any]:
    """Update a record, whether or not it exists: the condition says whether it must.

    Args:
        key: The record's key, one attribute.
        write_id: An id that no other update has.
        assign: Attributes and their new, absolute values.
        remove: Attributes to remove.
        condition: What must hold before; None for nothing.

    Returns:
        The record afterwards.

    Raises:
        ConditionFailedError: The condition does not hold, and this update was not carried out before.
        RecordTooLargeError: The record would be larger than DynamoDB takes; trying again cannot help.
    """
    dynamodb = client("dynamodb")
    assigned = {**assign, VERSION: write_id}
    removed = tuple(remove)
    expression = "SET " + ", ".join(f"#{name} = :set_{name}" for name in assigned)
    if removed:
        expression += " REMOVE " + ", ".join(f"#{name}" for name in removed)
    arguments = expressions(ConditionExpression=condition)
    names = {f"#{name}": name for name in (*assigned, *removed)} | arguments.pop("ExpressionAttributeNames", {})
    values = to_item({f":set_{name}": value for name, value in assigned.items()})
    values |= arguments.pop("ExpressionAttributeValues", {})
    try:
        answer = dynamodb.update_item(
            TableName=table, Key=to_item(key), UpdateExpression=expression, ExpressionAttributeNames=names,
            ExpressionAttributeValues=values, **arguments,
            ReturnValues="ALL_NEW", ReturnValuesOnConditionCheckFailure="ALL_OLD")
    except ClientError as error:
        if is_too_large(error):
            raise RecordTooLargeError() from error
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        # One more read where the answer did not bring the record along.
        item = error.response.get("Item") or dynamodb.get_item(TableName=table, Key=to_item(key),
                                                               ConsistentRead=True).get("Item")
        record = from_item(item) if item else None
        if record is not None and record.get(VERSION) == write_id:
            return record
        raise ConditionFailedError(record) from error
    return from_item(answer["Attributes"])


def is_too_large(error: ClientError) -> bool:
    """True for DynamoDB's refusal of an item over 400 KB, which it will repeat however often it is asked."""
    details = error.response["Error"]
    return details["Code"] == "ValidationException" and "size" in details.get("Message", "").lower()
