"""Uploading in a real browser: several files, progress, stopping, and refusals in plain words."""
from __future__ import annotations

import re
import threading
from collections.abc import Callable
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import ARTIFACTS, NARROW, TOKEN, WIDE, Watcher
from tests.browser.test_pages import violations

pytestmark = pytest.mark.browser

OpenPage = Callable[..., tuple[Page, Watcher]]
VCF = b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nMT\t263\t.\tA\tG\t.\t.\t.\n"
STORAGE = "**/*.amazonaws.com/**"
OF_THE_PAGE = {"Access-Control-Allow-Origin": "*"}


def file(name: str, content: bytes = VCF) -> dict[str, object]:
    return {"name": name, "mimeType": "text/plain", "buffer": content}


def field(body: str, name: str) -> str:
    """A field of a form as it was sent."""
    return body.partition(f'name="{name}"\r\n\r\n')[2].partition("\r\n")[0]


def bodies_stored(page: Page) -> list[str]:
    """The bodies of the forms that the storage is sent from now on, all of which it accepts."""
    bodies: list[str] = []

    def store(route: Route) -> None:
        bodies.append((route.request.post_data_buffer or b"").decode("latin-1"))
        route.fulfill(status=201, headers=OF_THE_PAGE)

    page.route(STORAGE, store)
    return bodies


@pytest.mark.parametrize(("name", "content", "words"), [
    ("notes.txt", b"x", "does not have a VCF file extension"),
    ("empty.vcf", b"", "is empty"),
    ("large.vcf", b"x" * 153_601, "your limit is 150 KB"),
    ("a" * 300 + ".vcf", b"x", "is too long (304 characters; the maximum is 255)")])
def test_file_is_checked_before_a_byte_leaves(local_site: str, new_page: OpenPage, name: str, content: bytes,
                                              words: str) -> None:
    page, _ = new_page(base_url=local_site, cookie=TOKEN)
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    page.goto("/annotate")
    page.get_by_label("VCF files, up to").set_input_files(file(name, content))
    expect(page.get_by_role("alert")).to_contain_text(words)
    page.get_by_role("button", name="Upload and annotate").click()
    expect(page.get_by_label("VCF files, up to")).to_be_focused()
    assert posts == []


def test_a_file_chosen_while_the_script_loads_is_checked(local_site: str, new_page: OpenPage) -> None:
    page, _ = new_page(base_url=local_site, cookie=TOKEN)
    held: list[Route] | None = []

    def hold(route: Route) -> None:
        if held is None:
            route.continue_()
        else:
            held.append(route)

    page.route(re.compile(r"\.js$"), hold)
    page.goto("/annotate", wait_until="commit")
    page.get_by_label("VCF files, up to").set_input_files(file("large.vcf", b"x" * 153_601))
    expect(page.locator("#file:not([multiple])")).to_be_attached()  # the script has not run
    scripts, held = held, None
    for route in scripts:
        route.continue_()
    expect(page.get_by_role("alert")).to_contain_text("your limit is 150 KB")


def test_broken_connection_keeps_the_file_chosen(local_site: str, new_page: OpenPage) -> None:
    page, _ = new_page(base_url=local_site, cookie=TOKEN)
    page.goto("/annotate")
    page.route(STORAGE, lambda route: route.abort())
    page.get_by_label("VCF files, up to").set_input_files(file("a.vcf"))
    page.get_by_role("button", name="Upload and annotate").click()
    expect(page.get_by_role("alert")).to_contain_text("The connection was lost")
    expect(page.get_by_role("button", name="Upload and annotate")).to_be_enabled()
    assert page.get_by_label("VCF files, up to").evaluate("input => input.files.length") == 1


@pytest.mark.parametrize(("status", "xml", "words"), [
    (400, "<Error><Code>EntityTooLarge</Code></Error>", "exceeds your limit of 150 KB"),
    (403, "<Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy expired.</Message></Error>",
     "upload link expired"),
    (503, "<Error><Code>SlowDown</Code></Error>", "Storage is busy"),
    (403, "<Error><Code>AccessDenied</Code><Message>x</Message></Error>", "upload was rejected (AccessDenied)"),
    (400, "not xml at all", "upload was rejected (status 400)")])
