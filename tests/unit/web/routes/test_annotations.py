"""The list of annotations, one job's page, its log and files, cancelling and deleting."""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.jobs import Job, JobProgress, JobStatus, Stage
from chalicelib.services import Services
from chalicelib.web.routes.job_list import PAGE_SIZE
from tests.conftest import HeldClock
from tests.unit.web.conftest import JOB_ID, Browser

PAGE = f"/annotations/{JOB_ID}"
SUMMARY: dict[str, Any] = {
    "records": 1141, "known": 1114, "novel": 26, "snvs": 1145, "indels": 24, "titv": 14.473, "samples": 0,
    "consequences": {"synonymous_variant": 510, "missense_variant": 253, "stop_gained": 7},
    "impacts": {"LOW": 504, "HIGH": 9, "MODERATE": 253},
    "warnings": [{"code": "crlf", "message": "lines end with CR LF", "count": 2000, "first_lines": [1, 2, 3]}]}


@pytest.fixture
def completed(web: Services, make_job: Callable[..., Job], ada: Any) -> Job:
    prefix = f"{ada.identity_id}/{JOB_ID}/"
    boto3.client("s3").put_object(Bucket=web.settings.results_bucket, Key=prefix + "free_1.count.log",
                                  Body=b"Warnings <none>\n")
    return make_job(job_status=JobStatus.COMPLETED, start_time=web.clock() - 50, complete_time=web.clock() - 47,
                    attempt=1, s3_results_bucket=web.settings.results_bucket, results_file_size=48_213,
                    s3_key_result_file=prefix + "free_1.annot.vcf.gz",
                    s3_key_index_file=prefix + "free_1.annot.vcf.gz.tbi",
                    s3_key_log_file=prefix + "free_1.count.log",
                    s3_key_summary_file=prefix + "free_1.summary.json", summary=SUMMARY)


def running(make_job: Callable[..., Job], clock: HeldClock, **progress: Any) -> Job:
    return make_job(job_status=JobStatus.RUNNING, start_time=clock() - 30, attempt=1, lease_owner="w",
                    lease_expires=clock() + 60,
                    progress=JobProgress(**{"stage": Stage.ANNOTATING, "records": 500, "total": 1000, **progress}))


def test_empty_list_shows_how_to_start(browser: Browser) -> None:
    page = browser.get("/annotations")
    assert "You have no jobs yet." in page.text
    assert 'href="/annotate"' in page.html
    assert "data-live" not in page.html


def test_list_is_paged_newest_first(browser: Browser, make_job: Callable[..., Job], clock: HeldClock) -> None:
    count = 2 * PAGE_SIZE + 3
    for number in range(count):
        make_job(job_id=f"00000000-0000-4000-8000-{number:012d}", input_file_name=f"file-{number:02d}.vcf",
                 submit_time=clock() - count + number)
    seen: list[str] = []
    address: str | None = "/annotations"
    sizes: list[int] = []
    while address is not None:
        page = browser.get(address)
        names = re.findall(r'href="/annotations/[^"]+">(file-\d\d\.vcf)<', page.html)
        seen += names
        sizes.append(len(names))
        following = re.search(r'href="(/annotations\?cursor=[^"]+)" rel="next"', page.html)
        address = following.group(1) if following else None
    assert seen == [f"file-{number:02d}.vcf" for number in reversed(range(count))]
    assert sizes == [PAGE_SIZE, PAGE_SIZE, 3]


def test_list_for_programs_is_paged(browser: Browser, make_job: Callable[..., Job], clock: HeldClock) -> None:
    for number in range(PAGE_SIZE + 1):
        make_job(job_id=f"00000000-0000-4000-8000-{number:012d}", submit_time=clock() - number)
    first = browser.get_json("/annotations").json
    assert len(first["jobs"]) == PAGE_SIZE
    second = browser.get_json(first["next"]).json
    assert (len(second["jobs"]), second["next"]) == (1, None)


