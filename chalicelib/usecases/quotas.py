"""What a plan covers: the bytes that a user stores, and the annotations that wait or run at a time.

Asked before a form or link for an upload is given, and again when the upload becomes a job: forms can be opened in
several tabs. Uploads that become jobs in the same second may not see each other, so that a user can be ahead of the
limits by as many files as are submitted at once.
"""
from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.amounts import size as in_words
from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.profiles import Profile, Role
from chalicelib.exceptions import JobFailure
from chalicelib.services import Services


@dataclass(frozen=True)
class Usage:
    """What a user has of what the plan covers.

    Attributes:
        stored: Bytes of uploaded files and annotated VCFs, archived ones included.
        open_jobs: Annotations that wait or run; where they are more than the plan covers, at least so many.
    """

    stored: int
    open_jobs: int


def usage(services: Services, profile: Profile) -> Usage:
    """What a user has now; bytes may be some minutes old."""
    user_id, now = profile.identity_id, services.clock()
    figures = services.storage_usage
    stored = figures.get(user_id, now)
    if stored is None:
        stored = services.job_search.used_space(user_id).size
        figures.note(user_id, stored, now)
    return Usage(stored, services.jobs.count_open(user_id, services.plans.of(profile.role).open_limit + 1))


def refusal(services: Services, profile: Profile, used: Usage, size: int = 1, beside: int = 0) -> JobReason | None:
    """Why the plan does not cover one more file, None where it does.

    Args:
        size: The file's, bytes.
        beside: Of a file with the user's own annotations that comes with it, bytes.
    """
    plan, better = services.plans.of(profile.role), services.plans.of(Role.PREMIUM)
    if max(size, beside) > plan.upload_limit:
        code = "file_too_large"
        message = f"The file is larger than the limit of your {plan.name} plan, {in_words(plan.upload_limit)}."
        hint, more = "Split it, for instance by chromosome", f"takes files up to {in_words(better.upload_limit)}"
    elif used.open_jobs >= plan.open_limit:
        code = "too_many_open"
        message = (f"You have reached the limit of your {plan.name} plan for annotations that are waiting or running: "
                   f"{plan.open_limit}.")
        hint, more = "Wait until one has ended, or cancel one", f"allows {better.open_limit}"
    elif used.stored + size + beside > plan.storage_limit:
        code = "storage_full"
        message = (f"There is no room for another file: yours take up {in_words(used.stored)} of the "
                   f"{in_words(plan.storage_limit)} of your {plan.name} plan.")
        hint, more = "Delete annotations that you no longer need", f"has {in_words(better.storage_limit)}"
    else:
        return None
    return JobReason(code, message, f"{hint}." if profile.premium else f"{hint}; {better.name} {more}.")


def require_room(services: Services, profile: Profile, size: int = 1, beside: int = 0) -> None:
    """Refuse an upload for which the plan has no room.

    Args:
        size: As of `refusal`, like `beside`.

    Raises:
        JobFailure: The plan does not cover one more file of `size` bytes.
    """
    reason = refusal(services, profile, usage(services, profile), size, beside)
    if reason is not None:
        raise JobFailure(reason)


def note_stored(services: Services, user_id: str, size: int) -> None:
    """A file of `size` bytes became part of what a user has."""
    services.storage_usage.add(user_id, size, services.clock())


def note_deleted(services: Services, user_id: str) -> None:
    """A user has less than before."""
    services.storage_usage.forget(user_id, services.clock())
