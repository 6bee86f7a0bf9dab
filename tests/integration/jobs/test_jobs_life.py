"""Whatever happens to uploads, annotators, accounts and payments in whatever order, every job ends and is announced."""
from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from annotator.worker import loop as worker_module
from chalicelib.billing.service import SubscriptionState
from chalicelib.domain.names import key_prefix
from chalicelib.exceptions import FilesOnTheMoveError
from chalicelib.usecases.account.erase_account import request_erasure
from chalicelib.usecases.billing.payments import begin_premium, end_premium
from chalicelib.usecases.jobs.user_jobs import cancel_job, delete_job
from chalicelib.usecases.maintenance.sweep_jobs import sweep_jobs
from tests.integration.support.jobs_at_rest import JobsAtRest
from tests.integration.support.jobs_made import ADA, EVE, job_id
from tests.integration.support.jobs_world import (
    BACK,
    ENDS,
    profile_record,
    upload_event,
)
from tests.integration.support.life import ends, run_life
from tests.integration.support.memory_messages import Message

MOST_FORMS = 6
users = st.sampled_from([ADA, ADA, EVE])
pauses = st.tuples(
    st.just("meanwhile"), st.integers(1, 24),
    st.sampled_from(["work", "work", "cancel", "delete", "erase", "sweep", "pay", "uploads", "notify", "payments"]),
    st.sampled_from([0, 1, 20, 130, 400]), st.one_of(st.none(), ends))
faults = st.one_of(st.none(), ends, pauses)
ends_of_work = st.tuples(st.sampled_from(["cut off", "refused", "repeated"]), st.integers(3, 40))
"""An annotator makes some twenty calls before it begins to annotate, and as many afterwards."""
pauses_of_work = st.tuples(
    st.just("meanwhile"), st.integers(3, 40), st.sampled_from(["work", "cancel", "delete", "erase", "sweep"]),
    st.sampled_from([0, 20, 130, 400]), st.one_of(st.none(), ends))


