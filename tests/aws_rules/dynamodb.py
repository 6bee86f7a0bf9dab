"""What DynamoDB refuses."""
from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from tests.aws_rules.rule import Arguments, Rule, keys_of, tables

LARGEST_ITEM = 400 * 1024
LONGEST_KEYS = (2048, 1024)
"""Bytes of a partition key and of a sort key."""
MOST_IN_BATCH = 100
LONGEST_EXPRESSION = 4096
_EXPRESSIONS = ("KeyConditionExpression", "FilterExpression", "ProjectionExpression", "ConditionExpression",
                "UpdateExpression")
_WORDS = {"AND", "OR", "NOT", "IN", "BETWEEN", "SET", "REMOVE", "ADD", "DELETE", "attribute_exists",
          "attribute_not_exists", "attribute_type", "begins_with", "contains", "size", "if_not_exists", "list_append"}


def _expressions(arguments: Arguments) -> dict[str, str]:
    return {name: arguments[name] for name in _EXPRESSIONS if name in arguments}


def _named(expression: str) -> set[str]:
    """Names of attributes as an expression has them, with their `#`."""
    words = re.findall(r"#?[A-Za-z_][\w\-]*", re.sub(r":\w+", "", expression))
    return {word for word in words if word not in _WORDS}


def _attributes(arguments: Arguments, expression: str) -> set[str]:
    names = arguments.get("ExpressionAttributeNames", {})
    return {names.get(name, name) for name in _named(arguments.get(expression, ""))}


def _filter_on_a_key(operation: str, arguments: Arguments) -> str | None:
    if operation != "Query":
        return None
    keys = _attributes(arguments, "FilterExpression") & set(
        keys_of(arguments["TableName"], arguments.get("IndexName")).names)
    return (f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {min(keys)}"
            if keys else None)


def _not_projected(operation: str, arguments: Arguments) -> str | None:
    index = arguments.get("IndexName")
    projected = keys_of(arguments["TableName"], index).projected if index else None
    if projected is None:
        return None
    lacking = (_attributes(arguments, "ProjectionExpression") | _attributes(arguments, "FilterExpression")) - projected
    if arguments.get("Select") == "ALL_ATTRIBUTES":
        return f"Select type ALL_ATTRIBUTES is not supported for global secondary index {index}"
    return (f"One or more parameter values were invalid: Global secondary index {index} does not project "
            f"[{min(lacking)}]" if lacking else None)


def _unused_or_undefined(operation: str, arguments: Arguments) -> str | None:
    used = set(re.findall(r"[#:]\w+", " ".join(_expressions(arguments).values())))
    for kind in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        if kind in arguments and not arguments[kind]:
            return f"{kind} must not be empty"
        unused = set(arguments.get(kind, {})) - used
        if unused:
            return f"Value provided in {kind} unused in expressions: keys: {{{min(unused)}}}"
    undefined = used - set(arguments.get("ExpressionAttributeNames", {})) - set(
        arguments.get("ExpressionAttributeValues", {}))
    return (f"An expression attribute value used in expression is not defined; attribute value: {min(undefined)}"
            if undefined else None)


def _reserved_word(operation: str, arguments: Arguments) -> str | None:
    for name, expression in _expressions(arguments).items():
        reserved = {word for word in _named(expression) if word.upper() in ReservedKeywords.get_reserved_keywords()}
        if reserved:
            return f"Invalid {name}: Attribute name is a reserved keyword; reserved keyword: {min(reserved)}"
    return None


def _long_expression(operation: str, arguments: Arguments) -> str | None:
    longest = max(map(len, _expressions(arguments).values()), default=0)
    return "Expression size has exceeded the maximum allowed size" if longest > LONGEST_EXPRESSION else None


def _large_item(operation: str, arguments: Arguments) -> str | None:
    # An update adds at least what it assigns; moto refuses it too, but only after it has changed the item.
    size = len(json.dumps({name: arguments.get(name) for name in ("Item", "ExpressionAttributeValues")}, default=str))
    return "Item size has exceeded the maximum allowed size" if size > LARGEST_ITEM else None