def test_list_asks_again_only_while_a_job_moves(browser: Browser, make_job: Callable[..., Job],
                                                web: Services) -> None:
    make_job()
    page = browser.get("/annotations")
    polled = re.search(r'data-live hx-get="([^"]+)"', page.html)
    assert polled
    address = polled.group(1)
    assert browser.get(address, HX_Request="true").status == 204, "nothing has changed"
    web.jobs.cancel(JOB_ID, web.clock())
    fragment = browser.get(address, HX_Request="true")
    assert fragment.status == 200
    assert "Cancelled" in fragment.text
    assert "<html" not in fragment.html
    assert "data-live" not in fragment.html


def test_pending_job(browser: Browser, make_job: Callable[..., Job]) -> None:
    make_job()
    page = browser.get(PAGE)
    assert page.status == 200
    assert "<title>Waiting: free_1.vcf" in page.html
    assert "Cancel this job" in page.text
    assert "data-live" in page.html


def test_running_job_shows_stage_and_records(browser: Browser, make_job: Callable[..., Job],
                                             clock: HeldClock) -> None:
    running(make_job, clock, warnings=2)
    page = browser.get(PAGE)
    assert "Annotating: 500 of 1,000 records, 2 warnings" in page.text
    assert '<progress max="1000" value="500"' in page.html
    assert "Annotating, 50 %" in browser.get("/annotations").text


def test_live_part_is_answered_by_what_changed(browser: Browser, make_job: Callable[..., Job], clock: HeldClock,
                                               web: Services) -> None:
    running(make_job, clock)
    polled = re.search(r'data-live hx-get="([^"]+)"', browser.get(PAGE).html)
    assert polled
    address = polled.group(1).replace("&amp;", "&")
    assert browser.get(address, HX_Request="true").status == 204
    web.jobs.renew(JOB_ID, "w", clock(), 60, JobProgress(stage=Stage.INDEXING, records=900, total=1000))
    progress = browser.get(address, HX_Request="true")
    assert "Indexing the results: 900 of 1,000 records" in progress.text
    assert "HX-Retarget" not in progress.headers
    assert "Details" not in progress.text
    web.jobs.cancel(JOB_ID, clock())
    ended = browser.get(address, HX_Request="true")
    assert ended.headers["HX-Retarget"] == "#job"
    assert "<title>Cancelled: free_1.vcf" in ended.html
    assert "Details" in ended.text
    assert "data-live" not in ended.html


def test_completed_job_shows_counts_and_files(browser: Browser, completed: Job) -> None:
    page = browser.get(PAGE)
    text = page.text
    for words in ("Completed", "1,141", "1,114", "14.47", "free_1.annot.vcf.gz", "47 KB", "synonymous _ variant",
                  "Lines end with CR LF (2,000 times) lines 1, 2, 3 …", "ran for 3 s", "queued for 10 s",
                  "High 9", "Moderate 253", "Low 504", "Modifier 0"):
        assert words.replace(" _ ", "_ ") in text, words
    assert "Cancel" not in text
    assert 'data-live="' in page.html, "it is asked for when the results are archived, and not before"
    for kind in ("results", "index", "log", "summary", "input"):
        assert f'href="{PAGE}/files/{kind}"' in page.html


def test_job_for_programs(browser: Browser, completed: Job) -> None:
    told = browser.get_json(PAGE).json
    assert (told["job_id"], told["job_status"], told["progress"], told["error"]) == (JOB_ID, "COMPLETED", None, None)
    assert told["summary"]["records"] == 1141
    assert told["files"][0] == {"kind": "results", "name": "free_1.annot.vcf.gz", "size": 48_213,
                                "href": f"{PAGE}/files/results"}


