"""The table of variants: read by ranges, filtered, sorted, shared by address, exported, used by keyboard alone."""
from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pysam
import pytest
from playwright.sync_api import Page, expect

from chalicelib.domain.profiles import Profile
from chalicelib.services import Services
from chalicelib.web.http import runtime
from tests.browser.conftest import ADA, ARTIFACTS, NARROW, TOKEN, WIDE, Watcher
from tests.browser.states import JOB_IDS, put_variants
from tests.browser.test_pages import violations
from tests.browser.variants_file import Bucket

pytestmark = pytest.mark.browser

PAGE = f"/annotations/{JOB_IDS['completed']}"
ALL = "1,172 variants"
OpenPage = Callable[..., tuple[Page, Watcher]]


@pytest.fixture
def site(local_site: str) -> Services:
    """The services behind the local site."""
    return runtime.services()


@pytest.fixture
def open_table(local_site: str, new_page: OpenPage) -> Callable[..., tuple[Page, Watcher]]:
    """Opens the completed job's page and waits for its table."""
    def open_at(query: str = "", count: str = ALL, **how: object) -> tuple[Page, Watcher]:
        page, watcher = new_page(base_url=local_site, cookie=TOKEN, **how)
        page.goto(PAGE + query)
        expect(page.locator("[data-count]")).to_have_text(count)
        return page, watcher
    return open_at


def first_rows(page: Page, count: int = 3) -> list[str]:
    """The first cells of the first rows."""
    expect(page.locator(".variants-table")).to_have_attribute("aria-busy", "false")
    return page.locator(".variants-table tbody th").all_inner_texts()[:count]


def query_of(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_table_shows_the_first_rows(open_table: Callable[..., tuple[Page, Watcher]], bucket: Bucket) -> None:
    page, watcher = open_table()
    assert first_rows(page) == ["MT:10 A>C", "MT:13 G>T", "MT:16 A>C"]
    table = page.get_by_role("table", name="Variants, one row")
    expect(table).to_have_attribute("aria-rowcount", "1173")
    expect(table.get_by_role("columnheader")).to_have_text(
        ["Variant", "Consequence", "Impact", "Gene", "HGVSp", "MITOMAP_DISEASE",
         "Known", "Known IDs", "MITOTIP"])
    assert watcher.complaints == []
    assert all(key.endswith(".parquet") for key, _, _ in bucket.requests)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_disease_is_in_sight(local_site: str, new_page: OpenPage, scheme: str) -> None:
    """As the home page promises of m.3243A>G, without a choice of columns and without scrolling."""
    page, _ = new_page(base_url=local_site, scheme=scheme)
    page.goto("/sample/rCRS?region=MT:3243")
    row = page.locator(".variants-table tbody tr").filter(has_text="MT:3,243 A>G")
    expect(row.locator("td").filter(has_text="MELAS").first).to_be_visible()
    place = row.locator("td").filter(has_text="MELAS").first.bounding_box()
    frame = page.locator("[data-table]").bounding_box()
    assert place is not None
    assert frame is not None
    assert place["x"] + 100 < frame["x"] + frame["width"]
    page.screenshot(path=ARTIFACTS / f"sample-disease-{scheme}.png", full_page=True)


def test_what_the_reference_lacks_is_not_offered(local_site: str, new_page: OpenPage) -> None:
    """SARS-CoV-2 has no known variants, but mature peptides."""
    page, watcher = new_page(base_url=local_site)
    page.goto("/sample/SARS-CoV-2")
    expect(page.locator("[data-count]")).to_have_text("85 variants")
    expect(page.locator("#variants").get_by_role("columnheader")).to_have_text(
        ["Variant", "Consequence", "Impact", "Gene", "HGVSp", "Mature peptide"])
    expect(page.get_by_label("Known/novel")).to_be_hidden()
    page.get_by_role("searchbox", name="Search").fill("nsp12")
    expect(page.locator("[data-count]")).to_have_text("5 of 85 variants")
    assert watcher.complaints == []


@pytest.mark.parametrize(("role", "label", "typed", "count", "name"), [
    ("textbox", "Gene", "gene3, GENE5", "100 of 1,172 variants", "gene"),
    ("textbox", "Region", "chrM:1,000-1,090", "31 of 1,172 variants", "region"),
    ("searchbox", "Search", "p.lys100asn", "3 of 1,172 variants", "q"),
    ("searchbox", "Search", "lhon", "1 of 1,172 variants", "q")])
def test_filters_find_and_are_kept_in_the_address(open_table: Callable[..., tuple[Page, Watcher]], role: Any,
                                                  label: str, typed: str, count: str, name: str) -> None:
    page, watcher = open_table()
    page.get_by_role(role, name=label).fill(typed)
    expect(page.locator("[data-count]")).to_have_text(count)
    expect(page.locator("#announcer")).to_contain_text(count)
    assert query_of(page) == {name: [typed]}
    page.reload()
    expect(page.locator("[data-count]")).to_have_text(count)
    expect(page.get_by_role(role, name=label)).to_have_value(typed)
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator("[data-count]")).to_have_text(ALL)
    assert query_of(page) == {}
    assert watcher.complaints == []


