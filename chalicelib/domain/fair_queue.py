"""Whose waiting job is next: users take turns, and Premium goes first. One rule, for annotators and for the pages.

See docs/decisions/fair-queue.md.
"""
from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from chalicelib.domain.jobs import Job, JobStatus

PREMIUM_AHEAD = 600
"""Seconds by which a Premium user's jobs count as submitted earlier. A free user's job waits no longer than that for
jobs of Premium that came after it."""


@dataclass(frozen=True, kw_only=True)
class OpenJob:
    """What is asked of a job that waits or runs.

    Attributes:
        submit_time: epoch seconds.
        input_file_size: bytes.
        premium: True when its user had Premium when the job was submitted.
    """

    job_id: str
    user_id: str
    submit_time: int
    input_file_size: int
    job_status: JobStatus
    premium: bool = False

    @classmethod
    def of(cls, job: Job) -> OpenJob:
        """What is asked of this job."""
        return cls(job_id=job.job_id, user_id=job.user_id, submit_time=job.submit_time,
                   input_file_size=job.uploaded_size, job_status=job.job_status, premium=job.premium)


class Line:
    """Waiting jobs, which leave in turn.

    The next job is the oldest one of the user who has waited longest: since the submission of that job, or since the
    last start of a job of this user, whichever is later.

    Args:
        waiting: jobs in any order.
        served: when the last job of a user was started, epoch seconds, for users of whom that is known.
    """

    def __init__(self, waiting: Iterable[OpenJob], served: Mapping[str, int]) -> None:
        self._served = dict(served)
        self._turns = defaultdict(int, dict.fromkeys(served, 1))  # decide within one second, and where no time is known
        self._jobs: dict[str, deque[OpenJob]] = defaultdict(deque)
        for job in sorted(waiting, key=lambda job: (job.submit_time, job.job_id)):
            self._jobs[job.user_id].append(job)
        self._users = [self._place(user_id) for user_id in self._jobs]
        heapify(self._users)

    def _place(self, user_id: str) -> tuple[int, int, int, str, str]:
        first = self._jobs[user_id][0]
        since = max(self._served.get(user_id, 0), first.submit_time) - (PREMIUM_AHEAD if first.premium else 0)
        return since, self._turns[user_id], first.submit_time, first.job_id, user_id

    def next(self, now: int) -> OpenJob | None:
        """Take the job that is next out of the line, None when nobody waits.

        Args:
            now: when it starts, epoch seconds.
        """
        if not self._users:
            return None
        user_id = heappop(self._users)[-1]
        job = self._jobs[user_id].popleft()
        self._served[user_id] = now
        self._turns[user_id] += 1
        if self._jobs[user_id]:
            heappush(self._users, self._place(user_id))
        return job