def test_failed_job_says_what_where_and_what_next(browser: Browser, make_job: Callable[..., Job],
                                                  clock: HeldClock) -> None:
    make_job(job_status=JobStatus.FAILED, start_time=clock() - 9, complete_time=clock() - 8, attempt=1,
             error=JobReason(code="wrong_column_count", message="This line has 7 columns.", hint="A tab is missing.",
                             line=1017, column=7, field="FILTER", text="MT\t263\t<script>"))
    page = browser.get(PAGE)
    assert "This line has 7 columns." in page.text
    assert "Line 1,017, column 7 (FILTER)" in page.text
    assert "How to fix it: A tab is missing." in page.text
    assert "<td>263</td><td>&lt;script&gt;</td>" in page.html
    error = browser.get_json(PAGE).json["error"]
    assert (error["message"], error["hint"], error["line"]) == ("This line has 7 columns.", "A tab is missing.", 1017)


def test_names_are_shown_as_they_are(browser: Browser, make_job: Callable[..., Job]) -> None:
    make_job(input_file_name='<b>"a" & b</b>.vcf')
    assert "&lt;b&gt;&#34;a&#34; &amp; b&lt;/b&gt;.vcf" in browser.get(PAGE).html
    assert "<b>" not in browser.get("/annotations").html


def test_log_on_a_page_and_in_a_page(browser: Browser, completed: Job) -> None:
    assert "Warnings &lt;none&gt;" in browser.get(f"{PAGE}/log").html
    fragment = browser.get(f"{PAGE}/log", HX_Request="true")
    assert "Warnings &lt;none&gt;" in fragment.html
    assert "<html" not in fragment.html
    assert browser.get_json(f"{PAGE}/log").json == {"log": "Warnings <none>\n"}


def test_log_that_is_not_there_yet(browser: Browser, make_job: Callable[..., Job]) -> None:
    make_job()
    answer = browser.get(f"{PAGE}/log")
    assert answer.status == 404
    assert "This file is not available." in answer.text


def test_download_goes_through_a_link_of_a_minute(browser: Browser, completed: Job) -> None:
    answer = browser.get(f"{PAGE}/files/results")
    assert answer.status == 302
    link = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert link["X-Amz-Expires"] == ["60"]
    assert "free_1.annot.vcf.gz" in link["response-content-disposition"][0]


@pytest.mark.parametrize("kind", ["results", "index", "log", "summary", "nonsense"])
def test_download_of_what_is_not_there(browser: Browser, make_job: Callable[..., Job], kind: str) -> None:
    make_job()
    assert browser.get(f"{PAGE}/files/{kind}").status == 404


def test_cancel(browser: Browser, make_job: Callable[..., Job], web: Services) -> None:
    make_job()
    answer = browser.post(f"{PAGE}/cancel")
    assert (answer.status, answer.headers["Location"]) == (303, PAGE)
    job = web.jobs.get(JOB_ID)
    assert job is not None
    assert job.job_status is JobStatus.CANCELLED


def test_cancel_of_an_ended_job_is_told(browser: Browser, completed: Job) -> None:
    answer = browser.post(f"{PAGE}/cancel")
    assert answer.status == 409
    assert "This job has already finished." in answer.text


def test_delete_takes_everything_and_says_so(browser: Browser, completed: Job, web: Services) -> None:
    answer = browser.post(f"{PAGE}/delete")
    assert answer.status == 303
    assert "The job and all its files have been deleted." in browser.get(answer.headers["Location"]).text
    assert web.jobs.get(JOB_ID) is None
    assert boto3.client("s3").list_objects_v2(Bucket=web.settings.results_bucket)["KeyCount"] == 0
    assert browser.get(PAGE).status == 404


def test_profile(browser: Browser) -> None:
    text = browser.get("/profile").text
    for words in ("Ada Lovelace", "ada@example.org", "Analytical Engines", "Free", "150 KB"):
        assert words in text
    assert browser.get_json("/profile").json["role"] == "free_user"


def test_titles_tell_pages_apart(browser: Browser, completed: Job) -> None:
    pages = ["/", "/annotate", "/annotations", PAGE, f"{PAGE}/log", "/profile", "/subscribe", "/logout", "/nothing"]
    titles = [browser.get(page).html.partition("<title>")[2].partition("</title>")[0] for page in pages]
    assert len(set(titles)) == len(pages)
    assert all(title.endswith(" · GAS") for title in titles)