def test_choices_narrow_each_other(open_table: Callable[..., tuple[Page, Watcher]]) -> None:
    page, _ = open_table()
    page.get_by_label("High").check()
    expect(page.locator("[data-count]")).to_have_text("11 of 1,172 variants")
    page.get_by_label("Moderate").check()
    expect(page.locator("[data-count]")).to_have_text("117 of 1,172 variants")
    page.get_by_label("Known/novel").select_option("novel")
    expect(page.locator("[data-count]")).to_have_text("78 of 1,172 variants")
    page.get_by_role("combobox", name="Consequence").select_option("stop_gained")
    expect(page.locator("[data-count]")).to_have_text("7 of 1,172 variants")
    assert query_of(page) == {"impact": ["HIGH,MODERATE"], "known": ["novel"], "consequence": ["stop_gained"]}


def test_what_is_no_region_is_told(open_table: Callable[..., tuple[Page, Watcher]]) -> None:
    page, _ = open_table()
    page.get_by_label("Region").fill("MT:9-2")
    expect(page.locator("[data-region-problem]")).to_contain_text("did you mean 2-9?")
    expect(page.get_by_label("Region")).to_have_attribute("aria-invalid", "true")


def test_sorting(open_table: Callable[..., tuple[Page, Watcher]]) -> None:
    page, _ = open_table()
    impact = page.locator(".variants-table").get_by_role("columnheader", name="Impact")
    impact.get_by_role("button").click()
    expect(impact).to_have_attribute("aria-sort", "ascending")
    expect(page.locator(".variants-table tbody td.impact-high").first).to_be_visible()
    assert first_rows(page, 2) == ["MT:307 G>T", "MT:607 G>T"]
    assert query_of(page) == {"sort": ["impact"]}
    impact.get_by_role("button").click()
    expect(impact).to_have_attribute("aria-sort", "descending")
    assert first_rows(page, 1) == ["MT:10 A>C"]
    impact.get_by_role("button").click()
    expect(impact).to_have_attribute("aria-sort", "none")
    assert query_of(page) == {}


def test_columns_are_chosen(open_table: Callable[..., tuple[Page, Watcher]]) -> None:
    page, _ = open_table()
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("MITOTIP").uncheck()
    page.get_by_label("HGVSp").uncheck()
    headings = page.locator(".variants-table").get_by_role("columnheader")
    expect(headings).to_have_text(["Variant", "Consequence", "Impact", "Gene", "MITOMAP_DISEASE", "Known", "Known IDs"])
    assert query_of(page) == {"columns": ["consequence,impact,gene,MITOMAP_DISEASE,known,existing"]}
    page.reload()
    expect(headings).to_have_count(7)
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("button", name="Default columns").click()
    expect(headings).to_have_count(9)
    assert query_of(page) == {}


def test_choice_of_columns_opens_in_place_and_closes(open_table: Callable[..., tuple[Page, Watcher]]) -> None:
    page, _ = open_table()
    button, box = page.get_by_text("Columns", exact=True), page.get_by_label("MITOTIP")
    button.scroll_into_view_if_needed()
    before = button.bounding_box()
    button.click()
    assert button.bounding_box() == before
    box.press("Escape")
    expect(box).to_be_hidden()
    expect(button).to_be_focused()
    button.click()
    expect(box).to_be_visible()
    page.get_by_role("heading", name="Variants").click()
    expect(box).to_be_hidden()


