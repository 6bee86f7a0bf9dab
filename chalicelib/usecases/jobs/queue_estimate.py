"""Estimates when waiting jobs start and running ones end, from the jobs before them and the measured throughput."""
from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.aws.dynamodb.open_jobs import open_jobs
from chalicelib.domain.fair_queue import Line, OpenJob
from chalicelib.domain.jobs import Job, JobStatus, Stage
from chalicelib.domain.throughput import Throughput
from chalicelib.services import Services

MOST_LOOKED_AT = 5000
"""Open jobs that are looked at, the oldest ones; beyond them nobody can tell a place."""
LEAST_PERCENT = 5
"""Share of the records from which a job's own progress predicts its end better than other jobs do."""


@dataclass(frozen=True)
class QueuePlace:
    """Where a waiting job stands.

    Attributes:
        before: Jobs that come before it, those that run included.
        more: True when there are more than were counted.
        begins: When it should begin, epoch seconds, None when nobody can tell.
    """

    before: int
    more: bool
    begins: int | None


def queue_places(services: Services, jobs: Iterable[Job]) -> dict[str, QueuePlace]:
    """The places of those of the jobs that wait, by job id."""
    wanted = {job.job_id: OpenJob.of(job) for job in jobs if job.job_status is JobStatus.PENDING}
    if not wanted:
        return {}
    found = open_jobs(services.jobs, MOST_LOOKED_AT)
    seen = {job.job_id: job for job in found.jobs}
    unseen = {job_id for job_id in wanted if job_id not in seen}
    # What the index does not show yet; where there are more than were looked at, what lies beyond them.
    seen |= {job_id: job for job_id, job in wanted.items() if job_id in seen or not found.more}
    running = [job for job in services.job_search.jobs(
        [job.job_id for job in seen.values() if job.job_status is JobStatus.RUNNING])
        if job.job_status is JobStatus.RUNNING]
    line = Line((job for job in seen.values() if job.job_status is JobStatus.PENDING),
                services.last_starts.served())
    places = _reckoned(line, running, services.throughput.get(), services.clock())
    if found.more:
        places |= {job_id: QueuePlace(len(seen), True, None) for job_id in unseen}
    return {job_id: place for job_id, place in places.items() if job_id in wanted}


def _reckoned(line: Line, running: list[Job], pace: Throughput, now: int) -> dict[str, QueuePlace]:
    """As many at once as run now; each annotator takes the job whose turn it is when it is free."""
    ends = [end for job in running if (end := expected_end(job, pace, now)) is not None]
    known = bool(running) and len(ends) == len(running)
    heapq.heapify(ends)
    places: dict[str, QueuePlace] = {}
    before = len(running)
    while (job := line.next(ends[0] if known else now)) is not None:
        begins = heapq.heappop(ends) if known else None
        places[job.job_id] = QueuePlace(before, False, begins)
        before += 1
        needs = pace.expected(job.input_file_size)
        if begins is not None and needs is not None:
            heapq.heappush(ends, begins + round(needs))
        else:
            known = False
    return places


def expected_end(job: Job, pace: Throughput, now: int) -> int | None:
    """When a running job should end, epoch seconds: by its own progress where that is known, else by other jobs.

    Only its last attempt counts: each one begins the file again.
    """
    began = job.run.attempt_start_time if job.run.attempt_start_time is not None else job.run.start_time
    if job.job_status is not JobStatus.RUNNING or began is None:
        return None
    percent = job.run.progress.percent if job.run.progress and job.run.progress.stage is Stage.ANNOTATING else None
    elapsed = now - began
    if percent is not None and percent >= LEAST_PERCENT and elapsed > 0:
        return now + round(elapsed * (100 - percent) / percent)
    needs = pace.expected(job.uploaded_size)
    return None if needs is None else max(now, began + round(needs))
