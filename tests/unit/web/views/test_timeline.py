"""The timeline of a job: what happened in its order, then what is to come."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.jobs import Job, JobProgress, JobStatus, RestoreStatus, RestoreTier, Stage
from chalicelib.domain.profiles import Profile, Role
from chalicelib.services import Services
from chalicelib.web.views.timeline import timeline
from tests.job_records import job_of, job_with
from tests.unit.web.conftest import JOB_ID, Browser

SUBMITTED = 1_790_000_000
JOB = job_of(
    job_id="1",
    user_id="u",
    input_file_name="a.vcf",
    input_file_size=2048,
    s3_inputs_bucket="b",
    s3_key_input_file="k",
    submit_time=SUBMITTED,
    reference="rCRS",
)
DONE = job_with(
    JOB,
    job_status=JobStatus.COMPLETED,
    start_time=SUBMITTED + 10,
    complete_time=SUBMITTED + 14,
    attempt=1,
    s3_key_result_file="r",
)


@pytest.fixture
def free(make_profile: Callable[..., Profile]) -> Profile:
    return make_profile()


def told(job: Job, owner: Profile, retention: int | None = 300) -> list[tuple[str, str, int | None]]:
    """Label, state, and seconds since submission."""
    return [(step.label, step.state, None if step.moment is None else step.moment - SUBMITTED)
            for step in timeline(job, owner, retention)]


def test_waiting(free: Profile) -> None:
    assert told(JOB, free) == [("Uploaded", "done", 0), ("In queue", "now", None),
                               ("Annotate", "next", None)]


def test_running_again(free: Profile) -> None:
    job = job_with(JOB, job_status=JobStatus.RUNNING, start_time=SUBMITTED + 90, attempt=2)
    assert told(job, free)[1:] == [("Started", "done", 90), ("Annotating", "now", None)]
    assert timeline(job, free, 300)[1].detail.replace("\N{NO-BREAK SPACE}", " ") == \
        "queued for 1 min 30 s, attempt 2"


def test_completed(free: Profile) -> None:
    assert told(job_with(DONE, notified_time=SUBMITTED + 15), free)[1:] == [
        ("Started", "done", 10), ("Completed", "done", 14), ("Email sent", "done", 15),
        ("Archiving scheduled", "next", 314)]
    assert told(DONE, free, None)[-1] == ("Completed", "done", 14)  # premium: it stays


def test_failed_and_cancelled_go_nowhere(free: Profile) -> None:
    assert told(job_with(DONE, job_status=JobStatus.FAILED, s3_key_result_file=None), free)[-1] == ("Failed", "bad", 14)
    assert told(job_with(JOB, job_status=JobStatus.CANCELLED, complete_time=SUBMITTED + 5), free)[-1] == \
        ("Cancelled", "done", 5)


def test_archived_restoring_and_back(free: Profile) -> None:
    archived = job_with(DONE, s3_key_result_file=None, results_file_archive_id="a", archived_time=SUBMITTED + 400)
    assert told(archived, free)[-1] == ("Archived", "done", 400)
    premium = replace(free, role=Role.PREMIUM)
    assert told(archived, premium, None)[-1] == ("Restore expected", "next", None)
    restoring = job_with(
        archived,
        restore_status=RestoreStatus.RESTORING,
        restore_tier=RestoreTier.EXPEDITED,
        restore_requested_time=SUBMITTED + 500,
    )
    assert told(restoring, premium, None)[-2:] == [
        ("Restore requested", "done", 500), ("Restore expected", "next", 800)]
    back = job_with(DONE, archived_time=SUBMITTED + 400, restored_time=SUBMITTED + 700)
    assert told(back, premium, None)[-2:] == [("Archived", "done", 400),
                                              ("Restored", "done", 700)]


def test_stages_of_a_running_job(browser: Browser, web: Services, make_job: Callable[..., Job]) -> None:
    make_job(job_status=JobStatus.RUNNING, start_time=web.clock(), attempt=1, lease_owner="w",
             lease_expires=web.clock() + 60, progress=JobProgress(stage=Stage.ANNOTATING, records=5, total=10))
    page = browser.get(f"/annotations/{JOB_ID}").html
    assert '<li class="now" aria-current="step">Annotating</li>' in page
    assert page.count('<span class="visually-hidden"> (done)</span>') == 2
