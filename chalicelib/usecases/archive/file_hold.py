"""The files of one job are moved by one run at a time: archive, thaw and delete hold them while they do."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.domain.jobs import Job
from chalicelib.services import Services

LONGEST_MOVE = 960
"""Seconds; longer than a function can live (15 minutes), so that a run cut off cannot meet its successor."""


@contextmanager
def held_files(services: Services, job_id: str, owner: str, seconds: int = LONGEST_MOVE) -> Iterator[Job]:
    """Hold a job's files; gives the job as it stands then.

    An error gives the hold up, so that the next try need not wait; a run that is cut off leaves it to run out.

    Args:
        owner: A name for this run, different from any other's.

    Raises:
        JobNotFoundError: There is no such job.
        FilesOnTheMoveError: Another run holds them.
    """
    job = services.archive_table.hold_files(job_id, owner, services.clock(), seconds)
    try:
        yield job
    except Exception:
        services.archive_table.release_files(job_id, owner)
        raise
    services.archive_table.release_files(job_id, owner)
