"""Completed jobs, and the functions that move their results, as the tests of archive and retrieval use them."""
from __future__ import annotations

import hashlib
import json
import urllib.parse
from dataclasses import dataclass, field, replace
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.messages import (
    ArchiveJob,
    ArchiveUser,
    JobResult,
    Message,
    RestoreJob,
    RestoreUser,
    ThawJob,
)
from chalicelib.domain.names import TBI, key_prefix
from chalicelib.domain.profiles import Role
from chalicelib.services import Services
from tests.integration.support.jobs_made import ADA, bodies_in, keys_in, make_job
from tests.integration.support.jobs_made import stored as reload
from tests.job_records import job_with, stored_files

CONTEXT = SimpleNamespace(function_name="f", memory_limit_in_mb=128, aws_request_id="r-1",
                          invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:f",
                          get_remaining_time_in_millis=lambda: 600_000)
RETENTION = 300
RESULTS = b"results of a job, as good as compressed\n" * 50
INDEX = b"an index"
TABLE = b"PAR1 a table of variants PAR1"


def make_completed(services: Services, number: int = 1, user_id: str = ADA, content: bytes = RESULTS,
                   name: str = "free_1.vcf", index_ending: str = TBI, **values: Any) -> Job:
    """A job whose annotation is through, as the worker leaves it."""
    job = make_job(services, number, user_id, name)
    prefix, bodies = key_prefix(user_id, job.job_id), {"results": content, "index": INDEX, "variants": TABLE}
    files = stored_files(prefix, name, index=f".annot.vcf.gz{index_ending}")
    for kind, file in files.items():
        boto3.client("s3").put_object(Bucket=services.files.results_bucket, Key=file.key,
                                      Body=bodies.get(kind, kind.encode()), ChecksumAlgorithm="SHA256")
    boto3.client("dynamodb").delete_item(TableName=services.jobs.name, Key={"job_id": {"S": job.job_id}})
    files["results"] = replace(files["results"], size=len(content), sha256=hashlib.sha256(content).hexdigest())
    done = job_with(replace(
        job, job_status=JobStatus.COMPLETED, complete_time=services.clock(), files=files,
        results_bucket=services.files.results_bucket, input=replace(job.input, version=None)), **values)
    assert services.jobs.create(done)
    return reload(services, done)


def result_message(job: Job) -> str:
    """What the topic `job_results` says of it."""
    return JobResult(job_id=job.job_id, user_id=job.user_id, job_status=JobStatus.COMPLETED, role=Role.FREE,
                     complete_time=job.complete_time or 0).to_json()


REQUESTS: dict[str, tuple[Any, Any]] = {
    "archive": (ArchiveJob, ArchiveUser), "restore": (RestoreJob, RestoreUser), "thaw": (ThawJob, None)}
"""By queue: the message about a job, and about all of a user's."""


def request(queue: str, user_id: str = ADA, job_id: str = "", **values: Any) -> str:
    """A message of ours to a queue, about a job or, without one, about all of a user's."""
    of_job, of_user = REQUESTS[queue]
    message: Message = of_job(job_id=job_id, user_id=user_id, **values) if job_id else of_user(
        user_id=user_id, **values)
    return message.to_json()


def restored_event(key: str) -> str:
    """S3's event of a retrieval that is through, as S3 documents it."""
    return json.dumps({"Records": [{
        "eventVersion": "2.3", "eventSource": "aws:s3", "eventName": "ObjectRestore:Completed",
        "s3": {"bucket": {"name": "archive"}, "object": {"key": urllib.parse.quote_plus(key, safe="/"), "size": 1}},
        "glacierEventData": {"restoreEventData": {"lifecycleRestorationExpiryTime": "2026-11-25T00:00:00.000Z",
                                                  "lifecycleRestoreStorageClass": "GLACIER"}}}]})


def live_sha256(services: Services, job: Job) -> str:
    """SHA-256 of the bytes that the record points at in the results bucket."""
    now = reload(services, job)
    body = boto3.client("s3").get_object(Bucket=services.files.results_bucket, Key=now.file("results").key)["Body"]
    return hashlib.sha256(body.read()).hexdigest()


def names_in(bucket: str) -> list[str]:
    return sorted(key.rsplit("/", 1)[1] for key in keys_in(bucket))


@dataclass
class Functions:
    """The functions, called as Lambda calls them."""

    services: Services
    modules: dict[str, ModuleType]
    delays: list[tuple[str, int]] = field(default_factory=list)

    def deliver(self, name: str, *bodies: str) -> list[str]:
        """Give messages to a function; returns the ids of those reported as failed."""
        event = {"Records": [{"messageId": str(number), "body": body, "receiptHandle": "r", "attributes": {},
                              "messageAttributes": {}, "eventSource": "aws:sqs", "eventSourceARN": "a:b:c:d:e:f",
                              "awsRegion": "us-east-1", "md5OfBody": ""} for number, body in enumerate(bodies)]}
        answer: dict[str, Any] = self.modules[name].handler(event, CONTEXT)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def deliver_waiting(self, name: str) -> int:
        """Give a function everything that waits in its queue; returns how many messages there were."""
        bodies = self.waiting(name)
        for body in bodies:
            assert self.deliver(name, json.dumps(body)) == []
        return len(bodies)

    def waiting(self, name: str) -> list[dict[str, Any]]:
        """Take what waits in a function's queue."""
        return bodies_in(getattr(self.services.settings, f"{name}_queue_url"))

    def mails(self) -> int:
        """How many mails SES was given."""
        from moto.ses.models import ses_backends

        return len(ses_backends["123456789012"]["us-east-1"].sent_messages)

    def archive(self, job: Job) -> Job:
        assert self.deliver("archive", result_message(job)) == []
        return reload(self.services, job)


def error(code: str, operation: str = "Any", status: int = 503) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}},
                       operation)


class Faults:
    """Stands between the code and boto3: counts the calls and makes one of them fail.

    Args:
        fail_at: Number of the call that fails, from 1; 0 for none.
        after: True to fail after the call has taken effect: the answer was lost.
    """

    def __init__(self, code: str = "SlowDown") -> None:
        self.code, self.fail_at, self.after = code, 0, False
        self.calls: list[str] = []

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from botocore.client import BaseClient

        original, faults = BaseClient._make_api_call, self

        def call(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
            faults.calls.append(operation)
            fails = len(faults.calls) == faults.fail_at
            if fails and not faults.after:
                raise error(faults.code, operation)
            answer = original(client, operation, arguments)
            if fails:
                raise error(faults.code, operation)
            return answer

        monkeypatch.setattr(BaseClient, "_make_api_call", call)


def make_functions(services: Services, monkeypatch: pytest.MonkeyPatch) -> Functions:
    """The functions with these services. Delays are noted and not waited for."""
    from chalicelib.aws.sqs import WorkQueue
    from lambdas import archive, notify, restore, sweep, thaw

    modules = {"archive": archive, "restore": restore, "thaw": thaw, "notify": notify, "sweep": sweep}
    for module in modules.values():
        monkeypatch.setattr(module, "services", services)
    functions = Functions(services, modules)
    send = WorkQueue.send_text

    def send_at_once(queue: WorkQueue, body: str, delay: int = 0) -> None:
        functions.delays.append((queue.url.rsplit("-", 1)[1], delay))
        send(queue, body)

    monkeypatch.setattr(WorkQueue, "send_text", send_at_once)
    return functions
