"""A job's life in the packaged service, IAM enforced: from upload to download, whatever happens on the way."""
from __future__ import annotations

import gzip
import json
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from infra.aws.artifact import Artifact
from infra.local.browser import Browser, forms
from infra.local.people import PEOPLE, Person
from infra.local.stack import LocalStack
from tests.packaged_stack import packaged_stack

pytestmark = pytest.mark.e2e

HEADER = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
LEASE = {"LEASE_SECONDS": "4", "HEARTBEAT_SECONDS": "0.2"}


def a_large_vcf(path: Path, records: int) -> Path:
    """Real sites of the sample, over and over: enough work to be interrupted in."""
    sample = (Path(__file__).parents[2] / "reference" / "rCRS" / "sample.vcf").read_text().splitlines()
    lines = [line for line in sample if not line.startswith("#")]
    line = "\t".join([*lines[0].split("\t")[:5], ".", ".", "."])
    path.write_text(HEADER + f"{line}\n" * records)
    return path


def make_premium(stack: LocalStack, person: Person) -> None:
    stack.client("dynamodb").update_item(
        TableName=stack.outputs["ProfilesTable"], Key={"identity_id": {"S": person.sub}},
        UpdateExpression="SET #role = :premium", ExpressionAttributeNames={"#role": "role"},
        ExpressionAttributeValues={":premium": {"S": "premium_user"}})


def record_of(stack: LocalStack, job_id: str) -> dict[str, Any]:
    item: dict[str, Any] = stack.client("dynamodb").get_item(
        TableName=stack.outputs["AnnotationsTable"], Key={"job_id": {"S": job_id}}, ConsistentRead=True)["Item"]
    return item


@pytest.mark.parametrize("name", ["three variants.vcf", "plus+and~tilde.vcf", "ünïcödé 数据.vcf", "x" * 251 + ".vcf",
                                  "100%&more=.vcf"])
def test_from_upload_to_download(stack: LocalStack, sign_in: Callable[..., Browser], a_vcf: Path, tmp_path: Path,
                                 name: str) -> None:
    browser = sign_in()
    job = browser.wait(browser.upload(a_vcf, name))
    assert job["job_status"] == "COMPLETED", job
    files = {file["kind"]: file for file in job["files"]}
    assert set(files) == {"results", "index", "log", "summary", "variants", "input"}
    assert files["input"]["name"] == name
    browser.download(files["results"]["href"], tmp_path / "out.vcf.gz")
    records = [line for line in gzip.decompress((tmp_path / "out.vcf.gz").read_bytes()).decode().splitlines()
               if not line.startswith("#")]
    assert len(records) == 3
    assert all("CSQ=" in record for record in records)
    browser.download(files["input"]["href"], tmp_path / "in.vcf")
    assert (tmp_path / "in.vcf").read_bytes() == a_vcf.read_bytes()


@pytest.mark.parametrize("compress", ["gzip", "bgzip"])
def test_compressed_uploads(sign_in: Callable[..., Browser], a_vcf: Path, tmp_path: Path, compress: str) -> None:
    packed = tmp_path / "packed.vcf.gz"
    if compress == "gzip":
        packed.write_bytes(gzip.compress(a_vcf.read_bytes()))
    else:
        import pysam

        pysam.tabix_compress(str(a_vcf), str(packed))
    browser = sign_in()
    job = browser.wait(browser.upload(packed))
    assert job["job_status"] == "COMPLETED", job


@pytest.mark.parametrize(("name", "content", "line"), [
    ("empty.vcf", b"", None), ("notes.txt", b"x", None), ("picture.vcf", b"\x89PNG\r\n\x1a\n" + b"\0" * 64, 1),
    ("short.vcf", (HEADER + "MT\t73\t.\tA\n").encode(), 3),
], ids=["empty", "wrong extension", "picture", "short line"])
def test_bad_files_end_as_failed_jobs_with_a_reason(
        stack: LocalStack, sign_in: Callable[..., Browser], tmp_path: Path, name: str, content: bytes,
        line: int | None) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    browser = sign_in()
    job = browser.wait(browser.upload(path))
    assert job["job_status"] == "FAILED"
    assert job["error"]["message"]
    assert job["error"]["hint"]
    assert job["error"].get("line") == line
    deadline = time.monotonic() + 60
    while "open" in record_of(stack, job["job_id"]) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert "open" not in record_of(stack, job["job_id"]), "its end was announced"
    page = browser.get(f"/annotations/{job['job_id']}")
    assert job["error"]["hint"].split("“")[0][:40] in page.text


