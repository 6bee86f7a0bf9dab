"""An upload in parts that was completed, and whose answer was lost, is completed again."""
from __future__ import annotations

import base64
import hashlib
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.aws.s3 import object_copy
from chalicelib.aws.s3.object_copy import ObjectInfo, complete_upload

TARGET = {"Bucket": "b", "Key": "k"}
DIGESTS = [hashlib.sha256(part).digest() for part in (b"one", b"two")]
PARTS: list[dict[str, Any]] = [{"PartNumber": number, "ETag": "e", "ChecksumSHA256": base64.b64encode(digest).decode()}
                               for number, digest in enumerate(DIGESTS, start=1)]
COMPOSITE = base64.b64encode(hashlib.sha256(b"".join(DIGESTS)).digest()).decode() + "-2"
"""As S3 documents a composite checksum: of the parts' checksums, with the number of parts."""


def s3_that_says(code: str) -> Any:
    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": code, "Message": code}}, "CompleteMultipartUpload")

    return SimpleNamespace(complete_multipart_upload=refuse)


def there_is(monkeypatch: pytest.MonkeyPatch, checksum: str | None) -> None:
    info = None if checksum is None else ObjectInfo(6, checksum, None, "STANDARD", False)
    monkeypatch.setattr(object_copy, "object_info", lambda bucket, key: info)


def test_the_object_that_these_parts_make_is_success(monkeypatch: pytest.MonkeyPatch) -> None:
    there_is(monkeypatch, COMPOSITE)
    complete_upload(s3_that_says("NoSuchUpload"), "u", PARTS, TARGET)
    with pytest.raises(ClientError, match="AccessDenied"):
        complete_upload(s3_that_says("AccessDenied"), "u", PARTS, TARGET)


@pytest.mark.parametrize("checksum", [None, "", "another-2", COMPOSITE.replace("-2", "-3")])
def test_another_object_or_none_is_no_success(monkeypatch: pytest.MonkeyPatch, checksum: str | None) -> None:
    there_is(monkeypatch, checksum)
    with pytest.raises(ClientError, match="NoSuchUpload"):
        complete_upload(s3_that_says("NoSuchUpload"), "u", PARTS, TARGET)
