"""The DynamoDB in memory: it evaluates the expressions that the project writes, and its indexes lag behind."""
from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws.dynamodb.items import from_item, to_item
from tests.integration.support.memory_call import call

Records = dict[str, dict[str, Any]]
LONGEST_LAG = 20
"""Seconds after which an index certainly has a write. DynamoDB promises no limit; "within a fraction of a second, under
normal conditions"
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.Writes)."""
KEYS = {"annotations": "job_id", "profiles": "identity_id", "sessions": "session_id"}


class ConditionalCheckFailedError(ClientError):
    """As botocore's exception of that name.

    Args:
        item: The record as it stands, in wire form, None when there is none.
    """

    def __init__(self, item: dict[str, Any] | None) -> None:
        response: Any = {"Error": {"Code": "ConditionalCheckFailedException", "Message": "The condition failed"}}
        super().__init__({**response, **({"Item": item} if item else {})}, "Any")


class Tables:
    """Records by table and key, and what the indexes do not show yet.

    Every query of an index sees all writes, or none since the last query that saw all; it sees what is older than
    `LONGEST_LAG`.
    """

    def __init__(self) -> None:
        self.records: dict[str, Records] = {name: {} for name in KEYS}
        self.lag = random.Random(0)
        """Of the choice; a test draws its seed."""
        self.late = 0
        """How many queries did not see the last writes."""
        self._unseen: dict[tuple[str, str], list[tuple[int, dict[str, Any] | None]]] = {}
        """Records before each write that the indexes may not have, with the time of the write, the oldest first."""

    def writes(self, table: str, key: str, now: int) -> None:
        """To be called before a write."""
        self._unseen.setdefault((table, key), []).append((now, copy.deepcopy(self.records[table].get(key))))

    def indexed(self, table: str, now: int) -> Records:
        """The records of a table as its indexes have them."""
        self._unseen = {place: young for place, before in self._unseen.items()
                        if (young := [write for write in before if write[0] > now - LONGEST_LAG])}
        if not self._unseen or self.lag.random() < 0.5:
            self._unseen.clear()
            return self.records[table]
        self.late += 1
        shown = dict(self.records[table])
        for (name, key), before in self._unseen.items():
            if name == table:
                shown.pop(key, None)
                if (record := before[0][1]) is not None:
                    shown[key] = record
        return shown


def holds(condition: str, record: dict[str, Any], names: dict[str, str], values: dict[str, Any]) -> bool:
    """Whether a condition, of the forms that the project uses, is true of a record."""
    python = re.sub(r"#\w+", lambda name: names[name[0]], condition)
    python = re.sub(r"attribute_exists\((\w+)\)", r"('\1' _in_ record)", python)
    python = re.sub(r"attribute_not_exists\((\w+)\)", r"('\1' _notin_ record)", python)
    python = re.sub(r"(\w+) IN \(([^)]*)\)", r"(record.get('\1') _in_ (\2,))", python)
    python = re.sub(r"(\w+) = (:\w+)", r"(record.get('\1') == \2)", python)
    python = re.sub(r"(\w+) <> (:\w+)", r"('\1' _in_ record _and_ record['\1'] != \2)", python)
    python = re.sub(r"(\w+) < (:\w+)", r"('\1' _in_ record _and_ record['\1'] < \2)", python)
    python = re.sub(r":(\w+)", r"values[':\1']", python)
    for word, operator in (("AND", "and"), ("OR", "or"), ("NOT", "not"), ("_and_", "and"), ("_in_", "in"),
                           ("_notin_", "not in")):
        python = re.sub(rf"(?<!\w){word}(?!\w)", operator, python)
    return bool(eval(python, {}, {"record": record, "values": values}))


def change(update: str, record: dict[str, Any], values: dict[str, Any]) -> None:
    """Carry out an UpdateExpression, of the forms that the project writes."""
    for verb, body in re.findall(r"(SET|ADD|REMOVE) (.*?)(?= (?:SET|ADD|REMOVE) |$)", update.replace("#", "")):
        for clause in body.split(", "):
            name, *rest = clause.split()
            if verb == "REMOVE":
                record.pop(name, None)
            elif verb == "ADD":
                record[name] = record.get(name, 0) + values[rest[0]]
            else:
                record[name] = values[rest[1]]


