"""What the simulation of a job's life keeps, and what must be so always and at rest."""
from __future__ import annotations

import itertools
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis.stateful import invariant

from annotator.worker import loop as worker_module
from chalicelib.aws.dynamodb.last_starts import TURNS_ID
from chalicelib.billing.service import SubscriptionState
from chalicelib.domain.jobs import JobStatus
from chalicelib.domain.messages import EraseUser, NotifyMessage, decode
from chalicelib.domain.profiles import Profile
from chalicelib.usecases.account.erase_account import erase_account, request_erasure
from chalicelib.usecases.billing.payments import settle
from chalicelib.usecases.jobs.user_jobs import delete_job
from chalicelib.usecases.mail.notify_user import notify_user
from chalicelib.usecases.maintenance.sweep_files import sweep_files
from chalicelib.usecases.maintenance.sweep_jobs import sweep_jobs
from chalicelib.usecases.upload.receive_upload import read_uploads, receive_upload
from tests.integration.support.jobs_made import ADA, EVE
from tests.integration.support.jobs_world import (
    Annotators,
    Announcements,
    SteppedBilling,
    make_services,
    profile_record,
)
from tests.integration.support.life import Life
from tests.integration.support.memory_aws import DAY
from tests.integration.support.memory_messages import Message

REQUEST_LIFE = 29
CONSUMERS = {"uploads": (90, 180), "notify": (30, 180), "erase": (900, 1080), "payments": (30, 60)}
"""Seconds that a run lives, and that its message is hidden, by queue."""
OTHER_TESTS = ("archive", "restore", "thaw")
REASONS = {"bad_line", "worker_stopped_repeatedly", "annotation_crashed", "too_many_open", "wrong_extension"}


