"""A result file uploaded while it is produced: in parts, and nothing under its key before all of it is there."""
from __future__ import annotations

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.clients import client
from chalicelib.aws.s3.object_copy import complete_upload

PART_BYTES = 32 * 1024**2
"""Of every part but the last, so that copies can be made in parts of the same size. S3 takes 10,000 parts: 312 GiB."""
SENDING = 2
"""Parts of one file that are sent at a time; while they are, nothing more is taken."""


class ResultUpload:
    """One file, written front to back; leaving the `with` block without `complete` abandons it.

    A worker that is killed leaves an upload that is not completed: nobody sees it, and the bucket's lifecycle rule
    removes it after a day.

    Args:
        bucket: Of results.
        content_type: Media type.
    """

    def __init__(self, bucket: str, key: str, content_type: str) -> None:
        self.key = key
        self._target = {"Bucket": bucket, "Key": key}
        self._described = {**self._target, "ContentType": content_type, "ServerSideEncryption": "AES256",
                           "ChecksumAlgorithm": "SHA256"}
        self._pool = ThreadPoolExecutor(SENDING, thread_name_prefix="upload")
        self._upload: str | None = None
        self._sending: deque[Future[dict[str, Any]]] = deque()
        self._begin()

    @property
    def _s3(self) -> Any:
        return client("s3")

    def _begin(self) -> None:
        self._waiting = bytearray()
        self._parts: list[dict[str, Any]] = []
        self._number = 0
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """Hex digest of what was written."""
        return self._digest.hexdigest()

    def restart(self) -> None:
        """Begin again, in place of what was written. Parts are overwritten by those of the same number."""
        self._finish_sending(0)
        self._begin()

    def write(self, data: bytes) -> None:
        """Take the next bytes; waits while parts before are sent.

        Raises:
            BotoCoreError, ClientError: S3 does not take a part that was sent.
        """
        self._digest.update(data)
        self.size += len(data)
        self._waiting += data
        while len(self._waiting) >= PART_BYTES:
            self._send(bytes(self._waiting[:PART_BYTES]))
            del self._waiting[:PART_BYTES]

    def complete(self) -> None:
        """Make the file appear under its key.

        Raises:
            BotoCoreError, ClientError: S3 does not take it.
        """
        if not self._number:
            self._s3.put_object(**self._described, Body=bytes(self._waiting))
            return
        if self._waiting:
            self._send(bytes(self._waiting))
        self._finish_sending(0)
        complete_upload(self._s3, str(self._upload), self._parts, self._target)
        self._upload = None

    def _send(self, part: bytes) -> None:
        if self._upload is None:
            self._upload = self._s3.create_multipart_upload(**self._described)["UploadId"]
        self._finish_sending(SENDING - 1)
        self._number += 1
        self._sending.append(self._pool.submit(self._send_part, self._upload, self._number, part))

    def _send_part(self, upload: str, number: int, part: bytes) -> dict[str, Any]:
        sent = self._s3.upload_part(**self._target, UploadId=upload, PartNumber=number, Body=part,
                                    ChecksumAlgorithm="SHA256")
        return {"PartNumber": number, "ETag": sent["ETag"], "ChecksumSHA256": sent["ChecksumSHA256"]}

    def _finish_sending(self, most: int) -> None:
        while len(self._sending) > most:
            self._parts.append(self._sending.popleft().result())

    def __enter__(self) -> ResultUpload:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        # A part that arrives after the upload was abandoned would stay.
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._upload is not None:
            with suppress(BotoCoreError, ClientError):  # the lifecycle rule does it, a day later
                self._s3.abort_multipart_upload(**self._target, UploadId=self._upload)
