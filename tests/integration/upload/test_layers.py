"""The user's own annotations: they come before the input file, belong to its job, and go with it."""
from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import boto3
import pytest

from chalicelib.aws.s3.events import object_events
from chalicelib.domain.jobs import JobStatus
from chalicelib.domain.messages import CopyInput
from chalicelib.domain.profiles import Profile, Role
from chalicelib.exceptions import FileNotAvailableError, JobFailure, JobNotFoundError, NotFoundError
from chalicelib.services import Services
from chalicelib.usecases.account.personal_data import export_part
from chalicelib.usecases.jobs.user_jobs import delete_job, download_link, job_files
from chalicelib.usecases.maintenance.sweep_files import sweep_files
from chalicelib.usecases.quotas import usage
from chalicelib.usecases.upload import multipart_upload
from chalicelib.usecases.upload.annotate_again import annotate_again, copy_input
from chalicelib.usecases.upload.layers import WAITS_FOR_INPUT
from chalicelib.usecases.upload.prepare_upload import prepare_upload, uploaded_layer
from chalicelib.usecases.upload.submit_job import submit_job
from tests.conftest import HeldClock
from tests.integration.support.jobs_made import ADA, EVE, bodies_in, job_id, keys_in, put_input

BED = b"MT\t70\t80\tx\n"
LAYER = f"{ADA}/{job_id()}/layer/targets.bed"
INPUT = f"{ADA}/{job_id()}/a.vcf"


@pytest.fixture
def ada(make_profile: Callable[..., Profile]) -> Profile:
    profile = make_profile(ADA)
    assert isinstance(profile, Profile)
    return profile


def submitted(services: Services, key: str = INPUT) -> JobStatus | None:
    put_input(services, key, b"##fileformat=VCFv4.2\n")
    job = submit_job(services, key)
    return job.job_status if job else None


def test_a_layer_is_a_part_of_the_job(services: Services, ada: Profile) -> None:
    version = put_input(services, LAYER, BED)
    assert submit_job(services, LAYER) is None, "no job of its own"
    assert services.jobs.get(job_id()) is None
    assert submitted(services) is JobStatus.PENDING
    job = services.jobs.get(job_id())
    assert job is not None
    assert (job.layer.name, job.layer.size, job.layer.key) == ("targets.bed", len(BED), LAYER)
    assert job.layer.version in (version, "null")
    assert [(file.kind, file.name, file.size) for file in job_files(job)][-1] == ("layer", "targets.bed", len(BED))
    assert usage(services, ada).stored == 21 + len(BED)
    assert submit_job(services, LAYER) is None
    assert LAYER in keys_in(services.files.inputs_bucket), "a late event deletes nothing that the job has"
    assert [link.path for link in export_part(services, ADA).files] == [
        f"{job_id()}/a.vcf", f"{job_id()}/layer/targets.bed"]
    delete_job(services, ADA, job_id())
    assert keys_in(services.files.inputs_bucket) == []


def test_nobody_takes_or_reads_another_users_file(services: Services, ada: Profile,
                                                  make_profile: Callable[..., Profile]) -> None:
    eve = make_profile(EVE, role=Role.PREMIUM)
    put_input(services, LAYER, BED)
    with pytest.raises(NotFoundError):
        multipart_upload.begin(services, eve, "a.vcf", 5, "", "rCRS", job_id=job_id())
    assert uploaded_layer(services, EVE, job_id()) is None
    assert submitted(services, f"{EVE}/{job_id()}/a.vcf") is JobStatus.PENDING
    job = services.jobs.get(job_id())
    assert job is not None
    assert (job.user_id, job.layer.name) == (EVE, None)
    with pytest.raises(FileNotAvailableError):
        download_link(services, EVE, job_id(), "layer")
    with pytest.raises(JobNotFoundError):
        download_link(services, ADA, job_id(), "layer")
    with pytest.raises(NotFoundError):
        uploaded_layer(services, ADA, job_id())  # there is a job of that id


@pytest.mark.parametrize("name", ["../../x.bed", "a/b.bed", "notes.txt", "", "empty.bed"])
def test_a_file_that_is_none_fails_the_job_and_is_not_kept(services: Services, ada: Profile, name: str) -> None:
    put_input(services, f"{ADA}/{job_id()}/layer/{name}", b"" if name == "empty.bed" else BED)
    assert submitted(services) is JobStatus.FAILED
    job = services.jobs.get(job_id())
    assert job is not None
    assert job.error is not None
    assert job.error.code in ("bad_name", "wrong_layer_extension", "no_name", "empty_layer")
    assert (job.input.deleted, job.layer.name) == (True, None)
    assert keys_in(services.files.inputs_bucket) == []


