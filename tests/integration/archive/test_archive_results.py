"""A free user's results go cold when they are due: the copy first, then the record, then the original."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import pytest

from chalicelib.aws.s3 import object_copy
from chalicelib.domain.messages import FileRequest
from chalicelib.domain.profiles import Profile, Role
from chalicelib.exceptions import FilesOnTheMoveError
from chalicelib.services import Services
from chalicelib.usecases.archive import archive_results as use_case
from chalicelib.usecases.jobs.user_jobs import delete_job
from tests.conftest import HeldClock
from tests.integration.support.cold import (
    RETENTION,
    Faults,
    Functions,
    live_sha256,
    make_completed,
    names_in,
    reload,
    request,
    result_message,
)
from tests.integration.support.jobs_made import ADA, job_id, keys_in

LIVE = ["free_1.annot.vcf.gz", "free_1.annot.vcf.gz.tbi", "free_1.count.log", "free_1.summary.json",
        "free_1.variants.parquet"]
COLD = [f"{ADA}/{job_id()}/1/companions/free_1.annot.vcf.gz.tbi",
        f"{ADA}/{job_id()}/1/companions/free_1.variants.parquet", f"{ADA}/{job_id()}/1/free_1.annot.vcf.gz"]


def test_what_is_due_goes_to_the_archive_with_its_index(services: Services, functions: Functions, clock: HeldClock,
                                                        make_profile: Callable[..., Profile]) -> None:
    make_profile()
    job = make_completed(services)
    clock.advance(RETENTION)
    cold = functions.archive(job)
    assert cold.archived
    assert (cold.archive_id, cold.archive.archivings) == (COLD[-1], 1)
    assert (cold.file("results").key, cold.file("index").key, cold.file("variants").key) == (None, None, None)
    assert cold.archive.hold_owner is None
    assert cold.file("log").key == job.file("log").key
    assert sorted(keys_in(services.files.archive_bucket)) == COLD
    assert names_in(services.files.results_bucket) == LIVE[2:4]
    classes = [boto3.client("s3").head_object(Bucket=services.files.archive_bucket, Key=key)["StorageClass"]
               for key in COLD]
    assert classes == ["GLACIER_IR", "GLACIER_IR", "GLACIER"]


@pytest.mark.parametrize("name", ["two words.vcf", "plus+and~tilde.vcf.gz", "ünïcödé 数据.vcf", "100%.vcf",
                                  "a&b=c?.vcf"])
def test_any_name_goes_and_comes(services: Services, functions: Functions, clock: HeldClock,
                                 make_profile: Callable[..., Profile], name: str) -> None:
    make_profile()
    job = make_completed(services, name=name)
    clock.advance(RETENTION)
    assert functions.archive(job).archived
    assert len(keys_in(services.files.archive_bucket)) == 3


def test_premium_keeps_its_results(services: Services, functions: Functions, clock: HeldClock,
                                   make_profile: Callable[..., Profile]) -> None:
    make_profile(role=Role.PREMIUM)
    job = make_completed(services)
    clock.advance(10 * RETENTION)
    assert functions.archive(job) == job
    assert names_in(services.files.results_bucket) == LIVE
    assert functions.waiting("archive") == functions.waiting("restore") == []


@pytest.mark.parametrize(("retention", "delays"), [(300, [300]), (2000, [900, 900, 200]), (86_400, [900] * 96)])
def test_what_is_not_due_is_delayed_until_it_is(services: Services, functions: Functions, clock: HeldClock,
                                                make_profile: Callable[..., Profile], retention: int,
                                                delays: list[int]) -> None:
    plans = replace(services.plans, free_retention=retention)
    services = replace(services, settings=replace(services.settings, plans=plans))
    make_profile()
    job, seen = make_completed(services), []
    message = FileRequest.from_json(result_message(job))
    sent: list[tuple[FileRequest, int]] = [(message, 0)]
    queue: Any = type("Queue", (), {"send": lambda _, body, delay=0: sent.append((body, delay))})()
    services = replace(services, archive_queue=queue)
    while sent and not reload(services, job).archived:
        body, _ = sent.pop()
        use_case.archive_results(services, body, services.new_id())
        if sent:
            seen.append(min(sent[-1][1], 900))
            clock.advance(seen[-1])
    assert seen == delays
    assert reload(services, job).archived


def test_a_user_in_the_time_of_grace_keeps_results(services: Services, functions: Functions, clock: HeldClock,
                                                   make_profile: Callable[..., Profile]) -> None:
    make_profile(role=Role.PREMIUM)
    services.profiles.unsubscribe(ADA, clock() + 5000)
    job = make_completed(services)
    clock.advance(4999)
    assert not functions.archive(job).archived
    assert functions.delays == [("archive", 1)]
    clock.advance(1)
    assert functions.archive(job).archived


def test_three_deliveries_archive_once(services: Services, functions: Functions, clock: HeldClock,
                                       make_profile: Callable[..., Profile]) -> None:
    make_profile()
    job = make_completed(services)
    clock.advance(RETENTION)
    for _ in range(3):
        cold = functions.archive(job)
    assert cold.archive.archivings == 1
    assert sorted(keys_in(services.files.archive_bucket)) == COLD


def test_an_original_that_a_cut_off_run_left_goes_with_the_next_delivery(
        services: Services, functions: Functions, clock: HeldClock, make_profile: Callable[..., Profile],
        monkeypatch: pytest.MonkeyPatch) -> None:
    class CutOffError(BaseException):
        """The function's end by force."""

    def cut_off(*_: object) -> None:
        raise CutOffError

    make_profile()
    job = make_completed(services)
    clock.advance(RETENTION)
    with monkeypatch.context() as now:
        now.setattr(use_case, "_delete_live", cut_off)
        with pytest.raises(CutOffError):
            use_case.archive_results(services, FileRequest.from_json(result_message(job)), "first")
    assert reload(services, job).archived
    assert names_in(services.files.results_bucket) == LIVE
    with pytest.raises(FilesOnTheMoveError):  # the hold of the run that was cut off
        use_case.archive_results(services, FileRequest.from_json(result_message(job)), "second")
    clock.advance(1000)
    functions.archive(job)
    assert names_in(services.files.results_bucket) == LIVE[2:4]


