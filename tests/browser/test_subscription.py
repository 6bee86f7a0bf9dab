"""Premium from the archive to its end: with a mouse, with the keyboard alone, without scripts."""
from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from chalicelib.services import Services
from chalicelib.web.http import runtime
from tests.browser.conftest import ADA, ARTIFACTS, NARROW, TOKEN, WIDE, Watcher
from tests.browser.states import JOB_IDS
from tests.browser.test_pages import violations

pytestmark = pytest.mark.browser

OpenPage = Callable[..., tuple[Page, Watcher]]


@pytest.fixture
def site(local_site: str) -> Services:
    """The services behind the local site."""
    return runtime.services()


def press_to(page: Page, name: str, role: str = "button") -> None:
    """Tab until the control of this name has the focus."""
    wanted = page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
    for _ in range(40):
        if wanted.count() and wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {name}")


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", NARROW)], ids=["light-wide", "dark-narrow"])
def test_premium_begins_and_ends(local_site: str, new_page: OpenPage, scheme: str, size: tuple[int, int]) -> None:
    page, watcher = new_page(size=size, scheme=scheme, base_url=local_site, cookie=TOKEN)
    found: list[str] = []

    def look(name: str) -> None:
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=ARTIFACTS / f"{name}-{scheme}-{size[0]}.png", full_page=True)
        found.extend(f"{name}: {line}" for line in violations(page))
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], name

    page.goto("/annotations")
    page.get_by_role("link", name="Restore with Premium (old.vcf)").click()
    expect(page.get_by_text("2 of your results are archived.")).to_be_visible()
    page.get_by_role("button", name="Subscribe to Premium").click()
    expect(page.get_by_role("status").filter(has_text="You have Premium")).to_contain_text("are being restored")
    look("subscribed")
    page.goto(f"/annotations/{JOB_IDS['archived']}")
    expect(page.get_by_text("Restore requested.")).to_be_visible()
    look("job-sent-for")
    page.goto("/profile")
    page.get_by_text("Cancel Premium…").click()
    look("profile-end-premium")
    page.get_by_role("button", name="Cancel Premium now").click()
    expect(page.get_by_role("status").filter(has_text="Premium has ended.")).to_contain_text("28 Sept 2026, 16:13")
    look("profile-after-premium")
    page.goto(f"/annotations/{JOB_IDS['completed']}")
    expect(page.get_by_text("are available until 28 Sept 2026, 16:13")).to_be_visible()
    look("job-after-premium")
    assert found == []
    assert watcher.complaints == []


def test_premium_by_keyboard(local_site: str, site: Services, new_page: OpenPage) -> None:
    page, _ = new_page(base_url=local_site, cookie=TOKEN)
    page.goto("/subscribe")
    press_to(page, "Subscribe to Premium")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You have Premium")).to_be_visible()
    page.goto("/profile")
    for _ in range(40):
        if page.evaluate("document.activeElement.textContent.trim()") == "Cancel Premium…":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    press_to(page, "Cancel Premium now")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Premium has ended.")).to_be_visible()
    profile = site.profiles.get(ADA)
    assert profile is not None
    assert not profile.premium


def test_mails_without_scripts(local_site: str, site: Services, new_page: OpenPage) -> None:
    page, _ = new_page(base_url=local_site, cookie=TOKEN, javascript=False)
    page.goto("/profile")
    page.get_by_role("button", name="Turn off job emails").click()
    expect(page.get_by_role("status").filter(has_text="Job emails have been turned off")).to_be_visible()
    page.get_by_role("button", name="Turn on job emails").click()
    expect(page.get_by_role("button", name="Turn off job emails")).to_be_visible()
    profile = site.profiles.get(ADA)
    assert profile is not None
    assert profile.mail_wanted


def test_files_on_the_move_say_what_next(local_site: str, site: Services, new_page: OpenPage) -> None:
    job_id = JOB_IDS["completed"]
    site.archive_table.hold_files(job_id, "archive", site.clock(), 60)
    page, _ = new_page(base_url=local_site, cookie=TOKEN)
    page.goto(f"/annotations/{job_id}")
    page.get_by_text("Delete…").click()
    page.get_by_role("button", name="Delete permanently").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not possible right now")
    expect(page.get_by_text("Try again in a few minutes.")).to_be_visible()
    assert violations(page) == []
