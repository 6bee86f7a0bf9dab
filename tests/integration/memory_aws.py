"""A small AWS in memory, for tests that try thousands of interleavings: the project's adapters run on it as they are.

Every call of S3, SQS and DynamoDB is a step. Before a step something can happen: the run is cut off, the call is
refused, or something else goes on meanwhile.
"""
from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws.items import from_item, to_item
from tests.aws_rules import refuse

DAY = 86_400


class CutOffError(BaseException):
    """A function's end by force: nothing of it runs any more."""


class ConditionalCheckFailedError(ClientError):
    """As botocore's exception of that name.

    :param item: the record as it stands, in wire form, None when there is none
    """

    def __init__(self, item: dict[str, Any] | None) -> None:
        response: Any = {"Error": {"Code": "ConditionalCheckFailedException", "Message": "The condition failed"}}
        super().__init__({**response, **({"Item": item} if item else {})}, "Any")


def call(method: Callable[..., Any]) -> Callable[..., Any]:
    """A call of AWS: a step, at which something can happen.

    A "repeated" call is carried out, its answer is lost, and the SDK sends it again: it is carried out twice, and the
    caller sees the second answer only. What AWS would refuse is an error of the test.
    """
    operation = "".join(word.title() for word in method.__name__.split("_"))

    @functools.wraps(method)
    def called(self: Any, **arguments: Any) -> Any:
        refuse(type(self).__name__.removeprefix("Memory").lower(), operation, arguments)
        if self._aws.step():
            with contextlib.suppress(ClientError):  # what was refused is refused again
                method(self, **arguments)
        return method(self, **arguments)
    return called


@dataclass
class StoredObject:
    """An object of the S3 in memory; `out_until` is when retrieved bytes are put away again."""

    body: bytes
    storage_class: str
    modified: int
    retrieving: bool = False
    out_until: int = 0


@dataclass
class Message:
    """A message of the SQS in memory."""

    queue: str
    body: str
    visible: int


@dataclass
class Fault:
    """What happens at step number `at` of a run: "cut off", "refused" or "meanwhile" before it, or it is "repeated"."""

    kind: str
    at: int
    meanwhile: Callable[[], None] = field(default=lambda: None)


class MemoryAws:
    """Buckets, queues and tables.

    :param now: epoch seconds at the beginning
    :param check: called after every step
    """

    def __init__(self, now: int, check: Callable[[], None]) -> None:
        self.now = now
        self.check = check
        self.buckets: dict[str, dict[str, StoredObject]] = {"inputs": {}, "results": {}, "archive": {}}
        self.messages: list[Message] = []
        self.annotations: dict[str, dict[str, Any]] = {}
        self.profiles: dict[str, dict[str, Any]] = {}
        self.fault: Fault | None = None
        self.steps = 0

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        """The records of jobs: the table holds others, too."""
        return {key: record for key, record in self.annotations.items() if "job_status" in record}

    def step(self) -> bool:
        """Before every call; True when it is to be carried out twice."""
        self.check()
        self.steps += 1
        fault = self.fault
        if fault is None or self.steps != fault.at:
            return False
        self.fault = None
        if fault.kind == "cut off":
            raise CutOffError
        if fault.kind == "refused":
            raise refused("SlowDown")
        if fault.kind == "repeated":
            return True
        fault.meanwhile()
        return False

    def run(self, work: Callable[[], object], fault: Fault | None = None) -> BaseException | None:
        """Run one function with one fault; gives what it ended with, None for success."""
        outer = self.fault, self.steps
        self.fault, self.steps = fault, 0
        try:
            work()
        except (CutOffError, Exception) as error:
            if isinstance(error, AssertionError):
                raise
            return error
        finally:
            self.fault, self.steps = outer
        self.check()
        return None

    def client(self, service: str) -> Any:
        """In place of `chalicelib.aws.clients.client`."""
        return {"s3": MemoryS3(self), "sqs": MemorySqs(self), "dynamodb": MemoryDynamoDb(self)}[service]


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "Any")


