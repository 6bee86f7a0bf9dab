"""Signing in and out: what must work, and everything that must not."""
from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import boto3
import pytest
import responses

from chalicelib.services import Services
from chalicelib.web.routes.auth import AFTER_SIGN_IN, own_path
from tests.conftest import HeldClock
from tests.unit.web.conftest import ORIGIN, Answer, Browser
from tests.unit.web.globus import AUTH, IDENTITY, OTHER_KEY, FakeGlobus


@pytest.fixture
def globus(web: Services) -> Iterator[FakeGlobus]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield FakeGlobus(mock)


def start(browser: Browser, path: str = "/login") -> str:
    """Begin a login; where Globus's login page is."""
    answer = browser.get(path)
    assert answer.status == 303
    return str(answer.headers["Location"])


def finish(browser: Browser, globus: FakeGlobus, path: str = "/login") -> Answer:
    return browser.get(globus.consent(start(browser, path)))


def is_signed_in(browser: Browser) -> bool:
    return browser.get_json("/profile").status == 200


def test_sign_in_makes_profile_and_session(visitor: Browser, globus: FakeGlobus, web: Services) -> None:
    answer = finish(visitor, globus, "/login?next=/annotate")
    assert answer.status == 303
    assert answer.headers["Location"] == "/annotate"
    profile = web.profiles.get(IDENTITY)
    assert profile is not None
    assert (profile.name, profile.email, profile.institution) == ("Ada Lovelace", "ada@example.org",
                                                                  "Analytical Engines")
    assert is_signed_in(visitor)


def test_login_asks_globus_for_what_openid_and_pkce_need(visitor: Browser, globus: FakeGlobus) -> None:
    address = urlsplit(start(visitor))
    asked = parse_qs(address.query)
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{AUTH}/v2/oauth2/authorize"
    assert asked["response_type"] == ["code"]
    assert asked["redirect_uri"] == [f"{ORIGIN}/authcallback"]
    assert set(asked["scope"][0].split()) == {"openid", "profile", "email"}
    assert asked["code_challenge_method"] == ["S256"]
    assert all(asked[name][0] for name in ("state", "nonce", "code_challenge"))


def test_session_cookie_is_out_of_reach(visitor: Browser, globus: FakeGlobus, web: Services) -> None:
    cookies = finish(visitor, globus).cookies
    session = next(cookie for cookie in cookies if cookie.startswith("__Host-gas_session="))
    assert session.split("; ")[1:] == ["Path=/", "Max-Age=43200", "HttpOnly", "SameSite=Lax", "Secure"]
    assert any(cookie.startswith("__Host-gas_login=;") and "Max-Age=0" in cookie for cookie in cookies)
    token = session.partition(";")[0].partition("=")[2]
    assert web.sessions.get_session(token, web.clock()) is None, "the table must hold the token's hash only"


def test_who_is_signed_in_goes_straight_on(browser: Browser) -> None:
    answer = browser.get("/login?next=/profile")
    assert (answer.status, answer.headers["Location"]) == (303, "/profile")


def test_wrong_state_is_refused(visitor: Browser, globus: FakeGlobus) -> None:
    path = globus.consent(start(visitor))
    answer = visitor.get(path.partition("&state=")[0] + "&state=somebody-elses")
    assert answer.status == 400
    assert "Sign-in failed" in answer.text
    assert not is_signed_in(visitor)


def test_login_of_another_browser_is_refused(visitor: Browser, globus: FakeGlobus) -> None:
    path = globus.consent(start(visitor))
    victim = Browser(visitor.client)
    assert victim.get(path).status == 400
    assert not is_signed_in(victim)


@pytest.mark.parametrize("claims", [
    {"nonce": "another-logins"}, {"nonce": ""}, {"iss": "https://auth.example.org"}, {"aud": "another-client"},
    {"exp": 1_500_000_000}], ids=["nonce", "no-nonce", "issuer", "audience", "expired"])
def test_id_token_not_meant_for_this_login_is_refused(visitor: Browser, globus: FakeGlobus,
                                                      claims: dict[str, object]) -> None:
    globus.claims = claims
    assert finish(visitor, globus).status == 400
    assert not is_signed_in(visitor)


def test_id_token_signed_by_somebody_else_is_refused(visitor: Browser, globus: FakeGlobus) -> None:
    globus.key = OTHER_KEY
    assert finish(visitor, globus).status == 400
    assert not is_signed_in(visitor)


def test_callback_works_once(visitor: Browser, globus: FakeGlobus) -> None:
    path = globus.consent(start(visitor))
    login_cookie = dict(visitor.jar)
    assert visitor.get(path).status == 303
    again = Browser(visitor.client, login_cookie)
    assert again.get(path).status == 400
    assert not is_signed_in(again)


def test_used_code_is_refused_by_globus(visitor: Browser, globus: FakeGlobus) -> None:
    finish(visitor, globus)
    other = Browser(visitor.client)
    state = parse_qs(urlsplit(start(other)).query)["state"][0]
    answer = other.get(f"/authcallback?code=code-1&state={state}")
    assert answer.status == 400
    assert "Globus did not accept this sign-in." in answer.text


