"""Messages that AWS sends to the queues: S3's events, and both archives' reports of retrievals."""
from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.aws.archive.base import Retrieval
from chalicelib.aws.archive.notifications import read_retrievals
from chalicelib.aws.s3.events import ObjectEvent, created_event
from chalicelib.domain.messages import CopyInput, ThawJob
from chalicelib.exceptions import InvalidMessageError
from chalicelib.usecases.upload.receive_upload import read_uploads

USER, JOB, OTHER = "u-1", "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"
TEST_EVENT = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b", "RequestId": "r"})


def s3_event(*objects: dict[str, Any], name: str = "ObjectCreated:Post") -> str:
    """As S3 documents it; `eventName` has the prefix "s3:" in some."""
    return json.dumps({"Records": [
        {"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": name, "eventTime": "2026-11-28T04:00:00.000Z",
         "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": "b"}, "object": {"size": 1, "sequencer": "0", **one}}}
        for one in objects]})


def glacier_message(**values: Any) -> str:
    """https://docs.aws.amazon.com/amazonglacier/latest/dev/api-describe-job-get.html"""
    return json.dumps({"Action": "ArchiveRetrieval", "ArchiveId": "an-id", "Completed": True, "JobId": "retrieval-1",
                       "InventorySizeInBytes": None, "StatusCode": "Succeeded", "StatusMessage": "Succeeded",
                       "JobDescription": json.dumps({"job_id": JOB}), **values})


def test_an_event_has_all_its_objects_with_their_keys_decoded() -> None:
    body = s3_event({"key": "u/j/a+b%2Bc%C3%A4.vcf", "versionId": "v1"}, {"key": "x"})
    assert read_uploads(body) == [ObjectEvent("u/j/a b+cä.vcf", "v1", "ObjectCreated:Post"),
                                  ObjectEvent("x", None, "ObjectCreated:Post")]
    assert read_uploads(created_event("u/j/a b+cä.vcf")) == [ObjectEvent("u/j/a b+cä.vcf")]
    assert read_uploads(TEST_EVENT) == []


def test_a_request_of_ours_comes_to_the_queue_of_uploads_too() -> None:
    copy = CopyInput(user_id=USER, copy_of=JOB, job_id=OTHER, reference="rCRS", file_name="a.vcf")
    assert read_uploads(copy.to_json()) == [copy]


@pytest.mark.parametrize("name", ["ObjectRestore:Completed", "s3:ObjectRestore:Completed"])
def test_s3_has_a_file_ready(name: str) -> None:
    key = f"{USER}/{JOB}/1/a.annot.vcf.gz"
    assert read_retrievals(s3_event({"key": key}, {"key": "foreign"}, name=name)) == [
        Retrieval(archive_id=key, job_id=JOB), Retrieval(archive_id="foreign")]


def test_other_events_of_s3_report_no_retrieval() -> None:
    assert read_retrievals(s3_event({"key": "x"}, name="ObjectRestore:Post")) == []
    assert read_retrievals(TEST_EVENT) == []


def test_glacier_has_a_file_ready() -> None:
    expected = Retrieval(archive_id="an-id", retrieval_id="retrieval-1", job_id=JOB)
    assert read_retrievals(glacier_message()) == [expected]
    for described in (None, "{}"):
        assert read_retrievals(glacier_message(JobDescription=described)) == [
            Retrieval(archive_id="an-id", retrieval_id="retrieval-1")]


def test_a_file_that_was_ready_before_is_requested_by_us() -> None:
    message = ThawJob(user_id=USER, job_id=JOB)
    assert read_retrievals(message.to_json()) == [message]


@pytest.mark.parametrize(("body", "problem"), [
    (glacier_message(StatusCode="Failed", StatusMessage="no such archive"), "no such archive"),
    (glacier_message(Action="InventoryRetrieval"), r"\$\.Action"),
    (glacier_message(ArchiveId=None), r"\$\.ArchiveId"),
    (glacier_message(JobDescription="{"), "truncated"),
    ('{"Records": [{"eventName": "ObjectRestore:Completed", "s3": {"object": {}}}]}', "`key`"),
    ('{"Records": 1}', r"\$\.Records"),
    ('{"Event": "s3:Other"}', "`user_id`"),
    ("[]", "Expected `object`"), ("{", "truncated"),
    (json.dumps({"type": "thaw_job", "user_id": USER}), "`job_id`"),
])
def test_what_is_no_message_about_a_retrieval_is_an_error(body: str, problem: str) -> None:
    with pytest.raises(InvalidMessageError, match=problem):
        read_retrievals(body)
