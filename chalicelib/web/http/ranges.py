"""Parts of files: what readers ask for that look into a file and do not want all of it (RFC 9110, 14)."""
from __future__ import annotations

import re

from chalicelib.web.http.response import WebResponse

_ONE_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
"""Longer numbers than any file has are taken for no range at all, as RFC 9110 allows."""


def ranged(content: bytes, wanted: str | None, headers: dict[str, str]) -> WebResponse:
    """The part of a file that a Range header asks for; all of it without one, or with one that has several parts.

    Args:
        wanted: The Range header, or None.
        headers: Of the response.
    """
    common: dict[str, str | list[str]] = {**headers, "Accept-Ranges": "bytes"}
    match = _ONE_RANGE.fullmatch(wanted or "")
    if match is None or match[0] == "bytes=-":
        return WebResponse(content, headers=common)
    size = len(content)
    if match[1]:
        start, end = int(match[1]), min(int(match[2] or size - 1), size - 1)
    else:
        start, end = max(0, size - int(match[2])), size - 1
    if start >= size or (match[2] and match[1] and int(match[2]) < start) or end < start:
        return WebResponse(b"", 416, {**common, "Content-Range": f"bytes */{size}"})
    return WebResponse(content[start:end + 1], 206, {**common, "Content-Range": f"bytes {start}-{end}/{size}"})
