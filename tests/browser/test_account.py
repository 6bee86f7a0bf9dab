"""The profile in a real browser: taking the data away, deleting the account with the keyboard."""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from chalicelib.usecases.account import personal_data
from chalicelib.web.http import runtime
from tests.browser.conftest import ADA, TOKEN, Watcher
from tests.browser.states import JOB_IDS
from tests.browser.test_pages import violations

pytestmark = pytest.mark.browser

OpenPage = Callable[..., tuple[Page, Watcher]]


def test_all_parts_are_saved_as_one_file(local_site: str, new_page: OpenPage, tmp_path: Path,
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personal_data, "PART", 3)
    page, watcher = new_page(base_url=local_site, cookie=TOKEN)
    page.goto("/profile")
    expect(page.locator("[data-mounted]")).to_have_count(1)
    with page.expect_download() as started:
        page.get_by_role("link", name="Export my data (JSON)").click()
    started.value.save_as(tmp_path / "data.json")
    told = json.loads((tmp_path / "data.json").read_text(encoding="utf-8"))
    assert {record["job_id"] for record in told["annotations"]} == set(JOB_IDS.values())
    assert len(told["files"]) > len(JOB_IDS)
    with page.expect_download() as started:
        page.get_by_role("link", name="Download links to all my files").click()
    assert started.value.suggested_filename == "gas-files.txt"
    expect(page.locator("[data-line]")).to_have_text("gas-files.txt saved.")
    assert watcher.complaints == []


def test_what_was_done_is_said_once(local_site: str, new_page: OpenPage) -> None:
    page, watcher = new_page(base_url=local_site, cookie=TOKEN)
    page.goto("/profile?done=mail#data")
    expect(page.locator("p.notice[role=status]")).to_be_visible()
    assert page.url == f"{local_site}/profile#data"
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Profile")
    expect(page.locator("p.notice[role=status]")).to_have_count(0)
    assert watcher.complaints == []


def test_deleting_the_account(local_site: str, new_page: OpenPage) -> None:
    page, _ = new_page(base_url=local_site, cookie=TOKEN)
    page.goto("/profile")
    page.get_by_role("link", name="Delete my account…").click()
    field = page.get_by_label("Type delete my account")
    field.fill("delete")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was deleted")
    assert violations(page) == []
    page.get_by_label("Type delete my account").fill("delete my account")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account is being deleted")
    expect(page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()
    profile = runtime.services().profiles.get(ADA)
    assert profile is not None
    assert profile.erasing_since is not None
