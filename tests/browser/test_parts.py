"""A large file in parts: a connection that breaks, a pause, and a tab that is closed in the middle."""
from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import MARYS_TOKEN, Watcher
from tests.browser.test_upload import STORAGE, VCF

pytestmark = pytest.mark.browser

OpenPage = Callable[..., tuple[Page, Watcher]]
PART = 5 << 20
ALLOWED = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*", "Access-Control-Allow-Methods": "*",
           "Access-Control-Expose-Headers": "ETag"}


class Storage:
    """S3's uploads in parts, for a page."""

    def __init__(self) -> None:
        self.parts: dict[int, int] = {}
        self.puts: list[int] = []
        self.signed: list[str] = []
        self.completed = self.aborted = False
        self.refuse: Callable[[int], bool] = lambda number: False

    def answer(self, route: Route) -> None:
        request = route.request
        query = parse_qs(urlsplit(request.url).query, keep_blank_values=True)
        if request.method == "OPTIONS":
            route.fulfill(status=204, headers=ALLOWED)
        elif request.method == "PUT":
            number = int(query["partNumber"][0])
            self.puts.append(number)
            self.signed.append(query["X-Amz-SignedHeaders"][0])
            if self.refuse(number):
                route.abort()
                return
            self.parts[number] = len(request.post_data_buffer or b"")
            route.fulfill(status=200, headers={**ALLOWED, "ETag": f'"e{number}"'})
        elif request.method == "GET":
            listed = "".join(f'<Part><PartNumber>{number}</PartNumber><ETag>"e{number}"</ETag></Part>'
                             for number in sorted(self.parts))
            self._xml(route, f"<ListPartsResult>{listed}</ListPartsResult>")
        elif request.method == "DELETE":
            self.aborted = True
            route.fulfill(status=204, headers=ALLOWED)
        else:
            self.completed = True
            self._xml(route, "<CompleteMultipartUploadResult><Location>x</Location><Key>k</Key><ETag>\"e\"</ETag>"
                             "</CompleteMultipartUploadResult>")

    @staticmethod
    def _xml(route: Route, body: str) -> None:
        route.fulfill(status=200, body=body, content_type="application/xml", headers=ALLOWED)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of two parts and a bit."""
    path = tmp_path / "large.vcf"
    record = VCF.splitlines(keepends=True)[-1]
    path.write_bytes(VCF + record * (2 * PART // len(record) + 1000))
    return path


def begin(page: Page, file: Path) -> None:
    page.goto("/annotate")
    page.evaluate(f"document.querySelector('form[data-upload]').dataset.partsFrom = '{PART}'")
    page.get_by_label("VCF files, up to").set_input_files(file)
    expect(page.get_by_role("listitem").filter(has_text="large.vcf")).to_have_attribute("data-state", "ready")
    page.get_by_role("button", name="Upload and annotate").click()


def test_a_broken_connection_and_a_pause(local_site: str, new_page: OpenPage, large: Path) -> None:
    page, _ = new_page(base_url=local_site, cookie=MARYS_TOKEN)
    storage = Storage()
    storage.refuse = lambda number: number == 2 and storage.puts.count(2) == 1
    page.route(STORAGE, storage.answer)
    begin(page, large)
    page.wait_for_url("**/annotate/job?key=**")
    assert storage.completed
    assert all("content-length" in signed for signed in storage.signed)
    assert sum(storage.parts.values()) == large.stat().st_size
    assert storage.puts.count(1) == 1, "what has arrived is not sent again"
    assert page.evaluate("localStorage.length") == 0


def test_a_closed_tab(local_site: str, new_page: OpenPage, large: Path) -> None:
    page, _ = new_page(base_url=local_site, cookie=MARYS_TOKEN)
    storage = Storage()
    storage.refuse = lambda number: number == 2
    page.route(STORAGE, storage.answer)
    begin(page, large)
    expect(page.get_by_text("The upload will resume automatically")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("resume within 24 hours")).to_be_visible()
    page.evaluate("window.onbeforeunload = null")
    page.on("dialog", lambda dialog: dialog.accept())
    storage.refuse = lambda number: False
    begin(page, large)  # a new page: nothing of the old one is left but what the browser kept
    page.wait_for_url("**/annotate/job?key=**")
    assert storage.puts.count(1) == 1
    assert sum(storage.parts.values()) == large.stat().st_size


def test_stopping_throws_away_what_has_arrived(local_site: str, new_page: OpenPage, large: Path) -> None:
    page, _ = new_page(base_url=local_site, cookie=MARYS_TOKEN)
    storage = Storage()
    storage.refuse = lambda number: number == 2
    page.route(STORAGE, storage.answer)
    begin(page, large)
    expect(page.get_by_text("The upload will resume automatically")).to_be_visible()
    with page.expect_request_finished(lambda request: request.method == "DELETE"):
        page.get_by_role("button", name=re.compile("^Cancel the upload")).click()
    expect(page.get_by_role("alert")).to_contain_text("Upload cancelled.", timeout=30_000)
    assert storage.aborted
    assert not storage.completed
    assert page.evaluate("localStorage.length") == 0
