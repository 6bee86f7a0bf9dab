"""Responses: what views return, and how they leave for API Gateway."""
from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any

from chalice.app import Response

from chalicelib.web.http.headers import ContentPolicy

SMALLEST_COMPRESSED = 1024
"""Bytes under which compressing costs more than it saves."""
_COMPRESSIBLE = ("text/", "application/json", "application/problem+json")


class WebResponse(Response):
    """A response that determines whether API Gateway needs its body in base64.

    Chalice decides it by content type alone, and refuses clients that send no Accept header.

    Args:
        policy: What the page may load and where it may send forms; None for the strictest.
    """

    def __init__(self, body: str | bytes = "", status_code: int = 200,
                 headers: Mapping[str, str | list[str]] | None = None, policy: ContentPolicy | None = None) -> None:
        super().__init__(body=body, headers=dict(headers or {}), status_code=status_code)
        self.policy = policy or ContentPolicy()

    def add_cookie(self, cookie: str) -> WebResponse:
        """Add a Set-Cookie header."""
        cookies = self.headers.setdefault("Set-Cookie", [])
        assert isinstance(cookies, list)
        cookies.append(cookie)
        return self

    def compress(self, accept_encoding: str) -> None:
        """Gzip the body for a browser that takes it, when it is worth it."""
        if not str(self.headers.get("Content-Type", "")).startswith(_COMPRESSIBLE) \
                or "Content-Encoding" in self.headers:
            return
        self.headers["Vary"] = ", ".join(filter(None, [str(self.headers.get("Vary", "")), "Accept-Encoding"]))
        body = self.body.encode() if isinstance(self.body, str) else self.body
        if len(body) >= SMALLEST_COMPRESSED and takes_gzip(accept_encoding):
            self.body = gzip.compress(body, compresslevel=6, mtime=0)
            self.headers["Content-Encoding"] = "gzip"

    def to_dict(self, binary_types: list[str] | None = None) -> dict[str, Any]:
        """The response as API Gateway's proxy integration takes it."""
        lone = {name: value for name, value in self.headers.items() if not isinstance(value, list)}
        lists = {name: value for name, value in self.headers.items() if isinstance(value, list)}
        binary = isinstance(self.body, bytes)
        return {"statusCode": self.status_code, "headers": lone, "multiValueHeaders": lists,
                "body": base64.b64encode(self.body).decode() if binary else self.body, "isBase64Encoded": binary}


def takes_gzip(accept_encoding: str) -> bool:
    """True when an Accept-Encoding header takes gzip."""
    for coding in accept_encoding.lower().split(","):
        name, _, quality = coding.partition(";")
        if name.strip() in ("gzip", "*"):
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def json_response(body: Any, status_code: int = 200, headers: Mapping[str, str | list[str]] | None = None,
                  content_type: str = "application/json") -> WebResponse:
    """A JSON response that nobody may store."""
    return WebResponse(json.dumps(body, ensure_ascii=False), status_code,
                       {"Content-Type": content_type, "Cache-Control": "no-store", **(headers or {})})


def redirect(location: str, status_code: int = 303) -> WebResponse:
    """A redirect that is followed with GET."""
    return WebResponse("", status_code, {"Location": location, "Content-Type": "text/plain; charset=utf-8",
                                         "Cache-Control": "no-store"})


def no_content(headers: Mapping[str, str | list[str]] | None = None) -> WebResponse:
    """204: nothing has changed, or everything is in the headers."""
    return WebResponse("", 204, {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store",
                                 **(headers or {})})
