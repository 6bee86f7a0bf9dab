"""A retrieval is through: the same bytes under the original key, and the archive's copy goes."""
from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import pytest

from chalicelib.aws.s3 import object_copy
from chalicelib.domain.jobs import Job
from chalicelib.domain.names import CSI, TBI
from chalicelib.domain.profiles import Profile
from chalicelib.services import Services
from chalicelib.usecases.archive import thaw_results as use_case
from chalicelib.usecases.jobs.user_jobs import delete_job
from tests.conftest import HeldClock
from tests.integration.support.cold import (
    RESULTS,
    RETENTION,
    Faults,
    Functions,
    live_sha256,
    make_completed,
    names_in,
    reload,
    request,
    restored_event,
    result_message,
)
from tests.integration.support.jobs_made import ADA, keys_in

ALL = ["free_1.annot.vcf.gz", "free_1.annot.vcf.gz.tbi", "free_1.count.log", "free_1.summary.json",
       "free_1.variants.parquet"]


@pytest.fixture
def retrieved(services: Services, functions: Functions, clock: HeldClock, make_profile: Callable[..., Profile]) -> Any:
    """Makes jobs of Ada, premium by now, whose archived results the archive has brought out."""
    def make(number: int = 1, name: str = "free_1.vcf", index_ending: str = TBI) -> Job:
        make_profile()
        job = make_completed(services, number, name=name, index_ending=index_ending)
        clock.advance(RETENTION)
        functions.archive(job)
        services.profiles.subscribe(ADA)
        assert functions.deliver("restore", request(job_id=job.job_id)) == []
        return reload(services, job)

    return make


@pytest.mark.parametrize("name", ["free_1.vcf", "two words.vcf.gz", "plus+~tilde.vcf", "ünïcödé 数据.vcf", "100%.vcf"])
def test_the_same_bytes_come_back_under_the_same_key(services: Services, functions: Functions, retrieved: Any,
                                                     name: str) -> None:
    job = retrieved(name=name)
    assert functions.deliver("thaw", restored_event(job.archive_id)) == []
    back = reload(services, job)
    assert live_sha256(services, job) == hashlib.sha256(RESULTS).hexdigest() == job.file("results").sha256
    assert (back.archive_id, back.archive.restore_status, back.archive.restore_tier) == (None, None, None)
    assert back.file("index").key == f"{back.file('results').key}.tbi"
    assert back.file("variants").key == back.file("results").key.replace(".annot.vcf.gz", ".variants.parquet")
    assert {back.file("index").key, back.file("variants").key} <= set(keys_in(services.files.results_bucket))
    assert keys_in(services.files.archive_bucket) == []


def test_an_index_of_long_contigs_goes_and_comes_back(services: Services, functions: Functions, retrieved: Any) -> None:
    """Where the results have a `.csi`, no `.tbi` is looked for, made or left."""
    cold = retrieved(index_ending=CSI)
    assert cold.file("index").archive_id.endswith("/free_1.annot.vcf.gz.csi")
    live = names_in(services.files.results_bucket)
    assert live == ["free_1.count.log", "free_1.summary.json"]
    assert functions.deliver("thaw", restored_event(cold.archive_id)) == []
    back = reload(services, cold)
    assert back.file("index").key == f"{back.file('results').key}.csi"
    assert names_in(services.files.results_bucket) == sorted(
        ["free_1.annot.vcf.gz", "free_1.annot.vcf.gz.csi", "free_1.variants.parquet", *live])
    assert keys_in(services.files.archive_bucket) == []


def test_three_deliveries_in_any_form_thaw_once(services: Services, functions: Functions, retrieved: Any) -> None:
    job = retrieved()
    event = restored_event(job.archive_id)
    assert functions.deliver("thaw", event, event, request(job_id=job.job_id), event) == []
    assert names_in(services.files.results_bucket) == ALL
    assert keys_in(services.files.archive_bucket) == []
    assert reload(services, job).file("results").key is not None


