"""A user's list and account in the packaged service, IAM enforced: notes, searches, deleting several, and all of it."""
from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
import requests

from chalicelib.usecases.account.erase_account import SECOND_LOOK_SECONDS
from infra.local.browser import Browser, forms
from infra.local.people import PEOPLE
from infra.local.stack import LocalStack

pytestmark = pytest.mark.e2e

LEAVING = PEOPLE[-1]
"""Nobody else's test uses this person: the account goes."""


def upload(browser: Browser, file: Path, name: str, note: str) -> str:
    """Upload with a note, as the page's script sends it."""
    offer = browser.get_json("/annotate")
    offer["upload"]["fields"]["x-amz-meta-note"] = f"UTF-8''{quote(note)}"
    response = browser.post_to_s3(offer, file, name)
    assert response.status_code == 303, response.text
    return str(offer["job_id"])


def send(browser: Browser, page: requests.Response, action: str, *fields: tuple[str, str]) -> requests.Response:
    """Send a form of a page, in which a field may come more than once."""
    form = next(form for form in forms(page.text) if urlsplit(form.action).path == action)
    return browser.request("POST", action, data=urlencode([("csrf_token", form.fields["csrf_token"]), *fields]),
                           headers={"Content-Type": "application/x-www-form-urlencoded"})


def test_from_notes_to_nothing(stack: LocalStack, sign_in: Callable[..., Browser], a_vcf: Path) -> None:
    browser = sign_in(LEAVING)
    jobs = {}
    for name in ("mother", "father", "child"):
        jobs[name] = upload(browser, a_vcf, f"{name}.vcf", f"Família {name}")
        assert browser.wait(jobs[name])["job_status"] == "COMPLETED"
        time.sleep(1.1)  # times of submission are whole seconds, and the order is by them

    for query, names in (("q=FAM%C3%8DLIA+child", ["child"]), ("sort=name", ["child", "father", "mother"]),
                         ("sort=oldest&status=COMPLETED", ["mother", "father", "child"]), ("status=FAILED", [])):
        found = browser.get_json(f"/annotations?{query}")["jobs"]
        assert [job["input_file_name"].removesuffix(".vcf") for job in found] == names, query
    pace = stack.client("dynamodb").get_item(TableName=stack.outputs["AnnotationsTable"],
                                             Key={"job_id": {"S": "pace"}})
    assert "Item" in pace, "the annotator notes how long jobs take"

    chosen = [("job", jobs["mother"]), ("job", jobs["father"])]
    asked = browser.get("/annotations/delete?" + urlencode(chosen))
    assert "Delete these 2 jobs?" in asked.text
    gone = send(browser, asked, "/annotations/delete", *chosen, ("confirmed", "yes"))
    assert "2 jobs and all their files have been deleted." in gone.text

    told = browser.get_json("/profile/export")
    assert [record["note"] for record in told["annotations"]] == ["Família child"]
    for file in told["files"]:
        assert requests.get(file["link"], timeout=30).status_code == 200, file["path"]

    page = browser.get("/profile/delete")
    bye = send(browser, page, "/profile/delete", ("confirmation", "delete my account"))
    assert "Your account is being deleted" in bye.text
    assert browser.get("/annotations", headers={"Accept": "application/json"}).status_code == 401
    deadline = time.monotonic() + 60 + SECOND_LOOK_SECONDS
    while (left := left_of(stack, LEAVING.sub)) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert left == {}


def test_a_file_in_two_parts(stack: LocalStack, sign_in: Callable[..., Browser]) -> None:
    person = PEOPLE[-2]
    browser = sign_in(person)
    stack.client("dynamodb").update_item(
        TableName=stack.outputs["ProfilesTable"], Key={"identity_id": {"S": person.sub}},
        UpdateExpression="SET #role = :premium", ExpressionAttributeNames={"#role": "role"},
        ExpressionAttributeValues={":premium": {"S": "premium_user"}})
    sample = (Path(__file__).parents[2] / "reference" / "rCRS" / "sample.vcf").read_bytes()
    meta, _, records = sample.partition(b"#CHROM")
    padding = b"".join(b"##padding=%07d%s\n" % (number, b"x" * 1000) for number in range(5300))
    whole = meta + padding + b"#CHROM" + records  # 5 MiB at least in the first part
    token = next(form.fields["csrf_token"] for form in forms(browser.get("/annotate").text)
                 if "csrf_token" in form.fields)

    def signed(**fields: str) -> dict[str, Any]:
        answer = browser.request("POST", "/annotate/parts", data={"csrf_token": token, **fields},
                                 headers={"Accept": "application/json"})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    first = signed(request="begin", name="in parts.vcf", size=str(len(whole)), note="UTF-8''two", reference="rCRS")
    about = {"key": first["key"], "upload_id": first["upload_id"]}
    origin = {"Origin": stack.settings.site}
    etags = []
    for number, body in enumerate((whole[:5 << 20], whole[5 << 20:]), start=1):
        link = signed(request="put", number=str(number), length=str(len(body)), **about)["url"]
        put = requests.put(link, data=body, headers=origin, timeout=60)
        assert "ETag" in put.headers["Access-Control-Expose-Headers"]
        etags.append(put.headers["ETag"])
    assert requests.get(signed(request="list", **about)["url"], timeout=60).text.count("<PartNumber>") == 2
    parts = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
                    for number, etag in enumerate(etags, start=1))
    done = requests.post(signed(request="complete", **about)["url"], timeout=60,
                         data=f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>")
    assert done.status_code == 200, done.text
    job = browser.wait(first["key"].split("/")[1])
    assert (job["job_status"], job["input_file_size"]) == ("COMPLETED", len(whole)), job


def left_of(stack: LocalStack, user_id: str) -> dict[str, int]:
    """How much of a user is anywhere, by table and bucket."""
    dynamodb, s3 = stack.client("dynamodb"), stack.client("s3")
    found = {name: sum(user_id in json.dumps(item) for item in dynamodb.scan(TableName=stack.outputs[name])["Items"])
             for name in ("AnnotationsTable", "ProfilesTable", "SessionsTable")}
    found |= {name: s3.list_objects_v2(Bucket=stack.outputs[name], Prefix=f"{user_id}/")["KeyCount"]
              for name in ("InputsBucket", "ResultsBucket", "ArchiveBucket")}
    return {name: count for name, count in found.items() if count}


def test_visitors_see_a_real_result(stack: LocalStack) -> None:
    browser = Browser(stack.settings.site)
    assert "synonymous" in browser.get("/").text
    assert "sample.annot.vcf.gz" in browser.get("/sample").text
    assert browser.get("/docs/annotation").status_code == 200
