"""Pages that follow a job: soon after a change, ever less often without one, not at all when nobody looks."""
from __future__ import annotations

from collections.abc import Callable

import boto3
import pytest
from playwright.sync_api import Page, Request, expect

from chalicelib.domain.jobs import JobProgress, JobStatus, Stage
from chalicelib.domain.result_files import JobOutputs
from chalicelib.services import Services
from chalicelib.usecases.archive.file_hold import held_files
from chalicelib.web.http import runtime
from tests.browser.conftest import ADA, MARY, MARYS_TOKEN, TOKEN, Watcher
from tests.browser.states import JOB_IDS
from tests.browser.variants_file import parquet_bytes, variants_table
from tests.job_records import job_of, stored_files

pytestmark = pytest.mark.browser

RUNNING = JOB_IDS["running"]
OpenPage = Callable[..., tuple[Page, Watcher]]


class Polls:
    """The requests for live parts that a page makes."""

    def __init__(self, page: Page) -> None:
        self.count = 0
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        self.count += request.headers.get("hx-request") == "true"


@pytest.fixture
def site(local_site: str) -> Services:
    """The services behind the local site."""
    return runtime.services()


def open_at(new_page: OpenPage, local_site: str, path: str) -> tuple[Page, Watcher, Polls]:
    """A page whose timers the test moves."""
    page, watcher = new_page(base_url=local_site, cookie=TOKEN)
    page.clock.install()
    polls = Polls(page)
    page.goto(path)
    return page, watcher, polls


def let_pass(page: Page, seconds: int) -> None:
    """Let the page's own time pass, second by second, and what it asks for be answered."""
    for _ in range(seconds):
        page.clock.run_for(1000)
        expect(page.locator(".htmx-request")).to_have_count(0)  # of slow answers too, as on a busy machine