def test_a_file_over_the_limit_is_refused_by_s3s_policy(sign_in: Callable[..., Browser], tmp_path: Path) -> None:
    browser = sign_in()
    offer = browser.get_json("/annotate")
    path = tmp_path / "large.vcf"
    path.write_bytes(b"#" * (offer["limit"] + 1))
    refused = browser.post_to_s3(offer, path, path.name)
    assert refused.status_code == 400
    assert "EntityTooLarge" in refused.text
    assert browser.get(f"/annotations/{offer['job_id']}").status_code == 404


def test_a_form_is_good_for_its_own_job_only(sign_in: Callable[..., Browser], a_vcf: Path) -> None:
    offer = sign_in().get_json("/annotate")
    elsewhere = {**offer["upload"]["fields"], "key": f"{PEOPLE[1].sub}/{offer['job_id']}/${{filename}}"}
    browser = sign_in()
    refused = browser.post_to_s3({**offer, "upload": {**offer["upload"], "fields": elsewhere}}, a_vcf, a_vcf.name)
    assert refused.status_code == 403


def versions_of(stack: LocalStack, prefix: str) -> list[str]:
    """Every version and delete marker of the inputs bucket."""
    listed = stack.client("s3").list_object_versions(Bucket=stack.outputs["InputsBucket"], Prefix=prefix)
    return [entry["VersionId"] for entry in (*listed.get("Versions", []), *listed.get("DeleteMarkers", []))]


def await_submit(stack: LocalStack) -> None:
    """Wait until every event of an upload is taken."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        attributes = stack.client("sqs").get_queue_attributes(
            QueueUrl=stack.outputs["UploadsQueueUrl"], AttributeNames=["All"])["Attributes"]
        if attributes["ApproximateNumberOfMessages"] == attributes["ApproximateNumberOfMessagesNotVisible"] == "0":
            return
        time.sleep(0.2)
    pytest.fail("the events were not taken")


def await_versions(stack: LocalStack, prefix: str, expected: list[str]) -> None:
    deadline = time.monotonic() + 60
    while versions_of(stack, prefix) != expected and time.monotonic() < deadline:
        time.sleep(0.2)
    await_submit(stack)
    assert versions_of(stack, prefix) == expected


def test_a_form_is_good_for_one_upload(stack: LocalStack, sign_in: Callable[..., Browser], a_vcf: Path, tmp_path: Path
                                       ) -> None:
    browser = sign_in(PEOPLE[3])
    offer = browser.get_json("/annotate")
    job_id, prefix = offer["job_id"], f"{PEOPLE[3].sub}/{offer['job_id']}/"
    assert browser.post_to_s3(offer, a_vcf, "a.vcf").ok
    done = browser.wait(job_id)
    (version,) = versions_of(stack, prefix)
    other = tmp_path / "other.vcf"
    other.write_text(HEADER)
    for name in ("a.vcf", "b.vcf"):
        assert browser.post_to_s3(offer, other, name).ok
    await_versions(stack, prefix, [version])
    assert browser.job(job_id) == done
    href = next(file["href"] for file in done["files"] if file["kind"] == "input")
    browser.download(href, tmp_path / "input.vcf")
    assert (tmp_path / "input.vcf").read_bytes() == a_vcf.read_bytes()

    browser.request("POST", f"/annotations/{job_id}/delete", data={"csrf_token": csrf_token(browser)})
    assert browser.post_to_s3(offer, a_vcf, "a.vcf").ok
    await_versions(stack, prefix, [])
    assert browser.get(f"/annotations/{job_id}").status_code == 404


def test_a_refused_file_is_not_kept(stack: LocalStack, sign_in: Callable[..., Browser], a_vcf: Path) -> None:
    browser = sign_in(PEOPLE[3])
    offer = browser.get_json("/annotate")
    assert browser.post_to_s3(offer, a_vcf, "notes.txt").ok
    job = browser.wait(offer["job_id"])
    assert (job["job_status"], job["files"]) == ("FAILED", [])
    await_versions(stack, f"{PEOPLE[3].sub}/{offer['job_id']}/", [])


def test_the_same_event_three_times_makes_one_job(stack: LocalStack, sign_in: Callable[..., Browser], a_vcf: Path
                                                  ) -> None:
    browser = sign_in()
    job_id = browser.upload(a_vcf)
    done = browser.wait(job_id)
    key = record_of(stack, job_id)["s3_key_input_file"]["S"]
    quoted = urllib.parse.quote_plus(key, safe="/")
    event = json.dumps({"Records": [{"eventName": "ObjectCreated:Post", "s3": {
        "bucket": {"name": stack.outputs["InputsBucket"]}, "object": {"key": quoted}}}]})
    sqs, uploads = stack.client("sqs"), stack.outputs["UploadsQueueUrl"]
    for _ in range(3):
        sqs.send_message(QueueUrl=uploads, MessageBody=event)
    await_submit(stack)
    again = browser.job(job_id)
    assert (again["job_status"], again["complete_time"]) == ("COMPLETED", done["complete_time"])
    assert record_of(stack, job_id)["attempt"]["N"] == "1"


ROUTES = [("GET", ""), ("GET", "/log"), ("GET", "/files/results"), ("GET", "/files/input"), ("GET", "/files/log"),
          ("GET", "/files/summary"), ("GET", "/files/index"), ("GET", "/files/variants"),
          ("POST", "/cancel"), ("POST", "/delete")]


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_another_users_job_is_not_there_on_any_route(sign_in: Callable[..., Browser], a_vcf: Path, accept: str) -> None:
    owner, stranger = sign_in(PEOPLE[0]), sign_in(PEOPLE[1])
    job_id = owner.upload(a_vcf)
    owner.wait(job_id)
    token = csrf_token(stranger)
    for method, route in ROUTES:
        answer = stranger.request(method, f"/annotations/{job_id}{route}", allow_redirects=False,
                                  headers={"Accept": accept}, data={"csrf_token": token} if method == "POST" else None)
        assert answer.status_code == 404, (method, route, answer.status_code)
    assert owner.job(job_id)["job_status"] == "COMPLETED"


def csrf_token(browser: Browser) -> str:
    """The token that this session's forms carry."""
    page = browser.get("/profile")
    return next(value for form in forms(page.text) for name, value in form.fields.items() if "csrf" in name)