class MemoryDynamoDb:
    """What the project uses of DynamoDB, by the expressions that it writes.

    Args:
        aws: The `MemoryAws` that it belongs to.
    """

    exceptions = SimpleNamespace(ConditionalCheckFailedException=ConditionalCheckFailedError)

    def __init__(self, aws: Any) -> None:
        self._aws = aws

    def _table(self, name: str) -> Records:
        records: Records = self._aws.tables.records[name]
        return records

    def _writes(self, name: str, key: str) -> None:
        self._aws.tables.writes(name, key, self._aws.now)

    def _check(self, record: dict[str, Any] | None, condition: str, names: dict[str, str] | None,
               values: dict[str, Any] | None) -> None:
        if condition and not holds(condition, record or {}, names or {}, from_item(values or {})):
            raise ConditionalCheckFailedError(to_item(record) if record else None)

    @call
    def get_item(self, TableName: str, Key: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803
        record = self._table(TableName).get(_key_of(Key))
        return {"Item": to_item(record)} if record else {}

    @call
    def put_item(self, TableName: str, Item: dict[str, Any], ConditionExpression: str = "",  # noqa: N803
                 ExpressionAttributeNames: dict[str, str] | None = None,  # noqa: N803
                 ExpressionAttributeValues: dict[str, Any] | None = None, **_: Any) -> None:  # noqa: N803
        record, table = from_item(Item), self._table(TableName)
        key = str(record[KEYS[TableName]])
        self._check(table.get(key), ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues)
        self._writes(TableName, key)
        table[key] = record

    @call
    def update_item(self, TableName: str, Key: dict[str, Any], UpdateExpression: str,  # noqa: N803
                    ExpressionAttributeNames: dict[str, str], ExpressionAttributeValues: dict[str, Any],  # noqa: N803
                    ConditionExpression: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803
        table = self._table(TableName)
        self._check(table.get(_key_of(Key)), ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues)
        self._writes(TableName, _key_of(Key))
        record = table.setdefault(_key_of(Key), from_item(Key))
        change(UpdateExpression, record, from_item(ExpressionAttributeValues))
        return {"Attributes": to_item(record)}

    @call
    def delete_item(self, TableName: str, Key: dict[str, Any], ConditionExpression: str = "",  # noqa: N803
                    ExpressionAttributeNames: dict[str, str] | None = None,  # noqa: N803
                    ExpressionAttributeValues: dict[str, Any] | None = None) -> None:  # noqa: N803
        table = self._table(TableName)
        self._check(table.get(_key_of(Key)), ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues)
        self._writes(TableName, _key_of(Key))
        table.pop(_key_of(Key), None)

    @call
    def query(self, TableName: str, IndexName: str, KeyConditionExpression: str,  # noqa: N803
              ExpressionAttributeNames: dict[str, str], ExpressionAttributeValues: dict[str, Any],  # noqa: N803
              Limit: int = 1000,  # noqa: N803
              ScanIndexForward: bool = True, ExclusiveStartKey: dict[str, Any] | None = None,  # noqa: N803
              **_: Any) -> dict[str, Any]:
        keys, names = IndexName.removesuffix("-lean").split("-"), ExpressionAttributeNames
        values = from_item(ExpressionAttributeValues)
        key = KEYS[TableName]
        found = sorted((record for record in self._aws.tables.indexed(TableName, self._aws.now).values()
                        if all(one in record for one in keys) and holds(KeyConditionExpression, record, names, values)),
                       key=lambda record: (record[keys[-1]], record[key]), reverse=not ScanIndexForward)
        if ExclusiveStartKey:
            last = from_item(ExclusiveStartKey)
            place = (last[keys[-1]], last[key])
            found = [record for record in found
                     if ((record[keys[-1]], record[key]) > place) is ScanIndexForward and record[key] != last[key]]
        page = found[:Limit]
        more = len(found) > Limit
        return {"Items": [to_item(record) for record in page], "Count": len(page), "ScannedCount": len(page),
                **({"LastEvaluatedKey": to_item({name: page[-1][name] for name in {*keys, key}})} if more else {})}

    def get_paginator(self, operation: str) -> Any:
        def paginate(**arguments: Any) -> Iterator[dict[str, Any]]:
            yield getattr(self, operation)(**arguments)

        return SimpleNamespace(paginate=paginate)

    @call
    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        return {"Responses": {name: [to_item(record) for key in wanted["Keys"]
                                     if (record := self._table(name).get(_key_of(key)))]
                              for name, wanted in RequestItems.items()}}

    @call
    def scan(self, TableName: str, Limit: int, FilterExpression: str,  # noqa: N803
             ExpressionAttributeNames: dict[str, str], ExpressionAttributeValues: dict[str, Any],  # noqa: N803
             ExclusiveStartKey: dict[str, Any] | None = None) -> dict[str, Any]:  # noqa: N803
        table, names = self._table(TableName), ExpressionAttributeNames
        values = from_item(ExpressionAttributeValues)
        start = _key_of(ExclusiveStartKey) if ExclusiveStartKey else ""
        keys = sorted(key for key in table if key > start)
        page = keys[:Limit]
        return {"Items": [to_item(table[key]) for key in page if holds(FilterExpression, table[key], names, values)],
                **({"LastEvaluatedKey": {"job_id": {"S": page[-1]}}} if len(keys) > Limit else {})}


def _key_of(key: dict[str, Any]) -> str:
    (value,) = from_item(key).values()
    return str(value)
