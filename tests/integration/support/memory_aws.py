"""A small AWS in memory, for tests that try thousands of interleavings: the project's adapters run on it as they are.

Every call of S3, SQS, SNS, SES and DynamoDB is a step. Before a step something can happen: the run is cut off, the call
is refused, or something else goes on meanwhile.
"""
from __future__ import annotations

import base64
import hashlib
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import ModuleType, SimpleNamespace
from typing import Any

import chalicelib.aws as aws_package
from tests.integration.support.memory_call import CutOffError, call, refused
from tests.integration.support.memory_dynamodb import MemoryDynamoDb, Records, Tables
from tests.integration.support.memory_messages import MemorySesV2, MemorySns, MemorySqs, Message

DAY = 86_400


@dataclass
class StoredObject:
    """An object of the S3 in memory; `out_until` is when retrieved bytes are put away again."""

    body: bytes
    storage_class: str
    modified: int
    retrieving: bool = False
    out_until: int = 0
    version: str = "null"


@dataclass
class Fault:
    """What happens at step number `at` of a run: "cut off", "refused" or "meanwhile" before it, or it is "repeated"."""

    kind: str
    at: int
    meanwhile: Callable[[], None] = field(default=lambda: None)


class MemoryAws:
    """Buckets, queues and tables.

    Args:
        now: Epoch seconds at the beginning.
        check: Called after every step.
    """

    def __init__(self, now: int, check: Callable[[], None]) -> None:
        self.now = now
        self.check = check
        self.buckets: dict[str, dict[str, StoredObject]] = {"inputs": {}, "results": {}, "archive": {}}
        self.older: dict[tuple[str, str], list[StoredObject]] = {}
        """Versions of objects that others replaced, by bucket and key, the oldest first."""
        self.versions = 0
        self.messages: list[Message] = []
        self.mails: list[dict[str, Any]] = []
        """What SES was called with."""
        self.tables = Tables()
        self.fault: Fault | None = None
        self.steps = 0
        self.broken: AssertionError | None = None
        """What `check` found, although the code that made the call caught it."""

    def upload(self, bucket: str, key: str, body: bytes) -> str:
        """Put an object into a bucket that keeps versions, as a browser does; gives the version."""
        self.versions += 1
        if (before := self.buckets[bucket].get(key)) is not None:
            self.older.setdefault((bucket, key), []).append(before)
        self.buckets[bucket][key] = StoredObject(body, "STANDARD", self.now, version=f"v{self.versions}")
        return f"v{self.versions}"

    def drop(self, bucket: str, key: str, version: str | None) -> None:
        """Delete an object, or one version of it."""
        older, current = self.older.get((bucket, key), []), self.buckets[bucket].get(key)
        if version is None or (current is not None and current.version == version):
            self.buckets[bucket].pop(key, None)
            if version is not None and older:
                self.buckets[bucket][key] = older.pop()
        else:
            older[:] = [entry for entry in older if entry.version != version]

    @property
    def annotations(self) -> Records:
        """The items of the table of jobs."""
        return self.tables.records["annotations"]

    @property
    def profiles(self) -> Records:
        """The items of the table of profiles."""
        return self.tables.records["profiles"]

    @property
    def jobs(self) -> Records:
        """The records of jobs: the table holds others, too."""
        return {key: record for key, record in self.annotations.items() if "job_status" in record}

    def step(self) -> bool:
        """Before every call; True when it is to be carried out twice."""
        try:
            self.check()
        except AssertionError as error:
            self.broken = error
            raise
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
            if self.broken is not None:
                raise self.broken
        self.check()
        return None

    def client(self, service: str, read_timeout: int | None = None) -> Any:
        """In place of `chalicelib.aws.clients.client`."""
        return {"s3": MemoryS3, "sqs": MemorySqs, "sns": MemorySns, "sesv2": MemorySesV2,
                "dynamodb": MemoryDynamoDb}[service](self)


