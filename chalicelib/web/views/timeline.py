"""What happened to a job, and what is about to: the steps of its page's timeline."""
from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain import amounts
from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.profiles import Profile
from chalicelib.domain.result_files import ARCHIVED_FILES, RESULTS

_ENDS = {JobStatus.COMPLETED: "Completed", JobStatus.FAILED: "Failed", JobStatus.CANCELLED: "Cancelled"}


@dataclass(frozen=True)
class Step:
    """One thing that happened, goes on, or is to come.

    Attributes:
        state: "done", "bad" for a failure, "now" for what goes on, "next" for what is to come.
        moment: Epoch seconds, None where no time is known.
        detail: What else is worth knowing, or "".
    """

    label: str
    state: str
    moment: int | None = None
    detail: str = ""


def timeline(job: Job, owner: Profile, retention: int | None) -> tuple[Step, ...]:
    """The steps of a job in the order of time; what is to come last.

    Args:
        retention: Seconds that results stay after completion, None where they stay.
    """
    steps = [Step("Uploaded", "done", job.submit_time, amounts.size(job.input.size))]
    if job.run.start_time is not None:
        waited = amounts.duration(max(0, job.run.start_time - job.submit_time))
        attempt = f", attempt {job.run.attempt}" if job.run.attempt > 1 else ""
        steps.append(Step("Started", "done", job.run.start_time, f"queued for {waited}{attempt}"))
    if job.job_status is JobStatus.PENDING:
        return (*steps, Step("In queue", "now"), Step("Annotate", "next"))
    if job.job_status is JobStatus.RUNNING:
        return (*steps, Step("Annotating", "now"))
    took = "" if job.run.start_time is None or job.complete_time is None else (
        f"ran for {amounts.duration(max(0, job.complete_time - job.run.start_time))}")
    steps.append(Step(_ENDS[job.job_status], "bad" if job.job_status is JobStatus.FAILED else "done",
                      job.complete_time, took))
    happened = [*steps, *_afterwards(job)]
    happened.sort(key=lambda step: step.moment or 0)
    return (*happened, *_to_come(job, owner, retention))


def _afterwards(job: Job) -> list[Step]:
    known = [("Email sent", job.mail.notified_time), ("Archived", job.archive.archived_time),
             ("Restored", None if job.archived else job.archive.restored_time),
             ("Restore requested", job.archive.restore_requested_time)]
    return [Step(label, "done", moment) for label, moment in known if moment is not None]


def _to_come(job: Job, owner: Profile, retention: int | None) -> list[Step]:
    if job.archived:
        if job.archive.restore_status is None and not owner.premium:
            return []
        return [Step("Restore expected", "next", job.archive.restore_expected_time)]
    if job.job_status is not JobStatus.COMPLETED or retention is None or job.file(RESULTS).key is None:
        return []
    due = max((job.complete_time or job.submit_time) + retention, owner.grace_until or 0)
    return [Step("Archiving scheduled", "next", due, f"{ARCHIVED_FILES}; can be restored with Premium")]
