"""What users do with their jobs, and that nobody else can."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import pytest

from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.names import CSI, TBI, key_prefix
from chalicelib.domain.profiles import Profile, Role
from chalicelib.exceptions import FileNotAvailableError, JobNotCancellableError, JobNotFoundError, NotFoundError
from chalicelib.services import Services
from chalicelib.usecases.jobs import user_jobs
from chalicelib.usecases.upload.prepare_upload import find_uploaded_job, prepare_upload
from tests.integration.dynamodb.test_jobs import OUTPUTS
from tests.integration.support.jobs_made import ADA, EVE, job_id, keys_in, make_job
from tests.job_records import stored_files


def completed(services: Services, number: int = 1, index_ending: str = TBI) -> Job:
    job = make_job(services, number)
    suffixes = {"index": f".annot.vcf.gz{index_ending}"}
    files = stored_files(key_prefix(job.user_id, job.job_id), job.input.name, **suffixes)
    for file in files.values():
        boto3.client("s3").put_object(Bucket=services.files.results_bucket, Key=file.key, Body=b"log text\n")
    services.jobs.take(job.job_id, "w1", services.clock(), 60)
    files["results"] = replace(files["results"], size=1234, sha256="ab" * 32)
    return services.jobs.complete(job.job_id, "w1", services.clock(),
                                  replace(OUTPUTS, bucket=services.files.results_bucket, files=files))


@pytest.mark.parametrize("deed", [
    lambda services, job: user_jobs.get_job(services, EVE, job),
    lambda services, job: user_jobs.download_link(services, EVE, job, "results"),
    lambda services, job: user_jobs.download_link(services, EVE, job, "input"),
    lambda services, job: user_jobs.read_log(services, EVE, job),
    lambda services, job: user_jobs.cancel_job(services, EVE, job),
    lambda services, job: user_jobs.delete_job(services, EVE, job),
], ids=["get", "results", "input", "log", "cancel", "delete"])
def test_another_users_job_is_not_there(services: Services, deed: Callable[[Services, str], Any]) -> None:
    job = completed(services)
    with pytest.raises(JobNotFoundError):
        deed(services, job.job_id)
    assert services.jobs.get(job.job_id) == job
    assert len(keys_in(services.files.results_bucket)) == 5


@pytest.mark.parametrize("unknown", [job_id(99), "", "x", "../" + job_id(1), job_id(1).upper()])
def test_a_job_that_does_not_exist_is_not_found(services: Services, unknown: str) -> None:
    make_job(services)
    with pytest.raises(JobNotFoundError):
        user_jobs.get_job(services, ADA, unknown)


def test_links_download_under_the_files_own_name_for_a_minute(services: Services) -> None:
    job = completed(services)
    link = user_jobs.download_link(services, ADA, job.job_id, "results")
    assert "free_1.annot.vcf.gz" in link
    assert "X-Amz-Expires=60" in link
    assert "attachment" in link


def test_files_of_a_job_by_its_state(services: Services) -> None:
    job = make_job(services, 2)
    assert [file.kind for file in user_jobs.job_files(job)] == ["input"]
    done = completed(services)
    assert [file.name for file in user_jobs.job_files(done)] == [
        "free_1.annot.vcf.gz", "free_1.annot.vcf.gz.tbi", "free_1.count.log", "free_1.summary.json",
        "free_1.variants.parquet", "free_1.vcf"]
    with pytest.raises(FileNotAvailableError):
        user_jobs.download_link(services, ADA, job.job_id, "results")
    assert user_jobs.read_log(services, ADA, done.job_id) == "log text\n"


def test_an_index_downloads_under_its_own_name(services: Services) -> None:
    job = completed(services, index_ending=CSI)
    assert user_jobs.job_files(job)[1].name == "free_1.annot.vcf.gz.csi"
    link = user_jobs.download_link(services, ADA, job.job_id, "index")
    assert link.count("free_1.annot.vcf.gz.csi") > 1  # the key, and the name for the browser
    assert ".tbi" not in link


@pytest.mark.parametrize("index_ending", [TBI, CSI])
def test_deleting_a_job_leaves_nothing_of_it(services: Services, index_ending: str) -> None:
    job = completed(services, index_ending=index_ending)
    user_jobs.delete_job(services, ADA, job.job_id)
    assert services.jobs.get(job.job_id) is None
    assert keys_in(services.files.inputs_bucket) == []
    assert keys_in(services.files.results_bucket) == []


def test_deleting_an_interrupted_deletion_ends_it(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    job = completed(services)

    def away(*_: str) -> None:
        raise ConnectionError("S3 is away")

    with monkeypatch.context() as broken:
        broken.setattr(services.files, "purge_below", away)
        with pytest.raises(ConnectionError):
            user_jobs.delete_job(services, ADA, job.job_id)
    assert services.jobs.get(job.job_id) is not None
    user_jobs.delete_job(services, ADA, job.job_id)
    assert services.jobs.get(job.job_id) is None


def test_deleting_a_running_job_cancels_it_first(services: Services) -> None:
    job = make_job(services)
    services.jobs.take(job.job_id, "w1", services.clock(), 60)
    user_jobs.delete_job(services, ADA, job.job_id)
    assert services.jobs.get(job.job_id) is None


def test_cancel(services: Services) -> None:
    job = make_job(services)
    assert user_jobs.cancel_job(services, ADA, job.job_id).job_status is JobStatus.CANCELLED
    with pytest.raises(JobNotCancellableError):
        user_jobs.cancel_job(services, ADA, job.job_id)


def test_the_upload_form_is_for_one_job_of_this_user_and_plan(services: Services,
                                                              make_profile: Callable[..., Profile]) -> None:
    free, premium = make_profile(ADA), make_profile(EVE, role=Role.PREMIUM)
    form = prepare_upload(services, free, "https://gas.example.org/annotate/job")
    assert form.limit == 153_600
    assert form.fields["key"] == f"{ADA}/{form.job_id}/${{filename}}"
    assert form.fields["x-amz-server-side-encryption"] == "AES256"
    assert form.fields["success_action_redirect"] == "https://gas.example.org/annotate/job"
    other = prepare_upload(services, premium, "https://gas.example.org/annotate/job")
    assert other.limit == 5 * 1024**3
    assert other.job_id != form.job_id


def test_after_the_upload_the_browser_finds_its_own_job_only(services: Services) -> None:
    key = f"{ADA}/{job_id()}/free_1.vcf"
    assert find_uploaded_job(services, ADA, key) is None
    job = make_job(services)
    assert find_uploaded_job(services, ADA, key) == job
    for user, wrong in ((EVE, key), (ADA, f"{EVE}/{job_id()}/free_1.vcf"), (ADA, "nonsense"),
                        (EVE, f"{EVE}/{job_id()}/free_1.vcf")):
        with pytest.raises(NotFoundError):
            find_uploaded_job(services, user, wrong)
