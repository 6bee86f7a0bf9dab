"""Premium begins and ends."""
from __future__ import annotations

from dataclasses import dataclass

from aws_lambda_powertools import Logger

from chalicelib.domain.messages import ArchiveUser, PremiumEnded, RestoreUser
from chalicelib.domain.profiles import Profile
from chalicelib.services import Services

logger = Logger(child=True)

MOST_COUNTED = 10_000
ROLE_CHANGE_SECONDS = 30
"""The longest that the function which changes the role can live."""


@dataclass(frozen=True)
class ArchivedCount:
    """How many results of a user are archived.

    Attributes:
        count: At least so many.
        more: True when there are more than were counted.
    """

    count: int
    more: bool


def count_archived(services: Services, user_id: str) -> ArchivedCount:
    """How many results will come back, for the page that asks whether to subscribe."""
    page = services.archive_table.archived_of_user(user_id, MOST_COUNTED)
    return ArchivedCount(len(page.job_ids), page.next_key is not None)


def subscribe(services: Services, user_id: str, billing_id: str | None = None) -> Profile:
    """Make the user premium and send for every archived result. Doing so again does no harm.

    Args:
        billing_id: The subscription's id at the payment service, None without one.
    """
    profile = services.profiles.subscribe(user_id, billing_id)
    services.restore_queue.send(RestoreUser(user_id=user_id, again=True))
    logger.info("Premium began", extra={"user_id": user_id})
    return profile


def unsubscribe(services: Services, user_id: str, billing_id: str | None = None) -> Profile | None:
    """Make the user free. Results stay for the time of grace, and a mail says until when.

    Args:
        billing_id: The subscription at the payment service that has ended, None for whichever it is.

    Returns:
        The profile, None when it was not premium (or is so by another subscription).
    """
    grace = services.settings.downgrade_grace
    until = services.clock() + grace
    # Said before it is done: messages too many find a premium user and do nothing; one too few would leave the results
    # where they are for ever, or their user without a word. They must not come before the role has changed, however
    # short the grace.
    services.archive_queue.send(ArchiveUser(user_id=user_id, due=until), delay=max(grace, ROLE_CHANGE_SECONDS))
    services.notify_queue.send(PremiumEnded(user_id=user_id), delay=ROLE_CHANGE_SECONDS)
    profile = services.profiles.unsubscribe(user_id, until, billing_id)
    if profile is None:
        return None
    logger.info("Premium ended", extra={"user_id": user_id, "grace_until": until})
    return profile
