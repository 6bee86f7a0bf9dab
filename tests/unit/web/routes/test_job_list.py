"""My jobs: choosing among them, what the rows tell, deleting several."""
from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.aws.dynamodb.throughput import ThroughputRecord
from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import Job, JobProgress, JobStatus, Stage
from chalicelib.domain.profiles import Profile, Role
from chalicelib.services import Services
from chalicelib.usecases.archive.file_hold import held_files
from chalicelib.web.routes.job_list import PAGE_SIZE
from chalicelib.web.samples import SAMPLES
from chalicelib.web.views.job_list import WAITED_FOR
from tests.conftest import HeldClock
from tests.unit.web.conftest import ORIGIN, Answer, Browser

EVE = "99999999-9999-4999-8999-999999999999"
DAY = 86_400


def job_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


@pytest.fixture
def put(make_job: Callable[..., Job], clock: HeldClock) -> Callable[..., Job]:
    """Puts a completed job into the table, the higher its number the older."""
    def put_job(number: int, name: str = "", **values: Any) -> Job:
        return make_job(**{"job_id": job_id(number), "input_file_name": name or f"file-{number:02d}.vcf",
                           "submit_time": clock() - number, "job_status": JobStatus.COMPLETED,
                           "start_time": clock() - number, "complete_time": clock(), "attempt": 1, **values})
    return put_job


def shown(page: Answer) -> list[str]:
    return re.findall(r'class="name" [^>]*>([^<]+)<', page.html)


def send(browser: Browser, path: str, *fields: tuple[str, str]) -> Answer:
    """Send a form in which a field may come more than once."""
    token = browser.get("/logout").field("csrf_token")
    return browser.request("POST", path, {"Content-Type": "application/x-www-form-urlencoded", "Origin": ORIGIN},
                           urlencode([("csrf_token", token), *fields]).encode())


def test_search_keeps_what_was_asked(browser: Browser, put: Callable[..., Job]) -> None:
    for number in range(PAGE_SIZE + 5):
        put(number, note=f"Trio {number % 2}")
    page = browser.get("/annotations?q=TRIO+1&sort=oldest&status=COMPLETED")
    assert len(shown(page)) == (PAGE_SIZE + 5) // 2
    assert shown(page)[0] == "file-23.vcf"
    assert page.field("q") == "TRIO 1"
    assert '<option value="COMPLETED" selected>' in page.html
    assert '<option value="oldest" selected>' in page.html
    assert "Clear filters" in page.text
    assert "Trio 1" in page.text


def test_pages_of_a_search(browser: Browser, put: Callable[..., Job]) -> None:
    for number in range(PAGE_SIZE + 5):
        put(number)
    first = browser.get("/annotations?sort=name&q=file")
    following = re.search(r'href="([^"]+)" rel="next"', first.html)
    assert following
    second = browser.get(html.unescape(following.group(1)))
    assert shown(first) + shown(second) == [f"file-{number:02d}.vcf" for number in range(PAGE_SIZE + 5)]
    assert second.field("q") == "file"
    told = browser.get_json("/annotations?sort=name&q=file").json
    assert (len(told["jobs"]), told["cut_short"]) == (PAGE_SIZE, False)
    assert len(browser.get_json(told["next"]).json["jobs"]) == 5


def test_days_are_the_readers(browser: Browser, put: Callable[..., Job], clock: HeldClock) -> None:
    midnight = clock() // DAY * DAY  # 2026-09-21, UTC
    put(1, "last minute.vcf", submit_time=midnight - 60)
    put(2, "first minute.vcf", submit_time=midnight)
    assert shown(browser.get("/annotations?from=2026-09-21&to=2026-09-21")) == ["first minute.vcf"]
    assert shown(browser.get("/annotations?from=2026-09-21&to=2026-09-21&zone=-120")) == [
        "first minute.vcf", "last minute.vcf"]
    assert shown(browser.get("/annotations?to=2026-09-20")) == ["last minute.vcf"]
    assert shown(browser.get("/annotations?from=2026-09-21&zone=nonsense")) == ["first minute.vcf"]


@pytest.mark.parametrize(("query", "words"), [
    ("q=nothing", "No jobs match these filters."), ("status=FAILED", "No jobs match these filters."),
    ("from=2030-01-01", "No jobs match these filters.")])
def test_nothing_fits(browser: Browser, put: Callable[..., Job], query: str, words: str) -> None:
    put(1)
    page = browser.get(f"/annotations?{query}")
    assert words in page.text
    assert "You have not annotated anything yet" not in page.text