def test_storage_refusals_are_told_in_plain_words(local_site: str, new_page: OpenPage, status: int, xml: str,
                                                  words: str) -> None:
    page, _ = new_page(base_url=local_site, cookie=TOKEN)
    page.goto("/annotate")
    page.route(STORAGE, lambda route: route.fulfill(
        status=status, body=xml, content_type="application/xml", headers=OF_THE_PAGE))
    page.get_by_label("VCF files, up to").set_input_files(file("a.vcf"))
    page.get_by_role("button", name="Upload and annotate").click()
    expect(page.get_by_role("alert")).to_contain_text(words)


def test_several_files_become_jobs_of_their_own(local_site: str, new_page: OpenPage) -> None:
    page, watcher = new_page(base_url=local_site, cookie=TOKEN)
    bodies = bodies_stored(page)
    page.goto("/annotate")
    page.get_by_label("Note").fill("Família 7")
    page.get_by_label("Insertions and deletions").select_option("3′-most, as HGVS and ClinVar report them")
    chooser = page.get_by_label("VCF files, up to")
    chooser.set_input_files([file("mother.vcf"), file("father.vcf")])
    chooser.set_input_files([file("child.vcf")])  # added, not instead
    expect(page.get_by_role("list", name="Chosen files").get_by_role("listitem")).to_have_count(3)
    facts = "VCF 4.2 · not compressed · 0 samples · 1 record · build: rCRS (detected)"
    expect(page.get_by_text(facts)).to_have_count(3)
    assert violations(page) == []
    page.screenshot(path=ARTIFACTS / "annotate-several.png", full_page=True)
    page.get_by_role("button", name="Upload and annotate").click()
    page.wait_for_url("**/annotations?**uploaded=3")
    assert len(bodies) == 3
    assert len({field(body, "key").split("/")[1] for body in bodies}) == 3
    assert {unquote(field(body, "x-amz-meta-note")) for body in bodies} == {"UTF-8''Família 7"}
    assert {field(body, "x-amz-meta-reference") for body in bodies} == {"rCRS"}
    assert {field(body, "x-amz-meta-shift-3prime") for body in bodies} == {"yes"}
    assert watcher.complaints == []


def test_own_annotations_go_first_and_for_each_file(local_site: str, new_page: OpenPage) -> None:
    page, watcher = new_page(base_url=local_site, cookie=TOKEN)
    bodies = bodies_stored(page)
    page.goto("/annotate")
    own = page.get_by_label("Add your own annotations")
    own.set_input_files(file("targets.txt", b"x"))
    expect(page.get_by_role("alert")).to_contain_text("“targets.txt” does not have a VCF or BED file extension.")
    own.set_input_files(file("targets.bed", b"gene\tscore\nA\t1\n"))
    expect(page.get_by_role("alert")).to_contain_text("Line 1: It is neither a VCF file")
    page.get_by_label("VCF files, up to").set_input_files([file("mother.vcf"), file("father.vcf")])
    page.get_by_role("button", name="Upload and annotate").click()
    expect(own).to_be_focused()
    assert bodies == [], "nothing is sent while a file is refused"
    assert violations(page) == []
    own.set_input_files(file("targets.bed", b"MT\t1\t9\tx\n"))
    expect(page.get_by_role("alert")).to_have_count(0)
    assert violations(page) == []
    page.get_by_role("button", name="Upload and annotate").click()
    page.wait_for_url(re.compile(r"/annotations\?.*uploaded=2"))
    kinds: dict[str, list[str]] = {}
    for body in bodies:
        _, job, *rest = field(body, "key").split("/")
        kinds.setdefault(job, []).append(rest[0])
    assert sorted(map(len, kinds.values())) == [2, 2]
    assert [order[0] for order in kinds.values()] == ["layer", "layer"]
    assert watcher.complaints == []


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form_with_own_annotations(local_site: str, new_page: OpenPage, size: tuple[int, int],
                                       scheme: str) -> None:
    page, watcher = new_page(size=size, scheme=scheme, base_url=local_site, cookie=TOKEN)
    page.goto("/annotate")
    page.get_by_label("Add your own annotations").set_input_files(file("targets.bed", b"gene\tscore\n"))
    expect(page.get_by_role("alert")).to_contain_text("Line 1: It is neither a VCF file")
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    assert violations(page) == []
    page.screenshot(path=ARTIFACTS / f"annotate-own-{size[0]}-{scheme}.png", full_page=True)
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.screenshot(path=ARTIFACTS / f"annotate-own-{size[0]}-{scheme}-empty.png", full_page=True)
    assert watcher.complaints == []


