"""A small AWS in memory, for tests that try thousands of interleavings: the project's adapters run on it as they are.

Every call of S3, SQS and DynamoDB is a step. Before a step something can happen: the run is cut off, the call is
refused, or something else goes on meanwhile.
"""
from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws.archive_table import ArchiveTable, JobIds
from chalicelib.aws.job_table import ConditionFailedError, JobPage, JobTable
from chalicelib.aws.profile_table import ProfileTable
from chalicelib.domain.jobs import Job
from chalicelib.domain.profiles import Profile

DAY = 86_400


class CutOffError(BaseException):
    """A function's end by force: nothing of it runs any more."""


class ConditionalCheckFailedError(Exception):
    """As botocore's exception of that name."""


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
    """What happens before step number `at` of a run: "cut off", "refused" or "meanwhile"."""

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
        self.jobs: dict[str, dict[str, Any]] = {}
        self.profiles: dict[str, dict[str, Any]] = {}
        self.fault: Fault | None = None
        self.steps = 0

    def step(self) -> None:
        """Before every call."""
        self.check()
        self.steps += 1
        fault = self.fault
        if fault is None or self.steps != fault.at:
            return
        self.fault = None
        if fault.kind == "cut off":
            raise CutOffError
        if fault.kind == "refused":
            raise refused("SlowDown")
        fault.meanwhile()

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
        return {"s3": MemoryS3(self), "sqs": MemorySqs(self)}[service]


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "Any")


class MemoryS3:
    """What the project uses of S3."""

    def __init__(self, aws: MemoryAws) -> None:
        self._aws = aws

    def _get(self, bucket: str, key: str) -> StoredObject:
        self._aws.step()
        found = self._aws.buckets[bucket].get(key)
        if found is None:
            raise refused("404")
        return found

    def head_object(self, Bucket: str, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        found = self._get(Bucket, Key)
        restore = {"Restore": 'ongoing-request="true"'} if found.retrieving else {}
        if found.out_until > self._aws.now:
            restore = {"Restore": 'ongoing-request="false"'}
        checksum = base64.b64encode(hashlib.sha256(found.body).digest()).decode()
        return {"ContentLength": len(found.body), "ETag": '"e"', "ChecksumSHA256": checksum,
                "StorageClass": found.storage_class, **restore}

    def copy_object(self, CopySource: dict[str, str], Bucket: str, Key: str, StorageClass: str,  # noqa: N803
                    **_: Any) -> None:
        source = self._get(CopySource["Bucket"], CopySource["Key"])
        if source.storage_class == "GLACIER" and source.out_until <= self._aws.now:
            raise refused("InvalidObjectState")
        self._aws.buckets[Bucket][Key] = StoredObject(source.body, StorageClass, self._aws.now)

    def delete_object(self, Bucket: str, Key: str) -> None:  # noqa: N803
        self._aws.step()
        self._aws.buckets[Bucket].pop(Key, None)

    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        self._aws.step()
        for entry in Delete["Objects"]:
            self._aws.buckets[Bucket].pop(entry["Key"], None)
        return {}

    def restore_object(self, Bucket: str, Key: str, **_: Any) -> None:  # noqa: N803
        found = self._get(Bucket, Key)
        if found.retrieving:
            raise refused("RestoreAlreadyInProgress")
        found.retrieving = True

    def get_paginator(self, _: str) -> Any:
        def paginate(Bucket: str, Prefix: str = "") -> Iterator[dict[str, Any]]:  # noqa: N803
            self._aws.step()
            yield {"Contents": [{"Key": key, "Size": len(found.body),
                                 "LastModified": datetime.fromtimestamp(found.modified, UTC)}
                                for key, found in sorted(self._aws.buckets[Bucket].items())
                                if key.startswith(Prefix)]}

        return SimpleNamespace(paginate=paginate)


class MemorySqs:
    """What the project uses of SQS."""

    def __init__(self, aws: MemoryAws) -> None:
        self._aws = aws

    def send_message(self, QueueUrl: str, MessageBody: str, DelaySeconds: int) -> None:  # noqa: N803
        self._aws.step()
        self._aws.messages.append(Message(QueueUrl, MessageBody, self._aws.now + DelaySeconds))

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        self._aws.step()
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


class MemoryJobs(JobTable):
    """The table of jobs, by the real one's expressions."""

    def __init__(self, aws: MemoryAws) -> None:
        super().__init__("annotations")
        self._aws = aws

    def get(self, job_id: str) -> Job | None:
        self._aws.step()
        record = self._aws.jobs.get(job_id)
        return Job.from_record(record) if record else None

    def update(self, job_id: str, update: str, condition: str, values: dict[str, Any]) -> Job:
        self._aws.step()
        record = self._aws.jobs.get(job_id)
        if record is None or not holds(condition, record, values):
            raise ConditionFailedError(Job.from_record(record) if record else None)
        change(update, record, values)
        return Job.from_record(record)

    def of_user(self, user_id: str, page_size: int, cursor: str | None = None) -> JobPage:
        self._aws.step()
        ids = sorted(self._aws.jobs)
        first = int(cursor or 0)
        page = [Job.from_record(self._aws.jobs[job_id]) for job_id in ids[first:first + page_size]]
        return JobPage(page, str(first + page_size) if first + page_size < len(ids) else None)

    def live_results(self) -> Iterator[tuple[str, str]]:
        self._aws.step()
        yield from [(job_id, record["s3_key_result_file"]) for job_id, record in self._aws.jobs.items()
                    if "s3_key_result_file" in record]

    def delete(self, job_id: str) -> None:
        self._aws.step()
        self._aws.jobs.pop(job_id, None)


class MemoryArchiveTable(ArchiveTable):
    """The moves of results files, by the real ones' expressions."""

    def __init__(self, jobs: MemoryJobs, aws: MemoryAws) -> None:
        super().__init__(jobs)
        self._aws = aws

    def _ids(self, index: str, condition: str, values: dict[str, Any], limit: int,
             start: dict[str, Any] | None) -> JobIds:
        self._aws.step()
        needed = {"user_id-results_file_archive_id": "results_file_archive_id",
                  "results_file_archive_id": "results_file_archive_id",
                  "restore_status-restore_requested_time": "restore_status", "open-submit_time": "open"}[index]
        plain = condition.replace(" AND results_file_archive_id > :nothing", "")
        found = sorted(job_id for job_id, record in self._aws.jobs.items()
                       if needed in record and holds(plain, record, values))
        after = [job_id for job_id in found if not start or job_id > start["job_id"]]
        return JobIds(after[:limit], {"job_id": after[limit - 1]} if len(after) > limit else None)


class MemoryProfiles(ProfileTable):
    """The table of profiles, by the real one's expressions."""

    def __init__(self, aws: MemoryAws) -> None:
        super().__init__("profiles")
        self._aws = aws

    @property
    def _dynamodb(self) -> Any:
        return SimpleNamespace(exceptions=SimpleNamespace(
            ConditionalCheckFailedException=ConditionalCheckFailedError))

    def get(self, identity_id: str) -> Profile | None:
        self._aws.step()
        record = self._aws.profiles.get(identity_id)
        return Profile.from_record(record) if record else None

    def _update(self, identity_id: str, update: str, values: dict[str, Any], condition: str = "") -> Profile:
        self._aws.step()
        record = self._aws.profiles[identity_id]
        if condition and not holds(condition, record, values):
            raise ConditionalCheckFailedError
        change(update, record, values)
        return Profile.from_record(record)