def test_a_late_event_does_not_touch_a_newer_copy(services: Services, functions: Functions, clock: HeldClock,
                                                  retrieved: Any) -> None:
    job = retrieved()
    functions.deliver("thaw", restored_event(job.archive_id))
    services.profiles.unsubscribe(ADA, clock())
    again = functions.archive(job)
    assert again.archive.archivings == 2
    services.profiles.subscribe(ADA)
    kept = keys_in(services.files.archive_bucket)
    assert functions.deliver("thaw", restored_event(job.archive_id)) == []
    assert keys_in(services.files.archive_bucket) == kept
    assert reload(services, job).archive_id == again.archive_id


def test_who_downgrades_while_a_retrieval_is_under_way_keeps_the_result_archived_and_not_stranded(
        services: Services, functions: Functions, clock: HeldClock, retrieved: Any) -> None:
    job = retrieved()
    services.profiles.unsubscribe(ADA, clock())
    assert functions.deliver("thaw", restored_event(job.archive_id)) == []
    cold = reload(services, job)
    assert cold.archived
    assert cold.archive.restore_status is None
    services.profiles.subscribe(ADA)
    assert functions.deliver("restore", request(job_id=job.job_id)) == []
    assert functions.deliver_waiting("thaw") == 1
    assert live_sha256(services, job) == job.file("results").sha256


def test_who_downgrades_while_the_bytes_come_back_has_them_archived_again(
        services: Services, functions: Functions, clock: HeldClock, retrieved: Any,
        monkeypatch: pytest.MonkeyPatch) -> None:
    job = retrieved()
    bring_back = services.archive_store.bring_back

    def downgraded_meanwhile(*arguments: Any) -> None:
        services.profiles.unsubscribe(ADA, clock())
        functions.deliver("archive", request())  # too early: nothing is live
        bring_back(*arguments)

    with monkeypatch.context() as now:
        now.setattr(services.archive_store, "bring_back", downgraded_meanwhile)
        assert functions.deliver("thaw", restored_event(job.archive_id)) == []
    assert functions.deliver_waiting("archive") == 1
    cold = reload(services, job)
    assert cold.archived
    assert cold.archive.archivings == 2


def test_who_downgrades_before_a_cut_off_thaw_is_repeated_has_the_result_archived_again(
        services: Services, functions: Functions, clock: HeldClock, retrieved: Any,
        monkeypatch: pytest.MonkeyPatch) -> None:
    job = retrieved()
    event = restored_event(job.archive_id)
    with monkeypatch.context() as now:
        now.setattr(use_case, "_delete_cold", lambda *_: (_ for _ in ()).throw(ConnectionError("cut off")))
        assert functions.deliver("thaw", event) == ["0"]
    services.profiles.unsubscribe(ADA, clock())
    assert functions.deliver("thaw", event) == []
    assert keys_in(services.files.archive_bucket) == []
    assert functions.deliver_waiting("archive") == 1
    assert reload(services, job).archived


def test_an_upgrade_while_the_file_is_left_in_the_archive_sends_for_it(
        services: Services, functions: Functions, clock: HeldClock, retrieved: Any,
        monkeypatch: pytest.MonkeyPatch) -> None:
    job = retrieved()
    services.profiles.unsubscribe(ADA, clock())
    forget = services.archive_table.forget_retrieval

    def upgraded_meanwhile(*arguments: Any) -> bool:
        services.profiles.subscribe(ADA)
        return forget(*arguments)

    with monkeypatch.context() as now:
        now.setattr(services.archive_table, "forget_retrieval", upgraded_meanwhile)
        assert functions.deliver("thaw", restored_event(job.archive_id)) == []
    assert functions.deliver_waiting("restore") == 1
    assert functions.deliver_waiting("thaw") == 1
    assert reload(services, job).file("results").key is not None


