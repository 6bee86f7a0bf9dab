"""Parts of a file."""
from __future__ import annotations

import pytest

from chalicelib.web.http.ranges import ranged

CONTENT = b"0123456789"


@pytest.mark.parametrize(("wanted", "part", "told"), [
    ("bytes=0-3", b"0123", "bytes 0-3/10"), ("bytes=8-", b"89", "bytes 8-9/10"), ("bytes=-2", b"89", "bytes 8-9/10"),
    ("bytes=5-99", b"56789", "bytes 5-9/10"), ("bytes=-99", CONTENT, "bytes 0-9/10"),
    ("bytes=9-9", b"9", "bytes 9-9/10"), ("bytes=0-999999999999", CONTENT, "bytes 0-9/10")])
def test_one_part(wanted: str, part: bytes, told: str) -> None:
    answer = ranged(CONTENT, wanted, {"Content-Type": "x/y"})
    assert (answer.status_code, answer.body, answer.headers["Content-Range"]) == (206, part, told)
    assert answer.headers["Content-Type"] == "x/y"


@pytest.mark.parametrize("wanted", [None, "", "bytes=-", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b",
                                    f"bytes=0-{'9' * 5000}", f"bytes={'9' * 19}-", "bytes=٠-٣"])
def test_all_of_it(wanted: str | None) -> None:
    answer = ranged(CONTENT, wanted, {})
    assert (answer.status_code, answer.body) == (200, CONTENT)
    assert "Content-Range" not in answer.headers
    assert answer.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("wanted", ["bytes=10-", "bytes=11-12", "bytes=-0", "bytes=5-4"])
def test_no_such_part(wanted: str) -> None:
    answer = ranged(CONTENT, wanted, {})
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, "bytes */10")