def using_aws() -> list[ModuleType]:
    """The modules of the project that have a `client` to be replaced."""
    prefix = f"{aws_package.__name__}."
    modules = [importlib.import_module(found.name)
               for found in pkgutil.walk_packages(aws_package.__path__, prefix) if found.name != f"{prefix}clients"]
    return [module for module in modules if hasattr(module, "client")]


class MemoryS3:
    """What the project uses of S3."""

    def __init__(self, aws: MemoryAws) -> None:
        self._aws = aws

    def _get(self, bucket: str, key: str, version: str | None = None) -> StoredObject:
        current = self._aws.buckets[bucket].get(key)
        for found in ([] if current is None else [current], self._aws.older.get((bucket, key), [])):
            for entry in found:
                if version in (None, entry.version):
                    return entry
            if version is None:
                break
        raise refused("404")

    @call
    def head_object(self, Bucket: str, Key: str, VersionId: str | None = None, **_: Any) -> dict[str, Any]:  # noqa: N803
        found = self._get(Bucket, Key, VersionId)
        restore = {"Restore": 'ongoing-request="true"'} if found.retrieving else {}
        if found.out_until > self._aws.now:
            restore = {"Restore": 'ongoing-request="false"'}
        checksum = base64.b64encode(hashlib.sha256(found.body).digest()).decode()
        return {"ContentLength": len(found.body), "ETag": '"e"', "ChecksumSHA256": checksum,
                "StorageClass": found.storage_class, "VersionId": found.version,
                "LastModified": datetime.fromtimestamp(found.modified, UTC), **restore}

    @call
    def copy_object(self, CopySource: dict[str, str], Bucket: str, Key: str, StorageClass: str,  # noqa: N803
                    **_: Any) -> None:
        source = self._get(CopySource["Bucket"], CopySource["Key"])
        if source.storage_class == "GLACIER" and source.out_until <= self._aws.now:
            raise refused("InvalidObjectState")
        self._aws.buckets[Bucket][Key] = StoredObject(source.body, StorageClass, self._aws.now)

    @call
    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803
        self._aws.buckets[Bucket][Key] = StoredObject(Body, "STANDARD", self._aws.now)

    @call
    def delete_object(self, Bucket: str, Key: str, VersionId: str | None = None) -> None:  # noqa: N803
        self._aws.drop(Bucket, Key, VersionId)

    @call
    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        for entry in Delete["Objects"]:
            self._aws.drop(Bucket, entry["Key"], entry["VersionId"])
        return {}

    @call
    def restore_object(self, Bucket: str, Key: str, **_: Any) -> None:  # noqa: N803
        found = self._get(Bucket, Key)
        if found.retrieving:
            raise refused("RestoreAlreadyInProgress")
        found.retrieving = True

    @call
    def _list(self, bucket: str, prefix: str, after: str, versions: bool) -> list[dict[str, Any]]:
        return [{"Key": key, "VersionId": found.version, "Size": len(found.body),
                 "LastModified": datetime.fromtimestamp(found.modified, UTC)}
                for key, current in sorted(self._aws.buckets[bucket].items()) if key.startswith(prefix) and key > after
                for found in (current, *(self._aws.older.get((bucket, key), []) if versions else []))]

    def list_objects_v2(self, Bucket: str, Prefix: str = "", MaxKeys: int = 1000) -> dict[str, Any]:  # noqa: N803
        return {"Contents": self._list(bucket=Bucket, prefix=Prefix, after="", versions=False)[:MaxKeys]}

    def get_paginator(self, operation: str) -> Any:
        entries = {"list_objects_v2": "Contents", "list_object_versions": "Versions"}[operation]

        def paginate(Bucket: str, Prefix: str = "", StartAfter: str = "") -> Iterator[dict[str, Any]]:  # noqa: N803
            yield {entries: self._list(bucket=Bucket, prefix=Prefix, after=StartAfter, versions=entries == "Versions")}

        return SimpleNamespace(paginate=paginate)