def test_login_that_took_too_long_is_refused(visitor: Browser, globus: FakeGlobus, clock: HeldClock) -> None:
    path = globus.consent(start(visitor))
    clock.advance(601)
    answer = visitor.get(path)
    assert answer.status == 400
    assert "attempt expired" in answer.text


def test_cancelled_login_says_so(visitor: Browser, globus: FakeGlobus) -> None:
    start(visitor)
    answer = visitor.get("/authcallback?error=access_denied&state=x")
    assert answer.status == 403
    assert "Sign-in cancelled" in answer.text
    assert "/login" in answer.html
    assert not is_signed_in(visitor)


def test_unreachable_globus_says_so(visitor: Browser, globus: FakeGlobus) -> None:
    path = globus.consent(start(visitor))
    globus.mock.replace(responses.POST, f"{AUTH}/v2/oauth2/token", body=responses.ConnectionError("down"))
    answer = visitor.get(path)
    assert answer.status == 400
    assert "Globus cannot be reached" in answer.text


def test_session_is_rotated_at_sign_in(browser: Browser, globus: FakeGlobus, web: Services) -> None:
    old = dict(browser.jar)
    state_path = globus.consent(_start_again(browser, web))
    assert browser.get(state_path).status == 303
    assert browser.jar["__Host-gas_session"] != old["__Host-gas_session"]
    assert not is_signed_in(Browser(browser.client, old))


def _start_again(browser: Browser, web: Services) -> str:
    """A login begun in a tab that was opened before the other tab signed in."""
    session = browser.jar.pop("__Host-gas_session")
    address = start(browser)
    browser.jar["__Host-gas_session"] = session
    return address


def test_session_ends_after_twelve_hours(visitor: Browser, globus: FakeGlobus, clock: HeldClock) -> None:
    finish(visitor, globus)
    clock.advance(12 * 3600 - 1)
    assert is_signed_in(visitor)
    clock.advance(1)
    assert not is_signed_in(visitor)


def test_sign_out_ends_everything(visitor: Browser, globus: FakeGlobus) -> None:
    finish(visitor, globus)
    kept = dict(visitor.jar)
    answer = visitor.post("/logout")
    address = urlsplit(answer.headers["Location"])
    assert answer.status == 303
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{AUTH}/v2/web/logout"
    assert parse_qs(address.query)["redirect_uri"] == [f"{ORIGIN}/"]
    assert "__Host-gas_session" not in visitor.jar
    assert not is_signed_in(Browser(visitor.client, kept))


def test_no_token_of_globus_is_kept(visitor: Browser, globus: FakeGlobus, web: Services) -> None:
    finish(visitor, globus)
    assert globus.revoked == ["access-1"]
    kept = json.dumps(boto3.client("dynamodb").scan(TableName=web.sessions.name)["Items"])
    assert "csrf_token" in kept
    assert "access-1" not in kept


def test_sign_in_goes_on_when_a_token_cannot_be_revoked(visitor: Browser, globus: FakeGlobus) -> None:
    globus.mock.replace(responses.POST, f"{AUTH}/v2/oauth2/token/revoke", body=responses.ConnectionError("down"))
    finish(visitor, globus)
    assert is_signed_in(visitor)


def test_get_does_not_sign_out(browser: Browser) -> None:
    assert "Sign out?" in browser.get("/logout").text
    assert is_signed_in(browser)


@pytest.mark.parametrize("address", [
    "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "evil", "", None,
    "/a\r\nSet-Cookie: x=1", "/\tx", "/" + "a" * 3000, "\\\\evil.example", "/a\\b"])
def test_next_leads_nowhere_else(address: str | None) -> None:
    assert own_path(address) == AFTER_SIGN_IN


@pytest.mark.parametrize("address", ["/", "/annotations/abc?cursor=x%20y", "/annotate/job?key=a%2Fb%2B.vcf"])
def test_next_leads_to_our_own_paths(address: str) -> None:
    assert own_path(address) == address


def test_signed_out_page_leads_to_login_and_back(visitor: Browser) -> None:
    answer = visitor.get("/annotations/abc?x=1")
    assert answer.status == 303
    assert answer.headers["Location"] == "/login?next=%2Fannotations%2Fabc%3Fx%3D1"


def test_signed_out_part_of_a_page_moves_the_whole_page(visitor: Browser) -> None:
    answer = visitor.get("/annotations", HX_Request="true")
    assert answer.status == 204
    assert answer.headers["HX-Redirect"] == "/login?next=%2Fannotations"


def test_signed_out_program_is_told(visitor: Browser) -> None:
    answer = visitor.get_json("/annotations")
    assert answer.status == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["code"] == "not_signed_in"


@pytest.mark.parametrize(("sent_from", "back"), [
    ("https://gas.example.org/subscribe", "/subscribe"),
    ("https://gas.example.org/profile?done=mail", "/profile?done=mail"),
    ("https://evil.example/subscribe", "/annotations"), ("https://gas.example.org.evil.example/", "/annotations"),
    ("", "/annotations")])
def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(visitor: Browser, sent_from: str,
                                                                             back: str) -> None:
    answer = visitor.post("/subscribe", {}, **({"Referer": sent_from} if sent_from else {}))
    assert answer.headers["Location"] == "/login?" + urlencode({"next": back})
