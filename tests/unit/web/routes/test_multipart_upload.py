"""Uploading in parts: links for one's own uploads, one request each, with premium only."""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests

from chalicelib.domain.profiles import Profile, Role
from chalicelib.services import Services
from chalicelib.usecases.upload.multipart_upload import MOST_UNFINISHED
from tests.unit.web.conftest import ORIGIN, Answer, Browser

GRACE = "33333333-3333-4333-8333-333333333333"
PART = b"A" * (5 << 20)


@pytest.fixture
def premium(make_profile: Callable[..., Profile], sign_in: Callable[[Profile], Browser]) -> Browser:
    return sign_in(make_profile(GRACE, "Grace Hopper", Role.PREMIUM))


def ask(browser: Browser, **fields: Any) -> Answer:
    token = browser.get("/logout").field("csrf_token")
    sent = {"csrf_token": token, **{name: str(value) for name, value in fields.items()}}
    return browser.post("/annotate/parts", sent, Accept="application/json")


def begin(browser: Browser, **fields: Any) -> Answer:
    return ask(browser, **{"request": "begin", "name": "large.vcf.gz", "size": 10**9, "note": "UTF-8''Fam%C3%ADlia",
                           "reference": "rCRS", **fields})


def test_a_file_in_two_parts(premium: Browser, web: Services) -> None:
    first = begin(premium).json
    assert re.fullmatch(rf"{GRACE}/[0-9a-f-]{{36}}/large\.vcf\.gz", first["key"])
    assert first["waiting"].startswith("/annotate/job?key=")
    about = {"key": first["key"], "upload_id": first["upload_id"]}
    etags = []
    for number, body in ((1, PART), (2, b"end")):
        link = ask(premium, request="put", number=number, length=len(body), **about).json
        etags.append(requests.put(link["url"], data=body, timeout=10).headers["ETag"])
    listed = requests.get(ask(premium, request="list", **about).json["url"], timeout=10).text
    assert listed.count("<PartNumber>") == 2
    parts = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
                    for number, etag in enumerate(etags, start=1))
    done = requests.post(ask(premium, request="complete", **about).json["url"], timeout=10,
                         data=f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>")
    assert done.status_code == 200, done.text
    head = boto3.client("s3").head_object(Bucket=web.files.inputs_bucket, Key=first["key"])
    assert head["ContentLength"] == len(PART) + 3
    assert head["Metadata"] == {"note": "UTF-8''Fam%C3%ADlia", "reference": "rCRS", "shift-3prime": "no",
                                "declared-size": "1000000000"}
    assert head["ServerSideEncryption"] == "AES256"


def test_the_chosen_placement_comes_with_the_file(premium: Browser, web: Services) -> None:
    begun = begin(premium, **{"shift-3prime": "yes"}).json
    about = {"key": begun["key"], "upload_id": begun["upload_id"]}
    link = ask(premium, request="put", number=1, length=3, **about).json
    etag = requests.put(link["url"], data=b"end", timeout=10).headers["ETag"]
    part = f"<Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>"
    requests.post(ask(premium, request="complete", **about).json["url"], timeout=10,
                  data=f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>")
    head = boto3.client("s3").head_object(Bucket=web.files.inputs_bucket, Key=begun["key"])
    assert head["Metadata"]["shift-3prime"] == "yes"
    assert begin(premium, **{"shift-3prime": "true"}).status == 422


def test_a_part_has_the_length_that_its_link_was_given_for(premium: Browser) -> None:
    first = begin(premium).json
    link = ask(premium, request="put", number=1, length=5, key=first["key"], upload_id=first["upload_id"]).json["url"]
    signed = parse_qs(urlsplit(link).query)["X-Amz-SignedHeaders"][0].split(";")
    assert "content-length" in signed


def test_unfinished_uploads_are_bounded(premium: Browser, web: Services) -> None:
    for number in range(MOST_UNFINISHED):
        web.files.begin_parts(f"{GRACE}/22222222-2222-4222-8222-{number:012d}/a.vcf", {})
    web.files.begin_parts("other/22222222-2222-4222-8222-222222222222/a.vcf", {})
    refused = begin(premium)
    assert refused.status == 429
    assert refused.json["detail"] == "20 of your uploads are not completed."


def test_free_accounts_upload_as_a_whole(browser: Browser) -> None:
    refused = begin(browser)
    assert (refused.status, refused.json["code"]) == (403, "forbidden")
    assert "data-parts" not in browser.get("/annotate").html


def test_page_of_premium_knows_how(premium: Browser) -> None:
    page = premium.get("/annotate").html
    assert 'data-sign="/annotate/parts"' in page
    assert 'data-parts="/static/parts-' in page


@pytest.mark.parametrize("key", [
    "11111111-1111-4111-8111-111111111111/22222222-2222-4222-8222-222222222222/a.vcf", "nonsense",
    f"{GRACE}/not-a-job/a.vcf", ""])
def test_nobody_elses_upload_is_signed(premium: Browser, key: str) -> None:
    for wanted in ("put", "list", "complete", "abort"):
        assert ask(premium, request=wanted, key=key, upload_id="u", number=1).status == 404


@pytest.mark.parametrize(("fields", "status"), [
    ({"request": "delete"}, 400), ({"request": "begin", "size": "many"}, 400), ({"request": "begin", "size": 0}, 422),
    ({"request": "begin", "size": 6 * 1024**3}, 422), ({"request": "begin", "name": "a.txt"}, 422),
    ({"request": "begin", "name": "../a.vcf"}, 422), ({"request": "begin", "note": "ü"}, 400),
    ({"request": "begin", "note": "two\nlines"}, 400), ({"request": "begin", "reference": "rCRS\r"}, 400),
    ({"request": "put", "number": 0}, 400), ({"request": "put", "number": 321}, 400),
    ({"request": "put", "length": 0}, 400), ({"request": "put", "length": (16 << 20) + 1}, 400),
    ({"request": "put", "number": 1, "upload_id": ""}, 400)])
def test_nonsense_is_refused(premium: Browser, fields: dict[str, Any], status: int) -> None:
    key = f"{GRACE}/22222222-2222-4222-8222-222222222222/a.vcf"
    about = {"name": "a.vcf", "size": 10, "key": key, "upload_id": "u", "number": 1, "length": 1, **fields}
    assert ask(premium, **about).status == status


def test_only_pages_of_ours_may_ask(premium: Browser) -> None:
    answer = premium.request("POST", "/annotate/parts", {"Content-Type": "application/x-www-form-urlencoded",
                                                         "Origin": ORIGIN}, b"request=begin")
    assert answer.status == 403
