"""The site on a local port, in this process: what API Gateway does between a browser and the app, in small."""
from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chalice import Chalice
from chalice.local import LambdaContext, RouteMatcher

_lock = threading.Lock()  # a Lambda function answers one request at a time


class _Handler(BaseHTTPRequestHandler):
    app: Chalice
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        address = urlsplit(self.path)
        try:
            match = RouteMatcher([route for route in self.app.routes if "+" not in route]).match_route(address.path)
            route, parameters = match.route, match.captured
        except ValueError:
            route, parameters = "/{proxy+}", {"proxy": address.path.lstrip("/")}
        event: dict[str, Any] = {
            "requestContext": {"httpMethod": self.command, "resourcePath": route, "path": address.path,
                               "requestId": "0a1b2c3d-0000-4000-8000-123456789abc"},
            "headers": dict(self.headers.items()), "pathParameters": parameters or None, "stageVariables": None,
            "multiValueQueryStringParameters": parse_qs(address.query, keep_blank_values=True) or None,
            "body": base64.b64encode(body).decode() if body else None, "isBase64Encoded": bool(body)}
        with _lock:
            answer = self.app(event, LambdaContext("api", 256))
        content = answer["body"]
        content = base64.b64decode(content) if answer.get("isBase64Encoded") else content.encode()
        self.send_response(answer["statusCode"])
        for name, value in answer["headers"].items():
            self.send_header(name, value)
        for name, values in answer["multiValueHeaders"].items():
            for value in values:
                self.send_header(name, value)
        if answer["statusCode"] != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = _answer  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """The app logs by itself."""


@contextmanager
def served(app: Chalice) -> Iterator[str]:
    """The app on a free port of this machine; gives its address, as "http://127.0.0.1:40123"."""
    handler = type("Handler", (_Handler,), {"app": app})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
