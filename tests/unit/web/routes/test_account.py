"""Taking one's data away, and deleting one's account."""
from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import pytest

from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.profiles import Profile
from chalicelib.services import Services
from chalicelib.usecases.account import personal_data
from chalicelib.web.http import runtime
from tests.unit.web.conftest import JOB_ID, Browser

EVE = "99999999-9999-4999-8999-999999999999"
WORDS = {"confirmation": "delete my account"}


@pytest.fixture
def erasing(web: Services) -> Services:
    """The services with an erase queue of this test's own."""
    queue = boto3.client("sqs").create_queue(QueueName="erase-web-test")["QueueUrl"]
    here = replace(web, erase_queue=type(web.erase_queue)(queue))
    runtime.use(here)
    return here


def test_profile_tells_what_is_used(browser: Browser, make_job: Callable[..., Job]) -> None:
    make_job(input_file_size=1_000, results_file_size=2_000, results_file_archive_id="a",
             job_status=JobStatus.COMPLETED)
    make_job(job_id=JOB_ID[:-1] + "3", input_file_size=96)
    make_job(job_id=JOB_ID[:-1] + "4", user_id=EVE, input_file_size=10**9)
    text = browser.get("/profile").text
    assert "Jobs 2 Show them" in text
    assert "Files 3 KB" in text
    assert "Archived results 1 Show it" in text


def test_export_has_everything(browser: Browser, make_job: Callable[..., Job], ada: Profile) -> None:
    make_job(note="Trio 7", job_status=JobStatus.FAILED)
    make_job(job_id=JOB_ID[:-1] + "4", user_id=EVE)
    file = browser.get("/profile/export")
    assert file.headers["Content-Disposition"] == 'attachment; filename="gas-data.json"'
    told = json.loads(file.body)
    assert told["profile"]["email"] == ada.email
    assert [record["note"] for record in told["annotations"]] == ["Trio 7"]
    assert [entry["path"] for entry in told["files"]] == [f"{JOB_ID}/free_1.vcf"]
    assert "Signature=" in told["files"][0]["link"]
    assert told["next"] is None
    listed = browser.get("/profile/export/files").body.decode()
    assert listed.splitlines()[1] == f"  out={JOB_ID}/free_1.vcf"


def test_export_comes_in_parts(browser: Browser, make_job: Callable[..., Job], web: Services,
                               monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personal_data, "PART", 2)
    for number in range(5):
        make_job(job_id=f"00000000-0000-4000-8000-{number:012d}", submit_time=web.clock() - number)
    address: str | None = "/profile/export"
    sizes = []
    while address is not None:
        part: dict[str, Any] = browser.get_json(address).json
        sizes.append(len(part["annotations"]))
        address = part["next"]
    assert sizes == [2, 2, 1]
    assert "# There are more: open https://gas.example.org/profile/export/files?cursor=" in browser.get(
        "/profile/export/files").body.decode()


def test_deleting_wants_the_words(browser: Browser, erasing: Services, ada: Profile,
                                  make_job: Callable[..., Job]) -> None:
    make_job()
    page = browser.get("/profile/delete")
    assert "1 job with all its files" in page.text
    token = page.field("csrf_token")
    for words in ("", "yes", "delete my acount"):
        wrong = browser.post("/profile/delete", {"csrf_token": token, "confirmation": words})
        assert wrong.status == 400
        assert "The text does not match. Nothing was deleted." in wrong.text
    profile = erasing.profiles.get(ada.identity_id)
    assert profile is not None
    assert profile.erasing_since is None


def test_deleting_signs_out_and_lets_nothing_more_be_done(browser: Browser, erasing: Services, ada: Profile,
                                                          sign_in: Callable[[Profile], Browser]) -> None:
    token = browser.get("/profile/delete").field("csrf_token")
    done = browser.post("/profile/delete", {"csrf_token": token, "confirmation": " Delete  my account "})
    assert (done.status, done.headers["Location"]) == (303, "/profile/deleted")
    page = browser.get("/profile/deleted")
    assert "You have been signed out." in page.text
    assert browser.get_json("/annotations").status == 401
    message = boto3.client("sqs").receive_message(QueueUrl=erasing.erase_queue.url)["Messages"][0]
    assert json.loads(message["Body"]) == {"type": "erase_user", "user_id": ada.identity_id}
    again = sign_in(ada)  # on another device, or anew
    refused = again.get_json("/annotate")
    assert (refused.status, refused.json["code"]) == (409, "account_erasing")
    assert "This account is being deleted" in again.get("/annotations").text