def test_job_page_follows_the_job_without_a_reload(local_site: str, site: Services, new_page: OpenPage) -> None:
    page, watcher, _ = open_at(new_page, local_site, f"/annotations/{RUNNING}")
    page.evaluate("document.body.dataset.kept = 'yes'")
    expect(page.get_by_text("Annotating: 640 of 1,141 records, 2 warnings")).to_be_visible()
    page.get_by_text("Cancel job…").click()
    site.jobs.renew(RUNNING, "worker", site.clock(), 60, JobProgress(stage=Stage.INDEXING, records=900, total=1141))
    let_pass(page, 5)
    expect(page.get_by_text("Indexing the results: 900 of 1,141 records")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel this job")).to_be_visible()  # what was open stays open
    site.jobs.cancel(RUNNING, site.clock())
    let_pass(page, 15)
    expect(page.locator("#job-state .status")).to_have_text("Cancelled")
    expect(page).to_have_title("Cancelled: free_1.vcf · GAS")
    expect(page.get_by_role("button", name="Cancel this job")).to_have_count(0)
    page.clock.run_for(500)  # htmx settles what it has put in, and only then it is told
    expect(page.locator("#announcer")).to_contain_text("free_1.vcf: Cancelled. This job was cancelled.")
    assert page.evaluate("document.body.dataset.kept") == "yes"
    assert watcher.complaints == []


def test_job_page_shows_a_result_that_comes_back(local_site: str, site: Services, new_page: OpenPage) -> None:
    job_id = JOB_IDS["restoring"]
    page, watcher, polls = open_at(new_page, local_site, f"/annotations/{job_id}")
    expect(page.get_by_text("Restoring; expected by 21 Sept 2026, 21:03")).to_be_visible()
    site.archive_table.hold_files(job_id, "thaw", site.clock(), 60)
    site.archive_table.record_thawed(job_id, "thaw", "archive-2", {
        "results": f"{ADA}/{job_id}/cohort-2025.annot.vcf.gz",
        "index": f"{ADA}/{job_id}/cohort-2025.annot.vcf.gz.tbi"}, site.clock())
    let_pass(page, 15)
    expect(page.get_by_role("link", name="cohort-2025.annot.vcf.gz Annotated VCF (bgzip)")).to_be_visible()
    expect(page.get_by_text("Restoring")).to_have_count(0)
    page.clock.run_for(500)
    expect(page.locator("#announcer")).to_contain_text("cohort-2025.vcf.gz: Completed. Your results are ready.")
    asked = polls.count
    let_pass(page, 60)
    assert polls.count == asked, "everything is back, and the page still asks"
    assert watcher.complaints == []


def test_polling_slows_down_and_stops(local_site: str, site: Services, new_page: OpenPage) -> None:
    page, _, polls = open_at(new_page, local_site, "/annotations")
    let_pass(page, 30)
    early = polls.count
    let_pass(page, 30)
    late = polls.count - early
    assert early > late > 0
    for state in ("pending", "running"):
        site.jobs.cancel(JOB_IDS[state], site.clock())
    site.archive_table.hold_files(JOB_IDS["restoring"], "test", site.clock(), 60)
    site.jobs.delete(JOB_IDS["restoring"], "test", site.clock())
    let_pass(page, 20)
    expect(page.locator(".status.cancelled")).to_have_count(3)
    ended = polls.count
    let_pass(page, 60)
    assert polls.count == ended, "nothing moves any more, and the page still asks"


def test_list_waits_for_a_batch(local_site: str, site: Services, new_page: OpenPage) -> None:
    """Uploaded files become jobs only seconds later: a first list is not empty, and does not stop while some miss."""
    page, watcher = new_page(base_url=local_site, cookie=MARYS_TOKEN)
    page.clock.install()
    page.goto(f"/annotations?since={site.clock()}&uploaded=2")
    expect(page.locator(".arriving")).to_contain_text("2 more files are being prepared")
    expect(page.get_by_text("You have no jobs yet")).to_have_count(0)
    for number, name in enumerate(("mother.vcf", "father.vcf"), start=1):
        job_id = f"44444444-4444-4444-8444-{number:012d}"
        site.jobs.create(job_of(job_id=job_id, user_id=MARY, input_file_name=name, input_file_size=9, reference="rCRS",
                                submit_time=site.clock(), job_status=JobStatus.CANCELLED, complete_time=site.clock(),
                                s3_inputs_bucket=site.settings.inputs_bucket,
                                s3_key_input_file=f"{MARY}/{job_id}/{name}"))
        let_pass(page, 15)
        expect(page.locator("table.jobs a.name")).to_have_count(number)
    expect(page.locator(".arriving")).to_have_count(0)
    expect(page.locator("[data-live]")).to_have_count(0)
    assert watcher.complaints == []


def test_page_that_is_open_when_results_are_archived(local_site: str, site: Services, new_page: OpenPage) -> None:
    """It does not ask before, and says then what has left."""
    job_id, now = "44444444-4444-4444-8444-000000000009", site.clock()
    prefix = f"{ADA}/{job_id}/"
    site.jobs.create(job_of(
        job_id=job_id, user_id=ADA, input_file_name="a.vcf", input_file_size=9, reference="rCRS", submit_time=now - 250,
        start_time=now - 245, complete_time=now - 240, job_status=JobStatus.COMPLETED, attempt=1,
        s3_inputs_bucket=site.settings.inputs_bucket, s3_key_input_file=f"{prefix}a.vcf",
        s3_results_bucket=site.settings.results_bucket, s3_key_result_file=f"{prefix}a.annot.vcf.gz",
        s3_key_index_file=f"{prefix}a.annot.vcf.gz.tbi", s3_key_log_file=f"{prefix}a.count.log"))
    page, _, polls = open_at(new_page, local_site, f"/annotations/{job_id}")
    expect(page.get_by_text("its index and the table of variants are available until")).to_be_visible()
    let_pass(page, 50)
    assert polls.count == 0, "nothing can change before"
    with held_files(site, job_id, "archive") as held:
        site.archive_table.record_archived(held, "archive", {"results": "archive-9"}, now + 60)
    let_pass(page, 15)
    expect(page.locator("#job-state")).to_contain_text("the table of variants are archived.")
    expect(page.get_by_text("are available until")).to_have_count(0)
    page.clock.run_for(500)
    expect(page.locator("#announcer")).to_contain_text("the table of variants are archived.")


def test_hidden_page_does_not_ask(local_site: str, new_page: OpenPage) -> None:
    page, _, polls = open_at(new_page, local_site, "/annotations")
    hide = """value => {
        Object.defineProperty(document, "hidden", {value, configurable: true});
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)
    hidden = polls.count
    let_pass(page, 60)
    assert polls.count == hidden
    with page.expect_request(lambda request: request.headers.get("hx-request") == "true"):
        page.evaluate(hide, False)
    assert polls.count == hidden + 1


def test_expired_session_leads_to_the_login(local_site: str, site: Services, new_page: OpenPage) -> None:
    page, _, _ = open_at(new_page, local_site, "/annotations")
    page.context.clear_cookies()
    with page.expect_request(lambda request: "/login?next=" in request.url):
        let_pass(page, 3)


def test_times_are_shown_in_the_readers_zone(local_site: str, new_page: OpenPage) -> None:
    page, _ = new_page(base_url=local_site, cookie=TOKEN)  # in Berlin
    page.goto("/annotations")
    moment = page.locator("td[data-label=Submitted] time").first
    expect(moment).to_have_text("21 Sept 2026, 16:13")
    assert moment.get_attribute("title") == "21 Sep 2026, 14:13 UTC"


def test_times_are_told_in_utc_without_a_script(local_site: str, new_page: OpenPage) -> None:
    page, _ = new_page(base_url=local_site, cookie=TOKEN, javascript=False)
    page.goto("/annotations")
    expect(page.locator("td[data-label=Submitted] time").first).to_have_text("21 Sep 2026, 14:13 UTC")


def test_log_comes_when_it_is_opened(local_site: str, new_page: OpenPage) -> None:
    page, watcher = new_page(base_url=local_site, cookie=TOKEN)
    page.goto(f"/annotations/{JOB_IDS['completed']}")
    page.get_by_text("View log").click()
    expect(page.locator("#log pre")).to_contain_text("no_alternate_allele")
    assert watcher.complaints == []


def test_copying_an_id(local_site: str, new_page: OpenPage) -> None:
    page, _ = new_page(base_url=local_site, cookie=TOKEN)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/annotations/{JOB_IDS['completed']}")
    page.get_by_role("button", name="Copy the job ID").click()
    expect(page.locator("#announcer")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == JOB_IDS["completed"]


def test_two_announcements_within_a_moment_are_both_there(local_site: str, new_page: OpenPage) -> None:
    """The second must not overwrite the first before a screen reader has read it."""
    page, _ = new_page(base_url=local_site, cookie=TOKEN)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/annotations/{JOB_IDS['completed']}")
    page.get_by_role("button", name="Copy the job ID").click()
    expect(page.locator("#announcer")).to_contain_text("variants")  # the table's, loaded in the meantime
    expect(page.locator("#announcer > p", has_text="Copied")).to_have_count(1)


def test_table_comes_with_the_completion(local_site: str, site: Services, new_page: OpenPage) -> None:
    page, watcher, _ = open_at(new_page, local_site, f"/annotations/{RUNNING}")
    prefix = f"{ADA}/{RUNNING}/a."
    boto3.client("s3").put_object(Bucket=site.settings.results_bucket, Key=prefix + "variants.parquet",
                                  Body=parquet_bytes(variants_table(200)))
    outputs = JobOutputs(site.settings.results_bucket, stored_files(f"{ADA}/{RUNNING}/", "a.vcf"), {"records": 200})
    site.jobs.complete(RUNNING, "worker", site.clock(), outputs)
    let_pass(page, 15)
    expect(page.locator("[data-count]")).to_have_text("200 variants")
    expect(page.locator(".variants-table tbody tr").first).to_contain_text("MT:10 A>C")
    assert watcher.complaints == []
