"""The upload form, and the way from an upload to its job."""
from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import boto3
import pytest

from chalicelib.domain.jobs import Job
from chalicelib.domain.profiles import Profile, Role
from chalicelib.services import Services
from chalicelib.web.http import runtime
from tests.conftest import HeldClock
from tests.unit.web.conftest import JOB_ID, ORIGIN, Browser


def conditions(policy: str) -> list[object]:
    return list(json.loads(base64.b64decode(policy))["conditions"])


def test_page_has_a_form_that_works_without_a_script(browser: Browser, ada: Profile) -> None:
    page = browser.get("/annotate")
    assert page.status == 200
    assert 'enctype="multipart/form-data"' in page.html
    assert page.field("success_action_redirect") == f"{ORIGIN}/annotate/job"
    key = page.field("key")
    assert key.startswith(f"{ada.identity_id}/")
    assert key.endswith("/${filename}")
    assert ["starts-with", "$key", key.removesuffix("${filename}")] in conditions(page.field("policy"))
    assert ["content-length-range", 0, 153_600] in conditions(page.field("policy"))
    fields, _, rest = page.html.partition('type="file"')
    assert 'name="policy"' in fields, "S3 passes over fields that come after the file"
    assert 'name="policy"' not in rest.partition("</form>")[0]
    assert ["starts-with", "$x-amz-meta-note", ""] in conditions(page.field("policy"))
    assert fields.count('name="x-amz-meta-note"') == fields.count('name="x-amz-meta-reference"') == 1
    assert re.findall(r'<option value="([^"]*)"[^>]* selected', page.html) == ["auto", "no"]
    assert ["starts-with", "$x-amz-meta-shift-3prime", ""] in conditions(page.field("policy"))
    assert fields.count('name="x-amz-meta-shift-3prime"') == 1
    assert "3′-most, as HGVS and ClinVar report them" in page.text


def test_own_annotations_have_a_form_of_their_own(browser: Browser, ada: Profile, web: Services) -> None:
    page = browser.get("/annotate")
    _, _, own = page.html.partition("<noscript>")
    key = re.search(r'name="key" value="([^"]*)"', own)
    assert key is not None
    job_id = page.field("key").split("/")[1]
    assert key[1] == f"{ada.identity_id}/{job_id}/layer/${{filename}}"
    assert f'name="success_action_redirect" value="{ORIGIN}/annotate"' in own
    scripted = browser.get_json("/annotate?redirect=no").json
    assert scripted["layer"]["fields"]["key"] == f"{ada.identity_id}/{scripted['job_id']}/layer/${{filename}}"
    assert scripted["layer"]["fields"]["success_action_status"] == "201"
    assert ["content-length-range", 0, 153_600] in conditions(scripted["layer"]["fields"]["policy"])

    # S3 sends the browser back with the key of what it has stored.
    stored = key[1].replace("${filename}", "my targets.bed")
    boto3.client("s3").put_object(Bucket=web.settings.inputs_bucket, Key=stored, Body=b"MT\t1\t9\n")
    again = browser.get(f"/annotate?{urlencode({'bucket': 'b', 'key': stored, 'etag': 'e'})}")
    assert "Your own annotations were uploaded: my targets.bed" in again.text
    assert again.field("key") == f"{ada.identity_id}/{job_id}/${{filename}}"
    assert "<noscript>" not in again.html


@pytest.mark.parametrize("key", [
    "22222222-2222-4222-8222-222222222222/aaaaaaaa-0000-4000-8000-000000000009/layer/x.bed", "x", "a/b/layer/x.bed"])
def test_own_annotations_of_another_user_are_not_found(browser: Browser, web: Services, key: str) -> None:
    boto3.client("s3").put_object(Bucket=web.settings.inputs_bucket, Key=key, Body=b"MT\t1\t9\n")
    assert browser.get(f"/annotate?{urlencode({'key': key})}").status == 404


def test_page_tells_the_limit_before_the_upload(browser: Browser) -> None:
    text = browser.get("/annotate").text
    assert "up to 150 KB" in text
    assert ".bcf" in text
    assert "for 5 min after the job completes" in text
    assert "rCRS" in text


def test_premium_limit(make_profile: Callable[..., Profile], sign_in: Callable[[Profile], Browser]) -> None:
    browser = sign_in(make_profile("33333333-3333-4333-8333-333333333333", "Grace Hopper", Role.PREMIUM))
    page = browser.get("/annotate")
    assert "up to 5 GB" in page.text
    assert "Until you delete them." in page.text
    assert 'data-premium="true"' in page.html
    assert browser.get_json("/annotate").json["limit"] == 5 * 1024**3