def test_deleting_a_job_leaves_nothing(stack: LocalStack, sign_in: Callable[..., Browser], a_vcf: Path) -> None:
    browser = sign_in(PEOPLE[3])
    job_id = browser.upload(a_vcf)
    browser.wait(job_id)
    answer = browser.request("POST", f"/annotations/{job_id}/delete", data={"csrf_token": csrf_token(browser)})
    assert answer.status_code == 200
    assert browser.get(f"/annotations/{job_id}").status_code == 404
    for bucket in ("InputsBucket", "ResultsBucket"):
        listing = stack.client("s3").list_objects_v2(Bucket=stack.outputs[bucket], Prefix=f"{PEOPLE[3].sub}/{job_id}/")
        assert listing.get("KeyCount", 0) == 0


def test_a_file_is_annotated_again_once_however_often_the_form_is_sent(sign_in: Callable[..., Browser], a_vcf: Path
                                                                       ) -> None:
    browser = sign_in(PEOPLE[1])
    before = {job["job_id"] for job in browser.get_json("/annotations")["jobs"]}
    first = browser.upload(a_vcf)
    browser.wait(first)
    page = f"/annotations/{first}"
    form = next(form for form in forms(browser.get(page).text) if form.action.endswith("/again"))
    waiting = set()
    for _ in range(2):
        answer = browser.request("POST", f"{page}/again", data=form.fields, headers={"Accept": "application/json"})
        assert answer.status_code == 202, answer.text
        waiting.add(answer.json()["waiting"])
    (address,) = waiting
    key = urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)["key"][0]
    again = browser.wait(key.split("/")[1])
    assert again["job_status"] == "COMPLETED", again
    made = {job["job_id"] for job in browser.get_json("/annotations")["jobs"]} - before
    assert made == {first, again["job_id"]}
    browser.request("POST", f"{page}/delete", data={"csrf_token": csrf_token(browser)})
    assert browser.job(again["job_id"])["job_status"] == "COMPLETED"


def test_forged_and_missing_signatures_get_nothing(stack: LocalStack, sign_in: Callable[..., Browser], a_vcf: Path
                                                   ) -> None:
    browser = sign_in()
    job = browser.wait(browser.upload(a_vcf))
    href = next(file["href"] for file in job["files"] if file["kind"] == "results")
    link = browser.get(href, allow_redirects=False).headers["Location"]
    assert requests.get(link, timeout=30).status_code == 200
    assert requests.get(link.split("?")[0], timeout=30).status_code == 403
    forged = link.replace("X-Amz-Signature=", "X-Amz-Signature=0")
    assert requests.get(forged, timeout=30).status_code == 403