def test_the_reference_is_chosen_by_the_file(local_site: str, new_page: OpenPage) -> None:
    page, watcher = new_page(base_url=local_site, cookie=TOKEN)
    page.goto("/annotate")
    expect(page.get_by_label("Reference")).to_have_value("auto")
    expect(page.get_by_label("Insertions and deletions")).to_have_value("no")
    page.get_by_label("VCF files, up to").set_input_files(
        [file("virus.vcf", VCF.replace(b"\nMT\t", b"\nMN908947.3\t"))])
    expect(page.get_by_text("build: SARS-CoV-2 (detected)")).to_be_visible()
    expect(page.get_by_label("Reference")).to_have_value("SARS-CoV-2")
    expect(page.locator("[data-build-warning]")).to_be_hidden()
    page.get_by_label("Reference").select_option("rCRS")
    expect(page.locator("[data-build-warning]")).to_contain_text("This looks like SARS-CoV-2")
    assert watcher.complaints == []


def test_a_file_on_other_contigs_is_warned_of(local_site: str, new_page: OpenPage) -> None:
    page, watcher = new_page(base_url=local_site, cookie=TOKEN)
    page.goto("/annotate")
    page.get_by_label("VCF files, up to").set_input_files([file("exome.vcf", VCF.replace(b"\nMT\t", b"\n22\t"))])
    warning = page.locator("[data-build-warning]")
    expect(warning).to_contain_text("“exome.vcf” has no record on a contig of any available reference")
    expect(warning).to_contain_text("(its contigs are 22)")
    expect(page.get_by_label("Reference")).to_have_value("auto")
    page.get_by_label("Reference").select_option("rCRS")
    expect(warning).to_contain_text("on a contig of Human mitochondrial genome")
    assert watcher.complaints == []


def test_one_wrong_file_keeps_all_from_being_sent(local_site: str, new_page: OpenPage) -> None:
    page, _ = new_page(base_url=local_site, cookie=TOKEN)
    page.goto("/annotate")
    page.get_by_label("VCF files, up to").set_input_files([file("good.vcf"), file("bad.vcf", VCF + b"MT\t1\n")])
    bad = page.get_by_role("listitem").filter(has_text="bad.vcf")
    expect(bad.get_by_role("alert")).to_contain_text("The record has 2 columns; the #CHROM line has 8.")
    expect(bad.get_by_role("alert")).to_contain_text("Line 4")
    page.get_by_role("button", name="Upload and annotate").click()
    expect(page.get_by_text("Nothing was uploaded: “bad.vcf” cannot be annotated.")).to_have_count(2)
    expect(bad.get_by_role("button", name="Remove bad.vcf")).to_be_focused()
    assert violations(page) == []
    bad.get_by_role("button", name="Remove bad.vcf").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    named = page.get_by_label("VCF files, up to").evaluate("input => [...input.files].map(file => file.name)")
    assert named == ["good.vcf"]


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_a_bad_file_among_many_is_shown_and_can_be_left_out(local_site: str, new_page: OpenPage,
                                                            size: tuple[int, int]) -> None:
    page, watcher = new_page(base_url=local_site, cookie=TOKEN, size=size)
    names: list[str] = []

    def store(route: Route) -> None:
        names.append(field((route.request.post_data_buffer or b"").decode("latin-1"), "key").rpartition("/")[2])
        route.fulfill(status=201, headers=OF_THE_PAGE)

    page.route(STORAGE, store)
    page.goto("/annotate")
    files = [file(f"sample-{number:02d}.vcf") for number in range(30)]
    page.get_by_label("VCF files, up to").set_input_files([*files[:20], file("bad.vcf", VCF + b"MT\t1\n"), *files[20:]])
    page.get_by_role("button", name="Upload and annotate").click()
    expect(page.get_by_role("listitem").filter(has_text="bad.vcf")).to_be_in_viewport()
    page.screenshot(path=ARTIFACTS / f"annotate-one-bad-{size[0]}.png", full_page=True)
    page.get_by_role("button", name="Remove it and upload the other 30").click()
    page.wait_for_url("**/annotations?**uploaded=30")
    assert len(names) == 30
    assert "bad.vcf" not in names
    assert watcher.complaints == []


