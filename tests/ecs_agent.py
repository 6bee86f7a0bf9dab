"""A server that answers as the container agent of ECS does, for tasks that ask for scale-in protection."""
from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ON, OFF = {"ProtectionEnabled": True, "ExpiresInMinutes": 60}, {"ProtectionEnabled": False}
DONE = (200, b'{"protection": {"ExpirationDate": "2026-11-28T02:00:00Z", "ProtectionEnabled": true, "TaskArn": "t"}}')


class Agent(ThreadingHTTPServer):
    """The container agent.

    Attributes:
        answer: status and body of what it says next; None to say nothing.
        asked: what it was asked for, by method, path and body.
        renewed: set with the second request.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer: tuple[int, bytes] | None = DONE
        self.asked: list[tuple[str, str, Any]] = []
        self.silence = threading.Event()
        self.renewed = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api/0123"

    @property
    def states(self) -> list[Any]:
        return [body for _, _, body in self.asked]


class Handler(BaseHTTPRequestHandler):
    server: Agent

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.command, self.path, body))
        if len(self.server.asked) > 1:
            self.server.renewed.set()
        assert self.headers["Content-Type"] == "application/json"
        if self.server.answer is None:
            self.server.silence.wait(10)
            return
        status, content = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def running_agent() -> Iterator[Agent]:
    """An agent that answers until the block ends."""
    server = Agent()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.silence.set()
        server.shutdown()
        thread.join()
        server.server_close()
