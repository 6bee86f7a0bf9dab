"""Errors as users and programs are told them."""
from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from app import app
from chalicelib.services import Services
from chalicelib.web import monitoring
from chalicelib.web.http.routing import METHODS
from tests.unit.web.conftest import JOB_ID, Browser

PATHS = sorted(path for path in app.routes if "+" not in path)


def failing(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error
    return fail


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "told by AWS"}}, "Query")


def test_unknown_path_is_a_page(visitor: Browser) -> None:
    answer = visitor.get("/no-such-page")
    assert answer.status == 404
    assert "Page not found" in answer.text
    assert 'href="/"' in answer.html
    assert "Request ID" in answer.text


def test_slash_at_the_end_is_forgiven(visitor: Browser) -> None:
    response = app({"requestContext": {"httpMethod": "GET", "resourcePath": "/{proxy+}", "path": "/annotations/"},
                    "headers": {}, "multiValueQueryStringParameters": None, "pathParameters": {"proxy": "annotations/"},
                    "stageVariables": None, "body": None}, None)
    assert (response["statusCode"], response["headers"]["Location"]) == (308, "/annotations")


def test_unknown_path_for_a_program(visitor: Browser) -> None:
    answer = visitor.get_json("/no-such-page")
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["status"] == 404
    assert answer.json["request_id"]


@pytest.mark.parametrize("path", PATHS)
def test_other_methods_are_refused_with_what_is_allowed(visitor: Browser, path: str) -> None:
    own = [method for method, entry in app.routes[path].items() if entry.view_name != "refuse"]
    assert set(app.routes[path]) == set(METHODS)
    for method in set(METHODS) - set(own):
        answer = visitor.request(method, path.replace("{id}", JOB_ID).replace("{kind}", "log").replace("{name}", "x"))
        assert answer.status == 405, (method, path)
        assert answer.headers["Allow"] == ", ".join(name for name in METHODS if name in own)
    if "POST" not in own:
        assert "does not accept" in visitor.request("POST", path.replace("{id}", JOB_ID)).text


@pytest.mark.parametrize("code", ["ThrottlingException", "ProvisionedThroughputExceededException", "SlowDown"])
def test_throttling_asks_to_wait(browser: Browser, web: Services, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(web.jobs, "of_user", failing(client_error(code)))
    answer = browser.get("/annotations")
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Too many requests" in answer.text


def test_unknown_error_tells_the_request_id_and_nothing_else(browser: Browser, web: Services,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(monitoring.logger.handlers[0], "stream", log)
    monkeypatch.setattr(web.jobs, "of_user", failing(RuntimeError("secret detail")))
    answer = browser.get("/annotations")
    assert answer.status == 500
    assert "secret detail" not in answer.html
    request_id = answer.html.partition('data-copy="')[2].partition('"')[0]
    assert len(request_id) == 36
    assert request_id in log.getvalue()
    assert "secret detail" in log.getvalue()


def test_error_of_aws_is_not_told(browser: Browser, web: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.jobs, "of_user", failing(client_error("AccessDeniedException")))
    answer = browser.get_json("/annotations")
    assert answer.status == 500
    assert answer.json["code"] == "internal_error"
    assert "told by AWS" not in str(answer.json)


def test_page_comes_out_when_the_tables_do_not_answer(browser: Browser, web: Services,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.sessions, "get_session", failing(client_error("InternalServerError")))
    answer = browser.get("/annotations")
    assert answer.status == 500
    assert "Something went wrong on our side" in answer.text
    assert browser.get("/no-such-page").status == 500


def test_bad_cursor_is_the_requests_fault(browser: Browser) -> None:
    assert browser.get("/annotations?cursor=nonsense").status == 400


def test_broken_cookie_is_no_session(visitor: Browser) -> None:
    answer = visitor.request("GET", "/", {"Cookie": "__Host-gas_session=\x01; ==;;"})
    assert answer.status == 200