class JobsAtRest(Life):
    """Users, their jobs and payments, without anything that happens to them."""

    def __init__(self) -> None:
        super().__init__()
        self.services = make_services(self.aws, self.new_id)
        billing, topics = self.services.billing, self.services.topics
        assert isinstance(billing, SteppedBilling)
        assert isinstance(topics, Announcements)
        self.billing, self.topics = billing, topics
        self.folder = tempfile.TemporaryDirectory()
        self.annotators = Annotators(self.aws, self.services, Path(self.folder.name), self.wait, self.lives)
        worker_module.annotate_job = self.annotators.annotate  # put back by the test below
        self.forms: dict[str, str] = {}
        """Whose form a job id was given with."""
        self.seen: set[str] = set()
        self.doomed: set[str] = set()
        """Jobs that their users wanted to be gone."""
        self.handed_out: list[str] = []
        """Payment pages that a user was led to."""
        self.disturbed = 0
        """How many runs were cut off, refused, repeated or overtaken: announcements and mails may come again."""
        self.disturbed_mails = 0
        self.arrived: Counter[str] = Counter()
        self.lost: set[str] = set()
        """Keys of uploads that S3 reported in vain."""
        self.resting = False
        self.last_error: BaseException | None = None
        for user_id in (ADA, EVE):
            self.aws.profiles[user_id] = profile_record(user_id, self.aws.now)

    # ---- how it happens --------------------------------------------------------------------------------------
    def ask(self, work: Callable[[], object], fault: Any) -> BaseException | None:
        """A request to the site."""
        self.disturb(fault)
        return self.run(work, fault, REQUEST_LIFE)

    def disturb(self, fault: Any) -> None:
        self.disturbed += fault is not None

    def hand_over(self, message: Message, fault: Any, once_more: bool) -> None:
        life, hidden = CONSUMERS[message.queue]
        message.visible = self.aws.now + hidden
        self.disturb(fault)
        self.disturbed_mails += message.queue == "notify" and fault is not None
        ended = self.run(lambda: self.work_on(message), fault, life)
        if self.resting and ended is not None:
            self.last_error = ended
        if ended is None and once_more:
            message.visible = self.aws.now
        elif ended is None and message in self.aws.messages:
            self.aws.messages.remove(message)

    def work_on(self, message: Message) -> None:
        match message.queue:
            case "uploads":
                for uploaded in read_uploads(message.body):
                    receive_upload(self.services, uploaded)
            case "notify":
                notify_user(self.services, decode(message.body, NotifyMessage))
            case "erase":
                erase_account(self.services, decode(message.body, EraseUser).user_id, lambda: True)
            case "payments":
                settle(self.services, message.body)

    # ---- what must be so -------------------------------------------------------------------------------------
    def check(self) -> None:
        self.no_job_vanishes()
        self.no_two_annotators_hold_one_job()

    def no_job_vanishes(self) -> None:
        jobs = self.aws.jobs
        self.seen |= set(jobs)
        erasing = {user_id for user_id, profile in self.aws.profiles.items() if "erasing_since" in profile}
        self.doomed |= {which for which, user_id in self.forms.items() if user_id in erasing}
        assert self.seen - set(jobs) <= self.doomed

    def no_two_annotators_hold_one_job(self) -> None:
        held = [hold.job_id for hold in self.annotators.holds.values() if hold.until >= self.aws.now]
        assert len(set(held)) == len(held), self.annotators.holds

    @invariant()
    def what_is_announced_has_ended_so(self) -> None:
        for result in self.topics.ended:
            record = self.aws.jobs.get(result.job_id)
            assert record is None or record["job_status"] == result.job_status.value

    def settle(self) -> None:
        """Everything that waits is dealt with, as time goes by."""
        for _ in range(500):
            self.aws.messages[:] = [one for one in self.aws.messages if one.queue not in OTHER_TESTS]
            open_jobs = [record for record in self.aws.jobs.values() if record.get("open")]
            if not self.aws.messages and not open_jobs:
                return
            due = min((message.visible for message in self.aws.messages), default=self.aws.now + 900)
            self.aws.now = max(self.aws.now, due)
            for queue in CONSUMERS:
                for message in self.visible(queue):
                    self.hand_over(message, None, False)
            while self.visible("job-requests"):
                worker = self.annotators.idle()
                self.run(partial(self.annotators.work_once, worker, "completed", 0), None, 60)
            self.run(lambda: sweep_jobs(self.services), None, 300)
        pytest.fail(f"this goes round for ever: {self.aws.messages[:3]}, {open_jobs}, {self.last_error!r}")

    def teardown(self) -> None:
        """Let everything come to rest, with the sweep's help, and look what has become of it."""
        try:
            self.come_to_rest()
        finally:
            self.annotators.close()
            self.folder.cleanup()

    def come_to_rest(self) -> None:
        self.aws.fault, self.resting = None, True
        self.lives.clear()
        self.aws.now += 1000
        for profile in map(Profile.from_record, list(self.aws.profiles.values())):
            if profile.erasing_since is not None:  # the request may have been cut off: the user's second try
                self.ask(partial(request_erasure, self.services, profile), None)
        for which in sorted(self.doomed & set(self.aws.jobs)):
            self.ask(partial(delete_job, self.services, self.forms[which], which), None)
        self.settle()
        for _ in range(3):
            self.aws.now += 2 * DAY
            sweep_files(self.services, lambda: True)
            self.settle()
        self.every_job_has_ended_and_was_announced()
        self.nothing_is_left_of_who_went()
        self.every_payment_has_an_account()

    def every_job_has_ended_and_was_announced(self) -> None:
        announced = Counter(result.job_id for result in self.topics.ended)
        mailed = Counter(one for one, mail in itertools.product(self.forms, self.aws.mails)
                         if f"/annotations/{one}" in mail["Content"]["Simple"]["Body"]["Text"]["Data"])
        for which, user_id in self.forms.items():
            assert which in self.doomed or which in self.aws.jobs, f"{which} never became a job"
            assert announced[which] <= 1 + self.disturbed
            assert mailed[which] <= 1 + self.disturbed_mails
            if (record := self.aws.jobs.get(which)) is None:
                continue
            assert announced[which] >= 1
            status = JobStatus(record["job_status"])
            assert status.ended
            assert (status is JobStatus.FAILED) is ("error" in record)
            assert record.get("error", {}).get("code", "bad_line") in REASONS
            assert mailed[which] >= (status is not JobStatus.CANCELLED)
            assert "s3_key_result_file" not in record or record["s3_key_result_file"] in self.aws.buckets["results"]
            assert self.services.jobs.count_open(user_id, 100) == 0

    def nothing_is_left_of_who_went(self) -> None:
        kept = {record["s3_key_input_file"]: record["s3_version_input_file"] for record in self.aws.jobs.values()
                if not record.get("input_deleted")}
        stored = {key: found.version for key, found in self.aws.buckets["inputs"].items()}
        assert stored == kept, f"{stored} are kept, and the records name {kept}"
        assert not any(self.aws.older.values())
        assert {key.split("/")[1] for key in self.aws.buckets["results"]} <= set(self.aws.jobs)
        assert all(record["user_id"] in self.aws.profiles for record in self.aws.jobs.values())
        assert not any("erasing_since" in profile for profile in self.aws.profiles.values())
        figures = {key.removeprefix("usage:") for key in self.aws.annotations if key.startswith("usage:")}
        turns = set(self.aws.annotations.get(TURNS_ID, {}).get("served", {}))
        assert figures | turns <= set(self.aws.profiles)

    def every_payment_has_an_account(self) -> None:
        live = {one.billing_id: one.user_id for one in self.billing.subscriptions.values()
                if one.standing is not SubscriptionState.OVER}
        paying = {profile["billing_id"]: user_id for user_id, profile in self.aws.profiles.items()
                  if profile["role"] == "premium_user"}
        assert live == paying
