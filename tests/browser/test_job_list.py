"""The list of jobs in a real browser: searching, days of the reader, selecting, and the sample in one click."""
from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from chalicelib.domain.jobs import JobProgress, Stage
from chalicelib.web.http import runtime
from tests.browser.conftest import ARTIFACTS, MARYS_TOKEN, NARROW, TOKEN, Watcher
from tests.browser.states import JOB_IDS
from tests.browser.test_pages import violations
from tests.browser.test_upload import bodies_stored, field

pytestmark = pytest.mark.browser

OpenPage = Callable[..., tuple[Page, Watcher]]


def names(page: Page) -> list[str]:
    return page.locator("table.jobs a.name").all_inner_texts()


def test_searching(local_site: str, new_page: OpenPage) -> None:
    page, watcher = new_page(base_url=local_site, cookie=TOKEN)
    page.goto("/annotations")
    page.get_by_label("Search file names and notes").fill("COHORT")
    page.get_by_label("Search file names and notes").press("Enter")
    page.wait_for_url("**/annotations?q=COHORT")
    assert names(page) == ["cohort-2026-11.vcf.gz", "cohort-2025.vcf.gz"]
    page.get_by_label("Sort by").select_option(label="Name, A to Z")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**/annotations?q=COHORT&sort=name")
    assert names(page) == ["cohort-2025.vcf.gz", "cohort-2026-11.vcf.gz"]
    assert violations(page) == []
    page.get_by_role("link", name="Clear filters").click()
    page.get_by_label("Status", exact=True).select_option(label="Failed")
    page.get_by_label("Submitted between").fill("2026-09-20")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**from=2026-09-20**")
    asked = parse_qs(urlsplit(page.url).query)
    assert asked == {"status": ["FAILED"], "from": ["2026-09-20"], "zone": ["-120"]}  # summer in Berlin
    assert names(page) == ["premium_3.vcf"]
    assert watcher.complaints == []


def test_ticks_outlive_what_moves(local_site: str, new_page: OpenPage) -> None:
    page, watcher = new_page(base_url=local_site, cookie=TOKEN)
    page.clock.install()
    page.goto("/annotations")
    delete = page.get_by_role("button", name="Delete selected…")
    expect(delete).to_be_disabled()
    page.get_by_label("Select premium_3.vcf").check()
    page.get_by_label("Select test.vcf").check()
    expect(page.locator("[data-chosen-line]")).to_have_text("2 selected")
    services = runtime.services()
    services.jobs.renew(JOB_IDS["running"], "worker", services.clock(), 60,
                        JobProgress(stage=Stage.INDEXING, records=900, total=1141))
    for _ in range(8):
        page.clock.run_for(1000)
        page.wait_for_load_state("networkidle")
    expect(page.get_by_text("Indexing the results, 78 %")).to_be_visible()
    page.clock.run_for(500)
    expect(page.get_by_label("Select test.vcf")).to_be_checked()
    delete.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete these 2 jobs?")
    assert violations(page) == []
    page.get_by_role("button", name="Delete 2 jobs permanently").click()
    expect(page.get_by_text("2 jobs and all their files have been deleted.")).to_be_visible()
    assert "test.vcf" not in names(page)
    page.get_by_role("button", name="Select all on this page").click()
    expect(page.locator("[data-chosen-line]")).to_have_text("5 selected")
    assert watcher.complaints == []


@pytest.mark.parametrize("size", [(1440, 900), NARROW])
def test_sample_in_one_click(local_site: str, new_page: OpenPage, size: tuple[int, int]) -> None:
    page, watcher = new_page(base_url=local_site, cookie=MARYS_TOKEN, size=size)
    bodies = bodies_stored(page)
    page.goto("/annotations")
    page.screenshot(path=ARTIFACTS / f"annotations-empty-{size[0]}.png", full_page=True)
    assert violations(page) == []
    page.get_by_role("button", name="Sample: Human mitochondrion").click()
    page.wait_for_url("**/annotate/job?**")
    assert "##fileformat=VCF" in bodies[0]
    assert field(bodies[0], "x-amz-meta-reference") == "rCRS"
    assert watcher.complaints == []
