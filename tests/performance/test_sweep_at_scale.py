"""The daily walk through a million files: how many requests and runs it takes, without a million files."""
from __future__ import annotations

import gc
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.aws.dynamodb.items import from_item, to_item
from chalicelib.domain.job_record import to_record
from chalicelib.domain.jobs import JobStatus
from chalicelib.services import Services
from chalicelib.usecases.maintenance.sweep_files import sweep_files
from tests.conftest import START
from tests.integration.support.memory_aws import using_aws
from tests.integration.support.memory_dynamodb import change
from tests.job_records import job_of

pytestmark = pytest.mark.performance

USER = "11111111-1111-4111-8111-111111111111"
WRITTEN = datetime.fromtimestamp(START - 100 * 86_400, UTC)
INPUT = ("free_1.vcf",)
NAMED = {"s3_key_input_file": INPUT[0], "s3_key_result_file": "free_1.annot.vcf.gz",
         "s3_key_index_file": "free_1.annot.vcf.gz.tbi", "s3_key_variants_file": "free_1.variants.parquet",
         "s3_key_log_file": "free_1.vcf.log", "s3_key_summary_file": "free_1.vcf.summary.json"}
RESULTS = tuple(sorted(set(NAMED.values()) - set(INPUT)))
SECONDS = {"list": 0.25, "batch_get": 0.08, "scan": 0.06, "get": 0.01, "write": 0.02, "head": 0.03}
"""Generous times of requests from a function to AWS."""
RUN = 780
"""Seconds for which a run of the function goes on."""


