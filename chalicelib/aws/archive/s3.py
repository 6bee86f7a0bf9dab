"""The archive in S3: storage class Glacier Flexible Retrieval, in a bucket of its own."""
from __future__ import annotations

from botocore.exceptions import ClientError

from chalicelib.aws.archive.base import Intend, Retrieval, RetrievalState
from chalicelib.aws.clients import client
from chalicelib.aws.s3.object_copy import MISSING, copy_checked, object_info
from chalicelib.domain.jobs import Job, RestoreTier
from chalicelib.domain.names import key_prefix
from chalicelib.domain.result_files import RESULTS
from chalicelib.exceptions import ExpeditedUnavailableError, RetrievalNotReadyError

RESTORED_DAYS = 1
"""How long S3 keeps retrieved bytes out; the thaw takes them at once."""


class S3Archive:
    """Archive ids are keys of the archive bucket: `<user_id>/<job_id>/<number of the archiving>/<file name>`.

    A repeated archiving writes the same key again, and a file that comes back and goes cold again gets a new one: an
    event that comes late never means the wrong copy.

    Args:
        results_bucket: Where results files are when they are not archived.
        archive_bucket: Where they go.
    """

    def __init__(self, results_bucket: str, archive_bucket: str) -> None:
        self._results = results_bucket
        self._archive = archive_bucket

    def put(self, job: Job, intend: Intend) -> str:
        """See `ArchiveStore.put`. The key is the same each time: nothing need be noted."""
        archive_id = f"{key_prefix(job.user_id, job.job_id)}{job.archive.archivings + 1}/{job.file_name(RESULTS)}"
        copy_checked(self._results, str(job.file(RESULTS).key), self._archive, archive_id, "GLACIER")
        return archive_id

    def request(self, job: Job, tier: RestoreTier) -> RetrievalState:
        """See `ArchiveStore.request`."""
        key = str(job.archive_id)
        info = object_info(self._archive, key)
        if info is None:
            raise FileNotFoundError(key)
        if info.restored:
            # S3 would only prolong it, and send no event.
            return RetrievalState.READY
        try:
            client("s3").restore_object(Bucket=self._archive, Key=key, RestoreRequest={
                "Days": RESTORED_DAYS, "GlacierJobParameters": {"Tier": tier.value}})
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "RestoreAlreadyInProgress":
                return RetrievalState.UNDER_WAY
            if code == "GlacierExpeditedRetrievalNotAvailable":
                raise ExpeditedUnavailableError() from error
            if code in MISSING:
                raise FileNotFoundError(key) from error
            raise
        return RetrievalState.REQUESTED

    def holds(self, job: Job) -> bool:
        """See `ArchiveStore.holds`."""
        return object_info(self._archive, str(job.archive_id)) is not None

    def bring_back(self, job: Job, retrieval: Retrieval, key: str) -> None:
        """See `ArchiveStore.bring_back`."""
        info = object_info(self._archive, retrieval.archive_id)
        if info is None or not info.restored:
            raise RetrievalNotReadyError()
        copy_checked(self._archive, retrieval.archive_id, self._results, key, "STANDARD")

    def delete(self, archive_id: str) -> None:
        """See `ArchiveStore.delete`."""
        client("s3").delete_object(Bucket=self._archive, Key=archive_id)

    def discard(self, job: Job) -> None:
        """See `ArchiveStore.discard`: it would lie below the job's own prefix, with what else is deleted there."""

    def stays(self, archive_id: str) -> bool:
        """See `ArchiveStore.stays`: there is no other store."""
        return True
