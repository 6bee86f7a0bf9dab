"""Publishing that a job has ended. The record keeps a mark until that is done, so that no end goes unannounced.

Every update that ends a job sets the mark (`chalicelib/aws/dynamodb/jobs.py`). The function that ended the job calls
`announce_end`; the sweep does so for jobs that still have the mark. See docs/decisions/announcements.md.
"""
from __future__ import annotations

from chalicelib.domain.jobs import Job
from chalicelib.domain.messages import JobResult
from chalicelib.domain.profiles import Role
from chalicelib.services import Services


def announce_end(services: Services, job: Job) -> bool:
    """Publish on the topic `job_results` that a job has ended, then remove its mark.

    Args:
        job: as it was read or written last.

    Returns:
        False when there was nothing to announce: the job has not ended, or its end was published before.
    """
    if not job.ended or not job.unannounced:
        return False
    profile = services.profiles.get(job.user_id)
    services.topics.announce_result(JobResult(
        job_id=job.job_id, user_id=job.user_id, job_status=job.job_status,
        role=profile.role if profile else Role.FREE, complete_time=job.complete_time or services.clock()))
    services.jobs.announced(job.job_id)
    return True
