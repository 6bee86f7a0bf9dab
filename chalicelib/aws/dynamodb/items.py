"""Python values to and from DynamoDB's wire form."""
from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def to_item(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record in wire form."""
    return {name: to_value(value) for name, value in record.items()}


def to_value(value: Any) -> dict[str, Any]:
    """One value in wire form; floats become exact decimals."""
    wire: dict[str, Any] = _serializer.serialize(_floats_to_decimals(value))
    return wire


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """A record from wire form; numbers come back as int where whole, else float."""
    return {name: _decimals_to_numbers(_deserializer.deserialize(value)) for name, value in item.items()}


def _floats_to_decimals(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, Mapping):
        return {name: _floats_to_decimals(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_floats_to_decimals(inner) for inner in value]
    return value


def _decimals_to_numbers(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {name: _decimals_to_numbers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_decimals_to_numbers(inner) for inner in value]
    return value
