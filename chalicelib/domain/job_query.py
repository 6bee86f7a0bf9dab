"""What of a user's jobs a list shows, and in which order."""
from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.jobs import Job, JobStatus


class Order(StrEnum):
    """Orders of a list of jobs."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"
    NAME_BACK = "name-back"

    @property
    def by_name(self) -> bool:
        """True for orders by file name, False for those by time of submission."""
        return self in (Order.NAME, Order.NAME_BACK)

    @property
    def forward(self) -> bool:
        """True for small to large."""
        return self in (Order.OLDEST, Order.NAME)


class StatusFilter(StrEnum):
    """Where a job and its results stand, as people filter by it: the statuses, and the archive."""

    PENDING = JobStatus.PENDING.value
    RUNNING = JobStatus.RUNNING.value
    COMPLETED = JobStatus.COMPLETED.value
    FAILED = JobStatus.FAILED.value
    CANCELLED = JobStatus.CANCELLED.value
    ARCHIVED = "ARCHIVED"


@dataclass(frozen=True, kw_only=True)
class JobQuery:
    """A choice among a user's jobs.

    Attributes:
        text: Part of the file's name or the note, in any case.
        since: Submitted at or after this time, epoch seconds.
        before: Submitted before this time, epoch seconds.
    """

    text: str = ""
    standing: StatusFilter | None = None
    since: int | None = None
    before: int | None = None
    order: Order = Order.NEWEST

    @property
    def whole(self) -> bool:
        """True when every job is shown."""
        return not self.text and self.standing is None and self.since is None and self.before is None


@dataclass(frozen=True)
class FoundJobs:
    """One page of a list.

    Attributes:
        next_cursor: Where the next page begins; None at the end.
        looked_at: Number of index entries that were read for it.
        cut_short: True when the search stopped before the page was full; the next page continues it.
    """

    jobs: list[Job]
    next_cursor: str | None
    looked_at: int
    cut_short: bool
