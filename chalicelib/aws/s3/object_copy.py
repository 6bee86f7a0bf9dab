"""Server-side copies of S3 objects, checked by checksum: bytes never pass through a function."""
from __future__ import annotations

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws.clients import client
from chalicelib.exceptions import ArchiveMismatchError

MISSING = ("404", "NoSuchKey", "NoSuchVersion", "NotFound")


@dataclass(frozen=True)
class ObjectInfo:
    """What S3 says of an object.

    Attributes:
        size: Bytes.
        checksum: base64 SHA-256 as S3 keeps it; of an object written in parts, that of the parts' checksums with "-"
            and their number; "" when S3 keeps none.
        part_size: Size of its first part, None for an object written in one.
        storage_class: As "STANDARD" or "GLACIER".
        restored: True when a retrieval has brought an archived object's bytes out.
    """

    size: int
    checksum: str
    part_size: int | None
    storage_class: str
    restored: bool


def object_info(bucket: str, key: str, version_id: str | None = None) -> ObjectInfo | None:
    """What S3 says of an object, None when there is none.

    Args:
        version_id: Which of its versions; None for the current one.
    """
    s3 = client("s3")
    version = {"VersionId": version_id} if version_id else {}
    try:
        head = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED", **version)
    except ClientError as error:
        if error.response["Error"]["Code"] in MISSING:
            return None
        raise
    parts = None
    if '-' in head["ETag"]:
        parts = (s3.head_object(Bucket=bucket, Key=key, PartNumber=1, **version)["ContentLength"]
                 if _readable(head) else None)
    return ObjectInfo(size=head["ContentLength"], checksum=head.get("ChecksumSHA256", ""), part_size=parts,
                      storage_class=head.get("StorageClass", "STANDARD"),
                      restored='ongoing-request="false"' in head.get("Restore", ""))


def copy_checked(source_bucket: str, source_key: str, bucket: str, key: str, storage_class: str,
                 part_size: int | None = None) -> ObjectInfo:
    """Copy an object and compare size and SHA-256 with the original's.

    The copy is made in parts of the size that the original was written in: S3's checksum of an object in parts
    depends on the parts, and objects over 5 GiB cannot be copied in one.

    Args:
        part_size: Of the original, where it was written in parts.

    Returns:
        What S3 says of the original.

    Raises:
        FileNotFoundError: There is no original.
        ArchiveMismatchError: The copy differs; it is deleted.
    """
    s3 = client("s3")
    original = object_info(source_bucket, source_key)
    if original is None:
        raise FileNotFoundError(source_key)
    source = {"Bucket": source_bucket, "Key": source_key}
    common = {"Bucket": bucket, "Key": key, "StorageClass": storage_class, "ServerSideEncryption": "AES256",
              "ChecksumAlgorithm": "SHA256"}
    size = part_size or original.part_size
    if size is None:
        s3.copy_object(CopySource=source, MetadataDirective="COPY", **common)
    else:
        head = s3.head_object(**source)
        common.update({name: head[name] for name in ("ContentType", "Metadata") if name in head})
        _copy_parts(s3, source, common, original.size, size)
    copy = object_info(bucket, key)
    if copy is None or copy.size != original.size or copy.checksum != original.checksum or not copy.checksum:
        s3.delete_object(Bucket=bucket, Key=key)
        raise ArchiveMismatchError(f"The copy of {source_key} differs from it: {copy} is not {original}.")
    return original


def _copy_parts(s3: Any, source: dict[str, str], common: dict[str, Any], size: int, part_size: int) -> None:
    target = {"Bucket": common["Bucket"], "Key": common["Key"]}
    upload = s3.create_multipart_upload(**common)["UploadId"]

    def copy(number: int) -> dict[str, Any]:
        first = (number - 1) * part_size
        last = min(first + part_size, size) - 1
        result = s3.upload_part_copy(CopySource=source, CopySourceRange=f"bytes={first}-{last}", PartNumber=number,
                                     UploadId=upload, **target)["CopyPartResult"]
        part = {"PartNumber": number, "ETag": result["ETag"]}
        if "ChecksumSHA256" in result:
            part["ChecksumSHA256"] = result["ChecksumSHA256"]
        return part

    try:
        with ThreadPoolExecutor(8) as pool:
            parts = list(pool.map(copy, range(1, -(-size // part_size) + 1)))
        complete_upload(s3, upload, parts, target)
    except BaseException:
        s3.abort_multipart_upload(UploadId=upload, **target)
        raise


def complete_upload(s3: Any, upload: str, parts: list[dict[str, Any]], target: dict[str, str]) -> None:
    """Complete an upload in parts, also where it was completed before and the answer was lost.

    Args:
        parts: number, ETag and SHA-256 of each part, as S3 gave them.
        target: Bucket and key.
    """
    try:
        s3.complete_multipart_upload(UploadId=upload, MultipartUpload={"Parts": parts}, **target)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchUpload":
            raise
        found = object_info(target["Bucket"], target["Key"])
        if found is None or found.checksum != _checksum_of_parts(parts):
            raise


def _checksum_of_parts(parts: list[dict[str, Any]]) -> str:
    """S3's composite SHA-256: of the parts' checksums, with their number."""
    joined = b"".join(base64.b64decode(part.get("ChecksumSHA256", "")) for part in parts)
    return f"{base64.b64encode(hashlib.sha256(joined).digest()).decode()}-{len(parts)}"


def _readable(head: dict[str, Any]) -> bool:
    return head.get("StorageClass") not in ("GLACIER", "DEEP_ARCHIVE") or 'ongoing-request="false"' in head.get(
        "Restore", "")
