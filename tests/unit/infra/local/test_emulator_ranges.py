"""The emulator gives a range of one version of an object, as S3 does: downloads in parts ask for it."""
from __future__ import annotations

from typing import Any

import pytest
from ministack.services import s3

from infra.local.emulator import answer_ranges_of_versions

CONTENT = b"0123456789"


@pytest.fixture
def get(monkeypatch: pytest.MonkeyPatch) -> Any:
    """ministack's answer to a request with `Range`, corrected."""
    whole = (200, {"ETag": '"e"', "Content-Length": "10"}, CONTENT)
    monkeypatch.setattr(s3, "_get_object", lambda *_: whole)
    answer_ranges_of_versions()
    return lambda wanted: s3._get_object("b", "k", {"range": wanted} if wanted else {}, {"versionId": "v"})


@pytest.mark.parametrize(("wanted", "part", "content_range"), [
    ("bytes=0-3", b"0123", "bytes 0-3/10"), ("bytes=8-", b"89", "bytes 8-9/10"),
    ("bytes=4-99", b"456789", "bytes 4-9/10")])
def test_a_part_of_a_version(get: Any, wanted: str, part: bytes, content_range: str) -> None:
    status, headers, body = get(wanted)
    assert (status, body) == (206, part)
    assert headers == {"ETag": '"e"', "Content-Length": str(len(part)), "Content-Range": content_range}


def test_all_of_a_version_and_none_of_it(get: Any) -> None:
    assert get("")[::2] == (200, CONTENT)
    assert get("bytes=10-")[0] == 416
