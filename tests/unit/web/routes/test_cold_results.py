"""Results in the archive and on their way back, as the list and a job's page tell of them."""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from chalicelib.domain.jobs import Job, JobStatus, RestoreTier
from chalicelib.domain.profiles import Profile, Role
from chalicelib.services import Services
from tests.conftest import HeldClock
from tests.unit.web.conftest import JOB_ID, Browser

PAGE = f"/annotations/{JOB_ID}"
ARCHIVE_ID = "archive-1"
TIME = '<time datetime="{}">{}</time>'
IN_5_MINUTES = TIME.format("2026-09-21T14:18:20Z", "21 Sep 2026, 14:18 UTC")
IN_5_HOURS = TIME.format("2026-09-21T19:13:20Z", "21 Sep 2026, 19:13 UTC")


@pytest.fixture
def archived(web: Services, ada: Profile, make_job: Callable[..., Job]) -> Job:
    prefix = f"{ada.identity_id}/{JOB_ID}/"
    return make_job(job_status=JobStatus.COMPLETED, start_time=web.clock() - 50, complete_time=web.clock() - 47,
                    attempt=1, results_file_archive_id=ARCHIVE_ID, s3_results_bucket=web.settings.results_bucket,
                    results_file_size=48_213, s3_key_log_file=prefix + "free_1.count.log")


def upgrade(web: Services, profile: Profile) -> None:
    web.profiles.subscribe(profile.identity_id)


def restore(web: Services, tier: RestoreTier = RestoreTier.EXPEDITED) -> None:
    assert web.archive_table.record_retrieval(JOB_ID, ARCHIVE_ID, tier, web.clock())


def thaw(web: Services, ada: Profile) -> None:
    prefix = f"{ada.identity_id}/{JOB_ID}/"
    web.archive_table.hold_files(JOB_ID, "thaw", web.clock(), 60)
    web.archive_table.record_thawed(JOB_ID, "thaw", ARCHIVE_ID, {
        "results": prefix + "free_1.annot.vcf.gz", "index": prefix + "free_1.annot.vcf.gz.tbi"}, web.clock())


def polled(html: str) -> str:
    found = re.search(r'data-live hx-get="([^"]+)"', html)
    assert found, "the page does not follow the job"
    return found.group(1).replace("&amp;", "&")


def test_archived_results_are_not_offered_but_premium_is(browser: Browser, archived: Job) -> None:
    page, listed = browser.get(PAGE), browser.get("/annotations")
    assert "The annotated VCF, its index and the table of variants are archived." in page.text
    assert "Your results are ready" not in page.text
    assert f"{PAGE}/files/results" not in page.html
    assert f"{PAGE}/files/index" not in page.html
    assert f"{PAGE}/files/log" in page.html
    assert "available until" not in page.text
    assert "Archived. Restore with Premium" in listed.text
    assert '<a href="/subscribe">Subscribe to Premium</a> to restore them' in page.html
    assert '<a href="/subscribe">Restore with Premium' in listed.html
    assert "data-live" not in page.html + listed.html


@pytest.mark.parametrize(("tier", "expected"), [(RestoreTier.EXPEDITED, IN_5_MINUTES),
                                                (RestoreTier.STANDARD, IN_5_HOURS)])
def test_results_on_their_way_back_say_when(browser: Browser, web: Services, ada: Profile, archived: Job,
                                            tier: RestoreTier, expected: str) -> None:
    upgrade(web, ada)
    restore(web, tier)
    page, listed = browser.get(PAGE), browser.get("/annotations")
    assert f"Restoring; expected by {expected}" in page.html
    assert f"Restoring; expected by {expected}" in listed.html
    for answer in (page, listed):
        assert "Restore with Premium" not in answer.text
        assert polled(answer.html)
    assert "Cancel" not in page.text


def test_late_results_say_so(browser: Browser, web: Services, ada: Profile, archived: Job, clock: HeldClock) -> None:
    upgrade(web, ada)
    restore(web)
    clock.advance(301)
    assert f"The restore was expected by {IN_5_MINUTES} and is taking longer than usual." in browser.get(PAGE).html
    assert "Restoring; taking longer than usual" in browser.get("/annotations").text


def test_premium_is_not_told_of_premium_before_a_result_is_sent_for(browser: Browser, web: Services, ada: Profile,
                                                                    archived: Job) -> None:
    upgrade(web, ada)
    page, listed = browser.get(PAGE), browser.get("/annotations")
    assert "Restore requested." in page.text
    assert "Restore requested" in listed.text
    assert "Restore with Premium" not in page.text + listed.text


