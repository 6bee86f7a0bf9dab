"""Result files that are uploaded while they are produced: complete or not there, and never left half-way."""
from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from annotator.engine.output.streaming import STREAMED, ResultsStream
from annotator.worker import annotate_job as annotate_job_module
from annotator.worker.engine_process import EngineRun
from annotator.worker.loop import Worker
from annotator.worker.settings import WorkerSettings
from annotator.worker.streamed_upload import StreamedUpload
from chalicelib.aws.clients import client
from chalicelib.aws.job_request_queue import JobRequestsQueue
from chalicelib.aws.s3 import result_upload
from chalicelib.aws.s3.object_copy import copy_checked
from chalicelib.aws.s3.result_upload import ResultUpload
from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.messages import JobRequest
from chalicelib.services import Services
from tests.integration.support.jobs_made import job_id, keys_in, make_job

PART = 5 * 1024**2
"""S3's smallest part."""
HEAD = b"##fileformat=VCFv4.2\n##contig=<ID=MT>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
VCF = HEAD + b"MT\t73\t.\tA\tG\t.\t.\t.\n"


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_upload, "PART_BYTES", PART)


@pytest.fixture
def upload(services: Services) -> Iterator[ResultUpload]:
    with services.files.begin_result("u/j/a.annot.vcf.gz", "application/gzip") as made:
        yield made


def unfinished(services: Services) -> int:
    """Uploads with parts. One whose beginning was repeated has none; the bucket's lifecycle rule removes it."""
    s3, bucket = boto3.client("s3"), services.files.results_bucket
    return sum(bool(s3.list_parts(Bucket=bucket, Key=one["Key"], UploadId=one["UploadId"]).get("Parts"))
               for one in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []))


def content(services: Services, key: str) -> bytes:
    body: bytes = boto3.client("s3").get_object(Bucket=services.files.results_bucket, Key=key)["Body"].read()
    return body


@pytest.mark.parametrize("size", [0, 10, PART, 2 * PART, 2 * PART + 7])
def test_nothing_is_there_before_all_is(services: Services, upload: ResultUpload, size: int) -> None:
    data = os.urandom(size)
    for at in range(0, size, 1 << 20):
        upload.write(data[at:at + (1 << 20)])
    assert keys_in(services.files.results_bucket) == []
    upload.complete()
    assert content(services, upload.key) == data
    assert (upload.size, upload.sha256) == (size, hashlib.sha256(data).hexdigest())
    assert unfinished(services) == 0


def test_a_file_in_parts_can_be_copied_to_the_archive(services: Services, upload: ResultUpload) -> None:
    """Copies are made in parts of the size of the first one, and compared by S3's checksum of all of them."""
    upload.write(os.urandom(2 * PART + 99))
    upload.complete()
    original = copy_checked(services.files.results_bucket, upload.key, services.files.archive_bucket, "copy", "GLACIER")
    assert (original.part_size, original.size) == (PART, upload.size)


def test_a_file_that_starts_again_is_the_second_one(services: Services, upload: ResultUpload) -> None:
    upload.write(os.urandom(3 * PART))
    upload.restart()
    data = os.urandom(PART + 3)
    upload.write(data)
    upload.complete()
    assert content(services, upload.key) == data
    assert upload.sha256 == hashlib.sha256(data).hexdigest()


def test_a_file_that_starts_again_smaller_needs_no_parts(services: Services) -> None:
    with services.files.begin_result("u/j/a.annot.vcf.gz", "application/gzip") as upload:
        upload.write(os.urandom(2 * PART))
        upload.restart()
        upload.write(b"small")
        upload.complete()
    assert content(services, upload.key) == b"small"
    assert unfinished(services) == 0


def test_what_is_not_completed_leaves_nothing(services: Services) -> None:
    with services.files.begin_result("u/j/x", "text/plain") as upload:
        upload.write(os.urandom(PART))
        assert unfinished(services) == 1
    assert (keys_in(services.files.results_bucket), unfinished(services)) == ([], 0)


def streamed(services: Services) -> StreamedUpload:
    return StreamedUpload({kind: services.files.begin_result(f"u/j/{kind}", "text/plain") for kind in STREAMED})


def test_a_stream_that_is_cut_off_is_no_result(services: Services) -> None:
    with streamed(services) as stream:
        stream.writing.write(b"\x00\x05\x00\x00\x00abc")
        with pytest.raises(EOFError):
            stream.finish()