def test_a_deleted_job_is_passed_over(services: Services, functions: Functions, clock: HeldClock,
                                      make_profile: Callable[..., Profile]) -> None:
    make_profile()
    job = make_completed(services)
    clock.advance(RETENTION)
    delete_job(services, ADA, job.job_id)
    assert functions.deliver("archive", result_message(job)) == []
    assert keys_in(services.files.archive_bucket) == []


def test_a_copy_that_differs_leaves_the_original(services: Services, functions: Functions, clock: HeldClock,
                                                 make_profile: Callable[..., Profile],
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    make_profile()
    job = make_completed(services)
    clock.advance(RETENTION)
    looked = object_copy.object_info

    def bent(bucket: str, key: str) -> object_copy.ObjectInfo | None:
        info = looked(bucket, key)
        if info is not None and bucket == services.files.archive_bucket:
            info = replace(info, checksum="AAAA")
        return info

    with monkeypatch.context() as now:
        now.setattr(object_copy, "object_info", bent)
        assert functions.deliver("archive", result_message(job)) == ["0"]
    after = reload(services, job)
    assert (after.file("results").key, after.archive.hold_owner) == (job.file("results").key, None)
    assert names_in(services.files.results_bucket) == LIVE
    assert keys_in(services.files.archive_bucket) == []
    assert functions.archive(job).archived


def test_a_large_file_is_copied_in_the_parts_it_was_written_in(
        services: Services, functions: Functions, clock: HeldClock, make_profile: Callable[..., Profile],
        monkeypatch: pytest.MonkeyPatch) -> None:
    make_profile()
    job = make_completed(services)
    s3, part = boto3.client("s3"), b"p" * 5 * 1024**2
    target = {"Bucket": services.files.results_bucket, "Key": job.file("results").key}
    upload = s3.create_multipart_upload(ChecksumAlgorithm="SHA256", **target)["UploadId"]
    parts = [{"PartNumber": number, "ETag": s3.upload_part(UploadId=upload, PartNumber=number, Body=body,
                                                           ChecksumAlgorithm="SHA256", **target)["ETag"]}
             for number, body in ((1, part), (2, part), (3, b"the rest"))]
    s3.complete_multipart_upload(UploadId=upload, MultipartUpload={"Parts": parts}, **target)
    sha256 = live_sha256(services, job)
    head = s3.head_object
    size = len(part) * 2 + 8
    checksum = {"ChecksumSHA256": "c29tZQ==-3"}

    def with_parts(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        answer = original(client, operation, arguments)
        if operation == "HeadObject" and arguments["Key"].endswith(".gz"):
            answer |= checksum  # moto keeps no checksum of checksums
            if arguments.get("PartNumber") == 1:
                answer["ContentLength"] = len(part)
        return answer

    from botocore.client import BaseClient

    original = BaseClient._make_api_call
    faults = Faults()
    clock.advance(RETENTION)
    with monkeypatch.context() as now:
        now.setattr(BaseClient, "_make_api_call", with_parts)
        faults.install(now)
        assert functions.archive(job).archived
    assert faults.calls.count("UploadPartCopy") == 3
    cold = head(Bucket=services.files.archive_bucket, Key=COLD[-1])
    assert (cold["ContentLength"], cold["StorageClass"]) == (size, "GLACIER")
    with monkeypatch.context() as now:
        now.setattr(BaseClient, "_make_api_call", with_parts)
        s3.restore_object(Bucket=services.files.archive_bucket, Key=COLD[-1], RestoreRequest={"Days": 1})
        services.profiles.subscribe(ADA)
        functions.deliver("thaw", request(job_id=job.job_id))
    assert live_sha256(services, job) == sha256


def test_all_of_a_user_go_by_pages(services: Services, functions: Functions, clock: HeldClock,
                                   make_profile: Callable[..., Profile], monkeypatch: pytest.MonkeyPatch) -> None:
    make_profile()
    monkeypatch.setattr(use_case, "PAGE", 3)
    made = [make_completed(services, number).job_id for number in range(1, 8)]
    clock.advance(RETENTION)
    assert functions.deliver("archive", request()) == []
    single: list[str] = []
    while bodies := functions.waiting("archive"):
        for body in bodies:
            if "job_id" in body:
                single.append(body["job_id"])
            else:
                functions.deliver("archive", request(**{k: v for k, v in body.items() if k != "user_id"}))
    assert sorted(single) == sorted(made)


def test_a_user_who_upgrades_while_a_result_goes_cold_gets_it_back_by_itself(
        services: Services, functions: Functions, clock: HeldClock, make_profile: Callable[..., Profile],
        monkeypatch: pytest.MonkeyPatch) -> None:
    make_profile()
    job = make_completed(services)
    clock.advance(RETENTION)
    put = services.archive_store.put

    def upgraded_meanwhile(job_put: Any, intend: Any) -> str:
        services.profiles.subscribe(ADA)
        assert functions.deliver("restore", request()) == []  # too early: nothing is archived yet
        return put(job_put, intend)

    with monkeypatch.context() as now:
        now.setattr(services.archive_store, "put", upgraded_meanwhile)
        assert functions.archive(job).archived
    assert functions.waiting("restore") == [{"user_id": ADA, "job_id": job.job_id}]


def test_a_message_that_is_none_is_reported_alone(services: Services, functions: Functions, clock: HeldClock,
                                                  make_profile: Callable[..., Profile]) -> None:
    make_profile()
    job = make_completed(services)
    clock.advance(RETENTION)
    assert functions.deliver("archive", "[]", "not json", result_message(job), '{"job_id": "x"}') == ["0", "1", "3"]
    assert reload(services, job).archived


def test_a_results_file_that_is_missing_is_no_success(services: Services, functions: Functions, clock: HeldClock,
                                                      make_profile: Callable[..., Profile]) -> None:
    make_profile()
    job = make_completed(services)
    clock.advance(RETENTION)
    services.files.delete(services.files.results_bucket, str(job.file("results").key))
    assert functions.deliver("archive", result_message(job)) == ["0"]
    assert reload(services, job).file("results").key == job.file("results").key


@pytest.mark.parametrize("after", [False, True], ids=["refused", "answer lost"])
def test_every_call_may_fail_once(services: Services, functions: Functions, clock: HeldClock,
                                  make_profile: Callable[..., Profile], monkeypatch: pytest.MonkeyPatch,
                                  after: bool) -> None:
    make_profile()
    faults, number = Faults(), 0
    faults.install(monkeypatch)
    faults.after = after
    failures = 0
    while True:
        number += 1
        job = make_completed(services, number)
        clock.advance(RETENTION)
        faults.calls.clear()
        faults.fail_at = number
        failed = functions.deliver("archive", result_message(job))
        hit = len(faults.calls) >= number
        faults.fail_at = 0
        clock.advance(1000)  # the queue's time of invisibility
        assert functions.deliver("archive", result_message(job)) == []
        cold = reload(services, job)
        assert cold.archived
        assert cold.archive.hold_owner is None
        left = [key for key in keys_in(services.files.results_bucket) if f"/{job.job_id}/" in key]
        assert len(left) == 2
        kept = [key for key in keys_in(services.files.archive_bucket) if f"/{job.job_id}/" in key]
        assert len(kept) == 3
        failures += bool(failed)
        if not hit:
            break
    assert number > 10
    assert failures >= number - 3
