"""Mails: one for each thing that there is to tell, however often the message comes."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import Enum

from aws_lambda_powertools import Logger

from chalicelib.aws.ses import ascii_address
from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.messages import AllRestored, ArchiveWarning, JobResult, NotifyMessage, PremiumEnded
from chalicelib.domain.profiles import Profile
from chalicelib.domain.result_files import RESULTS
from chalicelib.mails import MailKind, compose
from chalicelib.services import Services
from chalicelib.usecases.archive.archive_results import due_time

logger = Logger(child=True)

LONGEST_SENDING = 60
"""Seconds; longer than the function runs, and shorter than the queue hides a message, so that the message of a run that
was killed sends the email after all. If it was killed just after sending, the email is sent twice, which is better than
never."""


class Notified(Enum):
    """What became of a request for a mail."""

    SENT = "sent"
    BEFORE = "sent before"
    UNWANTED = "the user wants no mail"
    NOTHING = "nothing to tell"
    UNDELIVERABLE = "SES cannot send to this address"


def notify_user(services: Services, message: NotifyMessage) -> Notified:
    """Deal with one message of the queue `notify`."""
    logger.append_keys(user_id=message.user_id)
    profile = services.profiles.get(message.user_id)
    if profile is None or not profile.email:
        return Notified.NOTHING
    address = ascii_address(profile.email)
    if address is None:
        logger.warning("The user's address has characters that SES does not take; no email is sent")
        return Notified.UNDELIVERABLE
    profile = replace(profile, email=address)
    match message:
        case JobResult():
            return _send_ended(services, profile, message.job_id)
        case ArchiveWarning():
            return _send_archive_warning(services, profile, message.job_id)
        case AllRestored():
            return _send_all_restored(services, profile)
        case PremiumEnded():
            return _send_premium_ended(services, profile)


def _send_ended(services: Services, profile: Profile, job_id: str) -> Notified:
    job = _job_of(services, profile, job_id)
    if job is None or job.job_status not in (JobStatus.COMPLETED, JobStatus.FAILED):
        return Notified.NOTHING
    if not profile.mail_wanted:
        return Notified.UNWANTED
    due = None if profile.premium else due_time(services, job, profile)
    return _send_once_of_job(services, "notified_time", MailKind.ENDED, profile, job, due)


def _send_archive_warning(services: Services, profile: Profile, job_id: str) -> Notified:
    job = _job_of(services, profile, job_id)
    if job is None or job.file(RESULTS).key is None or profile.premium:
        return Notified.NOTHING
    if not profile.mail_wanted:
        return Notified.UNWANTED
    due = due_time(services, job, profile)
    return _send_once_of_job(services, "warned_time", MailKind.ARCHIVE_WARNING, profile, job, due)


def _send_once_of_job(services: Services, mark: str, kind: MailKind, profile: Profile, job: Job,
                      due: int | None) -> Notified:
    now = services.clock()
    if not services.archive_table.begin_email(job.job_id, mark, now, now - LONGEST_SENDING):
        return Notified.BEFORE
    with _or_again(lambda: services.archive_table.email_not_sent(job.job_id, mark)):
        _send(services, kind, profile, job=job, due=due)
    services.archive_table.email_sent(job.job_id, mark, services.clock())
    return Notified.SENT


def _send_premium_ended(services: Services, profile: Profile) -> Notified:
    until, now = profile.grace_until, services.clock()
    if until is None:
        return Notified.NOTHING  # subscribed again meanwhile
    if profile.told_of_end == until:
        return Notified.BEFORE
    services.profiles.begin_end_email(profile.identity_id, until, now, now - LONGEST_SENDING)
    with _or_again(lambda: services.profiles.email_not_sent(profile.identity_id)):
        _send(services, MailKind.PREMIUM_ENDED, profile, due=until)
    services.profiles.end_email_sent(profile.identity_id, until)
    return Notified.SENT


def _send_all_restored(services: Services, profile: Profile) -> Notified:
    if not profile.premium or services.archive_table.archived_of_user(profile.identity_id, 1).job_ids:
        return Notified.NOTHING
    if not profile.restoring:
        return Notified.BEFORE
    now = services.clock()
    services.profiles.begin_restored_email(profile.identity_id, now, now - LONGEST_SENDING)
    with _or_again(lambda: services.profiles.email_not_sent(profile.identity_id)):
        _send(services, MailKind.ALL_RESTORED, profile)
    services.profiles.restored_email_sent(profile.identity_id)
    return Notified.SENT


@contextmanager
def _or_again(take_back: Callable[[], None]) -> Iterator[None]:
    """Withdraw the mark of an email that could not be sent, so that the next attempt need not wait.

    The mark of a run that was killed expires.
    """
    try:
        yield
    except Exception:
        take_back()
        raise


def _job_of(services: Services, profile: Profile, job_id: str) -> Job | None:
    job = services.jobs.get(job_id)
    if job is None or job.user_id != profile.identity_id:
        return None
    logger.append_keys(job_id=job_id)
    return job


def _send(services: Services, kind: MailKind, profile: Profile, **values: object) -> None:
    services.mailer.send(compose(kind, profile, services.settings.site_url, **values))
    logger.info("Mail sent", extra={"mail": kind.value})