class MemoryS3:
    """What the project uses of S3."""

    def __init__(self, aws: MemoryAws) -> None:
        self._aws = aws

    def _get(self, bucket: str, key: str) -> StoredObject:
        found = self._aws.buckets[bucket].get(key)
        if found is None:
            raise refused("404")
        return found

    @call
    def head_object(self, Bucket: str, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        found = self._get(Bucket, Key)
        restore = {"Restore": 'ongoing-request="true"'} if found.retrieving else {}
        if found.out_until > self._aws.now:
            restore = {"Restore": 'ongoing-request="false"'}
        checksum = base64.b64encode(hashlib.sha256(found.body).digest()).decode()
        return {"ContentLength": len(found.body), "ETag": '"e"', "ChecksumSHA256": checksum,
                "StorageClass": found.storage_class, **restore}

    @call
    def copy_object(self, CopySource: dict[str, str], Bucket: str, Key: str, StorageClass: str,  # noqa: N803
                    **_: Any) -> None:
        source = self._get(CopySource["Bucket"], CopySource["Key"])
        if source.storage_class == "GLACIER" and source.out_until <= self._aws.now:
            raise refused("InvalidObjectState")
        self._aws.buckets[Bucket][Key] = StoredObject(source.body, StorageClass, self._aws.now)

    @call
    def delete_object(self, Bucket: str, Key: str) -> None:  # noqa: N803
        self._aws.buckets[Bucket].pop(Key, None)

    @call
    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        for entry in Delete["Objects"]:
            self._aws.buckets[Bucket].pop(entry["Key"], None)
        return {}

    @call
    def restore_object(self, Bucket: str, Key: str, **_: Any) -> None:  # noqa: N803
        found = self._get(Bucket, Key)
        if found.retrieving:
            raise refused("RestoreAlreadyInProgress")
        found.retrieving = True

    @call
    def _list(self, bucket: str, prefix: str, after: str) -> list[dict[str, Any]]:
        return [{"Key": key, "VersionId": "null", "Size": len(found.body),
                 "LastModified": datetime.fromtimestamp(found.modified, UTC)}
                for key, found in sorted(self._aws.buckets[bucket].items()) if key.startswith(prefix) and key > after]

    def get_paginator(self, operation: str) -> Any:
        entries = {"list_objects_v2": "Contents", "list_object_versions": "Versions"}[operation]

        def paginate(Bucket: str, Prefix: str = "", StartAfter: str = "") -> Iterator[dict[str, Any]]:  # noqa: N803
            yield {entries: self._list(bucket=Bucket, prefix=Prefix, after=StartAfter)}

        return SimpleNamespace(paginate=paginate)


class MemorySqs:
    """What the project uses of SQS."""

    def __init__(self, aws: MemoryAws) -> None:
        self._aws = aws

    @call
    def send_message(self, QueueUrl: str, MessageBody: str, DelaySeconds: int) -> None:  # noqa: N803
        self._aws.messages.append(Message(QueueUrl, MessageBody, self._aws.now + DelaySeconds))

    @call
    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        self._aws.messages += [Message(QueueUrl, entry["MessageBody"], self._aws.now) for entry in Entries]
        return {}


# ---- tables: the expressions that the project writes are evaluated ------------------------------------------
def holds(condition: str, record: dict[str, Any], values: dict[str, Any]) -> bool:
    """Whether a ConditionExpression, of the forms that the project writes, is true of a record."""
    python = condition.replace("#", "")
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
    """What the project uses of DynamoDB, by the expressions that it writes."""

    exceptions = SimpleNamespace(ConditionalCheckFailedException=ConditionalCheckFailedError)

    def __init__(self, aws: MemoryAws) -> None:
        self._aws = aws

    def _table(self, name: str) -> dict[str, dict[str, Any]]:
        return {"annotations": self._aws.annotations, "profiles": self._aws.profiles}[name]

    def _check(self, record: dict[str, Any] | None, condition: str, values: dict[str, Any]) -> None:
        if condition and not holds(condition, record or {}, values):
            raise ConditionalCheckFailedError(to_item(record) if record else None)

    @call
    def get_item(self, TableName: str, Key: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803
        record = self._table(TableName).get(_key_of(Key))
        return {"Item": to_item(record)} if record else {}

    @call
    def put_item(self, TableName: str, Item: dict[str, Any], ConditionExpression: str = "",  # noqa: N803
                 ExpressionAttributeValues: dict[str, Any] | None = None, **_: Any) -> None:  # noqa: N803
        record, table = from_item(Item), self._table(TableName)
        key = str(record["job_id" if TableName == "annotations" else "identity_id"])
        self._check(table.get(key), ConditionExpression, from_item(ExpressionAttributeValues or {}))
        table[key] = record

    @call
    def update_item(self, TableName: str, Key: dict[str, Any], UpdateExpression: str,  # noqa: N803
                    ExpressionAttributeValues: dict[str, Any], ConditionExpression: str = "",  # noqa: N803
                    **_: Any) -> dict[str, Any]:
        table, values = self._table(TableName), from_item(ExpressionAttributeValues)
        self._check(table.get(_key_of(Key)), ConditionExpression, values)
        record = table.setdefault(_key_of(Key), from_item(Key))
        change(UpdateExpression, record, values)
        return {"Attributes": to_item(record)}

    @call
    def delete_item(self, TableName: str, Key: dict[str, Any], ConditionExpression: str = "",  # noqa: N803
                    ExpressionAttributeValues: dict[str, Any] | None = None) -> None:  # noqa: N803
        table = self._table(TableName)
        self._check(table.get(_key_of(Key)), ConditionExpression, from_item(ExpressionAttributeValues or {}))
        table.pop(_key_of(Key), None)

    @call
    def query(self, TableName: str, IndexName: str, KeyConditionExpression: str,  # noqa: N803
              ExpressionAttributeValues: dict[str, Any], Limit: int, ScanIndexForward: bool = True,  # noqa: N803
              ExclusiveStartKey: dict[str, Any] | None = None, **_: Any) -> dict[str, Any]:  # noqa: N803
        keys, values = IndexName.split("-"), from_item(ExpressionAttributeValues)
        condition = KeyConditionExpression.replace(" AND results_file_archive_id > :nothing", "")
        found = sorted((record for record in self._table(TableName).values()
                        if all(key in record for key in keys) and holds(condition, record, values)),
                       key=lambda record: (record[keys[-1]], record["job_id"]), reverse=not ScanIndexForward)
        if ExclusiveStartKey:
            last = from_item(ExclusiveStartKey)
            place = (last[keys[-1]], last["job_id"])
            found = [record for record in found
                     if ((record[keys[-1]], record["job_id"]) > place) is ScanIndexForward
                     and record["job_id"] != last["job_id"]]
        page = found[:Limit]
        more = len(found) > Limit
        return {"Items": [to_item(record) for record in page],
                **({"LastEvaluatedKey": to_item({name: page[-1][name] for name in {*keys, "job_id"}})} if more else {})}

    @call
    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        return {"Responses": {name: [to_item(record) for key in wanted["Keys"]
                                     if (record := self._table(name).get(_key_of(key)))]
                              for name, wanted in RequestItems.items()}}

    @call
    def scan(self, TableName: str, Limit: int, FilterExpression: str,  # noqa: N803
             ExpressionAttributeValues: dict[str, Any],  # noqa: N803
             ExclusiveStartKey: dict[str, Any] | None = None) -> dict[str, Any]:  # noqa: N803
        table, values = self._table(TableName), from_item(ExpressionAttributeValues)
        start = _key_of(ExclusiveStartKey) if ExclusiveStartKey else ""
        keys = sorted(key for key in table if key > start)
        page = keys[:Limit]
        return {"Items": [to_item(table[key]) for key in page if holds(FilterExpression, table[key], values)],
                **({"LastEvaluatedKey": {"job_id": {"S": page[-1]}}} if len(keys) > Limit else {})}


def _key_of(key: dict[str, Any]) -> str:
    (value,) = from_item(key).values()
    return str(value)
