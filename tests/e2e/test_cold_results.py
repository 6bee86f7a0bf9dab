"""Results go cold and come back in the packaged service, IAM enforced; retention is two seconds."""
from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from infra.aws.artifact import Artifact
from infra.local.browser import Browser
from infra.local.people import PEOPLE, Person
from infra.local.stack import LocalStack
from tests.e2e.test_job_life import csrf_token, record_of
from tests.packaged_stack import packaged_stack

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def quick_stack(artifact: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack that keeps free results for two seconds, and a downgraded user's for two more."""
    with packaged_stack(tmp_path_factory.mktemp("cold"), artifact, FreeRetentionSeconds="2",
                        DowngradeGraceSeconds="2") as running:
        yield running


def signed_in(stack: LocalStack, person: Person) -> Browser:
    browser = Browser(stack.settings.site)
    browser.sign_in(person)
    return browser


def wait_for(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """What `condition` gives once it is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.3)
    pytest.fail("it did not come to pass")


def archived(stack: LocalStack, job_id: str) -> bool:
    record = record_of(stack, job_id)
    return ("results_file_archive_id" in record and "s3_key_result_file" not in record
            and "file_hold_owner" not in record)


def live(stack: LocalStack, job_id: str) -> bool:
    record = record_of(stack, job_id)
    return ("s3_key_result_file" in record and "results_file_archive_id" not in record
            and "file_hold_owner" not in record)


def objects(stack: LocalStack, bucket: str, job_id: str) -> dict[str, str]:
    """File names of a job in a bucket, and their storage classes."""
    listing = stack.client("s3").list_objects_v2(Bucket=stack.outputs[bucket])
    return {entry["Key"].rsplit("/", 1)[1]: entry.get("StorageClass", "STANDARD")
            for entry in listing.get("Contents", []) if f"/{job_id}/" in entry["Key"]}


def mails_to(stack: LocalStack, person: Person) -> list[dict[str, Any]]:
    answer = requests.get(f"{stack.settings.endpoint}/_ministack/ses/messages", timeout=10).json()
    everything = [mail for mails in answer["messages"].values() for mail in mails]
    return [mail for mail in everything if person.email in str(mail)]


def post(browser: Browser, path: str) -> requests.Response:
    return browser.request("POST", path, data={"csrf_token": csrf_token(browser)})


def test_free_results_go_cold_and_premium_brings_the_same_bytes_back(quick_stack: LocalStack, a_vcf: Path,
                                                                     tmp_path: Path) -> None:
    stack, browser = quick_stack, signed_in(quick_stack, PEOPLE[0])
    job_id = browser.upload(a_vcf)
    browser.wait(job_id)
    results_key = record_of(stack, job_id)["s3_key_result_file"]["S"]
    wanted = record_of(stack, job_id)["results_file_sha256"]["S"]

    wait_for(lambda: archived(stack, job_id))
    assert set(objects(stack, "ResultsBucket", job_id)) == {"three variants.count.log", "three variants.summary.json"}
    assert objects(stack, "ArchiveBucket", job_id) == {"three variants.annot.vcf.gz": "GLACIER",
                                                       "three variants.annot.vcf.gz.tbi": "GLACIER_IR",
                                                       "three variants.variants.parquet": "GLACIER_IR"}
    kinds = {file["kind"] for file in browser.job(job_id)["files"]}
    assert kinds == {"log", "summary", "input"}
    assert browser.get(f"/annotations/{job_id}/files/results", allow_redirects=False).status_code == 404

    assert post(browser, "/subscribe").status_code == 200
    wait_for(lambda: live(stack, job_id))
    assert record_of(stack, job_id)["s3_key_result_file"]["S"] == results_key
    assert objects(stack, "ArchiveBucket", job_id) == {}
    href = next(file["href"] for file in browser.job(job_id)["files"] if file["kind"] == "results")
    browser.download(href, tmp_path / "back.vcf.gz")
    assert sha256(tmp_path / "back.vcf.gz") == wanted
    back = {"three variants.annot.vcf.gz.tbi", "three variants.variants.parquet"}
    assert back <= set(objects(stack, "ResultsBucket", job_id))


def sha256(path: Path) -> str:
    from annotator.worker.annotate_job import sha256_of

    return sha256_of(path)


def test_mails_tell_of_the_end_once_and_of_everything_being_back(quick_stack: LocalStack, a_vcf: Path) -> None:
    stack, person = quick_stack, PEOPLE[1]
    browser = signed_in(stack, person)
    job_id = browser.upload(a_vcf)
    browser.wait(job_id)
    mails = wait_for(lambda: mails_to(stack, person))
    assert len(mails) == 1
    assert "are ready" in str(mails[0])
    assert f"/annotations/{job_id}" in str(mails[0])
    wait_for(lambda: archived(stack, job_id))
    post(browser, "/subscribe")
    wait_for(lambda: len(mails_to(stack, person)) == 2, 90)
    assert "Your archived results have been restored" in str(mails_to(stack, person))


def test_a_premium_users_results_stay_and_go_cold_after_premium_ended(quick_stack: LocalStack, a_vcf: Path) -> None:
    stack, browser = quick_stack, signed_in(quick_stack, PEOPLE[2])
    post(browser, "/subscribe")
    job_id = browser.upload(a_vcf)
    browser.wait(job_id)
    time.sleep(4)  # twice the retention: nothing may happen, and only time can show it
    assert live(stack, job_id)
    post(browser, "/unsubscribe")
    wait_for(lambda: archived(stack, job_id))


def test_deleting_an_archived_job_leaves_nothing(quick_stack: LocalStack, a_vcf: Path) -> None:
    stack, browser = quick_stack, signed_in(quick_stack, PEOPLE[3])
    job_id = browser.upload(a_vcf)
    browser.wait(job_id)
    wait_for(lambda: archived(stack, job_id))
    post(browser, f"/annotations/{job_id}/delete")
    assert browser.get(f"/annotations/{job_id}").status_code == 404
    for bucket in ("InputsBucket", "ResultsBucket", "ArchiveBucket"):
        assert objects(stack, bucket, job_id) == {}


@pytest.mark.parametrize("walk", ["jobs", "files"])
def test_the_sweep_has_the_rights_that_it_needs(quick_stack: LocalStack, walk: str) -> None:
    payload = json.dumps({"walk": walk}).encode()
    answer = quick_stack.client("lambda").invoke(FunctionName="gas-local-sweep", Payload=payload)
    said = answer["Payload"].read().decode()
    assert "FunctionError" not in answer, said
    assert "open_jobs" in said or "results_missing" in said
