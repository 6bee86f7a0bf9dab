"""Searching a user's jobs: by text, standing and time, in every order, page by page, reading no more than its share."""
from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from chalicelib.aws.clients import client
from chalicelib.aws.dynamodb import job_search
from chalicelib.aws.dynamodb.items import to_item
from chalicelib.aws.dynamodb.job_search import JobSearch
from chalicelib.domain.job_query import FoundJobs, JobQuery, Order, StatusFilter
from chalicelib.domain.job_record import to_record
from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.exceptions import BadRequestError, TooManyRequestsError
from chalicelib.services import Services
from tests.integration.support.jobs_made import ADA, EVE, job_id
from tests.job_records import job_of

STATUSES = [JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED]


@pytest.fixture
def put(services: Services) -> Callable[..., str]:
    """Puts a job into the table."""
    def put_job(number: int, name: str, user_id: str = ADA, **values: Any) -> str:
        job = job_of(
            **{
                "job_id": job_id(number),
                "user_id": user_id,
                "input_file_name": name,
                "input_file_size": 1,
                "s3_inputs_bucket": "b",
                "s3_key_input_file": f"{user_id}/{job_id(number)}/{name}",
                "submit_time": 1000 + number,
                "reference": "rCRS",
                "job_status": JobStatus.COMPLETED,
                **values,
            }
        )
        assert services.jobs.create(job)
        return job.job_id
    return put_job


def names(services: Services, user_id: str = ADA, size: int = 50, **wanted: Any) -> list[str]:
    return [job.input.name for job in every(services, JobQuery(**wanted), size, user_id)]


def every(services: Services, wanted: JobQuery, size: int, user_id: str = ADA) -> list[Job]:
    """All jobs of all pages."""
    jobs: list[Job] = []
    cursor: str | None = None
    for _ in range(100):
        page = JobSearch(services.jobs).page(user_id, wanted, size, cursor)
        assert len(page.jobs) <= size
        jobs += page.jobs
        cursor = page.next_cursor
        if cursor is None:
            return jobs
    raise AssertionError("the list does not end")


def test_text_is_found_in_name_and_note_in_any_case(services: Services, put: Callable[..., str]) -> None:
    put(1, "HG002_Trio.vcf")
    put(2, "other.vcf", note="the trio's father, Straße")
    put(3, "third.vcf")
    put(4, "trio.vcf", user_id=EVE)
    assert names(services, text="TRIO") == ["other.vcf", "HG002_Trio.vcf"]
    assert names(services, text="STRASSE") == ["other.vcf"]
    assert names(services, text="nothing") == []


def test_standing(services: Services, put: Callable[..., str]) -> None:
    put(1, "waits.vcf", job_status=JobStatus.PENDING)
    put(2, "failed.vcf", job_status=JobStatus.FAILED)
    put(3, "cold.vcf", results_file_archive_id="a-1")
    put(4, "warm.vcf")
    assert names(services, standing=StatusFilter.FAILED) == ["failed.vcf"]
    assert names(services, standing=StatusFilter.PENDING) == ["waits.vcf"]
    assert names(services, standing=StatusFilter.COMPLETED) == ["warm.vcf", "cold.vcf"]
    assert names(services, standing=StatusFilter.ARCHIVED) == ["cold.vcf"]


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize(("since", "before", "shown"), [
    (None, None, {1, 2, 3, 4}), (1002, None, {2, 3, 4}), (None, 1003, {1, 2}), (1002, 1004, {2, 3}),
    (1004, 1002, set())])