# ---- workers ---------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def own_stack(artifact: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack without workers, to which each test adds its own."""
    with packaged_stack(tmp_path_factory.mktemp("workers"), artifact, workers=0) as running:
        yield running


@pytest.fixture
def heavy_user(own_stack: LocalStack) -> Browser:
    browser = Browser(own_stack.settings.site)
    browser.sign_in(PEOPLE[2])
    make_premium(own_stack, PEOPLE[2])
    return browser


def test_a_worker_killed_in_the_middle_and_the_job_still_completes_once(
        own_stack: LocalStack, heavy_user: Browser, tmp_path: Path) -> None:
    job_id = heavy_user.upload(a_large_vcf(tmp_path / "large.vcf", 300_000))
    first = own_stack.add_worker(**LEASE)
    heavy_user.wait(job_id, until=frozenset({"RUNNING"}))
    deadline = time.monotonic() + 60
    while "progress" not in record_of(own_stack, job_id) and time.monotonic() < deadline:
        time.sleep(0.1)
    second = own_stack.add_worker(**LEASE)  # stands idle, and may see the message before it is its turn
    first.kill()
    own_stack.workers.remove(first)
    assert record_of(own_stack, job_id)["job_status"]["S"] == "RUNNING"
    try:
        job = heavy_user.wait(job_id, timeout=180)
        assert job["job_status"] == "COMPLETED", job
        record = record_of(own_stack, job_id)
        assert record["attempt"]["N"] == "2"
        assert record["summary"]["M"]["records"]["N"] == "300000"
    finally:
        second.stop()
        own_stack.workers.remove(second)


def test_a_worker_told_to_stop_hands_its_job_back(own_stack: LocalStack, heavy_user: Browser, tmp_path: Path) -> None:
    job_id = heavy_user.upload(a_large_vcf(tmp_path / "large.vcf", 300_000))
    first = own_stack.add_worker(**LEASE)
    heavy_user.wait(job_id, until=frozenset({"RUNNING"}))
    first.stop()
    own_stack.workers.remove(first)
    waiting = record_of(own_stack, job_id)
    assert (waiting["job_status"]["S"], waiting["attempt"]["N"]) == ("PENDING", "0")
    token = csrf_token(heavy_user)
    assert heavy_user.request("POST", f"/annotations/{job_id}/cancel", data={"csrf_token": token}).status_code == 200
    assert heavy_user.job(job_id)["job_status"] == "CANCELLED"


def test_cancel_stops_a_running_job(own_stack: LocalStack, heavy_user: Browser, tmp_path: Path) -> None:
    job_id = heavy_user.upload(a_large_vcf(tmp_path / "large.vcf", 300_000))
    worker = own_stack.add_worker(**LEASE)
    try:
        heavy_user.wait(job_id, until=frozenset({"RUNNING"}))
        heavy_user.request("POST", f"/annotations/{job_id}/cancel", data={"csrf_token": csrf_token(heavy_user)})
        assert heavy_user.job(job_id)["job_status"] == "CANCELLED"
        # The worker is free for the next one at once.
        small = tmp_path / "small.vcf"
        small.write_text(HEADER + "MT\t73\t.\tA\tG\t.\t.\t.\n")
        assert heavy_user.wait(heavy_user.upload(small), timeout=60)["job_status"] == "COMPLETED"
        results = own_stack.client("s3").list_objects_v2(Bucket=own_stack.outputs["ResultsBucket"],
                                                         Prefix=f"{PEOPLE[2].sub}/{job_id}/")
        assert results.get("KeyCount", 0) == 0
    finally:
        worker.stop()
        own_stack.workers.remove(worker)


def test_two_workers_and_twenty_jobs(own_stack: LocalStack, heavy_user: Browser, tmp_path: Path) -> None:
    small = tmp_path / "small.vcf"
    small.write_text(HEADER + "MT\t73\t.\tA\tG\t.\t.\t.\n")
    ids = [heavy_user.upload(small, f"job {number}.vcf") for number in range(20)]
    workers = [own_stack.add_worker(**LEASE) for _ in range(2)]
    try:
        for job_id in ids:
            assert heavy_user.wait(job_id, timeout=120)["job_status"] == "COMPLETED"
        assert {record_of(own_stack, job_id)["attempt"]["N"] for job_id in ids} == {"1"}
    finally:
        for worker in workers:
            worker.stop()
            own_stack.workers.remove(worker)
