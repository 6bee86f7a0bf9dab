"""A file server on this machine that misbehaves as told: cuts connections, changes files, refuses, has no ranges."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class FileServer:
    """What is served, and how.

    ``cuts`` are numbers of bytes after which the next answers end; ``refusals`` are statuses that the next requests
    get, with ``retry_after`` as the header of that name; ``requests`` are method, path and ``Range`` of all that came.
    """

    files: dict[str, bytes]
    cuts: list[int] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)
    retry_after: str = ""
    ranges: bool = True
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    address: str = ""

    def url(self, name: str) -> str:
        return f"{self.address}/{name}"

    def gets(self, name: str) -> list[str]:
        """``Range`` of each GET of a file, "" for all of it."""
        return [wanted for method, path, wanted in self.requests if (method, path) == ("GET", f"/{name}")]


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[FileServer]:
    state = FileServer(files)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Nothing: the tests look at the requests."""

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, body: bool) -> None:
            wanted = self.headers.get("Range", "")
            state.requests.append((self.command, self.path, wanted))
            data = state.files.get(self.path[1:])
            if state.refusals or data is None:
                self.send_response(state.refusals.pop(0) if state.refusals else 404)
                self.send_header("Content-Length", "0")
                if state.retry_after:
                    self.send_header("Retry-After", state.retry_after)
                self.end_headers()
                return
            etag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
            found = re.fullmatch(r"bytes=(\d+)-", wanted) if state.ranges else None
            start = int(found[1]) if found and self.headers.get("If-Range") == etag else 0
            if start >= len(data) and start:
                self.send_response(416)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            self.send_header("ETag", etag)
            self.send_header("Last-Modified", "Mon, 05 Jan 2026 10:00:00 GMT")
            self.send_header("Content-Length", str(len(data) - start))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.end_headers()
            if not body:
                return
            cut = state.cuts.pop(0) if state.cuts else None
            self.wfile.write(data[start:] if cut is None else data[start : start + cut])
            if cut is not None:
                self.wfile.flush()
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    state.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