def test_time_in_every_order(services: Services, put: Callable[..., str], order: Order, since: int | None,
                             before: int | None, shown: set[int]) -> None:
    for number, name in ((1, "b.vcf"), (2, "D.vcf"), (3, "a.vcf"), (4, "C.vcf")):
        put(number, name)
    found = [job.submit_time - 1000 for job in
             every(services, JobQuery(order=order, since=since, before=before), 3)]
    wanted = {Order.NEWEST: [4, 3, 2, 1], Order.OLDEST: [1, 2, 3, 4], Order.NAME: [3, 1, 4, 2],
              Order.NAME_BACK: [2, 4, 1, 3]}[order]
    assert found == [number for number in wanted if number in shown]


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_show_every_job_once(services: Services, put: Callable[..., str], order: Order, size: int,
                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_search, "READ_AT_ONCE", 4)
    for number in range(23):
        put(number, f"same{number % 3}.vcf", submit_time=1000 + number // 4, job_status=STATUSES[number % 3])
    wanted = JobQuery(order=order, standing=StatusFilter.FAILED, text="same")
    found = [job.job_id for job in every(services, wanted, size)]
    assert sorted(found) == sorted(job_id(number) for number in range(23) if number % 3 == 1)
    assert len(set(found)) == len(found)


def test_a_search_among_very_many_stops_and_goes_on(services: Services, put: Callable[..., str],
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_search, "READ_AT_ONCE", 5)
    monkeypatch.setattr(job_search, "MOST_QUERIES", 3)
    put(0, "needle.vcf")
    for number in range(1, 31):
        put(number, "hay.vcf")
    pages: list[FoundJobs] = []
    cursor: str | None = None
    while not pages or cursor:
        pages.append(JobSearch(services.jobs).page(ADA, JobQuery(text="needle"), 20, cursor))
        cursor = pages[-1].next_cursor
    assert [page.looked_at for page in pages] == [15, 15, 1]
    assert [page.cut_short for page in pages] == [True, True, False]
    assert [job.input.name for page in pages for job in page.jobs] == ["needle.vcf"]


def test_a_cursor_leads_into_nobody_elses_jobs(services: Services, put: Callable[..., str]) -> None:
    for number in range(3):
        put(number, "a.vcf", user_id=EVE)
    put(9, "mine.vcf")
    theirs = JobSearch(services.jobs).page(EVE, JobQuery(order=Order.OLDEST), 1).next_cursor
    found = JobSearch(services.jobs).page(ADA, JobQuery(order=Order.OLDEST), 5, theirs)
    assert {job.user_id for job in found.jobs} <= {ADA}


@pytest.mark.parametrize("cursor", ["x", "e30", "WzEsIngiXQ", "WyJhIiwiYiJd"])
def test_nonsense_cursors(services: Services, cursor: str) -> None:
    with pytest.raises(BadRequestError):
        JobSearch(services.jobs).page(ADA, JobQuery(order=Order.OLDEST), 5, cursor)


def test_a_page_of_very_many_jobs_reads_no_more_than_its_share(services: Services) -> None:
    """Entries are put as the index has them; what is counted is what DynamoDB would read, bill and wait for."""
    calls: list[tuple[str, int]] = []

    def count(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        if model.name != "DescribeTable":  # asked by `tests/aws_rules`, to see which keys an index has
            calls.append((model.name, parsed.get("ScannedCount", 0)))

    seed(services, 3_000)
    client("dynamodb").meta.events.register("after-call.dynamodb", count)
    search = JobSearch(services.jobs)
    for wanted in (
        JobQuery(),
        JobQuery(order=Order.OLDEST),
        JobQuery(order=Order.NAME),
        JobQuery(order=Order.NAME_BACK),
        JobQuery(since=1_000, before=9_000),
        JobQuery(text="file-00000"),
        JobQuery(standing=StatusFilter.FAILED),
    ):
        calls.clear()
        page = search.page(ADA, wanted, 20)
        assert page.jobs
        assert {name for name, _ in calls} <= {"Query", "BatchGetItem"}, "a list scans nothing"
        unfiltered = not wanted.text and wanted.standing is None
        assert sum(read for _, read in calls) <= (20 if unfiltered else 3_000)
        assert len(calls) <= 4


def seed(services: Services, count: int) -> None:
    """Many ended jobs of one user, every hundredth failed."""
    dynamodb = boto3.client("dynamodb")
    for start in range(0, count, 25):
        items = [
            to_item(
                to_record(
                    job_of(
                        job_id=job_id(number),
                        user_id=ADA,
                        input_file_name=f"file-{number:06d}.vcf",
                        input_file_size=1,
                        s3_inputs_bucket="b",
                        s3_key_input_file="k",
                        submit_time=1000 + number,
                        reference="rCRS",
                        job_status=JobStatus.FAILED if number % 100 == 0 else JobStatus.COMPLETED,
                    )
                )
            )
            for number in range(start, min(start + 25, count))
        ]
        dynamodb.batch_write_item(RequestItems={services.jobs.name: [{"PutRequest": {"Item": item}} for item in items]})


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("forged", [
    ["x", 1000], [job_id(1), 10**4000], [job_id(1), 1e308], [job_id(1), -1], [job_id(1), True], [job_id(1), ""],
    [job_id(1), "x" * 1025], [job_id(1), "\ud800"], [job_id(1), None], [job_id(1)], {}, "x", None, [[], []]])
def test_a_forged_cursor_is_refused(services: Services, put: Callable[..., str], order: Order, forged: Any) -> None:
    put(1, "a.vcf")
    cursor = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode().rstrip("=")
    with pytest.raises(BadRequestError):
        JobSearch(services.jobs).page(ADA, JobQuery(order=order), 10, cursor)
    with pytest.raises(BadRequestError):
        services.jobs.of_user(ADA, 10, cursor)


def test_what_dynamodb_did_not_give_at_once_is_asked_for_again_and_not_for_ever(
        services: Services, put: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    put(1, "a.vcf")
    pauses: list[float] = []
    search = JobSearch(services.jobs, pauses.append)
    real, left = client("dynamodb").batch_get_item, [2]

    def throttled(**arguments: Any) -> Any:
        if left[0] > 0:
            left[0] -= 1
            return {"Responses": {}, "UnprocessedKeys": arguments["RequestItems"]}
        return real(**arguments)

    monkeypatch.setattr(client("dynamodb"), "batch_get_item", throttled)
    assert [job.input.name for job in search.jobs([job_id(1)])] == ["a.vcf"]
    assert pauses == sorted(pauses)
    assert len(pauses) == 2
    left[0] = 1000
    with pytest.raises(TooManyRequestsError):
        search.jobs([job_id(1)])


def test_pages_go_on_after_names_of_any_letters(services: Services, put: Callable[..., str]) -> None:
    strange = ["a\u202eb.vcf", "a\u200bb.vcf", "𝔘.vcf", "a b\u00a0c.vcf", "\u0301.vcf"]
    for number, name in enumerate(strange, start=1):
        put(number, name, note="two\u2028words")
    assert sorted(names(services, size=1, order=Order.NAME)) == sorted(strange)