def test_bytes_that_are_not_out_any_more_are_sent_for_again(services: Services, functions: Functions,
                                                            retrieved: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    job = retrieved()
    from chalicelib.aws.archive import s3 as s3_archive

    looked = s3_archive.object_info
    with monkeypatch.context() as now:
        now.setattr(s3_archive, "object_info", lambda *key: replace(looked(*key), restored=False))
        assert functions.deliver("thaw", restored_event(job.archive_id)) == []
    assert reload(services, job).archived
    assert functions.waiting("restore") == [{"user_id": ADA, "job_id": job.job_id}]


def test_a_deleted_job_leaves_nothing_and_its_event_is_passed_over(services: Services, functions: Functions,
                                                                   retrieved: Any) -> None:
    job = retrieved()
    delete_job(services, ADA, job.job_id)
    assert functions.deliver("thaw", restored_event(job.archive_id), request(job_id=job.job_id)) == []
    for bucket in (services.files.inputs_bucket, services.files.results_bucket, services.files.archive_bucket):
        assert keys_in(bucket) == []


def test_deleting_removes_every_archive_copy_also_those_that_no_record_names(
        services: Services, functions: Functions, clock: HeldClock, make_profile: Callable[..., Profile]) -> None:
    make_profile()
    job = make_completed(services)
    for archiving in range(3):
        boto3.client("s3").put_object(Bucket=services.files.archive_bucket, Body=b"left behind",
                                      Key=f"{ADA}/{job.job_id}/{archiving}/free_1.annot.vcf.gz")
    delete_job(services, ADA, job.job_id)
    assert keys_in(services.files.archive_bucket) == []


def test_a_copy_that_differs_leaves_the_archived_one(services: Services, functions: Functions, retrieved: Any,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    job = retrieved()
    looked = object_copy.object_info

    def bent(bucket: str, key: str) -> object_copy.ObjectInfo | None:
        info = looked(bucket, key)
        return replace(info, size=1) if info is not None and bucket == services.files.results_bucket else info

    with monkeypatch.context() as now:
        now.setattr(object_copy, "object_info", bent)
        assert functions.deliver("thaw", restored_event(job.archive_id)) == ["0"]
    assert reload(services, job).archived
    assert len(keys_in(services.files.archive_bucket)) == 3
    assert functions.deliver("thaw", restored_event(job.archive_id)) == []
    assert live_sha256(services, job) == job.file("results").sha256


def test_all_back_is_said_when_the_last_one_is_back(services: Services, functions: Functions, clock: HeldClock,
                                                    retrieved: Any) -> None:
    first = retrieved(1)
    services.profiles.unsubscribe(ADA, clock())
    second = retrieved(2)
    services.profiles.begin_restoring(ADA)
    functions.deliver("thaw", restored_event(first.archive_id))
    functions.deliver_waiting("notify")
    profile = services.profiles.get(ADA)
    assert profile is not None
    assert profile.restoring
    functions.deliver("thaw", restored_event(second.archive_id))
    functions.deliver_waiting("notify")
    profile = services.profiles.get(ADA)
    assert profile is not None
    assert not profile.restoring


def test_other_messages(services: Services, functions: Functions, retrieved: Any) -> None:
    job = retrieved()
    test_event = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "archive"})
    posted = restored_event(job.archive_id).replace("ObjectRestore:Completed", "ObjectRestore:Post")
    foreign = restored_event("somewhere/else")
    assert functions.deliver("thaw", test_event, posted, "[]", foreign, "{", result_message(job).replace("user_id", "u")
                             ) == ["2", "4", "5"]
    assert reload(services, job).archived


@pytest.mark.parametrize("after", [False, True], ids=["refused", "answer lost"])
def test_every_call_may_fail_once(services: Services, functions: Functions, clock: HeldClock, retrieved: Any,
                                  monkeypatch: pytest.MonkeyPatch, after: bool) -> None:
    faults, number, failures, hit = Faults(), 0, 0, True
    faults.after = after
    faults.install(monkeypatch)
    while hit:
        number += 1
        services.profiles.unsubscribe(ADA, clock())
        job = retrieved(number)
        faults.calls.clear()
        faults.fail_at = number
        failures += bool(functions.deliver("thaw", restored_event(job.archive_id)))
        hit = len(faults.calls) >= number
        faults.fail_at = 0
        clock.advance(1100)  # the queue's time of invisibility
        assert functions.deliver("thaw", restored_event(job.archive_id)) == []
        assert live_sha256(services, job) == job.file("results").sha256
        assert reload(services, job).archive.hold_owner is None
        assert [key for key in keys_in(services.files.archive_bucket) if f"/{job.job_id}/" in key] == []
    assert number > 12
    assert failures >= number - 4