def test_what_s3_does_not_take_is_raised(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    error = ClientError({"Error": {"Code": "SlowDown", "Message": ""}}, "UploadPart")
    monkeypatch.setattr(ResultUpload, "_send_part", lambda *_: (_ for _ in ()).throw(error))
    with streamed(services) as stream:
        file = ResultsStream(stream.writing).open("results")
        file.write(os.urandom(3 * PART))
        file.flush()
        with pytest.raises(ClientError) as caught:
            stream.finish()
    assert stream.refused
    assert caught.value is error
    assert unfinished(services) == 0


# ---- a whole job ---------------------------------------------------------------------------------------------
@pytest.fixture
def work(services: Services, tmp_path: Path) -> Iterator[Callable[..., Job]]:
    """Have a worker take the job of a file."""
    workers: list[Worker] = []

    def once(content: bytes = VCF, **values: Any) -> Job:
        job = services.jobs.get(job_id()) or make_job(services, content=content)
        services.topics.request_job(JobRequest(job_id=job.job_id, user_id=job.user_id))
        settings = replace(WorkerSettings(work_dir=tmp_path / "work", lease=60, pause=0, time_limit=60), **values)
        workers.append(Worker(services, JobRequestsQueue(services.settings.job_requests_queue_url), settings,
                              f"w{len(workers)}"))
        assert workers[-1].work_once(0)
        found = services.jobs.get(job_id())
        assert found is not None
        return found

    yield once
    for worker in workers:
        worker.workspace.close()


def engine_that_sends(monkeypatch: pytest.MonkeyPatch, then: str) -> None:
    """An engine that sends two parts of results, and what it does then."""
    script = f"""
import os, sys
from annotator.engine.output.streaming import ResultsStream
pipe = os.fdopen(int(sys.argv[sys.argv.index("--stream-fd") + 1]), "wb", closefd=False)
file = ResultsStream(pipe).open("results")
file.write(os.urandom({2 * PART + 100}))
file.flush()
{then}
"""
    command = EngineRun.command.fget  # type: ignore[attr-defined]
    monkeypatch.setattr(EngineRun, "command", property(lambda run: [sys.executable, "-c", script, *command(run)[3:]]))


@pytest.mark.writes_once("sqs", "sns")
@pytest.mark.parametrize("then", ["os.kill(os.getpid(), 9)", "sys.exit(1)"])
def test_an_engine_that_dies_after_parts_leaves_nothing_and_the_next_run_completes(
        services: Services, work: Callable[..., Job], monkeypatch: pytest.MonkeyPatch, then: str) -> None:
    with monkeypatch.context() as dying:
        engine_that_sends(dying, then)
        left = work()
    assert (left.job_status, left.run.attempt) == (JobStatus.PENDING, 1)
    assert (keys_in(services.files.results_bucket), unfinished(services)) == ([], 0)
    done = work()
    assert done.job_status is JobStatus.COMPLETED
    found = content(services, str(done.file("results").key))
    assert done.file("results").sha256 == hashlib.sha256(found).hexdigest()


@pytest.mark.writes_once("sqs", "sns")
def test_s3_that_refuses_parts_ends_the_engine_and_costs_no_attempt(
        services: Services, work: Callable[..., Job], monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    real = client("s3").upload_part

    def refuse(**values: Any) -> Any:
        calls.append(values["UploadId"])
        raise ClientError({"Error": {"Code": "SlowDown", "Message": ""}}, "UploadPart")

    engine_that_sends(monkeypatch, "file.write(os.urandom(50 << 20)); import time; time.sleep(60)")
    monkeypatch.setattr(client("s3"), "upload_part", refuse)
    left = work()
    assert calls
    assert (left.job_status, left.run.attempt, left.run.hand_backs) == (JobStatus.PENDING, 0, 1)
    monkeypatch.setattr(client("s3"), "upload_part", real)
    assert unfinished(services) == 0


@pytest.mark.writes_once("sqs", "sns")
def test_the_large_files_of_a_job_never_lie_on_its_disk(
        services: Services, work: Callable[..., Job], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    upload = annotate_job_module._upload

    def looked(services: Services, job: Job, folder: Path, *rest: Any) -> Any:
        seen.extend(path.name for path in folder.iterdir())
        return upload(services, job, folder, *rest)

    monkeypatch.setattr(annotate_job_module, "_upload", looked)
    assert work().job_status is JobStatus.COMPLETED
    assert sorted(seen) == ["input", "results.annot.vcf.gz.tbi", "results.count.log", "results.summary.json"]
