"""The whole way through the packaged service: sign-in, upload, progress, results, deletion, sign-out."""
from __future__ import annotations

import gzip
import re
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTIFACTS, Watcher

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

HEADER = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
RECORDS = ("MT\t263\t.\tA\tG\t.\t.\t.\nMT\t3243\t.\tA\tG\t.\t.\t.\nMT\t8860\t.\tA\tG\t.\t.\t.\n"
           "MT\t11778\t.\tG\tA\t.\t.\t.\n")
OpenPage = Callable[..., tuple[Page, Watcher]]


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Four variants of the human mitochondrion, in a file whose name is not easy."""
    path = tmp_path / f"familia ñ+1 (run {uuid.uuid4().hex[:6]}).vcf"
    path.write_text(HEADER + RECORDS, encoding="utf-8")
    return path


def sign_in(page: Page, number: int = 0) -> None:
    page.goto("/")
    page.get_by_role("link", name="Sign in with Globus").first.click()
    page.locator("button[name=identity]:not([value=refuse])").nth(number).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Annotate VCF files")


def completed(page: Page) -> None:
    expect(page.locator("#job-state .status")).to_have_text("Completed", timeout=60_000)


def table_shown(page: Page) -> None:
    """Wait for the table: a job that is deleted while its table loads leaves a failed request behind."""
    expect(page.locator("[data-count]")).to_have_text("4 variants")


def test_from_sign_in_to_sign_out(packaged_site: str, new_page: OpenPage, sample: Path, tmp_path: Path) -> None:
    page, watcher = new_page(base_url=packaged_site)
    sign_in(page)

    page.get_by_label("VCF files, up to").set_input_files(sample)
    page.get_by_role("button", name="Upload and annotate").click()
    expect(page).to_have_url(re.compile(r"/annotations/[0-9a-f-]{36}$"), timeout=60_000)
    expect(page.get_by_role("heading", level=1)).to_have_text(sample.name)
    completed(page)  # without a reload: the page looks by itself
    expect(page).to_have_title(re.compile("^Completed: "))
    assert page.locator(".figures dd").first.inner_text() == "4"
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / "packaged-job.png", full_page=True)

    with page.expect_download() as started:
        page.get_by_role("link", name=re.compile(r"\.annot\.vcf\.gz Annotated VCF")).click()
    assert started.value.suggested_filename == f"{sample.stem}.annot.vcf.gz"
    results = tmp_path / "results.vcf.gz"
    started.value.save_as(results)
    records = [line for line in gzip.decompress(results.read_bytes()).decode().splitlines() if not line.startswith("#")]
    assert len(records) == 4
    assert all("CSQ=" in record or "GAS_" in record for record in records)

    page.get_by_text("View log").click()
    expect(page.locator("#log pre")).to_contain_text("Records")

    page.get_by_role("link", name="My jobs").first.click()
    expect(page.get_by_role("row", name=re.compile(re.escape(sample.name)))).to_contain_text("Completed")
    page.get_by_role("link", name=sample.name).first.click()
    table_shown(page)
    page.get_by_text("Delete…").click()
    page.get_by_role("button", name="Delete permanently").click()
    expect(page.get_by_text("The job and all its files have been deleted.")).to_be_visible()
    expect(page.get_by_role("link", name=sample.name)).to_have_count(0)

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Continue to GAS").click()
    expect(page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()
    page.goto("/annotations")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sign in to GAS as")
    assert watcher.complaints == []


def test_with_the_keyboard_only(packaged_site: str, new_page: OpenPage, sample: Path) -> None:
    page, watcher = new_page(base_url=packaged_site)
    # A listener from the start: Chromium begins to report file choosers some time after it was asked to.
    page.on("filechooser", lambda _: None)
    page.goto("/")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to main content"
    press(page, "Sign in with Globus")
    expect(page.locator("button[name=identity]").first).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Annotate VCF files")
    expect(page.locator("input[type=file][multiple]")).to_be_attached()  # the page's script is at work
    tab_to(page, lambda: page.evaluate("document.activeElement.type") == "file")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(sample)
    press(page, "Upload and annotate")
    expect(page).to_have_url(re.compile(r"/annotations/[0-9a-f-]{36}$"), timeout=60_000)
    completed(page)
    table_shown(page)
    press(page, "View log")
    expect(page.locator("#log pre")).to_contain_text("Records")
    press(page, "Delete…")
    press(page, "Delete permanently")
    expect(page.get_by_text("The job and all its files have been deleted.")).to_be_visible()
    press(page, "Sign out")
    expect(page.get_by_role("link", name="Continue to GAS")).to_be_visible()
    assert watcher.complaints == []


def test_without_javascript(packaged_site: str, new_page: OpenPage, sample: Path) -> None:
    page, _ = new_page(base_url=packaged_site, javascript=False)
    sign_in(page, 1)
    page.get_by_label("VCF files, up to").set_input_files(sample)
    page.get_by_role("button", name="Upload and annotate").click()
    page.wait_for_url(re.compile(r"/annotations/[0-9a-f-]{36}$"), timeout=60_000)
    page.get_by_text("Delete…").click()
    page.get_by_role("button", name="Delete permanently").click()
    page.wait_for_url(re.compile(r"/annotations\?done=deleted$"))


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize(("layer", "content", "field", "records"), [
    ("cohort.vcf", HEADER + "chrM\t262\tmine\tCA\tCG\t.\t.\t.\n", "cohort_ID", {"263": "mine"}),
    ("my panel.bed", "chrM\t0\t3300\tfirst\n", "my_panel", {"263": "first", "3243": "first"})])
def test_own_annotations(packaged_site: str, new_page: OpenPage, sample: Path, tmp_path: Path, layer: str,
                         content: str, field: str, records: dict[str, str], javascript: bool) -> None:
    own = tmp_path / layer
    own.write_text(content, encoding="utf-8")
    page, watcher = new_page(base_url=packaged_site, javascript=javascript)
    sign_in(page)
    if javascript:
        page.get_by_label("Add your own annotations").set_input_files(own)
    else:
        page.locator("noscript").get_by_label("Your own annotations").set_input_files(own)
        page.get_by_role("button", name="Upload your own annotations").click()
        expect(page.get_by_text("Your own annotations were uploaded")).to_contain_text(layer)
    page.get_by_label("VCF files, up to").set_input_files(sample)
    page.get_by_role("button", name="Upload and annotate").click()
    page.wait_for_url(re.compile(r"/annotations/[0-9a-f-]{36}$"), timeout=60_000)
    if javascript:
        completed(page)
        table_shown(page)
        page.get_by_text("Columns", exact=True).click()
        page.get_by_label(field, exact=True).check()
        for value in records.values():
            expect(page.get_by_role("region", name="Table of variants")).to_contain_text(value)
    else:
        for _ in range(60):
            if page.get_by_role("link", name=re.compile("Annotated VCF")).count():
                break
            page.wait_for_timeout(1000)
            page.reload()
    expect(page.locator("dd").filter(has_text=layer)).to_contain_text("in it" if field == "cohort_ID" else "overlap it")
    with page.expect_download() as started:
        page.get_by_role("link", name=re.compile(r"\.annot\.vcf\.gz Annotated VCF")).click()
    results = tmp_path / "results.vcf.gz"
    started.value.save_as(results)
    lines = [line.split("\t") for line in gzip.decompress(results.read_bytes()).decode().splitlines()]
    found = {line[1]: value[1] for line in lines if not line[0].startswith("#")
             if (value := re.search(rf";{field}=([^;]*)", line[7]))}
    assert found == records
    page.get_by_text("Delete…").click()
    page.get_by_role("button", name="Delete permanently").click()
    page.wait_for_url(re.compile(r"/annotations\?done=deleted$"))
    assert watcher.complaints == []


def test_storage_refuses_what_is_too_large_in_plain_words(packaged_site: str, new_page: OpenPage,
                                                          tmp_path: Path) -> None:
    page, _ = new_page(base_url=packaged_site)
    sign_in(page)
    large = tmp_path / "large.vcf"
    large.write_text(HEADER + "".join(f"MT\t{number}\t.\tA\tG\t.\t.\t.\n" for number in range(1, 16_000)),
                     encoding="utf-8")
    page.get_by_label("VCF files, up to").set_input_files(large)
    expect(page.get_by_role("alert")).to_contain_text("your limit is 150 KB")  # before a byte has left
    expect(page.get_by_role("link", name="What Premium includes").first).to_be_visible()
    # A page that did not know the limit: the storage does.
    page.reload()
    page.evaluate("document.querySelector('form[data-upload]').dataset.limit = '1e9'")
    page.evaluate("document.querySelector('form[data-upload]').replaceWith("
                  "document.querySelector('form[data-upload]').cloneNode(true))")
    # The page's script again, for the new form.
    page.evaluate("import(document.querySelector('script[type=module]').src + '?again')")
    page.get_by_label("VCF files, up to").set_input_files(large)
    page.get_by_role("button", name="Upload and annotate").click()
    expect(page.get_by_role("alert")).to_contain_text("exceeds your limit", timeout=30_000)


def test_refused_sign_in(packaged_site: str, new_page: OpenPage) -> None:
    page, _ = new_page(base_url=packaged_site)
    page.goto("/annotate")
    page.get_by_role("button", name="Refuse").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign-in cancelled")
    page.get_by_role("link", name="Sign in with Globus").click()
    expect(page.locator("button[name=identity]").first).to_be_visible()


def test_unknown_address_deep_down(packaged_site: str, new_page: OpenPage) -> None:
    page, _ = new_page(base_url=packaged_site)
    response = page.goto("/no/such/page")
    assert response is not None
    assert response.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent")).strip()


def tab_to(page: Page, found: Callable[[], bool]) -> None:
    """Press Tab until the focus is where it should be; it must be visible there."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if found():
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", "the focus is not visible"
            return
    raise AssertionError("40 times Tab did not get there")


def press(page: Page, words: str) -> None:
    """Go with Tab to the link or button of these words and press Enter."""
    tab_to(page, lambda: focused(page) == words)
    page.keyboard.press("Enter")
