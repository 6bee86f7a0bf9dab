"""Deleting an account and everything that belongs to it: annotations, files, archive, sessions, profile."""
from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from aws_lambda_powertools import Logger

from chalicelib.domain.messages import EraseUser
from chalicelib.domain.profiles import Profile
from chalicelib.exceptions import FilesOnTheMoveError, JobNotFoundError, PaymentServiceError, PremiumRunsError
from chalicelib.services import Services
from chalicelib.usecases.archive.file_hold import LONGEST_MOVE
from chalicelib.usecases.billing.payments import close_checkout
from chalicelib.usecases.jobs.user_jobs import delete_job

logger = Logger(child=True)

PAGE = 50
AGAIN_SECONDS = 120
"""Seconds to wait for files that are being moved; a hold on them expires."""
SECOND_LOOK_SECONDS = 120
"""From the request until the profile may go. `submit` may have read the profile just before it and have made a job
since then, for as long as that function can live; and the index by which jobs are found lags behind the table."""


class Erased(Enum):
    """How far deleting an account came."""

    WHOLLY = "wholly"
    IN_PART = "in part"
    NOT_ASKED_FOR = "not asked for"


def request_erasure(services: Services, profile: Profile) -> None:
    """Begin to delete the account: from now on it can do nothing more, and a function deletes it bit by bit.

    A payment page that is still open is closed first. In the other order, a payment service that does not answer would
    leave an account that is being deleted, and a page where it can be paid for.

    Raises:
        PremiumRunsError: A payment service still takes money for it.
        PaymentServiceError: A payment page of the user's may be open, and the payment service does not answer.
    """
    if profile.premium and services.billing.charges:
        raise PremiumRunsError()
    if profile.checkout_id is not None:
        close_checkout(services, profile.checkout_id)
    begun = services.profiles.begin_erasing(profile.identity_id, services.clock(), services.billing.charges)
    services.erase_queue.send(EraseUser(user_id=profile.identity_id))
    if begun.checkout_id not in (None, profile.checkout_id):  # begun in another tab meanwhile; from now on none can be
        _close_if_possible(services, str(begun.checkout_id))
    logger.info("Deletion of an account was asked for", extra={"user_id": profile.identity_id})


def _close_if_possible(services: Services, checkout_id: str) -> None:
    try:
        close_checkout(services, checkout_id)
    except PaymentServiceError:  # a subscription that comes of it is ended as soon as the service reports it
        logger.exception("A payment page of an account that is being deleted stays open")


def erase_account(services: Services, user_id: str, time_left: Callable[[], bool]) -> Erased:
    """Delete as much as time allows, and request the rest with another message.

    The profile is deleted last: until then the account is known to be under deletion, and what was interrupted is
    repeated.

    Args:
        time_left: Asked before every annotation; False ends this run.
    """
    logger.append_keys(user_id=user_id)
    profile = services.profiles.get(user_id)
    if profile is None or profile.erasing_since is None:
        return Erased.NOT_ASKED_FOR  # done before, or the user has signed in again
    if not _erase_jobs(services, user_id, time_left):
        return Erased.IN_PART
    too_early = profile.erasing_since + SECOND_LOOK_SECONDS - services.clock()
    if too_early > 0:
        services.erase_queue.send(EraseUser(user_id=user_id), delay=too_early)
        return Erased.IN_PART
    for bucket in (services.files.inputs_bucket, services.files.results_bucket, services.files.archive_bucket):
        services.files.purge_below(bucket, f"{user_id}/")  # uploads that became no jobs among them
    services.sessions.delete_of_user(user_id)
    if not services.last_starts.forget(user_id):
        services.erase_queue.send(EraseUser(user_id=user_id))
        return Erased.IN_PART
    services.storage_usage.delete(user_id)
    services.profiles.delete(user_id)
    logger.info("An account is deleted")
    return Erased.WHOLLY


def _erase_jobs(services: Services, user_id: str, time_left: Callable[[], bool]) -> bool:
    """False when jobs are left. Another message then continues, once files that are being moved have arrived."""
    request, moving, cursor = EraseUser(user_id=user_id), False, None
    while True:
        page = services.jobs.of_user(user_id, PAGE, cursor)
        for job in page.jobs:
            if not time_left():
                services.erase_queue.send(request)
                return False
            try:
                delete_job(services, user_id, job.job_id, LONGEST_MOVE)
            except JobNotFoundError:
                continue  # the index lags behind the table
            except FilesOnTheMoveError:
                moving = True
        cursor = page.next_cursor
        if cursor is None:
            break
    if moving:
        services.erase_queue.send(request, delay=AGAIN_SECONDS)
    return not moving
