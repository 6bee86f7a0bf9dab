"""Both stores at once: new results go to one, and what is in the other is found there as long as it is."""
from __future__ import annotations

from chalicelib.aws.archive.base import ArchiveStore, Intend, Retrieval, RetrievalState
from chalicelib.domain.jobs import Job, RestoreTier
from chalicelib.domain.names import in_archive_bucket


class CompositeArchive:
    """See `ArchiveStore`. An archive id says by its form which store it is of.

    Args:
        into_vault: True when new results go to the vault.
    """

    def __init__(self, s3: ArchiveStore, vault: ArchiveStore, into_vault: bool) -> None:
        self._s3 = s3
        self._vault = vault
        self._into_vault = into_vault

    def _of(self, archive_id: str) -> ArchiveStore:
        return self._s3 if in_archive_bucket(archive_id) else self._vault

    def put(self, job: Job, intend: Intend) -> str:
        """See `ArchiveStore.put`."""
        return (self._vault if self._into_vault else self._s3).put(job, intend)

    def request(self, job: Job, tier: RestoreTier) -> RetrievalState:
        """See `ArchiveStore.request`."""
        return self._of(str(job.archive_id)).request(job, tier)

    def holds(self, job: Job) -> bool:
        """See `ArchiveStore.holds`."""
        return self._of(str(job.archive_id)).holds(job)

    def bring_back(self, job: Job, retrieval: Retrieval, key: str) -> None:
        """See `ArchiveStore.bring_back`."""
        self._of(retrieval.archive_id).bring_back(job, retrieval, key)

    def delete(self, archive_id: str) -> None:
        """See `ArchiveStore.delete`."""
        self._of(archive_id).delete(archive_id)

    def discard(self, job: Job) -> None:
        """See `ArchiveStore.discard`."""
        self._s3.discard(job)
        self._vault.discard(job)

    def stays(self, archive_id: str) -> bool:
        """See `ArchiveStore.stays`."""
        return in_archive_bucket(archive_id) is not self._into_vault
