"""The archive of results files: one interface, two stores (`s3.py`, `glacier.py`)."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from chalicelib.domain.jobs import Job, RestoreTier


class RetrievalState(Enum):
    """How a request for a retrieval was met."""

    REQUESTED = "requested"
    UNDER_WAY = "under way"
    READY = "ready"


@dataclass(frozen=True)
class Retrieval:
    """A retrieval that the archive reports as done.

    Attributes:
        archive_id: What was retrieved.
        retrieval_id: The store's own name of the retrieval, "" where it has none.
        job_id: The job, as the store remembers it, "" where it does not.
    """

    archive_id: str
    retrieval_id: str = ""
    job_id: str = ""


Intend = Callable[[str], None]
"""Notes, in the job's record, what a store is about to do and could not find again otherwise (`Archive.upload`)."""


class ArchiveStore(Protocol):
    """Keeps results files cold, and gives them back after a while."""

    def put(self, job: Job, intend: Intend) -> str:
        """Copy a job's results file from the results bucket into the archive, compared by checksum.

        A run that was cut off is gone on with where it can be: what it left is found by the job's record.

        Returns:
            The archive id.

        Raises:
            FileNotFoundError: The results file is not there.
            ArchiveMismatchError: The copy differs.
        """

    def request(self, job: Job, tier: RestoreTier) -> RetrievalState:
        """Ask for an archived results file.

        Raises:
            ExpeditedUnavailableError: No capacity for this tier.
            FileNotFoundError: The archive does not hold it.
        """

    def holds(self, job: Job) -> bool:
        """False when the store certainly lacks the file that the job's record names."""

    def bring_back(self, job: Job, retrieval: Retrieval, key: str) -> None:
        """Write a retrieved results file back into the results bucket, compared by checksum.

        Raises:
            RetrievalNotReadyError: The archive has not brought the bytes out (or no longer has them out).
            ArchiveMismatchError: The copy differs.
        """

    def delete(self, archive_id: str) -> None:
        """Remove a results file from the archive; no error when it is gone already."""

    def discard(self, job: Job) -> None:
        """Remove what a `put` that was cut off may have left; no error when it left nothing."""

    def stays(self, archive_id: str) -> bool:
        """True when this is where results go now; False in a store that is being emptied."""