def test_back_steps_through_the_views(open_table: Callable[..., tuple[Page, Watcher]]) -> None:
    page, _ = open_table()
    page.get_by_label("High").check()
    expect(page.locator("[data-count]")).to_have_text("11 of 1,172 variants")
    page.get_by_label("Known/novel").select_option("novel")
    expect(page.locator("[data-count]")).to_have_text("7 of 1,172 variants")
    page.go_back()
    expect(page.locator("[data-count]")).to_have_text("11 of 1,172 variants")
    expect(page.get_by_label("Known/novel")).to_have_value("")
    page.go_back()
    expect(page.locator("[data-count]")).to_have_text(ALL)
    expect(page.get_by_label("High")).not_to_be_checked()
    page.go_forward()
    expect(page.locator("[data-count]")).to_have_text("11 of 1,172 variants")


def test_nothing_that_matches_is_said(open_table: Callable[..., tuple[Page, Watcher]]) -> None:
    page, _ = open_table("?q=nosuchdisease", "0 of 1,172 variants")
    expect(page.get_by_text("No variants match these filters.")).to_be_visible()
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator("[data-count]")).to_have_text(ALL)
    expect(page.get_by_text("No variants match these filters.")).to_be_hidden()


def test_one_variant_opens_and_can_be_shared(open_table: Callable[..., tuple[Page, Watcher]],
                                             local_site: str) -> None:
    page, _ = open_table("?impact=HIGH", "11 of 1,172 variants")
    page.get_by_role("button", name="MT:307 G>T").press("Enter")
    details = page.get_by_role("region", name="Variant details")
    expect(details.get_by_role("heading")).to_have_text("MT:307 G>T")
    expect(details.get_by_role("heading")).to_be_focused()
    expect(details).to_contain_text('LHON; =odd, "quoted"')
    assert query_of(page) == {"impact": ["HIGH"], "variant": ["MT:307:G:T"]}
    page.reload()
    expect(page.get_by_role("region", name="Variant details").get_by_role("heading")).to_have_text("MT:307 G>T")
    expect(page.get_by_role("region", name="Variant details")).to_be_in_viewport()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("region", name="Variant details")).to_be_hidden()
    assert query_of(page) == {"impact": ["HIGH"]}


def test_keyboard_alone(open_table: Callable[..., tuple[Page, Watcher]]) -> None:
    page, _ = open_table()
    page.locator("[data-table]").focus()
    for _ in range(10):  # nine headings, then the rows as one stop
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="MT:10 A>C")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="MT:13 G>T")).to_be_focused()
    page.keyboard.press("End")
    expect(page.get_by_role("button", name="MT:3,523 G>T")).to_be_focused()
    page.keyboard.press("PageUp")
    expect(page.locator(":focus")).not_to_have_text("MT:3,523 G>T")
    page.keyboard.press("Home")
    expect(page.get_by_role("button", name="MT:10 A>C")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="MT:10 A>C")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="MT:10 A>C")).to_be_focused()


