"""A list of jobs as its page shows it."""
from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from chalicelib.domain.job_query import FoundJobs, JobQuery, Order, StatusFilter
from chalicelib.domain.jobs import Job
from chalicelib.domain.plans import Plans
from chalicelib.domain.profiles import Profile
from chalicelib.domain.throughput import Throughput
from chalicelib.usecases.jobs.queue_estimate import QueuePlace, expected_end
from chalicelib.web.site import Site
from chalicelib.web.views.jobs import STATUS_WORDS, JobView

ORDER_WORDS = {
    Order.NEWEST: "Newest first", Order.OLDEST: "Oldest first", Order.NAME: "Name, A to Z", Order.NAME_BACK:
    "Name, Z to A"}
STANDING_WORDS = {
    **{StatusFilter(status.value): words.label for status, words in STATUS_WORDS.items()},
    StatusFilter.ARCHIVED: "Archived"}

WAITED_FOR = 600
"""Seconds that the list waits for uploaded files to become jobs, which usually takes less than a minute."""


@dataclass(frozen=True, kw_only=True)
class RowView:
    """A job in the list.

    Attributes:
        note: What the user called it, "" for nothing.
        ends: When it should end, epoch seconds, None when nobody can tell.
    """

    job: JobView
    note: str
    place: QueuePlace | None
    ends: int | None

    @property
    def waiting(self) -> str:
        """How many jobs come before it, in words; the page shows beside it when it should start."""
        if self.place is None:
            return ""
        if self.place.more:
            return f"More than {self.place.before} jobs ahead"
        return {0: "Next in line", 1: "1 job ahead"}.get(self.place.before, f"{self.place.before} jobs ahead")

    @classmethod
    def of(
        cls, job: Job, now: int, owner: Profile, plans: Plans, place: QueuePlace | None, pace: Throughput
    ) -> RowView:
        """The row as the job's owner sees it at `now` (epoch seconds)."""
        view = JobView.of(job, now, owner, plans)
        return cls(job=view, note=job.note or "", place=place, ends=expected_end(job, pace, now))


@dataclass(frozen=True)
class UploadedBatch:
    """Files of one upload page that were uploaded together, some of which are not jobs yet.

    Attributes:
        files: How many were uploaded.
        since: When their upload page was opened, epoch seconds.
        shown: When the list was first shown after the upload, epoch seconds.
        missing: How many of them are not in the list yet.
    """

    files: int
    since: int
    shown: int
    missing: int

    def waiting(self, now: int) -> bool:
        """True while the list should be asked for again because of them."""
        return self.missing > 0 and now - self.shown < WAITED_FOR

    @property
    def query(self) -> dict[str, int]:
        """The query parameters that name the batch."""
        return {"uploaded": self.files, "since": self.since, "shown": self.shown}


@dataclass(frozen=True, kw_only=True)
class JobListView:
    """A page of the list.

    Attributes:
        here: The link to this page, to be asked for again.
        following: The link to the next page, None on the last one.
        cut_short: The search goes on with the next page.
        seen: Changes whenever any row does.
        batch: Files that were uploaded together just before; None for none.
        arriving: How many of them should still appear in the list.
        lost: How many of them did not appear in time.
    """

    rows: tuple[RowView, ...]
    listing: JobQuery
    days: Mapping[str, str]
    cursor: str | None
    here: str
    newest: str
    following: str | None
    cut_short: bool
    seen: str
    batch: UploadedBatch | None
    arriving: int
    lost: int

    @property
    def query(self) -> str:
        """The query of the address of this page, to come back to it."""
        return urlencode({name: value for name, value in {**listing_query(self.listing, self.days),
                                                          "cursor": self.cursor}.items() if value})

    @property
    def live(self) -> bool:
        """True while any job on the page moves, or one is about to appear."""
        return self.arriving > 0 or any(row.job.live for row in self.rows)

    @property
    def live_in(self) -> int | None:
        """Seconds after which the page is worth asking for again although nothing on it moves; None for never."""
        return min((row.job.live_in for row in self.rows if row.job.live_in is not None), default=None)

    @property
    def empty(self) -> bool:
        """True when the user has no job at all, and none is about to appear."""
        return not self.rows and self.cursor is None and self.listing.whole and self.batch is None

    @property
    def announcement(self) -> str:
        """What a screen reader says when a job on the page has moved: the newest three."""
        rows = [f"{row.job.file_name}: {row.job.words.label}{_whereabouts(row.job)}" for row in self.rows[:3]]
        return ". ".join([*rows, *([self.arriving_words] if self.arriving else [])])

    @property
    def arriving_words(self) -> str:
        """How many files will still appear, in words."""
        return "1 more file is being prepared" if self.arriving == 1 else (
            f"{self.arriving} more files are being prepared")

    @classmethod
    def of(cls, found: FoundJobs, listing: JobQuery, days: Mapping[str, str], cursor: str | None, now: int,
           owner: Profile, plans: Plans, places: Mapping[str, QueuePlace], pace: Throughput, site: Site,
           batch: UploadedBatch | None = None) -> JobListView:
        """The page as its owner sees it at `now` (epoch seconds).

        Args:
            days: The first and last day asked for and the zone, as the form gave them.
            batch: Files that were uploaded just before.
        """
        arriving = batch.missing if batch is not None and batch.waiting(now) else 0
        lost = batch.missing if batch is not None and not arriving else 0
        stamp = " ".join([*(f"{job.job_id}:{job.version}:{getattr(places.get(job.job_id), 'before', '')}"
                            for job in found.jobs), f"{arriving}:{lost}"])
        seen = hashlib.sha256(stamp.encode()).hexdigest()[:16]
        query = listing_query(listing, days)
        return cls(
            rows=tuple(RowView.of(job, now, owner, plans, places.get(job.job_id), pace) for job in found.jobs),
            listing=listing, days=days, cursor=cursor, seen=seen, cut_short=found.cut_short, batch=batch,
            arriving=arriving, lost=lost,
            here=site.path("/annotations", **query, cursor=cursor, seen=seen, **(batch.query if batch else {})),
            newest=site.path("/annotations", **query),
            following=site.path("/annotations", **query, cursor=found.next_cursor) if found.next_cursor else None)


def listing_query(listing: JobQuery, days: Mapping[str, str]) -> dict[str, str | None]:
    """The query parameters that ask for such a list."""
    return {"q": listing.text or None, "status": listing.standing.value if listing.standing else None,
            **{name: value or None for name, value in days.items()},
            "sort": listing.order.value if listing.order is not Order.NEWEST else None}


def _whereabouts(job: JobView) -> str:
    if job.restoring:
        return ", being restored"
    return ", archived" if job.archived else ""
