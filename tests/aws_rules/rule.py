"""What a rule is, and what the rules know of the service's tables."""
from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.conftest import real_template

Arguments = dict[str, Any]
Broken = Callable[[str, Arguments], str | None]


@dataclass(frozen=True)
class Rule:
    """One thing that AWS refuses and that its stand-ins may accept.

    Attributes:
        name: What it demands.
        services: boto3's names of the services whose calls it looks at.
        code: Of AWS's error.
        page: Where AWS states it.
        broken: Takes an operation and its arguments; gives the error's message, or None.
    """

    name: str
    services: tuple[str, ...]
    code: str
    page: str
    broken: Broken


@dataclass(frozen=True)
class Keys:
    """The key of a table or of an index.

    Attributes:
        names: The partition key and, if there is one, the sort key.
        projected: The attributes that an index has, None for all.
    """

    names: tuple[str, ...]
    projected: frozenset[str] | None


@functools.cache
def tables() -> dict[str, dict[str | None, Keys]]:
    """The keys of the template's tables (under None) and their indexes, by the last word of the table's name."""
    found: dict[str, dict[str | None, Keys]] = {}
    for resource in real_template()["Resources"].values():
        if resource.get("Type") == "AWS::DynamoDB::Table":
            properties = resource["Properties"]
            table = _keys(properties)
            found[properties["TableName"]["Fn::Sub"].rsplit("-", 1)[1]] = {None: table, **{
                index["IndexName"]: _keys(index, table.names)
                for index in properties.get("GlobalSecondaryIndexes", [])}}
    return found


def keys_of(table_name: str, index: str | None = None) -> Keys:
    """The key of a table, or of one of its indexes."""
    return tables()[table_name.rsplit("-", 1)[-1]][index]


def _keys(described: dict[str, Any], table_key: tuple[str, ...] = ()) -> Keys:
    names = tuple(key["AttributeName"] for key in described["KeySchema"])
    projection = described.get("Projection", {"ProjectionType": "ALL"})
    if projection["ProjectionType"] == "ALL":
        return Keys(names, None)
    return Keys(names, frozenset({*names, *table_key, *projection.get("NonKeyAttributes", [])}))
