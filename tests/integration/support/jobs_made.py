"""Jobs and messages as the integration tests make them."""
from __future__ import annotations

import json
from collections import Counter
from typing import Any

import boto3

from chalicelib.domain.jobs import Job
from chalicelib.services import Services
from tests.job_records import job_of
from tests.repeated_writes import carried_out_once, sent_twice

ADA = "11111111-1111-4111-8111-111111111111"
EVE = "22222222-2222-4222-8222-222222222222"


def job_id(number: int = 1) -> str:
    return f"aaaaaaaa-0000-4000-8000-{number:012d}"


def make_job(services: Services, number: int = 1, user_id: str = ADA, name: str = "free_1.vcf",
             content: bytes = b"##fileformat=VCFv4.2\n", **values: Any) -> Job:
    """A job in the table with its input file in the bucket."""
    key = f"{user_id}/{job_id(number)}/{name}"
    version = put_input(services, key, content)
    job = job_of(**{"job_id": job_id(number), "user_id": user_id, "input_file_name": name,
                 "input_file_size": len(content), "s3_inputs_bucket": services.files.inputs_bucket,
                 "s3_key_input_file": key, "s3_version_input_file": version,
                 "submit_time": services.clock(), "reference": "rCRS", **values})
    assert services.jobs.create(job)
    return stored(services, job)


def stored(services: Services, job: Job) -> Job:
    """The job as its record is now."""
    found = services.jobs.get(job.job_id)
    assert found is not None
    return found


def put_input(services: Services, key: str, content: bytes, **metadata: str) -> str:
    """Upload an input file, as a browser does; returns its version."""
    with carried_out_once():
        version: str = boto3.client("s3").put_object(Bucket=services.files.inputs_bucket, Key=key, Body=content,
                                                     Metadata=metadata).get("VersionId", "")
    return version


def keys_in(bucket: str) -> list[str]:
    return [entry["Key"] for entry in boto3.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


def bodies_in(queue_url: str) -> list[dict[str, Any]]:
    """Takes everything that is visible off a queue. Where every message is sent twice, each pair counts as one."""
    sqs = boto3.client("sqs")
    bodies = []
    take = {"QueueUrl": queue_url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0}
    while messages := sqs.receive_message(**take).get("Messages"):
        for message in messages:
            bodies.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    return each_pair_once(bodies) if sent_twice("sqs") else bodies


def each_pair_once(bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every second one of equal bodies, in their order."""
    seen: Counter[str] = Counter()
    single = []
    for body in bodies:
        text = json.dumps(body, sort_keys=True)
        if seen[text] % 2 == 0:
            single.append(body)
        seen[text] += 1
    return single
