"""A user's list of jobs: choosing among them, and deleting several."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aws_lambda_powertools import Logger

from chalicelib.domain.job_query import FoundJobs, JobQuery, Order
from chalicelib.domain.jobs import Job
from chalicelib.domain.names import is_job_id
from chalicelib.exceptions import FilesOnTheMoveError, JobNotFoundError
from chalicelib.services import Services
from chalicelib.usecases.jobs.user_jobs import delete_job

logger = Logger(child=True)


@dataclass(frozen=True)
class Deleted:
    """What became of jobs that were to be deleted.

    Attributes:
        deleted: How many are gone.
        moving: How many stay because their files are just being moved.
    """

    deleted: int
    moving: int


def find_jobs(services: Services, user_id: str, wanted: JobQuery, size: int, cursor: str | None = None) -> FoundJobs:
    """A page of what is wanted of the user's jobs.

    Raises:
        BadRequestError: For a cursor that no page gave.
    """
    if wanted.whole and wanted.order is Order.NEWEST:  # what nearly every visit asks for, in one query
        page = services.jobs.of_user(user_id, size, cursor)
        return FoundJobs(page.jobs, page.next_cursor, len(page.jobs), cut_short=False)
    return services.job_search.page(user_id, wanted, size, cursor)


def chosen_jobs(services: Services, user_id: str, job_ids: Iterable[str]) -> list[Job]:
    """Those of these jobs that are the user's; others are passed over like ones that do not exist."""
    ids = list(dict.fromkeys(job_id for job_id in job_ids if is_job_id(job_id)))
    return [job for job in services.job_search.jobs(ids) if job.user_id == user_id]


def delete_jobs(services: Services, user_id: str, job_ids: Iterable[str]) -> Deleted:
    """Delete several jobs with everything that belongs to them, one after the other.

    What is interrupted can be repeated: jobs that are gone already are passed over.
    """
    deleted = moving = 0
    for job in chosen_jobs(services, user_id, job_ids):
        try:
            delete_job(services, user_id, job.job_id)
            deleted += 1
        except JobNotFoundError:
            logger.info("Deleted meanwhile", extra={"job_id": job.job_id})
        except FilesOnTheMoveError:
            moving += 1
    return Deleted(deleted, moving)