@pytest.mark.parametrize("query", ["status=ASLEEP", "sort=size", "from=yesterday", "to=2026-13-01", "from=0001-01-01",
                                   "from=2026-09-21&to=2026-09-20"])
def test_nonsense_is_refused(browser: Browser, query: str) -> None:
    assert browser.get_json(f"/annotations?{query}").status in (200, 400)
    assert browser.get(f"/annotations?{query}").status == browser.get_json(f"/annotations?{query}").status
    if "0001" not in query:
        assert browser.get(f"/annotations?{query}").status == 400


def test_rows_tell_what_comes(browser: Browser, put: Callable[..., Job], web: Services, clock: HeldClock) -> None:
    ThroughputRecord(web.jobs).add(98_304, 60)
    put(1, "waits.vcf", job_status=JobStatus.PENDING, start_time=None, complete_time=None)
    put(9, "runs.vcf", job_status=JobStatus.RUNNING, start_time=clock() - 30, complete_time=None,
        progress=JobProgress(stage=Stage.ANNOTATING, records=75, total=100))
    put(20, "done.vcf")
    put(30, "failed.vcf", job_status=JobStatus.FAILED,
        error=JobReason(code="bad_ref", message="REF '-' is not a sequence of bases.", line=1217))
    text = browser.get("/annotations").text
    assert "1 job ahead; estimated start 21 Sep 2026, 14:13 UTC" in text
    assert "Annotating, 75 %; estimated finish 21 Sep 2026, 14:13 UTC" in text
    assert "Results available until 21 Sep 2026, 14:18 UTC , then archived" in text
    assert "Line 1,217: REF '-' is not a sequence of bases." in text


def test_premium_results_go_nowhere(make_profile: Callable[..., Profile], sign_in: Callable[[Profile], Browser],
                                    put: Callable[..., Job]) -> None:
    grace = make_profile("33333333-3333-4333-8333-333333333333", "Grace Hopper", Role.PREMIUM)
    put(1, user_id=grace.identity_id)
    assert "Results available until" not in sign_in(grace).get("/annotations").text


def test_deleting_several_is_asked_first(browser: Browser, put: Callable[..., Job], web: Services) -> None:
    for number in range(3):
        put(number, note="control" if number == 1 else None)
    put(3, "cold.vcf", results_file_archive_id="a-1")
    put(4, "runs.vcf", job_status=JobStatus.RUNNING, complete_time=None)
    chosen = [("job", job_id(number)) for number in (1, 3, 4)]
    back = "status=COMPLETED&sort=name"
    asked = browser.get("/annotations/delete?" + urlencode([*chosen, ("back", back)]))
    assert asked.status == 200
    assert 'href="/annotations?status=COMPLETED&amp;sort=name"' in asked.html
    assert asked.field("back") == back
    assert send(browser, "/annotations/delete", *chosen).status == 400, "it was not confirmed"
    assert "Delete these 3 jobs?" in asked.text
    assert "will be permanently deleted. This cannot be undone." in asked.text
    assert "file-01.vcf control" in asked.text
    assert "One is still waiting or running and will be cancelled first." in asked.text
    assert "One is archived and will be deleted from the archive too." in asked.text
    assert len(web.jobs.of_user(web.jobs.get(job_id(1)).user_id, 10).jobs) == 5  # type: ignore[union-attr]
    done = send(browser, "/annotations/delete", *chosen, ("confirmed", "yes"))
    assert (done.status, done.headers["Location"]) == (303, "/annotations?done=deleted&deleted=3")
    page = browser.get(done.headers["Location"])
    assert "3 jobs and all their files have been deleted." in page.text
    assert shown(page) == ["file-00.vcf", "file-02.vcf"]
    again = send(browser, "/annotations/delete", *chosen, ("confirmed", "yes"), ("back", f"{back}&next=//evil.example"))
    assert again.headers["Location"] == "/annotations?status=COMPLETED&sort=name&done=deleted&deleted=0"


def test_list_hands_its_search_to_the_deletion(browser: Browser, put: Callable[..., Job]) -> None:
    for number in range(PAGE_SIZE + 1):
        put(number)
    first = browser.get("/annotations?q=file&sort=name")
    assert first.field("back") == "q=file&sort=name"
    following = re.search(r'href="([^"]+)" rel="next"', first.html)
    assert following
    assert "cursor=" in browser.get(html.unescape(following.group(1))).field("back")


def test_what_is_just_being_moved_stays(browser: Browser, put: Callable[..., Job], web: Services) -> None:
    put(1)
    put(2)
    with held_files(web, job_id(2), "thaw"):
        done = send(browser, "/annotations/delete", ("job", job_id(1)), ("job", job_id(2)), ("confirmed", "yes"))
    page = browser.get(done.headers["Location"])
    assert shown(page) == ["file-02.vcf"]