def test_quotas_are_shown_before_the_upload(browser: Browser, make_job: Callable[..., Job]) -> None:
    make_job()
    assert ("Your files use 96 KB of 1 GB, and 1 of 20 jobs are waiting or running"
            in browser.get("/annotate").text)
    profile = browser.get("/profile").text
    assert "1 of the 20 jobs your plan allows at a time" in profile
    assert "96 KB of 1 GB" in profile
    assert "Jobs waiting or running at a time 20 500" in browser.get("/docs/limits").text


def test_without_room_the_page_says_what_to_do(browser: Browser, web: Services, make_job: Callable[..., Job]) -> None:
    make_job()
    plans = replace(web.plans, free_open_limit=1)
    runtime.use(replace(web, settings=replace(web.settings, plans=plans)))
    page = browser.get("/annotate")
    assert page.status == 200
    assert "the limit of your Free plan for annotations that are waiting or running: 1." in page.text
    assert "Wait until one has ended, or cancel one; Premium allows 500." in page.text
    assert 'type="file"' not in page.html
    answer = browser.get_json("/annotate?redirect=no")
    assert (answer.status, answer.json["code"]) == (422, "too_many_open")
    assert answer.json["hint"] == "Wait until one has ended, or cancel one; Premium allows 500."


def test_form_for_programs(browser: Browser) -> None:
    form = browser.get_json("/annotate").json
    assert form["limit"] == 153_600
    assert form["file_field"] == "file"
    assert form["job_id"] in form["upload"]["fields"]["key"]
    assert form["upload"]["fields"]["success_action_redirect"] == f"{ORIGIN}/annotate/job"


def test_form_for_a_script_in_the_page(browser: Browser) -> None:
    form = browser.get_json("/annotate?redirect=no").json
    assert form["upload"]["fields"]["success_action_status"] == "201"
    assert "success_action_redirect" not in form["upload"]["fields"]
    waiting = urlsplit(form["waiting"])
    assert waiting.path == "/annotate/job"
    assert parse_qs(waiting.query)["key"] == [form["upload"]["fields"]["key"]]


def test_each_form_is_for_a_job_of_its_own(browser: Browser) -> None:
    assert browser.get_json("/annotate").json["job_id"] != browser.get_json("/annotate").json["job_id"]


def test_s3_sends_the_browser_to_its_job(browser: Browser, make_job: Callable[..., Job]) -> None:
    job = make_job(input_file_name="a+b ü.vcf")
    address = f"/annotate/job?bucket=b&key={job.input.key.replace('+', '%2B').replace(' ', '+')}&etag=e"
    answer = browser.get(address)
    assert (answer.status, answer.headers["Location"]) == (303, f"/annotations/{JOB_ID}")
    assert browser.get_json(address).json == {"job_id": JOB_ID, "href": f"/annotations/{JOB_ID}"}
    assert browser.get(address, HX_Request="true").headers["HX-Redirect"] == f"/annotations/{JOB_ID}"


def test_upload_that_is_not_submitted_yet_waits(browser: Browser, ada: Profile) -> None:
    address = f"/annotate/job?key={ada.identity_id}/{JOB_ID}/sample%20%3Cb%3E.vcf"
    page = browser.get(address)
    assert page.status == 200
    assert "sample <b>.vcf" in page.text
    assert '<noscript><meta http-equiv="refresh"' in page.html
    fragment = browser.get(address, HX_Request="true")
    assert (fragment.status, fragment.headers.get("HX-Redirect")) == (204, None)
    program = browser.get_json(address)
    assert (program.status, program.json) == (202, {"job_id": None, "href": None})


def test_upload_that_takes_long_is_told_so_once(browser: Browser, ada: Profile, clock: HeldClock) -> None:
    address = f"/annotate/job?key={ada.identity_id}/{JOB_ID}/a.vcf"
    polled = re.search(r'hx-get="([^"]+)"', browser.get(address).html)
    assert polled
    live = html.unescape(polled.group(1))
    clock.advance(60)
    assert browser.get(live, HX_Request="true").status == 204
    clock.advance(1)
    told = browser.get(live, HX_Request="true")
    assert "This is taking longer than usual." in told.text
    polled = re.search(r'hx-get="([^"]+)"', told.html)
    assert polled
    assert browser.get(html.unescape(polled.group(1)), HX_Request="true").status == 204


@pytest.mark.parametrize("since", ["x", "-1", "1" * 40, "%C2%B2"])
def test_nonsense_about_waiting_is_passed_over(browser: Browser, ada: Profile, since: str) -> None:
    page = browser.get(f"/annotate/job?key={ada.identity_id}/{JOB_ID}/a.vcf&since={since}")
    assert page.status == 200
    assert "longer than usual" not in page.text


def test_address_without_a_key_is_told_so(browser: Browser) -> None:
    answer = browser.get_json("/annotate/job")
    assert answer.status == 400
    assert answer.json["field"] == "key"