def test_a_session_that_ended_loses_nothing_that_was_chosen(local_site: str, new_page: OpenPage) -> None:
    page, _ = new_page(base_url=local_site, cookie=TOKEN)
    page.route(STORAGE, lambda route: route.fulfill(status=201, headers=OF_THE_PAGE))
    page.goto("/annotate")
    page.get_by_label("Note").fill("Família 7")
    page.get_by_label("VCF files, up to").set_input_files(file("a.vcf"))
    page.context.clear_cookies()
    page.get_by_role("button", name="Upload and annotate").click()
    expect(page.get_by_role("alert")).to_contain_text("Your session has expired.")
    expect(page.get_by_role("link", name="Sign in in a new tab")).to_have_attribute("target", "_blank")
    expect(page.get_by_label("Note")).to_have_value("Família 7")
    page.context.add_cookies([{"name": "gas_session", "value": TOKEN, "url": local_site, "httpOnly": True}])
    page.get_by_role("button", name="Upload and annotate").click()
    page.wait_for_url("**/annotate/job?**")


def test_an_upload_can_be_stopped_and_sent_again(local_site: str, new_page: OpenPage) -> None:
    page, _ = new_page(base_url=local_site, cookie=TOKEN)
    held = threading.Event()
    page.route(STORAGE, lambda route: None if not held.is_set() else route.fulfill(status=201, headers=OF_THE_PAGE))
    page.goto("/annotate")
    page.get_by_label("VCF files, up to").set_input_files(file("a.vcf"))
    page.get_by_role("button", name="Upload and annotate").click()
    page.get_by_role("button", name="Cancel the upload of a.vcf").click()
    expect(page.get_by_role("alert")).to_contain_text("Upload cancelled. Nothing was saved.", use_inner_text=True)
    held.set()
    page.get_by_role("button", name="Upload and annotate").click()
    page.wait_for_url("**/annotate/job?**")


@pytest.mark.parametrize("where", [".dropzone", "h1", "footer"])
def test_a_dropped_file_is_looked_into(local_site: str, new_page: OpenPage, where: str) -> None:
    page, watcher = new_page(base_url=local_site, cookie=TOKEN)
    page.goto("/annotate")
    kept = page.evaluate("""([content, where]) => {
        const carried = new DataTransfer();
        carried.items.add(new File([content], "dropped.vcf"));
        const zone = document.querySelector(where);
        return ["dragenter", "dragover", "drop"].map((kind) =>
            zone.dispatchEvent(new DragEvent(kind, {dataTransfer: carried, bubbles: true, cancelable: true})));
    }""", [VCF.decode(), where])
    assert kept[1:] == [False, False], "else the browser leaves the page and opens the file"
    expect(page.get_by_role("listitem").filter(has_text="dropped.vcf")).to_contain_text("1 record")
    assert watcher.complaints == []