def test_page_follows_a_result_until_it_is_back(browser: Browser, web: Services, ada: Profile, archived: Job) -> None:
    upgrade(web, ada)
    address = polled(browser.get(PAGE).html)
    assert browser.get(address, HX_Request="true").status == 204, "nothing has changed"
    restore(web)
    asked = browser.get(address, HX_Request="true")
    assert asked.headers["HX-Retarget"] == "#job"
    assert f"Restoring; expected by {IN_5_MINUTES}" in asked.html
    address = polled(asked.html)
    assert browser.get(address, HX_Request="true").status == 204
    thaw(web, ada)
    back = browser.get(address, HX_Request="true")
    assert back.headers["HX-Retarget"] == "#job"
    assert f"{PAGE}/files/results" in back.html
    assert "Your results are ready." in back.text
    assert "in the archive" not in back.text
    assert "Restored" in back.text
    assert "data-live" not in back.html


def test_list_follows_a_result_until_it_is_back(browser: Browser, web: Services, ada: Profile, archived: Job) -> None:
    upgrade(web, ada)
    restore(web)
    first = browser.get("/annotations")
    assert 'data-announce="free_1.vcf: Completed, being restored"' in first.html
    thaw(web, ada)
    back = browser.get(polled(first.html), HX_Request="true")
    assert 'data-announce="free_1.vcf: Completed"' in back.html
    assert "Restoring" not in back.text
    assert "data-live" not in back.html


def test_archive_for_programs(browser: Browser, web: Services, ada: Profile, archived: Job) -> None:
    def told() -> tuple[Any, ...]:
        job = browser.get_json(PAGE).json
        return job["archived"], job["restore_status"], job["restore_expected_time"]

    assert told() == (True, None, None)
    upgrade(web, ada)
    restore(web)
    assert told() == (True, "restoring", web.clock() + 300)
    thaw(web, ada)
    assert told() == (False, None, None)


@pytest.mark.parametrize(("role", "hint"), [(Role.FREE, "Subscribe to Premium to restore archived results."),
                                            (Role.PREMIUM, "It is being restored")])
@pytest.mark.parametrize("kind", ["results", "index", "variants"])
def test_a_kept_link_to_an_archived_file_says_where_it_is(browser: Browser, web: Services, ada: Profile, archived: Job,
                                                          role: Role, hint: str, kind: str) -> None:
    if role is Role.PREMIUM:
        upgrade(web, ada)
    answer = browser.get(f"{PAGE}/files/{kind}")
    assert answer.status == 404
    assert "This file is not available This file is archived." in answer.text
    assert hint in answer.text
    assert "in the archive" not in browser.get(f"{PAGE}/files/summary").text


def test_files_on_the_move_are_not_deleted(browser: Browser, web: Services, archived: Job) -> None:
    web.archive_table.hold_files(JOB_ID, "thaw", web.clock(), 60)
    answer = browser.post(f"{PAGE}/delete")
    assert answer.status == 409
    assert "The files of this job are currently being moved." in answer.text
    assert "Try again in a few minutes." in answer.text
    told = browser.post(f"{PAGE}/delete", Accept="application/json")
    assert (told.status, told.json["code"]) == (409, "files_on_the_move")
    assert web.jobs.get(JOB_ID) is not None


def test_deleting_goes_on_once_the_files_are_where_they_belong(browser: Browser, web: Services, archived: Job,
                                                               clock: HeldClock) -> None:
    web.archive_table.hold_files(JOB_ID, "thaw", web.clock(), 60)
    clock.advance(61)
    assert browser.post(f"{PAGE}/delete").status == 303
    assert web.jobs.get(JOB_ID) is None


def test_results_kept_after_premium_say_until_when(browser: Browser, web: Services, ada: Profile, clock: HeldClock,
                                                   make_job: Callable[..., Job]) -> None:
    key = f"{ada.identity_id}/{JOB_ID}/free_1.annot.vcf.gz"
    boto3.client("s3").put_object(Bucket=web.settings.results_bucket, Key=key, Body=b"x")
    make_job(job_status=JobStatus.COMPLETED, start_time=clock() - 50, complete_time=clock() - 47, attempt=1,
             s3_results_bucket=web.settings.results_bucket, results_file_size=1, s3_key_result_file=key)
    upgrade(web, ada)
    assert "archive" not in browser.get(PAGE).text, "premium keeps its results"
    web.profiles.unsubscribe(ada.identity_id, clock() + 5 * 3600)
    assert f"are available until {IN_5_HOURS}" in browser.get(PAGE).html
    clock.advance(5 * 3600)
    assert "The annotated VCF, its index and the table of variants are about to be archived." in browser.get(PAGE).text