def test_export_csv(open_table: Callable[..., tuple[Page, Watcher]], tmp_path: Path) -> None:
    page, _ = open_table("?impact=HIGH&sort=-impact", "11 of 1,172 variants")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download these rows as CSV").click()
    waiting.value.save_as(tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    with (tmp_path / "rows.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert waiting.value.suggested_filename == "HG002 run 7 – família.filtered.csv"
    assert [row["pos"] for row in rows] == [str(pos) for pos in range(307, 3308, 300)]
    assert rows[0]["MITOMAP_DISEASE"] == 'LHON; =odd, "quoted"'
    assert [row["exon"] for row in rows[:3]] == ["'1/3", "'=1+1", "-"], "no spreadsheet takes a text for another thing"
    assert (rows[0]["MITOTIP"], rows[0]["known"], rows[0]["intron"]) == ("", "true", "")


def test_export_vcf(open_table: Callable[..., tuple[Page, Watcher]], tmp_path: Path) -> None:
    page, _ = open_table("?region=MT:1-400&sort=-gene", "131 of 1,172 variants")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download these rows as VCF").click()
    waiting.value.save_as(tmp_path / "rows.vcf")
    with pysam.VariantFile(str(tmp_path / "rows.vcf")) as file:
        records = list(file)
        assert file.header.info["IMPACT"].description == "Ensembl's four classes"
    assert [record.pos for record in records] == list(range(10, 401, 3))
    assert records[0].id == "rs0"
    assert records[99].info["IMPACT"] == "HIGH"
    assert records[99].info["MITOMAP_DISEASE"] == "LHON%3B%20%3Dodd%2C%20\"quoted\""
    assert records[0].info["KNOWN"] is True
    assert "KNOWN" not in records[1].info
    assert records[5].info["MITOTIP"] == pytest.approx(5 / 7)
    assert (records[1].filter.keys(), records[0].filter.keys()) == (["PASS"], ["q10"])


def test_links_that_ran_out_are_renewed(open_table: Callable[..., tuple[Page, Watcher]], bucket: Bucket) -> None:
    page, _ = open_table()
    bucket.expired = 1
    page.get_by_role("searchbox", name="Search").fill("lhon")
    expect(page.locator("[data-count]")).to_have_text("1 of 1,172 variants")
    expect(page.locator("[data-problem]")).to_be_hidden()
    assert bucket.expired == 0


def test_results_that_are_gone_are_told(open_table: Callable[..., tuple[Page, Watcher]], bucket: Bucket,
                                        site: Services) -> None:
    page, _ = open_table()
    bucket.expired = 1000
    site.archive_table.hold_files(JOB_IDS["completed"], "test", site.clock(), 60)
    site.jobs.delete(JOB_IDS["completed"], "test", site.clock())
    page.get_by_role("searchbox", name="Search").fill("lhon")
    expect(page.get_by_role("alert")).to_contain_text("no longer available")


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", WIDE), ("light", NARROW), ("dark", NARROW)])
def test_table_is_accessible(open_table: Callable[..., tuple[Page, Watcher]], scheme: str,
                             size: tuple[int, int]) -> None:
    page, watcher = open_table("?variant=MT:307:G:T&sort=impact", scheme=scheme, size=size)
    expect(page.get_by_role("heading", name="MT:307 G>T")).to_be_visible()
    page.get_by_text("Columns", exact=True).click()
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.locator("#variants").screenshot(path=ARTIFACTS / f"variants-{scheme}-{size[0]}.png")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert watcher.complaints == []


def test_a_million_rows(site: Services, make_profile: Callable[..., Profile], bucket: Bucket,
                        open_table: Callable[..., tuple[Page, Watcher]]) -> None:
    put_variants(site, make_profile(ADA), "completed", 1_000_000, contigs=5)
    page, _ = open_table("", "1,000,000 variants")
    assert first_rows(page, 1) == ["MT:10 A>C"]
    assert bucket.bytes < 600_000, bucket.requests  # of 15 million
    at_first = len(bucket.requests)
    page.get_by_label("Region").fill("MT4:2,999,000-3,000,000")
    expect(page.locator("[data-count]")).to_have_text("333 of 1,000,000 variants", timeout=30_000)
    assert first_rows(page, 1) == ["MT4:2,999,002 A>C"]
    assert len(bucket.requests) - at_first < 12  # one group of the fifty
    page.get_by_role("button", name="Clear filters").click()
    page.locator("[data-table]").evaluate("element => { element.scrollTop = element.scrollHeight }")
    expect(page.get_by_role("button", name="MT4:3,000,007 G>T")).to_be_visible()
    expect(page.locator(".variants-table")).to_have_attribute("aria-busy", "false")
    before, read = len(bucket.requests), bucket.bytes
    page.get_by_label("High").check()
    expect(page.locator("[data-count]")).to_have_text("10,000 of 1,000,000 variants", timeout=60_000)
    expect(page.get_by_role("button", name="MT:307 G>T")).to_be_visible()
    assert len(bucket.requests) - before < 12, "the index lists them: no group is searched, and a few rows are shown"
    assert bucket.bytes - read < 400_000
