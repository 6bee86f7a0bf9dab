"""`localstripe`, which stands in for Stripe, as a process of its own on this machine only."""
from __future__ import annotations

import http.server
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

# Its own command listens on every address of the machine.
_SERVE = """
import sys
from aiohttp import web
from localstripe.server import app
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""
SECRET_KEY = "sk_test_12345"
WEBHOOK_SECRET = "whsec_12345"


@dataclass
class LocalStripe:
    """Where it is, and the messages that it has sent, as they came.

    Attributes:
        messages: Bodies and signatures.
    """

    address: str
    messages: list[tuple[bytes, str]] = field(default_factory=list)

    def post(self, path: str, **fields: Any) -> dict[str, Any]:
        """Change something as an administrator of the Stripe account does."""
        return self._answer("POST", path, fields)

    def delete(self, path: str) -> dict[str, Any]:
        return self._answer("DELETE", path, {})

    def _answer(self, method: str, path: str, fields: dict[str, Any]) -> dict[str, Any]:
        answer = requests.request(method, f"{self.address}/v1/{path}", data=fields, auth=(SECRET_KEY, ""), timeout=10)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def await_message(self, kind: str, seconds: float = 15) -> tuple[bytes, str]:
        """The first message of a kind; it comes about a second after what it tells of."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for body, signature in self.messages:
                if json.loads(body)["type"] == kind:
                    return body, signature
            time.sleep(0.05)
        raise AssertionError(f"no message {kind} among {[json.loads(body)['type'] for body, _ in self.messages]}")


@contextmanager
def local_stripe(directory: Path) -> Iterator[LocalStripe]:
    """Start it with a webhook that is delivered here, and end it afterwards."""
    port = _free_port()
    stripe = LocalStripe(f"http://127.0.0.1:{port}")
    with (directory / "localstripe.log").open("wb") as log, _hook(stripe) as hook:
        process = subprocess.Popen([sys.executable, "-c", _SERVE, str(port)], stdout=log, stderr=log, cwd=directory)
        try:
            _wait(process, port)
            requests.post(f"{stripe.address}/_config/webhooks/gas", data={"url": hook, "secret": WEBHOOK_SECRET},
                          timeout=10).raise_for_status()
            yield stripe
        finally:
            process.terminate()
            process.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(300):
        assert process.poll() is None, "localstripe has ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("localstripe does not answer")


@contextmanager
def _hook(stripe: LocalStripe) -> Iterator[str]:
    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            stripe.messages.append((body, self.headers["Stripe-Signature"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing: the test says what is wrong."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
