"""The archive is protected from us: what was deleted wrongly can be brought back, what a user deleted cannot."""
from __future__ import annotations

from collections.abc import Callable

import boto3
import pytest

from chalicelib.domain.profiles import Profile
from chalicelib.services import Services
from chalicelib.usecases.jobs.user_jobs import delete_job
from infra.aws.service_stack import Deployment
from infra.aws.undelete import undelete
from infra.errors import OperatorError
from tests.conftest import REGION, HeldClock
from tests.integration.support.cold import (
    RETENTION,
    Functions,
    live_sha256,
    make_completed,
    reload,
    request,
    restored_event,
)
from tests.integration.support.jobs_made import ADA, keys_in


@pytest.fixture
def place(services: Services) -> Deployment:
    return Deployment(session=boto3.Session(region_name=REGION), stage="test")


def versions_in(bucket: str) -> list[str]:
    listed = boto3.client("s3").list_object_versions(Bucket=bucket)
    return [one["Key"] for one in (*listed.get("Versions", []), *listed.get("DeleteMarkers", []))]


def test_an_archived_result_that_was_deleted_wrongly_comes_back_and_is_thawed(
        services: Services, functions: Functions, clock: HeldClock, make_profile: Callable[..., Profile],
        place: Deployment) -> None:
    make_profile()
    job = make_completed(services)
    clock.advance(RETENTION)
    cold = functions.archive(job)
    for key in cold.archive_bucket_keys:
        services.files.delete(services.files.archive_bucket, key)
    assert keys_in(services.files.archive_bucket) == []
    said: list[str] = []
    assert undelete(place, said.append) == 3
    assert sum("can be brought back" in line for line in said) == 3
    assert undelete(place, said.append, cold.job_id, restore=True) == 0
    assert sorted(keys_in(services.files.archive_bucket)) == sorted(cold.archive_bucket_keys)
    services.profiles.subscribe(ADA)
    assert functions.deliver("restore", request("restore", job_id=job.job_id)) == []
    assert functions.deliver("thaw", restored_event(str(cold.archive_id))) == []
    assert live_sha256(services, job) == job.file("results").sha256


def test_a_live_result_comes_back_too_and_what_was_moved_rightly_does_not(
        services: Services, functions: Functions, clock: HeldClock, make_profile: Callable[..., Profile],
        place: Deployment) -> None:
    make_profile()
    live, cold = make_completed(services, 1), make_completed(services, 2)
    clock.advance(RETENTION)
    functions.archive(cold)
    services.files.delete(services.files.results_bucket, str(live.file("results").key))
    assert undelete(place, lambda _: None, restore=True) == 0
    assert live_sha256(services, live) == live.file("results").sha256
    assert str(cold.file("results").key) not in keys_in(services.files.results_bucket)
    assert reload(services, cold).archived


@pytest.mark.writes_once("s3")  # versions are counted
def test_what_a_user_deleted_leaves_no_version_behind(
        services: Services, functions: Functions, clock: HeldClock, make_profile: Callable[..., Profile],
        place: Deployment) -> None:
    make_profile()
    job = make_completed(services)
    clock.advance(RETENTION)
    functions.archive(job)
    assert len(versions_in(services.files.results_bucket)) == 8  # five files, three of them moved to the archive
    delete_job(services, ADA, job.job_id)
    for bucket in (services.files.inputs_bucket, services.files.results_bucket, services.files.archive_bucket):
        assert versions_in(bucket) == [], bucket
    assert undelete(place, lambda _: None) == 0
    with pytest.raises(OperatorError, match="no job"):
        undelete(place, lambda _: None, job.job_id)


def test_what_never_was_there_is_reported_and_unknown_jobs_are_refused(
        services: Services, make_profile: Callable[..., Profile], place: Deployment) -> None:
    make_profile()
    job = make_completed(services, s3_key_index_file=f"{ADA}/nowhere")
    said: list[str] = []
    assert undelete(place, said.append, restore=True) == 1
    assert f"{job.job_id}: s3://{services.files.results_bucket}/{ADA}/nowhere has no old version" in said
    with pytest.raises(OperatorError, match="no job"):
        undelete(place, said.append, "nothing")
