"""Forged requests: every form of ours must be told from a form of somebody else's."""
from __future__ import annotations

import itertools
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.sessions import Session
from chalicelib.services import Services
from chalicelib.web.http import csrf
from tests.unit.web.conftest import JOB_ID, ORIGIN, Browser

POSTS = ["/logout", f"/annotations/{JOB_ID}/cancel", f"/annotations/{JOB_ID}/delete", f"/annotations/{JOB_ID}/again",
         "/subscribe", "/unsubscribe", "/billing/portal", "/profile/mail", "/profile/delete", "/annotate/parts",
         "/annotations/delete"]
SIGNED = {"/billing/stripe"}
"""What machines send: a signature of their own stands for the token (`test_payment.py`)."""


def test_every_post_route_is_tried_here() -> None:
    from app import app

    routes = {path for path, methods in app.routes.items()
              if "POST" in methods and methods["POST"].view_name not in ("refuse", "_nothing_here")}
    assert {path.replace("{id}", JOB_ID) for path in routes - SIGNED} == set(POSTS)


@pytest.fixture(autouse=True)
def job(make_job: Callable[..., Job]) -> Job:
    return make_job()


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("token", [None, "", "wrong", "AAAA", "Zm9yZ2Vk" * 10])
def test_post_without_the_sessions_token_is_refused(browser: Browser, web: Services, path: str,
                                                    token: str | None) -> None:
    answer = browser.post(path, {} if token is None else {"csrf_token": token})
    assert answer.status == 403
    assert "This form has expired." in answer.text
    unharmed = web.jobs.get(JOB_ID)
    assert unharmed is not None
    assert unharmed.job_status is JobStatus.PENDING
    profile = browser.get_json("/profile").json
    assert (profile["role"], profile["mail_wanted"]) == ("free_user", True)


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://gas.example.org"},
    {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}])
def test_post_from_another_site_is_refused(browser: Browser, path: str, headers: dict[str, str]) -> None:
    token = browser.get("/logout").field("csrf_token")
    assert browser.post(path, {"csrf_token": token}, **headers).status == 403


def test_token_of_another_session_is_refused(browser: Browser, web: Services) -> None:
    other = Session(session_id="x", user_id="y", csrf_token="another-sessions-token", created=0, expires=0)
    answer = browser.post(POSTS[2], {"csrf_token": csrf.form_token(other, web.new_token)})
    assert answer.status == 403


def test_own_form_is_taken(browser: Browser, web: Services) -> None:
    assert browser.post(POSTS[2]).status == 303
    assert web.jobs.get(JOB_ID) is None


def test_token_looks_different_in_every_page(browser: Browser) -> None:
    assert browser.get("/logout").field("csrf_token") != browser.get("/logout").field("csrf_token")


@pytest.mark.parametrize("length", [1, 43, 100])
def test_token_of_any_length_comes_back_from_its_mask(length: int) -> None:
    numbers = itertools.count()
    session = Session(session_id="x", user_id="y", csrf_token="s" * length, created=0, expires=0)
    masked = csrf.form_token(session, lambda: f"pad{next(numbers)}")
    assert csrf._unmasked(masked) == session.csrf_token.encode()


def test_body_that_is_no_form_is_refused(browser: Browser) -> None:
    answer = browser.request("POST", POSTS[0], {"Content-Type": "application/json", "Origin": ORIGIN}, b"{}")
    assert answer.status == 400


def test_huge_form_is_refused(browser: Browser) -> None:
    body = urlencode({"csrf_token": "x" * 70_000}).encode()
    answer = browser.request("POST", POSTS[0], {"Content-Type": "application/x-www-form-urlencoded"}, body)
    assert answer.status == 400
    assert "too large" in answer.text
