"""Python values to and from DynamoDB's wire form, by boto3's own types and conditions."""
from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.conditions import ConditionBase, ConditionExpressionBuilder
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def to_item(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of plain values in wire form. Floats, which boto3 refuses, become exact decimals."""
    plain = json.loads(json.dumps(record), parse_float=Decimal)
    return {name: _serializer.serialize(value) for name, value in plain.items()}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """A record from wire form; numbers come back as int where they are whole, else as float."""
    return {name: _plain(_deserializer.deserialize(value)) for name, value in item.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def expressions(**conditions: ConditionBase | None) -> dict[str, Any]:
    """Conditions as arguments of a request, with the names and values that they use.

    Args:
        conditions: By the name of the argument: `ConditionExpression`, `FilterExpression`, `KeyConditionExpression`.
            None stands for an argument that is left out.
    """
    builder = ConditionExpressionBuilder()
    given, names, values = dict[str, str](), dict[str, str](), dict[str, Any]()
    for argument, condition in conditions.items():
        if condition is not None:
            built = builder.build_expression(condition, is_key_condition=argument == "KeyConditionExpression")
            given[argument] = built.condition_expression
            names |= built.attribute_name_placeholders
            values |= built.attribute_value_placeholders
    return {**given, **({"ExpressionAttributeNames": names} if names else {}),
            **({"ExpressionAttributeValues": to_item(values)} if values else {})}
