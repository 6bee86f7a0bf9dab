"""When waiting jobs should begin and running ones end: reckoned from those before them and the measured pace."""
from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.aws.job_search import JobSearch
from chalicelib.aws.pace_record import PaceRecord
from chalicelib.domain.jobs import Job, JobStatus, Stage
from chalicelib.domain.pace import Pace
from chalicelib.services import Services

MOST_BEFORE = 100
"""Waiting jobs before one's own that are looked at; beyond them nobody can tell the time."""
LEAST_PERCENT = 5
"""Share of the records from which on a job's own progress tells its end better than other jobs do."""


@dataclass(frozen=True)
class QueuePlace:
    """Where a waiting job stands.

    :param before: jobs that come before it, those that run included
    :param more: True when there are more than were counted
    :param begins: when it should begin, epoch seconds, None when nobody can tell
    """

    before: int
    more: bool
    begins: int | None


def queue_places(services: Services, jobs: Iterable[Job]) -> dict[str, QueuePlace]:
    """The places of those of the jobs that wait, by job id."""
    waiting = {job.job_id: job for job in jobs if job.job_status is JobStatus.PENDING}
    if not waiting:
        return {}
    last = max(job.submit_time for job in waiting.values())
    ids = services.archive_table.open_since(last + 1, MOST_BEFORE)
    open_jobs = {job.job_id: job for job in JobSearch(services.jobs).jobs(ids.job_ids) if not job.ended}
    # What the index does not show yet, and what lies beyond the jobs that were looked at.
    unseen = {job_id: job for job_id, job in waiting.items() if job_id not in open_jobs}
    more = ids.next_key is not None
    in_order = sorted([*open_jobs.values(), *([] if more else unseen.values())],
                      key=lambda job: (job.submit_time, job.job_id))
    places = _reckoned(in_order, PaceRecord(services.jobs).get(), services.clock())
    places |= {job_id: QueuePlace(len(open_jobs), True, None) for job_id in unseen if more}
    return {job_id: place for job_id, place in places.items() if job_id in waiting}


def _reckoned(jobs: list[Job], pace: Pace, now: int) -> dict[str, QueuePlace]:
    """As many at once as run now; each worker takes the oldest waiting job when it is free."""
    running = [job for job in jobs if job.job_status is JobStatus.RUNNING]
    ends = [end for job in running if (end := expected_end(job, pace, now)) is not None]
    known = bool(running) and len(ends) == len(running)
    heapq.heapify(ends)
    places: dict[str, QueuePlace] = {}
    for number, job in enumerate(job for job in jobs if job.job_status is JobStatus.PENDING):
        begins = heapq.heappop(ends) if known else None
        places[job.job_id] = QueuePlace(len(running) + number, False, begins)
        needs = pace.expected(job.input_file_size)
        if begins is not None and needs is not None:
            heapq.heappush(ends, begins + round(needs))
        else:
            known = False
    return places


def expected_end(job: Job, pace: Pace, now: int) -> int | None:
    """When a running job should end, epoch seconds: by its own progress where it tells, else by the pace of others."""
    if job.job_status is not JobStatus.RUNNING or job.start_time is None:
        return None
    percent = job.progress.percent if job.progress and job.progress.stage is Stage.ANNOTATING else None
    elapsed = now - job.start_time
    if percent is not None and percent >= LEAST_PERCENT and elapsed > 0:
        return now + round(elapsed * (100 - percent) / percent)
    needs = pace.expected(job.input_file_size)
    return None if needs is None else max(now, job.start_time + round(needs))