def test_nobody_elses_jobs_are_deleted(browser: Browser, put: Callable[..., Job], web: Services) -> None:
    put(1, user_id=EVE)
    asked = browser.get(f"/annotations/delete?job={job_id(1)}&job=nonsense")
    assert (asked.status, asked.headers["Location"]) == (303, "/annotations?done=none")
    assert "No jobs selected." in browser.get(asked.headers["Location"]).text
    send(browser, "/annotations/delete", ("job", job_id(1)), ("confirmed", "yes"))
    assert web.jobs.get(job_id(1)) is not None


def test_who_has_nothing_can_try_the_sample(browser: Browser) -> None:
    page = browser.get("/annotations")
    link = re.search(r'<a [^>]*href="([^"]+)" download="sample.vcf" data-sample[^>]*>', page.html)
    assert link
    assert page.html.count("data-sample=") == len(SAMPLES)
    sample = browser.get(link.group(1), Accept="*/*")
    assert sample.body.startswith(b"##fileformat=VCF")
    assert len(sample.body) < 153_600, "a free account takes it"
    assert "connect-src 'self' https://" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("name", "reason", "words"),
    [
        (
            "it's.vcf.gz",
            JobReason(
                code="bad_ref",
                message="REF '-' is not a sequence of bases.",
                hint="Write a base.",
                line=1217,
                column=4,
                field="REF",
                text="-",
            ),
            [
                "Line 1,217, column 4 (REF)",
                "How to fix it: Write a base.",
                r"zcat 'it'\''s.vcf.gz' | sed -n 1217p",
            ],
        ),
        (
            "a.vcf",
            JobReason(code="wrong_column_count", message="The record has 3 columns.", line=2, text="MT\t263\t"),
            ["1 CHROM 2 POS 3 ID MT 263 (empty)", "cat 'a.vcf' | sed -n 2p"],
        ),
        (
            "a.vcf",
            JobReason(code="empty_file", message="The file is empty."),
            ["The file is empty.", "Upload a corrected file"],
        ),
    ],
)
def test_a_failed_job_tells_what_where_and_how(browser: Browser, put: Callable[..., Job], name: str,
                                               reason: JobReason, words: list[str]) -> None:
    put(1, name, job_status=JobStatus.FAILED, error=reason)
    page = browser.get(f"/annotations/{job_id(1)}")
    assert [word for word in words if word not in page.text] == []
    assert ("sed -n" in page.text) == (reason.line is not None)
    refused = re.search(r'href="/docs/annotation#([^"]+)"', page.html)
    assert refused
    assert f'id="{refused.group(1)}"' in browser.get("/docs/annotation").html


def test_list_waits_for_files_that_were_uploaded_together(browser: Browser, put: Callable[..., Job],
                                                          clock: HeldClock) -> None:
    opened = clock() - 30
    address = f"/annotations?since={opened}&uploaded=3"
    first = browser.get(address)
    assert "You have not annotated anything yet" not in first.text
    assert "3 more files are being prepared" in first.text
    live = html.unescape(re.search(r'data-live hx-get="([^"]+)"', first.html).group(1))  # type: ignore[union-attr]
    put(40)  # an earlier one
    put(1)
    second = browser.request("GET", live, {"HX-Request": "true"})
    assert "2 more files are being prepared" in second.text
    assert "data-live hx-get" in second.html, "the rows have ended, but more are expected"
    put(2)
    put(3)
    last = browser.request("GET", live, {"HX-Request": "true"})
    assert (last.status, "being prepared" in last.text, "data-live hx-get" in last.html) == (200, False, False)


def test_list_does_not_wait_for_ever(browser: Browser, put: Callable[..., Job], clock: HeldClock) -> None:
    put(1, job_status=JobStatus.CANCELLED)
    first = browser.get(f"/annotations?since={clock() - 30}&uploaded=3")
    live = html.unescape(re.search(r'data-live hx-get="([^"]+)"', first.html).group(1))  # type: ignore[union-attr]
    clock.now += WAITED_FOR
    last = browser.request("GET", live, {"HX-Request": "true"})
    assert "2 of the 3 files that you uploaded have not appeared here" in last.text
    assert "data-live hx-get" not in last.html


@pytest.mark.parametrize("query", ["uploaded=3", "since=5", "uploaded=-1&since=x", "uploaded=0&since=0"])
def test_list_that_waits_for_nothing(browser: Browser, put: Callable[..., Job], query: str) -> None:
    put(1)
    assert "data-live hx-get" not in browser.get(f"/annotations?{query}").html
