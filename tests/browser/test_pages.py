"""Every page in a real browser: accessible, without a complaint in the console, wide and narrow, light and dark."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ADA, ARTIFACTS, MARYS_TOKEN, NARROW, TOKEN, WIDE, Watcher
from tests.browser.states import JOB_IDS
from tests.conftest import PROJECT

pytestmark = pytest.mark.browser

AXE = PROJECT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = {
    "home": "/", "annotate": "/annotate", "annotations": "/annotations", "profile": "/profile",
    "delete-account": "/profile/delete", "account-deleted": "/profile/deleted",
    "subscribe": "/subscribe", "logout": "/logout", "not-found": "/nothing/here",
    "log": f"/annotations/{JOB_IDS['completed']}/log",
    "uploaded": f"/annotate/job?since=1&key={ADA}/{JOB_IDS['pending'][:-1]}9/a.vcf",
    **{f"job-{state}": f"/annotations/{job_id}" for state, job_id in JOB_IDS.items()},
}
PREMIUM = {"profile-premium": "/profile", "subscribe-premium": "/subscribe?done=subscribed",
           "profile-mail-saved": "/profile?done=mail"}
SIGNED_OUT = {**{f"docs-{name}": f"/docs/{name}" for name in ("formats", "annotation", "limits", "privacy")},
              "docs": "/docs", "sample": "/sample", "sample-virus": "/sample/SARS-CoV-2", "home-signed-out": "/",
              "subscribe-signed-out": "/subscribe", "sign-in-cancelled": "/authcallback?error=access_denied",
              "sign-in-failed": "/authcallback?code=x&state=y"}
# The browser itself reports a page that answers with an error status; that is what was asked for there.
EXPECTED = "Failed to load resource: the server responded with a status of 40"


def violations(page: Page) -> list[str]:
    """What axe-core finds, a line each."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}}).then(result => result.violations)", WCAG)
    return [f"{entry['id']}: {entry['help']}: {[node['target'] for node in entry['nodes']]}" for entry in found]


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", WIDE), ("light", NARROW), ("dark", NARROW)],
                         ids=["light-wide", "dark-wide", "light-narrow", "dark-narrow"])
def test_every_page_is_accessible_and_quiet(local_site: str, new_page: Callable[..., tuple[Page, Watcher]],
                                            scheme: str, size: tuple[int, int]) -> None:
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    told: list[str] = []
    for cookie, pages in ((TOKEN, PAGES), (MARYS_TOKEN, PREMIUM), (None, SIGNED_OUT)):
        page, watcher = new_page(size=size, scheme=scheme, base_url=local_site, cookie=cookie)
        for name, address in pages.items():
            watcher.complaints.clear()
            page.goto(address)
            page.evaluate("document.fonts.ready")
            page.screenshot(path=ARTIFACTS / f"{name}-{scheme}-{size[0]}.png", full_page=True)
            page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
            page.wait_for_load_state("networkidle")
            told += [f"{name}: {line}" for line in watcher.complaints if not line.startswith(f"error: {EXPECTED}")]
            told += [f"{name}: {line}" for line in violations(page)]
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > size[0]:
                told.append(f"{name}: {width} px wide on a screen of {size[0]} px")
    assert told == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_refused_file_is_told_accessibly(local_site: str, new_page: Callable[..., tuple[Page, Watcher]],
                                           scheme: str) -> None:
    page, _ = new_page(base_url=local_site, cookie=TOKEN, scheme=scheme)
    page.goto("/annotate")
    page.get_by_label("VCF files, up to").set_input_files(
        {"name": "large.vcf", "mimeType": "text/plain", "buffer": b"x" * 200_000})
    expect(page.get_by_role("alert")).to_contain_text("your limit is 150 KB")
    page.screenshot(path=ARTIFACTS / f"annotate-refused-{scheme}-{WIDE[0]}.png", full_page=True)
    assert violations(page) == []


def test_what_is_not_accessible_is_found(local_site: str, new_page: Callable[..., tuple[Page, Watcher]]) -> None:
    page, _ = new_page(base_url=local_site)
    page.goto("/")
    page.evaluate("document.querySelector('main').append(document.createElement('img'), "
                  "document.createElement('button'))")
    assert {line.partition(":")[0] for line in violations(page)} == {"image-alt", "button-name"}