def _written(operation: str, arguments: Arguments) -> Iterator[tuple[str, dict[str, Any]]]:
    """The attributes that a call names or writes, with their values."""
    yield from arguments.get("Key", {}).items()
    yield from arguments.get("Item", {}).items()
    names, values = arguments.get("ExpressionAttributeNames", {}), arguments.get("ExpressionAttributeValues", {})
    for name, value in re.findall(r"(#?\w+) = (:\w+)", arguments.get("UpdateExpression", "")):
        yield names.get(name, name), values.get(value, {})


def _unfit_key(operation: str, arguments: Arguments) -> str | None:
    if "TableName" not in arguments:
        return None
    limits: dict[str, int] = {}
    for index in (None, *_indexes(arguments["TableName"])):
        for name, limit in zip(keys_of(arguments["TableName"], index).names, LONGEST_KEYS, strict=False):
            limits[name] = min(limit, limits.get(name, limit))
    for name, value in _written(operation, arguments):
        if name in limits:
            text = value.get("S")
            if text == "" or "NULL" in value:
                return f"The AttributeValue for a key attribute cannot contain an empty string value. Key: {name}"
            if text is not None and len(text.encode()) > limits[name]:
                return f"Size of {name} has exceeded the maximum size limit"
    return None


def _indexes(table_name: str) -> list[str]:
    return [index for index in tables()[table_name.rsplit("-", 1)[-1]] if index is not None]


def _unfit_start_key(operation: str, arguments: Arguments) -> str | None:
    for value in arguments.get("ExclusiveStartKey", {}).values():
        if value.get("S") == "":
            return "The provided starting key is invalid: One or more parameter values are not valid."
        if "N" in value and len(value["N"].strip("-").replace(".", "")) > 38:
            return "Attempting to store more than 38 significant digits in a Number"
    return None


def _unfit_batch(operation: str, arguments: Arguments) -> str | None:
    keys = [json.dumps(key, sort_keys=True) for wanted in arguments.get("RequestItems", {}).values()
            for key in (wanted["Keys"] if isinstance(wanted, dict) else wanted)]
    if len(keys) > (MOST_IN_BATCH if operation == "BatchGetItem" else 25):
        return "Too many items requested"
    if operation in ("BatchGetItem", "BatchWriteItem") and not keys:
        return "The batch is empty"
    return "Provided list of item keys contains duplicates" if len(set(keys)) < len(keys) else None


def _unfit_limit(operation: str, arguments: Arguments) -> str | None:
    return "Limit must be at least 1" if arguments.get("Limit", 1) < 1 else None


_GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide"
_API = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference"
_ONE = ("dynamodb",)
_INVALID = "ValidationException"
RULES = (
    Rule("no filter on a key of the queried index", _ONE, _INVALID, f"{_GUIDE}/Query.FilterExpression.html",
         _filter_on_a_key),
    Rule("nothing of an index that it does not project", _ONE, _INVALID, f"{_GUIDE}/GSI.html", _not_projected),
    Rule("expression names and values are defined and used", _ONE, _INVALID,
         f"{_GUIDE}/Expressions.ExpressionAttributeNames.html", _unused_or_undefined),
    Rule("no reserved word in an expression", _ONE, _INVALID, f"{_GUIDE}/ReservedWords.html", _reserved_word),
    Rule("no expression over 4 KB", _ONE, _INVALID, f"{_GUIDE}/Constraints.html#limits-expression-parameters",
         _long_expression),
    Rule("no item over 400 KB", _ONE, _INVALID, f"{_GUIDE}/Constraints.html#limits-items", _large_item),
    Rule("keys are neither empty nor too long", _ONE, _INVALID, f"{_GUIDE}/Constraints.html#limits-partition-keys",
         _unfit_key),
    Rule("no start key that cannot be a key", _ONE, _INVALID, f"{_API}/API_Query.html", _unfit_start_key),
    Rule("batches have 1 to 100 different keys", _ONE, _INVALID, f"{_API}/API_BatchGetItem.html", _unfit_batch),
    Rule("a page has at least one item", _ONE, _INVALID, f"{_API}/API_Query.html#DDB-Query-request-Limit",
         _unfit_limit),
)
