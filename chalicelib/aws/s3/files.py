"""S3: the buckets of input files and of results files."""
from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from chalicelib.aws.clients import client
from chalicelib.aws.s3.object_copy import MISSING
from chalicelib.aws.s3.result_upload import ResultUpload
from chalicelib.domain.names import METADATA_FIELD
from chalicelib.exceptions import StorageUnavailableError

_COPY = TransferConfig(multipart_threshold=256 * 1024**2, multipart_chunksize=256 * 1024**2, max_concurrency=10)
_TRANSFER = TransferConfig(multipart_threshold=64 * 1024**2, multipart_chunksize=64 * 1024**2, max_concurrency=4)
_DOWNLOAD = TransferConfig(multipart_threshold=8 * 1024**2, multipart_chunksize=8 * 1024**2, max_concurrency=8)
"""Downloads have smaller parts than results, whose parts decide the checksum: all connections are soon in use."""


def _version(version_id: str | None) -> dict[str, str]:
    return {"VersionId": version_id} if version_id else {}


@dataclass(frozen=True)
class PresignedPost:
    """A form by which a browser uploads one file straight to S3.

    Attributes:
        fields: Form fields, to be sent before the file.
    """

    url: str
    fields: dict[str, str]


@dataclass(frozen=True)
class ListedFile:
    """A file as a walk through a bucket finds it.

    Attributes:
        modified: Epoch seconds.
    """

    key: str
    size: int
    modified: int


@dataclass(frozen=True)
class UploadedFile:
    """What S3 says of an uploaded file.

    Attributes:
        size: Bytes.
        metadata: What its form said of it, by the names of `presign_upload`.
        version_id: Of the version that is described, "null" in a bucket that never kept versions.
        modified: When it came, epoch seconds.
    """

    size: int
    metadata: dict[str, str]
    version_id: str
    modified: int


