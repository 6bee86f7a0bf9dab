"""The page of sent mails beside the development sign-in."""
from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import make_server

import pytest
import requests
import responses

from infra.local import identity
from infra.local.identity import Application

EMULATOR = "http://127.0.0.1:9"


@pytest.fixture
def emulator() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_passthru(re.compile(r"http://127\.0\.0\.1:\d{4,}/"))
        yield mock


@pytest.fixture
def address(emulator: responses.RequestsMock) -> Iterator[str]:
    provider: Any = None  # mails need no sign-in
    with _server(provider) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _server(provider: Any) -> Any:
    class NoProvider:
        configuration = keys = staticmethod(dict)

    return make_server("127.0.0.1", 0, Application(provider or NoProvider(), EMULATOR),  # type: ignore[arg-type]
                       server_class=identity._Server, handler_class=identity._Handler)


def mail(number: int = 1, **values: Any) -> dict[str, Any]:
    return {"MessageId": f"m-{number}", "Source": "GAS <gas@example.org>", "To": ["ada@example.org"],
            "CC": [], "BCC": [], "Subject": f"Subject {number}", "BodyText": f"Look:\n\nhttp://gas.localhost:8080/annotations/{number}\n",
            "BodyHtml": f"<h1>Subject {number}</h1>", "Timestamp": 1_790_000_000.5 + number, "Type": "v2.SendEmail",
            **values}


def keeps(emulator: responses.RequestsMock, *mails: dict[str, Any]) -> None:
    messages = {"000000000000": list(mails)} if mails else {}
    emulator.get(f"{EMULATOR}/_ministack/ses/messages", json={"messages": messages})


def test_nothing_sent_yet(emulator: responses.RequestsMock, address: str) -> None:
    keeps(emulator)
    answer = requests.get(f"{address}/outbox", timeout=5)
    assert answer.status_code == 200
    assert "No mail has been sent yet." in answer.text
    assert "<ul>" not in answer.text


def test_the_latest_mail_comes_first(emulator: responses.RequestsMock, address: str) -> None:
    keeps(emulator, mail(1), mail(3), mail(2))
    page = requests.get(f"{address}/outbox", timeout=5).text
    assert re.findall(r'href="/outbox/(m-\d)"', page) == ["m-3", "m-2", "m-1"]
    assert "21 Sep 2026, 14:13:21 UTC" in page


def test_a_mail_as_text_with_links_and_as_html_cut_off_from_the_page(emulator: responses.RequestsMock,
                                                                    address: str) -> None:
    keeps(emulator, mail(BodyHtml='<script>alert("x")</script><a href="http://a.b">x</a>'))
    answer = requests.get(f"{address}/outbox/m-1", timeout=5)
    assert '<a href="http://gas.localhost:8080/annotations/1">' in answer.text
    assert "<script" not in answer.text
    assert 'srcdoc="&lt;script&gt;alert(&quot;x&quot;)' in answer.text
    frame = re.search(r"<iframe [^>]*>", answer.text)
    assert frame is not None
    assert 'sandbox title="The mail as HTML"' in frame[0]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")


def test_what_users_wrote_is_shown_as_they_wrote_it(emulator: responses.RequestsMock, address: str) -> None:
    keeps(emulator, mail(Subject="<b>x & y</b>", BodyText="<img src=x> http://a.b/?c=1&d=2", BodyHtml=None))
    page = requests.get(f"{address}/outbox/m-1", timeout=5).text
    assert "<h1>&lt;b&gt;x &amp; y&lt;/b&gt;</h1>" in page
    assert "<img" not in page
    assert 'href="http://a.b/?c=1&amp;d=2"' in page
    assert "It has no HTML part." in page


def test_mails_that_are_not_there_and_an_emulator_that_does_not_answer(emulator: responses.RequestsMock,
                                                                       address: str) -> None:
    emulator.get(f"{EMULATOR}/_ministack/ses/messages", body=requests.ConnectionError("gone"))
    assert requests.get(f"{address}/outbox", timeout=5).status_code == 502
    keeps(emulator, mail(1))
    assert requests.get(f"{address}/outbox/m-2", timeout=5).status_code == 404
    assert requests.post(f"{address}/outbox", timeout=5).status_code == 405
    assert requests.get(f"{address}/outboxes", timeout=5).status_code == 404