class JobsLife(JobsAtRest):
    """Two users, their uploads, some annotators, and everything that can happen to them."""

    # ---- what happens ----------------------------------------------------------------------------------------
    @rule(user_id=users)
    def sign_in(self, user_id: str) -> None:
        """At the first time, or after the account has been deleted."""
        if user_id not in self.aws.profiles:
            self.aws.profiles[user_id] = profile_record(user_id, self.aws.now)

    @rule(user_id=users, late=st.sampled_from([0, 0, 5, 400]), times=st.integers(1, 2), good=st.integers(0, 5))
    def upload(self, user_id: str, late: int, times: int, good: int) -> None:
        """A file arrives in S3, which reports it late or twice."""
        if len(self.forms) < MOST_FORMS and user_id in self.aws.profiles:
            which = job_id(len(self.forms) + 1)
            self.forms[which] = user_id
            self.file_arrives(which, "a.vcf" if good else "a.txt", late, times)

    @rule(which=st.integers(0, 5), name=st.sampled_from(["a.vcf", "b.vcf"]), late=st.sampled_from([0, 400]))
    def use_a_form_again(self, which: int, name: str, late: int) -> None:
        if which < len(self.forms):
            self.file_arrives(sorted(self.forms)[which], name, late, 1)

    def file_arrives(self, which: str, name: str, late: int, times: int) -> None:
        key = key_prefix(self.forms[which], which) + name
        if key in self.lost:
            return
        self.arrived[key] += 1
        event = upload_event(key, self.aws.upload("inputs", key, b"input"))
        self.aws.messages += [Message("uploads", event, self.aws.now + late * number) for number in range(1, times + 1)]

    @rule(queue=st.sampled_from(["uploads", "uploads", "notify", "erase", "payments"]), which=st.integers(0, 5),
          fault=faults, once_more=st.booleans())
    def deliver(self, queue: str, which: int, fault: Any, once_more: bool) -> None:
        """A message, in any order; `once_more` leaves it in the queue although it was dealt with."""
        if visible := self.visible(queue):
            self.hand_over(visible[which % len(visible)], fault, once_more)

    @rule(fault=faults, outcome=st.sampled_from(["completed", "completed", *ENDS]), beats=st.integers(0, 4))
    def work(self, fault: Any = None, outcome: str = "completed", beats: int = 0) -> None:
        """An annotator takes what is next; one that is cut off is dead."""
        worker = self.annotators.idle()
        self.disturb(fault)
        self.run(lambda: self.annotators.work_once(worker, outcome, beats), fault, 60)

    @rule(user_id=users, submitting=faults, working=st.one_of(ends_of_work, pauses_of_work, st.none()),
          outcome=st.sampled_from(["completed", "completed", *ENDS]), beats=st.integers(0, 4))
    def is_worked_on(self, user_id: str, submitting: Any, working: Any, outcome: str, beats: int) -> None:
        """A job arrives and is taken, and something happens meanwhile."""
        self.arrives(user_id, submitting)
        self.work(working, outcome, beats)

    @rule(user_id=users, at=st.integers(12, 30), beats=st.integers(0, 4), seconds=st.sampled_from([0, 60, 130, 400]),
          fault=st.one_of(st.none(), ends_of_work))
    def is_taken_over(self, user_id: str, at: int, beats: int, seconds: int, fault: Any) -> None:
        """An annotator stands still, and another one looks for work."""
        self.arrives(user_id, None)
        self.work(("meanwhile", at, "work", seconds, fault), "completed", beats)

    @rule(user_id=users, at=st.integers(5, 30), beats=st.integers(0, 4), seconds=st.sampled_from([0, 60, 130]),
          fault=st.one_of(st.none(), ends_of_work))
    def loses_its_annotator(self, user_id: str, at: int, beats: int, seconds: int, fault: Any) -> None:
        """An annotator dies, and another one looks for work."""
        self.arrives(user_id, None)
        self.work(("cut off", at), "completed", beats)
        self.wait(seconds)
        self.work(fault)

    def arrives(self, user_id: str, fault: Any) -> None:
        self.upload(user_id, 0, 1, 1)
        self.wait(1)
        for message in self.visible("uploads"):
            self.hand_over(message, fault, False)

    @rule(fault=faults, first=st.booleans())
    def is_told(self, fault: Any, first: bool) -> None:
        """Mails of ends are due."""
        for message in self.visible("notify")[:1 if first else None]:
            self.hand_over(message, fault, False)

    @rule(user_id=users, fault=faults, when=st.sampled_from(["paid", "told", "erased"]))
    def pays(self, user_id: str, fault: Any, when: str) -> None:
        """A user subscribes and pays, and may delete the account while the payment page is open."""
        self.wants_premium(user_id, None)
        if when == "erased":
            self.erase(user_id, fault)
        self.pay()
        for message in self.visible("payments") if when == "told" else []:
            self.hand_over(message, fault, False)

    @rule(which=st.integers(0, 5), fault=faults)
    def cancel(self, which: int, fault: Any) -> None:
        if self.forms:
            job = sorted(self.forms)[-1 - which % len(self.forms)]
            self.ask(lambda: cancel_job(self.services, self.forms[job], job), fault)

    @rule(which=st.integers(0, 5), fault=faults)
    def delete(self, which: int, fault: Any = None) -> None:
        ids = sorted(self.aws.jobs)
        if ids:
            job = ids[-1 - which % len(ids)]
            before = job in self.doomed
            self.doomed.add(job)
            ended = self.ask(lambda: delete_job(self.services, self.forms[job], job), fault)
            if isinstance(ended, FilesOnTheMoveError) and not before:
                self.doomed.discard(job)

    @rule(user_id=users, fault=faults)
    def erase(self, user_id: str, fault: Any = None) -> None:
        """A user deletes the account."""
        profile = self.services.profiles.get(user_id)
        if profile is not None:
            self.ask(lambda: request_erasure(self.services, profile), fault)

    @rule(user_id=users, fault=faults)
    def wants_premium(self, user_id: str, fault: Any) -> None:
        profile = self.services.profiles.get(user_id)
        if profile is None or profile.erasing_since is not None:
            return  # the site says so, and offers nothing else

        def begin() -> None:
            begun = begin_premium(self.services, profile, BACK)
            self.handed_out += [] if begun.address is None else [begun.address.partition("?")[0].rpartition("/")[2]]

        self.ask(begin, fault)

    @rule(which=st.integers(0, 5))
    def pay(self, which: int = 0) -> None:
        """At the payment service's own page, if that is still open."""
        there = [one for one in self.handed_out if self.billing.checkouts[one].address is not None]
        if which < len(there):
            self.billing.pay(there[which])

    @rule(user_id=users, fault=faults)
    def ends_premium(self, user_id: str, fault: Any) -> None:
        profile = self.services.profiles.get(user_id)
        if profile is not None and profile.premium:
            self.ask(lambda: end_premium(self.services, profile), fault)

    @rule(which=st.integers(0, 1))
    def subscription_ends(self, which: int) -> None:
        """Its time is over, or it was not paid any more."""
        if which < len(self.billing.subscriptions):
            self.billing.becomes(sorted(self.billing.subscriptions)[which], SubscriptionState.OVER)

    @rule(seconds=st.sampled_from([1, 30, 121, 180, 900, 3600]))
    def time_moves(self, seconds: int) -> None:
        self.wait(seconds)

    @rule(fault=faults)
    def sweep(self, fault: Any = None) -> None:
        self.disturb(fault)
        self.run(lambda: sweep_jobs(self.services), fault, 300)

    @rule(queue=st.sampled_from(["uploads", "job-requests"]), which=st.integers(0, 12))
    def lose(self, queue: str, which: int) -> None:
        """A message ends in the dead-letter queue: only the sweep can help.

        It sees current versions only: what it makes of a lost event of one of two versions is not this test's matter.
        """
        waiting = [message for message in self.aws.messages if message.queue == queue]
        if which >= len(waiting):
            return
        if queue == "uploads":
            key = json.loads(waiting[which].body)["Records"][0]["s3"]["object"]["key"]
            if self.arrived[key] != 1:
                return
            self.lost.add(key)
        self.aws.messages.remove(waiting[which])

    # ---- how it happens --------------------------------------------------------------------------------------
    def meanwhile(self, what: str, seconds: int, fault: Any) -> None:
        self.wait(seconds)
        match what:
            case "work":
                self.work(fault)
            case "cancel":
                self.cancel(0, fault)
            case "delete":
                self.delete(0, fault)
            case "erase":
                self.erase(ADA, fault)
            case "sweep":
                self.sweep(fault)
            case "pay":
                self.pay()
            case queue:
                self.deliver(queue, 0, fault, True)

def test_any_interleaving_ends_every_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "annotate_job", worker_module.annotate_job)
    run_life(JobsLife, 400, monkeypatch)
