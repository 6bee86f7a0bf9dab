"""Headers and compression: what every response carries."""
from __future__ import annotations

import gzip
import re
from dataclasses import replace

import pytest

from app import app
from chalicelib.services import Services
from chalicelib.web.http import assets, runtime
from chalicelib.web.http.response import WebResponse, takes_gzip
from tests.unit.web.conftest import HTML, Browser

STRICT = ("default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
          "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")


@pytest.mark.parametrize("path", ["/", "/subscribe", "/health", "/annotations", "/no-such-page", "/login"])
def test_every_response_has_the_security_headers(visitor: Browser, path: str) -> None:
    headers = visitor.get(path).headers
    assert headers["Content-Security-Policy"] == STRICT
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert headers["Cache-Control"] == "no-store"


def test_no_hsts_without_tls(visitor: Browser, web: Services) -> None:
    runtime.use(replace(web, settings=replace(web.settings, site_url="http://127.0.0.1:8080")))
    answer = visitor.request("GET", "/", {"Host": "127.0.0.1:8080"})
    assert answer.status == 200
    assert "Strict-Transport-Security" not in answer.headers


def test_upload_page_may_speak_to_the_inputs_bucket_only(browser: Browser) -> None:
    policy = browser.get("/annotate").headers["Content-Security-Policy"]
    bucket = "https://gas-test-inputs-123456789012.s3.us-east-1.amazonaws.com"
    assert f"connect-src 'self' {bucket};" in policy
    assert f"form-action 'self' {bucket} https://auth.globus.org;" in policy


def test_signed_in_pages_may_sign_out_at_globus(browser: Browser) -> None:
    assert "form-action 'self' https://auth.globus.org;" in browser.get("/profile").headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/annotate", "/annotations", "/profile", "/subscribe", "/logout", "/nothing"])
def test_nothing_is_inline(browser: Browser, path: str) -> None:
    page = browser.get(path).html
    assert " style=" not in page
    assert "<style" not in page
    assert "onclick" not in page
    assert page.count("<script") == len(re.findall(r'<script (?:defer|type="module") src="/static/', page)) >= 1


def test_pages_leave_compressed(visitor: Browser) -> None:
    plain = visitor.get("/")
    small = visitor.get("/", Accept_Encoding="br, gzip")
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in small.headers["Vary"]
    assert gzip.decompress(small.body) == plain.body
    assert len(small.body) < len(plain.body) / 2


def test_client_that_says_nothing_gets_text(visitor: Browser) -> None:
    """API Gateway hands base64 on undecoded to clients that do not say what they accept."""
    response = app({"requestContext": {"httpMethod": "GET", "resourcePath": "/", "path": "/"},
                    "headers": {"Accept-Encoding": "gzip"}, "multiValueQueryStringParameters": None,
                    "pathParameters": None, "stageVariables": None, "body": None}, None)
    assert response["statusCode"] == 200
    assert response["isBase64Encoded"] is False
    assert "<title>" in response["body"]


@pytest.mark.parametrize(("header", "taken"), [
    ("gzip", True), ("br, gzip;q=0.5", True), ("*", True), ("gzip;q=0", False), ("gzip; q=0.0", False), ("br", False),
    ("", False)])
def test_accept_encoding(header: str, taken: bool) -> None:
    assert takes_gzip(header) is taken


def test_small_bodies_are_left_alone() -> None:
    response = WebResponse("x" * 100, headers={"Content-Type": "text/html"})
    response.compress("gzip")
    assert response.body == "x" * 100


def test_head_has_the_headers_and_no_body(visitor: Browser) -> None:
    answer = visitor.request("HEAD", "/")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_health_asks_no_table(visitor: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    assert visitor.get("/health").json == {"status": "ok", "stage": "test"}


@pytest.mark.parametrize("name", ["site.css", "site.js", "favicon.svg", "source-sans-3.woff2", "licences.txt"])
def test_static_files_are_kept_for_good(visitor: Browser, name: str) -> None:
    hashed = assets.manifest()[name]
    plain = visitor.get(f"/static/{hashed}", Accept="*/*")
    assert plain.status == 200
    assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert plain.body == (assets.DIRECTORY / hashed).read_bytes()
    small = visitor.get(f"/static/{hashed}", Accept="*/*", Accept_Encoding="gzip")
    if name.endswith(".woff2"):
        assert "Content-Encoding" not in small.headers
    else:
        assert small.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(small.body) == plain.body


@pytest.mark.parametrize("name", ["nothing.css", "manifest.json", "icons.json", "..%2f..%2fapp.py", "site.css"])
def test_other_files_are_not_given_out(visitor: Browser, name: str) -> None:
    assert visitor.request("GET", f"/static/{name}", {"Accept": HTML}).status == 404


def test_links_of_the_page_are_given_out(visitor: Browser) -> None:
    page = visitor.get("/").html
    links = [part.partition('"')[0] for part in page.split('="/static/')[1:]]
    assert len(links) == 6
    assert all(visitor.get(f"/static/{name}").status == 200 for name in links)