class FileStore:
    """Reads and writes files of jobs; presigns what browsers send and fetch themselves.

    Args:
        inputs_bucket: Bucket of uploads.
        results_bucket: Bucket of results, logs and summaries.
        archive_bucket: Bucket of what went cold.
    """

    def __init__(self, inputs_bucket: str, results_bucket: str, archive_bucket: str = "") -> None:
        self.inputs_bucket = inputs_bucket
        self.results_bucket = results_bucket
        self.archive_bucket = archive_bucket

    @property
    def _s3(self) -> Any:
        return client("s3")

    def presign_upload(self, key_prefix: str, size_limit: int, redirect: str, expires_in: int,
                       metadata: Mapping[str, str] | None = None) -> PresignedPost:
        """A POST policy for one file under `key_prefix`, which S3 completes with the file's own name.

        Args:
            size_limit: Largest file, bytes; S3 refuses a larger one with EntityTooLarge.
            redirect: Where S3 sends the browser afterwards; "" for a script, which S3 answers with 201 instead (a
                script cannot follow a redirect from S3's origin to ours).
            expires_in: Seconds.
            metadata: Names and defaults of what the form may say of the file; the browser may say anything.
        """
        after = {"success_action_redirect": redirect} if redirect else {"success_action_status": "201"}
        described = {f"{METADATA_FIELD}{name}": value for name, value in (metadata or {}).items()}
        fields = {**after, "x-amz-server-side-encryption": "AES256", **described}
        conditions: list[Any] = [
            after,
            {"x-amz-server-side-encryption": "AES256"},
            ["starts-with", "$key", key_prefix],
            ["content-length-range", 0, size_limit],
            *(["starts-with", f"${name}", ""] for name in described),
        ]
        post = self._s3.generate_presigned_post(self.inputs_bucket, key_prefix + "${filename}", Fields=fields,
                                                Conditions=conditions, ExpiresIn=expires_in)
        return PresignedPost(post["url"], post["fields"])

    def begin_parts(self, key: str, metadata: Mapping[str, str]) -> str:
        """Begin an upload in parts into the inputs bucket.

        Args:
            metadata: What S3 keeps of the file; empty values are left out.

        Returns:
            The upload's id.
        """
        begun = self._s3.create_multipart_upload(
            Bucket=self.inputs_bucket, Key=key, ServerSideEncryption="AES256",
            Metadata={name: value for name, value in metadata.items() if value})
        return str(begun["UploadId"])

    def count_unfinished(self, prefix: str, most: int) -> int:
        """How many uploads in parts have begun under `prefix` and are not completed.

        Args:
            most: The count ends there.
        """
        listed = self._s3.list_multipart_uploads(Bucket=self.inputs_bucket, Prefix=prefix, MaxUploads=most)
        return len(listed.get("Uploads", []))

    def presign_part_request(self, call: str, expires_in: int, key: str, values: Mapping[str, str | int]) -> str:
        """A link for one request about an upload in parts into the inputs bucket.

        Args:
            call: boto3's name of it.
            expires_in: Seconds.
            values: Further parameters of the call, as `UploadId`. S3 takes no other body than one of `ContentLength`
                bytes, where that is given: the link is signed with the header.
        """
        link: str = self._s3.generate_presigned_url(
            call, ExpiresIn=expires_in, Params={"Bucket": self.inputs_bucket, "Key": key, **values})
        return link

    def presign_download(self, bucket: str, key: str, file_name: str, expires_in: int,
                         version_id: str | None = None) -> str:
        """A link that downloads one file under its own name.

        Args:
            expires_in: Seconds.
            version_id: Which of its versions; None for the current one.
        """
        ascii_name = re.sub(r'[?"\\]', "_", file_name.encode("ascii", "replace").decode())
        encoded = urllib.parse.quote(file_name, safe="")
        disposition = f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{encoded}"
        link: str = self._s3.generate_presigned_url(
            "get_object", ExpiresIn=expires_in,
            Params={"Bucket": bucket, "Key": key, **_version(version_id), "ResponseContentDisposition": disposition,
                    "ResponseContentType": "application/octet-stream",
                    "ResponseCacheControl": "private, no-store"})
        return link

    def presign_reading(self, bucket: str, key: str, expires_in: int) -> str:
        """A link by which a script of a page reads ranges of one file.

        Args:
            expires_in: Seconds.
        """
        link: str = self._s3.generate_presigned_url(
            "get_object", ExpiresIn=expires_in,
            Params={"Bucket": bucket, "Key": key, "ResponseContentType": "application/octet-stream",
                    "ResponseCacheControl": "private, no-store"})
        return link

    def origin(self, bucket: str) -> str:
        """Scheme and host under which browsers reach a bucket."""
        address = urllib.parse.urlsplit(self.presign_reading(bucket, "any", 1))
        return f"{address.scheme}://{address.netloc}"

    def size(self, bucket: str, key: str) -> int | None:
        """The size of a file in bytes, None when there is none."""
        file = self.describe(bucket, key)
        return file.size if file is not None else None

    def describe(self, bucket: str, key: str, version_id: str | None = None) -> UploadedFile | None:
        """Size, metadata and version of a file, None when there is none.

        Args:
            version_id: Which of its versions; None for the current one.
        """
        try:
            head = self._s3.head_object(Bucket=bucket, Key=key, **_version(version_id))
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return None
            raise
        return UploadedFile(head["ContentLength"], head.get("Metadata", {}), head.get("VersionId", "null"),
                            int(head["LastModified"].timestamp()))

    def read_text(self, bucket: str, key: str, most: int) -> str | None:
        """The first `most` bytes of a text file, None when there is no such file."""
        try:
            body = self._s3.get_object(Bucket=bucket, Key=key)["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return None
            raise
        with body:
            content: bytes = body.read(most)
        return content.decode("utf-8", errors="replace")

    def walk(self, bucket: str, after: str | None = None) -> Iterator[ListedFile]:
        """Every file of a bucket, in the order of keys, or those whose keys come after `after`."""
        start = {} if after is None else {"StartAfter": after}
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, **start):
            for entry in page.get("Contents", []):
                yield ListedFile(entry["Key"], entry["Size"], int(entry["LastModified"].timestamp()))

    def first_below(self, bucket: str, prefix: str) -> str | None:
        """The first key that begins with `prefix`, None where there is none."""
        listed = self._s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)
        return next((str(entry["Key"]) for entry in listed.get("Contents", [])), None)

    def delete(self, bucket: str, key: str) -> None:
        """Delete a file; no error when it is gone already. Where the bucket keeps versions, it can be brought back."""
        self._s3.delete_object(Bucket=bucket, Key=key)

    def delete_version(self, bucket: str, key: str, version_id: str) -> None:
        """Delete one version of a file for good; the one before it, if there is one, is the current one again."""
        self._s3.delete_object(Bucket=bucket, Key=key, VersionId=version_id)

    def purge_below(self, bucket: str, prefix: str) -> None:
        """Delete every file whose key begins with `prefix`, with all its versions: its owner wants it gone for good.

        Raises:
            RuntimeError: S3 did not delete one of them.
        """
        for page in self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
            versions = [{"Key": entry["Key"], "VersionId": entry["VersionId"]}
                        for entry in (*page.get("Versions", []), *page.get("DeleteMarkers", []))]
            if versions:
                answer = self._s3.delete_objects(Bucket=bucket, Delete={"Objects": versions, "Quiet": True})
                if answer.get("Errors"):
                    raise RuntimeError(f"S3 did not delete {len(answer['Errors'])} files: {answer['Errors'][0]}")

    def download(self, bucket: str, key: str, path: Path, on_bytes: Callable[[int], None] | None = None,
                 version_id: str | None = None) -> bool:
        """Download a file to disk.

        Args:
            on_bytes: Called with the number of bytes that came since the last call.
            version_id: Which of its versions; None for the current one.

        Returns:
            False when there is no such file.

        Raises:
            StorageUnavailableError: S3 does not give it now.
        """
        try:
            self._s3.download_file(bucket, key, str(path), Config=_DOWNLOAD, Callback=on_bytes,
                                   ExtraArgs=_version(version_id))
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return False
            raise
        except Boto3Error as error:  # s3transfer's own errors, which are none of botocore's
            raise StorageUnavailableError() from error
        return True

    def copy_input(self, source: str, version_id: str | None, key: str, metadata: Mapping[str, str]) -> bool:
        """Copy an uploaded file within the inputs bucket, in parts side by side where it is large.

        Args:
            version_id: Which version of it; None for the current one.
            metadata: What the copy says of itself, in place of what the original says.

        Returns:
            False when there is no such file.
        """
        try:
            self._s3.copy({"Bucket": self.inputs_bucket, "Key": source, **_version(version_id)}, self.inputs_bucket,
                          key, Config=_COPY,
                          ExtraArgs={"MetadataDirective": "REPLACE", "Metadata": dict(metadata),
                                     "ServerSideEncryption": "AES256"})
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return False
            raise
        return True

    def begin_result(self, key: str, content_type: str) -> ResultUpload:
        """Begin to upload a file into the results bucket while it is produced."""
        return ResultUpload(self.results_bucket, key, content_type)

    def upload_result(self, path: Path, key: str, content_type: str) -> None:
        """Upload a file from disk into the results bucket, with a SHA-256 that later copies are compared with.

        Raises:
            StorageUnavailableError: S3 does not take it now.
        """
        try:
            self._s3.upload_file(str(path), self.results_bucket, key, Config=_TRANSFER,
                                 ExtraArgs={"ContentType": content_type, "ServerSideEncryption": "AES256",
                                            "ChecksumAlgorithm": "SHA256"})
        except Boto3Error as error:  # s3transfer wraps what S3 says
            raise StorageUnavailableError() from error
