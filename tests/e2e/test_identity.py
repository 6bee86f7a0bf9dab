"""Sign-in through the packaged site and the development identity provider, as a browser goes."""
from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from infra.local.adaptations import IDENTITY_VARIABLE
from infra.local.browser import Browser, forms
from infra.local.people import PEOPLE
from infra.local.stack import LocalStack

pytestmark = pytest.mark.e2e


def test_a_person_signs_in_and_gets_a_profile(stack: LocalStack, sign_in):
    browser = sign_in(PEOPLE[2])
    page = browser.get("/profile")
    assert page.status_code == 200
    assert PEOPLE[2].name in page.text
    assert str(PEOPLE[2].organization) in page.text
    profile = stack.client("dynamodb").get_item(TableName=stack.outputs["ProfilesTable"],
                                                Key={"identity_id": {"S": PEOPLE[2].sub}})["Item"]
    assert profile["role"]["S"] == "free_user"
    assert profile["email"]["S"] == PEOPLE[2].email


def test_a_person_without_an_institution_signs_in(sign_in):
    page = sign_in(PEOPLE[4]).get("/profile")
    assert page.status_code == 200
    assert PEOPLE[4].name in page.text


def test_health_and_sign_out_are_the_sites_own(sign_in):
    """The emulator has pages of its own at these addresses."""
    browser = sign_in(PEOPLE[2])
    assert browser.get("/health").json()["status"] == "ok"
    page = browser.get("/logout")
    assert (page.status_code, "Sign out" in page.text) == (200, True)


def test_cookies_are_out_of_scripts_reach(stack: LocalStack):
    browser = Browser(stack.settings.site)
    answers = [*browser.sign_in(PEOPLE[0]).history, browser.get("/login", allow_redirects=False)]
    cookies = [answer.headers["Set-Cookie"] for answer in answers if "Set-Cookie" in answer.headers]
    assert cookies
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie


def test_a_refused_login_is_told_and_signs_nobody_in(stack: LocalStack):
    browser = Browser(stack.settings.site)
    page = browser.sign_in(None)
    assert urlsplit(page.url).path == "/authcallback"
    assert page.status_code < 500
    assert "cancelled" in page.text
    assert browser.get("/profile", headers={"Accept": "application/json"}).status_code == 401


def test_an_answer_of_a_login_that_this_browser_did_not_begin_is_refused(stack: LocalStack):
    """The attacker begins a login and has the victim's browser end it."""
    attacker, victim = Browser(stack.settings.site), Browser(stack.settings.site)
    page = attacker.get("/login")
    choice = next(form for form in forms(page.text) if "interaction" in form.fields)
    answer = attacker.session.post(f"{stack.settings.identity}/v2/oauth2/authorize", allow_redirects=False,
                                   data={**choice.fields, "identity": PEOPLE[0].sub}, timeout=10)
    address = answer.headers["Location"]
    assert "code" in parse_qs(urlsplit(address).query)
    assert victim.get(address).status_code in (400, 403)
    assert victim.get("/profile", headers={"Accept": "application/json"}).status_code == 401


def test_logout_ends_the_session(stack: LocalStack, sign_in):
    browser = sign_in(PEOPLE[1])
    session = dict(browser.session.cookies)
    page = browser.get("/profile")
    logout = next(form for form in forms(page.text) if urlsplit(form.action).path == "/logout")
    after = browser.submit(page, logout)
    assert after.url.startswith(f"{stack.settings.identity}/v2/web/logout")
    assert after.status_code == 200
    old = requests.get(f"{stack.settings.endpoint}/profile", cookies=session, allow_redirects=False, timeout=30,
                       headers={"Host": stack.settings.site_host, "Accept": "application/json"})
    assert old.status_code == 401


def test_the_pages_answer_at_api_gateways_own_address_too(stack: LocalStack):
    api = stack.outputs["RestAPIId"]
    port = stack.settings.port
    page = requests.get(f"http://127.0.0.1:{port}/gas/", timeout=30,
                        headers={"Host": f"{api}.execute-api.localhost:{port}"})
    assert page.status_code == 200
    assert "<title>" in page.text


def test_only_the_local_stack_points_the_site_here(stack: LocalStack):
    functions = stack.client("lambda")
    names = [function["FunctionName"] for function in functions.list_functions()["Functions"]]
    told = [name for name in names if IDENTITY_VARIABLE in
            functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]]
    assert told == [stack.outputs["APIHandlerName"]]
