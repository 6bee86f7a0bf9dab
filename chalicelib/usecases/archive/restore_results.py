"""Premium gets its results back: every archived one is requested, Expedited, or Standard where there is no capacity."""
from __future__ import annotations

from dataclasses import replace
from enum import Enum

from aws_lambda_powertools import Logger

from chalicelib.aws.archive.base import RetrievalState
from chalicelib.domain.jobs import Job, RestoreTier
from chalicelib.domain.messages import RestoreJob, RestoreMessage, RestoreUser, ThawJob
from chalicelib.exceptions import ExpeditedUnavailableError
from chalicelib.services import Services
from chalicelib.usecases.metrics import count_bytes

logger = Logger(child=True)

PAGE = 100
LOOK_AGAIN_SECONDS = 60
"""An index lags behind its table: after this time it shows what was archived while the user subscribed."""


class Restored(Enum):
    """What became of a request to restore."""

    REQUESTED = "requested"
    REQUESTED_STANDARD = "requested, Standard"
    READY = "out of the archive already"
    FREE = "the user is free again"
    NOTHING = "nothing to restore"
    LISTED = "listed"


def restore_results(services: Services, message: RestoreMessage) -> Restored:
    """Deal with one message of the queue `restore`: a job's results file, or all of a user's."""
    logger.append_keys(user_id=message.user_id)
    profile = services.profiles.get(message.user_id)
    if profile is None:
        return Restored.NOTHING
    if isinstance(message, RestoreUser):
        return _restore_all(services, message) if profile.premium else Restored.FREE
    logger.append_keys(job_id=message.job_id)
    job = services.jobs.get(message.job_id)
    if job is None or job.user_id != message.user_id or not job.archived:
        return Restored.NOTHING
    if not profile.premium:
        if message.again:
            services.archive_table.forget_retrieval(job.job_id, str(job.archive_id))
        return Restored.FREE
    if message.again:
        job = replace(job, archive=replace(job.archive, restore_status=None, restore_tier=None))
    return _request_retrieval(services, job)


def _request_retrieval(services: Services, job: Job) -> Restored:
    tier, fallback = RestoreTier.EXPEDITED, False
    try:
        state = services.archive_store.request(job, tier)
    except ExpeditedUnavailableError:
        logger.info("No expedited capacity; asking for a standard retrieval")
        tier, fallback = RestoreTier.STANDARD, True
        state = services.archive_store.request(job, tier)
    archive_id = str(job.archive_id)
    if state is RetrievalState.READY:
        # Brought out before, and not fetched: no event will come for it again.
        services.thaw_queue.send(ThawJob(user_id=job.user_id, job_id=job.job_id))
    if state is not RetrievalState.UNDER_WAY:
        services.archive_table.record_retrieval(job.job_id, archive_id, tier, services.clock())
    elif job.archive.restore_status is None:
        # An earlier run requested it and was cut off. S3 does not say of which tier: the slower one promises nothing
        # that may not be kept.
        services.archive_table.record_retrieval(job.job_id, archive_id, RestoreTier.STANDARD, services.clock())
    count_bytes("BytesRequested", job)
    if state is RetrievalState.READY:
        return Restored.READY
    return Restored.REQUESTED_STANDARD if fallback else Restored.REQUESTED


def _restore_all(services: Services, message: RestoreUser) -> Restored:
    """A page of the user's archived jobs gets a message each; the next page is a message to this function."""
    user_id = message.user_id
    page = services.archive_table.archived_of_user(user_id, PAGE, message.start)
    if page.job_ids:
        services.profiles.begin_restoring(user_id)
    count = services.restore_queue.send_many(RestoreJob(user_id=user_id, job_id=job_id) for job_id in page.job_ids)
    logger.info("Archived results listed", extra={"count": count})
    if page.next_key is not None:
        services.restore_queue.send(RestoreUser(user_id=user_id, start=page.next_key))
    if message.again:
        services.restore_queue.send(RestoreUser(user_id=user_id), delay=LOOK_AGAIN_SECONDS)
    return Restored.LISTED