def test_another_file_for_the_same_job_is_deleted(services: Services, ada: Profile) -> None:
    put_input(services, LAYER, BED)
    assert submitted(services) is JobStatus.PENDING
    late = LAYER.replace("targets", "other")
    put_input(services, late, BED)
    assert submit_job(services, late) is None
    assert late not in keys_in(services.files.inputs_bucket)
    assert LAYER in keys_in(services.files.inputs_bucket)


def test_a_file_whose_input_file_does_not_come_is_deleted(services: Services, ada: Profile, clock: HeldClock) -> None:
    clock.now = int(datetime.now(UTC).timestamp())  # at which moto writes files
    put_input(services, LAYER, BED)
    clock.now += WAITS_FOR_INPUT - 100
    sweep_files(services, lambda: True)
    assert bodies_in(services.settings.uploads_queue_url) == []
    clock.now += 200
    sweep_files(services, lambda: True)
    (body,) = bodies_in(services.settings.uploads_queue_url)
    (event,) = object_events(body) or ()
    assert submit_job(services, event.key, event.version_id) is None
    assert keys_in(services.files.inputs_bucket) == []


def test_the_sweep_leaves_the_file_of_a_job_alone(services: Services, ada: Profile, clock: HeldClock) -> None:
    put_input(services, LAYER, BED)
    assert submitted(services) is JobStatus.PENDING
    clock.now += 3 * WAITS_FOR_INPUT
    sweep_files(services, lambda: True)
    assert bodies_in(services.settings.uploads_queue_url) == []


@pytest.mark.parametrize("kept", [True, False])
def test_annotating_again_copies_it_unless_it_is_left_out(services: Services, ada: Profile, kept: bool) -> None:
    put_input(services, LAYER, BED)
    submitted(services)
    key = annotate_again(services, ada, job_id(), "rCRS", "form", layer=kept)
    (body,) = bodies_in(services.settings.uploads_queue_url)
    assert key != annotate_again(services, ada, job_id(), "rCRS", "form", layer=not kept)
    request = CopyInput(**{name: value for name, value in body.items() if name != "type"})
    assert copy_input(services, request)
    job = submit_job(services, key)
    assert job is not None
    copied = f"{key.removesuffix('a.vcf')}layer/targets.bed"
    assert (job.layer.key, job.layer.size) == ((copied, len(BED)) if kept else (None, None))
    delete_job(services, ADA, job_id())
    assert sorted(keys_in(services.files.inputs_bucket)) == sorted([key, copied] if kept else [key])


def test_annotating_again_without_the_file_fails_the_copy(services: Services, ada: Profile) -> None:
    put_input(services, LAYER, BED)
    submitted(services)
    boto3.client("s3").delete_object(Bucket=services.files.inputs_bucket, Key=LAYER)
    services.files.purge_below(services.files.inputs_bucket, LAYER)
    key = annotate_again(services, ada, job_id(), "rCRS", "form")
    (body,) = bodies_in(services.settings.uploads_queue_url)
    assert not copy_input(services, CopyInput(**{name: value for name, value in body.items() if name != "type"}))
    assert key not in keys_in(services.files.inputs_bucket)


def test_the_form_for_it_takes_nothing_else(services: Services, ada: Profile) -> None:
    form = prepare_upload(services, ada, layer_url="https://gas.example.org/annotate")
    assert form.layer.fields["key"] == f"{ADA}/{form.job_id}/layer/${{filename}}"
    assert form.layer.fields["success_action_redirect"] == "https://gas.example.org/annotate"


def test_both_files_count_for_the_plan(services: Services, ada: Profile) -> None:
    put_input(services, LAYER, b"x" * (services.plans.of(ada.role).upload_limit + 1))
    assert submitted(services) is JobStatus.FAILED
    job = services.jobs.get(job_id())
    assert job is not None
    assert job.error is not None
    assert job.error.code == "file_too_large"


def test_parts_go_on_from_an_uploaded_file(services: Services, make_profile: Callable[..., Profile]) -> None:
    ada = make_profile(ADA, role=Role.PREMIUM)
    put_input(services, LAYER, BED)
    begun = multipart_upload.begin(services, ada, "a.vcf", 5, "", "rCRS", job_id=job_id())
    assert begun.key == INPUT
    with pytest.raises((NotFoundError, JobFailure)):
        multipart_upload.begin(services, ada, "a.vcf", 5, "", "rCRS", job_id="not an id")