def job_id(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


class LargeAccount:
    """Stands in for S3 and DynamoDB in an account of many completed jobs: it makes up each answer when it is asked.

    Args:
        jobs: How many there are; each has an input file and five files of results.
        lost: Numbers of the jobs of which no results are left.
    """

    exceptions = SimpleNamespace(ConditionalCheckFailedException=KeyError)

    def __init__(self, jobs: int, lost: frozenset[int] = frozenset()) -> None:
        self.jobs = jobs
        self.lost = lost
        self.requests: Counter[str] = Counter()
        self.walk: dict[str, Any] = {}
        self._first = to_item(to_record(job_of(
            job_id=job_id(0), user_id=USER, input_file_name="free_1.vcf", input_file_size=1, s3_inputs_bucket="inputs",
            s3_key_input_file="", submit_time=START, reference="rCRS", job_status=JobStatus.COMPLETED,
            s3_results_bucket="results", complete_time=START)))

    def time(self) -> float:
        """Seconds that the requests so far have taken."""
        return sum(SECONDS[name] * count for name, count in self.requests.items())

    def _key(self, number: int, name: str) -> str:
        return f"{USER}/{job_id(number)}/{name}"

    def _item(self, number: int) -> dict[str, Any]:
        names = {name: {"S": self._key(number, file)} for name, file in NAMED.items()}
        return {**self._first, "job_id": {"S": job_id(number)}, **names}

    # ---- S3 --------------------------------------------------------------------------------------------------
    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_objects_v2"
        return SimpleNamespace(paginate=self._pages)

    def _pages(self, Bucket: str, StartAfter: str = "") -> Iterator[dict[str, Any]]:  # noqa: N803
        names = {"inputs": INPUT, "results": RESULTS}.get(Bucket.split("-")[2], ())
        first = int(StartAfter.split("/")[1].split("-")[0], 16) if StartAfter else 0
        page: list[dict[str, Any]] = []
        for number in range(first, self.jobs):
            if number in self.lost and names is RESULTS:
                continue
            for key in (self._key(number, name) for name in names):
                if key > StartAfter:
                    page.append({"Key": key, "Size": 1, "LastModified": WRITTEN})
            if len(page) >= 1000:
                self.requests["list"] += 1
                yield {"Contents": page}
                page = []
        self.requests["list"] += 1
        yield {"Contents": page}

    def head_object(self, Bucket: str, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.requests["head"] += 1
        if int(Key.split("/")[1].split("-")[0], 16) in self.lost:
            raise ClientError({"Error": {"Code": "404"}}, "HeadObject")
        return {"ContentLength": 1, "LastModified": WRITTEN}

    # ---- DynamoDB --------------------------------------------------------------------------------------------
    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        self.requests["batch_get"] += 1
        ((table, wanted),) = RequestItems.items()
        return {"Responses": {table: [self._item(int(key["job_id"]["S"][:8], 16)) for key in wanted["Keys"]]}}

    def get_item(self, TableName: str, Key: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803
        self.requests["get"] += 1
        (asked,) = from_item(Key).values()
        if "profiles" in TableName:
            return {"Item": to_item({"identity_id": USER, "name": "Ada", "email": "ada@example.org", "role":
                                     "premium_user", "institution": "", "created": START})}
        if asked == "walk":
            return {"Item": to_item(self.walk)} if self.walk else {}
        return {"Item": self._item(int(str(asked)[:8], 16))}

    def update_item(self, ExpressionAttributeValues: dict[str, Any], UpdateExpression: str,  # noqa: N803
                    Key: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803
        self.requests["write"] += 1
        assert from_item(Key) == {"job_id": "walk"}
        change(UpdateExpression, self.walk, from_item(ExpressionAttributeValues))
        return {"Attributes": to_item(self.walk)}

    def delete_item(self, Key: dict[str, Any], **_: Any) -> None:  # noqa: N803
        self.requests["write"] += 1
        assert from_item(Key) == {"job_id": "walk"}
        self.walk = {}

    def scan(self, Limit: int, ExclusiveStartKey: dict[str, Any] | None = None, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.requests["scan"] += 1
        first = int(ExclusiveStartKey["job_id"]["S"][:8], 16) + 1 if ExclusiveStartKey else 0
        last = min(first + Limit, self.jobs)
        return {"Items": [self._item(number) for number in range(first, last)],
                **({"LastEvaluatedKey": {"job_id": {"S": job_id(last - 1)}}} if last < self.jobs else {})}


@pytest.fixture
def walk(services: Services, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Walks through an account, run after run, until the walk is finished; gives the counts of each run."""
    def walked(account: LargeAccount, seconds: float = RUN) -> list[Counter[str]]:
        for module in using_aws():
            monkeypatch.setattr(module, "client", lambda *_, **__: account)
        runs: list[Counter[str]] = []
        while not runs or account.walk:
            end = account.time() + seconds
            runs.append(sweep_files(replace(services, clock=lambda: START + int(account.time())),
                                    lambda end=end: account.time() < end, begin=not runs))
        return runs
    return walked


def test_a_million_files(walk: Any) -> None:
    account = LargeAccount(167_000, lost=frozenset({7, 166_999}))
    (counts,) = walk(account)
    assert +counts == {"results_missing": 2 * len(RESULTS)}
    assert account.requests == {
        "list": 1004, "batch_get": 3340, "scan": 1670, "head": 2 + 2 * len(RESULTS), "write": 1,
        "get": 1 + 1 + 2 * len(RESULTS)}, "the position, the user, and once more what is missing"
    assert account.time() < 0.8 * RUN


def test_what_one_run_cannot_finish(walk: Any) -> None:
    """More files than a run has time for: the next ones go on, and still find what is lost."""
    account = LargeAccount(20_000, lost=frozenset({7, 19_999}))
    runs = walk(account, 30.0)
    assert len(runs) > 2
    assert sum(run["results_missing"] for run in runs) == 2 * len(RESULTS)
    assert [bool(run["oldest_walk"]) for run in runs] == [True] * (len(runs) - 1) + [False]


def test_memory(walk: Any) -> None:
    """What a walk remembers grows by about three hundred bytes a job: a million jobs fit into the function's memory."""
    walk(LargeAccount(100))  # what is loaded and cached once does not count
    peaks = []
    for jobs in (4_000, 12_000):
        gc.collect()
        tracemalloc.start()
        walk(LargeAccount(jobs))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert (peaks[1] - peaks[0]) / 8_000 < 450, peaks
