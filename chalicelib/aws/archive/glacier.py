"""The archive in a Glacier vault, for accounts that have one (AWS makes no new vault customers since December 2025)."""
from __future__ import annotations

import hashlib
import json
from typing import IO, Any

from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError

from chalicelib.aws.archive.base import Intend, Retrieval, RetrievalState
from chalicelib.aws.clients import client
from chalicelib.aws.s3.object_copy import complete_upload
from chalicelib.domain.jobs import Job, RestoreTier
from chalicelib.domain.result_files import RESULTS
from chalicelib.exceptions import ArchiveMismatchError, ExpeditedUnavailableError, RetrievalNotReadyError

logger = Logger(child=True)

PART_BYTES = 64 * 1024**2
"""Glacier wants a power of two mebibytes; S3's parts may be of this size too."""


class GlacierArchive:
    """Archive ids are Glacier's own.

    Args:
        results_bucket: Where results files are when they are not archived.
        vault: The vault's name.
        thaw_topic: ARN of the topic on which Glacier announces retrievals.
        part_bytes: How much is held in memory at a time.
    """

    def __init__(self, results_bucket: str, vault: str, thaw_topic: str, part_bytes: int = PART_BYTES) -> None:
        self._results = results_bucket
        self._vault = vault
        self._topic = thaw_topic
        self._part = part_bytes

    def put(self, job: Job, intend: Intend) -> str:
        """See `ArchiveStore.put`. Bytes pass through in parts; SHA-256 and tree hash are compared.

        The upload is noted before it is completed: only Glacier knows an archive's id, and it returns it once more when
        the same upload is completed once more.
        """
        if job.archive.upload and (found := self._complete(job.archive.upload)) is not None:
            return found
        key, known = str(job.file(RESULTS).key), job.file(RESULTS).sha256
        s3, glacier = client("s3"), client("glacier")
        try:
            answer = s3.get_object(Bucket=self._results, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
                raise FileNotFoundError(key) from error
            raise
        upload = glacier.initiate_multipart_upload(
            vaultName=self._vault, partSize=str(self._part),
            archiveDescription=json.dumps({"job_id": job.job_id}))["uploadId"]
        try:
            size, sha256, leaves = self._send_parts(glacier, upload, answer["Body"])
            if known and sha256 != known:
                raise ArchiveMismatchError(f"{key} is not what the annotator wrote.")
            noted = json.dumps({"upload": upload, "size": size, "tree": _tree_root(leaves)})
            intend(noted)
        except BaseException:
            glacier.abort_multipart_upload(vaultName=self._vault, uploadId=upload)
            raise
        # From here on nothing is aborted: the next run continues this upload.
        archive_id = self._complete(noted)
        if archive_id is None:
            raise ArchiveMismatchError(f"The upload of {key} is gone before it was completed.")
        return archive_id

    def _complete(self, noted: str) -> str | None:
        """Complete an upload, or hear once more what came of it.

        Args:
            noted: As `put` notes it.

        Returns:
            The archive id, None when Glacier does not know of the upload (any more).

        Raises:
            ArchiveMismatchError: The archive differs from what was sent.
        """
        upload = json.loads(noted)
        try:
            done = client("glacier").complete_multipart_upload(
                vaultName=self._vault, uploadId=upload["upload"], archiveSize=str(upload["size"]),
                checksum=upload["tree"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            logger.warning("An upload is not known to the vault any more; it may have left an archive that no record "
                           "names", extra={"upload": upload["upload"]})
            return None
        archive_id: str = done["archiveId"]
        if done["checksum"] != upload["tree"]:
            self.delete(archive_id)
            raise ArchiveMismatchError("An archive has another tree hash than what was sent.")
        return archive_id

    def discard(self, job: Job) -> None:
        """See `ArchiveStore.discard`."""
        if job.archive.upload and (archive_id := self._complete(job.archive.upload)) is not None:
            self.delete(archive_id)

    def _send_parts(self, glacier: Any, upload: str, body: IO[bytes]) -> tuple[int, str, list[bytes]]:
        whole, leaves, size = hashlib.sha256(), [], 0
        with body:
            while part := _read_exactly(body, self._part):
                tree = _tree_leaves(part)
                glacier.upload_multipart_part(
                    vaultName=self._vault, uploadId=upload, checksum=_tree_root(tree), body=part,
                    range=f"bytes {size}-{size + len(part) - 1}/*")
                whole.update(part)
                leaves += tree
                size += len(part)
        return size, whole.hexdigest(), leaves

    def request(self, job: Job, tier: RestoreTier) -> RetrievalState:
        """See `ArchiveStore.request`. Glacier does not tell of retrievals under way: the job's record does."""
        if job.archive.restore_status is not None and job.archive.restore_tier is tier:
            return RetrievalState.UNDER_WAY
        try:
            client("glacier").initiate_job(vaultName=self._vault, jobParameters={
                "Type": "archive-retrieval", "ArchiveId": job.archive_id, "Tier": tier.value,
                "SNSTopic": self._topic, "Description": json.dumps({"job_id": job.job_id})})
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "InsufficientCapacityException":
                raise ExpeditedUnavailableError() from error
            if code == "ResourceNotFoundException":
                raise FileNotFoundError(str(job.archive_id)) from error
            raise
        return RetrievalState.REQUESTED

    def holds(self, job: Job) -> bool:
        """See `ArchiveStore.holds`. Only the vault's inventory, made once a day, says what is in it."""
        return True

    def bring_back(self, job: Job, retrieval: Retrieval, key: str) -> None:
        """See `ArchiveStore.bring_back`. The output is read in ranges and written in parts."""
        s3 = client("s3")
        target = {"Bucket": self._results, "Key": key}
        size = self._retrieved_size(retrieval)
        upload = s3.create_multipart_upload(ServerSideEncryption="AES256", ContentType="application/gzip",
                                            ChecksumAlgorithm="SHA256", **target)["UploadId"]
        whole, parts = hashlib.sha256(), []
        try:
            for number, first in enumerate(range(0, max(size, 1), self._part), start=1):
                part = self._range(retrieval, first, min(first + self._part, size) - 1)
                whole.update(part)
                sent = s3.upload_part(UploadId=upload, PartNumber=number, Body=part, ChecksumAlgorithm="SHA256",
                                      **target)
                parts.append({name: value for name, value in (
                    ("PartNumber", number), ("ETag", sent["ETag"]), ("ChecksumSHA256", sent.get("ChecksumSHA256")))
                    if value is not None})
            if (known := job.file(RESULTS).sha256) and whole.hexdigest() != known:
                raise ArchiveMismatchError(f"What the archive gave back for {key} is not what it was given.")
            complete_upload(s3, upload, parts, target)
        except BaseException:
            s3.abort_multipart_upload(UploadId=upload, **target)
            raise

    def _retrieved_size(self, retrieval: Retrieval) -> int:
        try:
            job = client("glacier").describe_job(vaultName=self._vault, jobId=retrieval.retrieval_id)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                raise RetrievalNotReadyError() from error  # Glacier keeps the output for a day only
            raise
        if not job["Completed"]:
            raise RetrievalNotReadyError()
        size: int = job["ArchiveSizeInBytes"]
        return size

    def _range(self, retrieval: Retrieval, first: int, last: int) -> bytes:
        output = client("glacier").get_job_output(vaultName=self._vault, jobId=retrieval.retrieval_id,
                                                  range=f"bytes={first}-{last}")
        with output["body"] as body:
            part: bytes = body.read()
        return part

    def delete(self, archive_id: str) -> None:
        """See `ArchiveStore.delete`."""
        try:
            client("glacier").delete_archive(vaultName=self._vault, archiveId=archive_id)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise

    def stays(self, archive_id: str) -> bool:
        """See `ArchiveStore.stays`: there is no other store."""
        return True


def _read_exactly(body: IO[bytes], size: int) -> bytes:
    pieces, missing = [], size
    while missing and (piece := body.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def _tree_leaves(part: bytes) -> list[bytes]:
    return [hashlib.sha256(part[first:first + 1024**2]).digest() for first in range(0, len(part), 1024**2)]


def _tree_root(level: list[bytes]) -> str:
    """Glacier's tree hash (hex) over SHA-256s of consecutive mebibytes; an odd one out rises as it is."""
    while len(level) > 1:
        pairs = [level[first:first + 2] for first in range(0, len(level), 2)]
        level = [hashlib.sha256(b"".join(pair)).digest() if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0].hex() if level else hashlib.sha256(b"").hexdigest()
