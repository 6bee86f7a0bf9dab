"""Whatever happens to results in whatever order, nothing is lost and everything ends where it belongs."""
from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from chalicelib.aws.archive.notifications import read_retrievals
from chalicelib.aws.archive.s3 import S3Archive
from chalicelib.aws.dynamodb.archive_moves import ArchiveMoves
from chalicelib.aws.dynamodb.jobs import JobTable
from chalicelib.aws.dynamodb.profiles import ProfileTable
from chalicelib.aws.s3.files import FileStore
from chalicelib.aws.sns import Topics
from chalicelib.aws.sqs import WorkQueue
from chalicelib.billing.no_billing import NoBilling
from chalicelib.domain.job_record import from_record, to_record
from chalicelib.domain.jobs import JobStatus
from chalicelib.domain.messages import (
    ArchiveJob,
    ArchiveMessage,
    JobResult,
    NotifyMessage,
    RestoreJob,
    RestoreMessage,
    ThawJob,
    decode,
)
from chalicelib.domain.names import key_prefix
from chalicelib.domain.profiles import Profile, Role
from chalicelib.exceptions import FilesOnTheMoveError
from chalicelib.mails import Mail
from chalicelib.services import Services
from chalicelib.settings import Settings
from chalicelib.usecases.archive.archive_results import archive_results
from chalicelib.usecases.archive.restore_results import LOOK_AGAIN_SECONDS, restore_results
from chalicelib.usecases.archive.thaw_results import thaw_results
from chalicelib.usecases.billing.subscription import ROLE_CHANGE_SECONDS, subscribe, unsubscribe
from chalicelib.usecases.jobs.user_jobs import delete_job
from chalicelib.usecases.mail.notify_user import notify_user
from chalicelib.usecases.maintenance.sweep_files import sweep_files
from chalicelib.usecases.maintenance.sweep_jobs import sweep_jobs
from tests.integration.support.cold import restored_event
from tests.integration.support.jobs_made import ADA, job_id
from tests.integration.support.life import START, Life, ends, run_life
from tests.integration.support.memory_aws import (
    DAY,
    Message,
    StoredObject,
)
from tests.job_records import job_of, result_names

NAME = "a.vcf"
NAMES = result_names(NAME)
RETENTION, GRACE = 2000, 60
INVISIBLE = 1080
MOVE_LIFE, SHORT_LIFE, SWEEP_STEP = 890, 25, 100
"""Seconds that a function which moves files lives, one that answers a request, and the sweep's deleting of one file."""
ONE_JOB: dict[str, Any] = {"archive": ArchiveJob, "restore": RestoreJob, "thaw": ThawJob}
"""By queue: the message about a single job."""
MOST_JOBS = 4


class HeardTopics(Topics):
    """Notes which ends were announced; workers and mails of the end are other tests' matter."""

    def __init__(self) -> None:
        super().__init__("", "")
        self.ended: set[str] = set()

    def announce_result(self, result: JobResult) -> None:
        self.ended.add(result.job_id)


class CountedMails:
    """Takes mails."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []

    def send(self, mail: Mail) -> None:
        self.sent.append(mail)


pauses = st.tuples(
    st.just("meanwhile"), st.integers(1, 24), st.sampled_from([
        "upgrade", "downgrade", "archive", "archive", "restore", "thaw", "delete", "retrievals", "sweep", "comes back",
        "comes back", "goes cold", "goes cold"]),
    st.sampled_from([0, 1, 20, 400]), st.one_of(st.none(), ends))
"""A run stands still before one of its calls; then time passes, and something else happens, wholly or in part."""
faults = st.one_of(st.none(), ends, pauses)


class ResultsLife(Life):
    """One user, some jobs, and everything that can happen to them."""

    def __init__(self) -> None:
        super().__init__()
        aws = self.aws
        self.made = 0
        self.bytes: dict[str, bytes] = {}
        self.doomed: set[str] = set()
        self.deleted: set[str] = set()
        self.helpless = False
        """True once something was lost that only the sweep, or the user's second try, makes good."""
        aws.profiles[ADA] = Profile(identity_id=ADA, name="Ada", email="ada@example.org", institution="x",
                                    created=START).to_record()
        jobs = JobTable("annotations", self.new_id)
        environment = {"FREE_RETENTION_SECONDS": str(RETENTION), "DOWNGRADE_GRACE_SECONDS": str(GRACE),
                       "SITE_URL": "https://gas.example.org"}
        nothing: Any = None
        self.mails = CountedMails()
        mailer: Any = self.mails
        self.topics = HeardTopics()
        self.services = Services(
            settings=Settings.from_environment(environment), jobs=jobs, profiles=ProfileTable("profiles", self.new_id),
            sessions=nothing, files=FileStore("inputs", "results", "archive"), references=nothing, topics=self.topics,
            secrets=nothing, billing=NoBilling(),
            archive_table=ArchiveMoves(jobs), archive_store=S3Archive("results", "archive"),
            archive_queue=WorkQueue("archive"), restore_queue=WorkQueue("restore"),
            thaw_queue=WorkQueue("thaw"), notify_queue=WorkQueue("notify"),
            erase_queue=WorkQueue("erase"),
            uploads_queue=WorkQueue("uploads"), job_requests_queue=nothing, mailer=mailer,
            clock=lambda: aws.now, new_id=self.new_id)

    def check(self) -> None:
        self.nothing_is_lost()

    # ---- what happens ----------------------------------------------------------------------------------------
    @rule()
    def complete(self) -> None:
        self.complete_one()

    def complete_one(self) -> None:
        if self.made >= MOST_JOBS:
            return
        self.made += 1
        number = self.made
        prefix, now = key_prefix(ADA, job_id(number)), self.aws.now
        self.bytes[job_id(number)] = body = f"results {number}".encode()
        self.aws.buckets["inputs"][prefix + NAME] = StoredObject(b"input", "STANDARD", now)
        table = number % 2 == 0  # every other job has a table of variants
        for name, content in ((NAMES["results"], body), (NAMES["index"], b"index"), (NAMES["log"], b"l"),
                              (NAMES["summary"], b"s"), *([(NAMES["variants"], b"table")] if table else [])):
            self.aws.buckets["results"][prefix + name] = StoredObject(content, "STANDARD", now)
        job = job_of(
            job_id=job_id(number),
            user_id=ADA,
            input_file_name=NAME,
            input_file_size=5,
            s3_inputs_bucket="inputs",
            s3_key_input_file=prefix + NAME,
            submit_time=now,
            reference="rCRS",
            job_status=JobStatus.COMPLETED,
            complete_time=now,
            s3_results_bucket="results",
            s3_key_result_file=prefix + NAMES["results"],
            s3_key_index_file=prefix + NAMES["index"],
            s3_key_variants_file=prefix + NAMES["variants"] if table else None,
            unannounced=True,
        )  # the worker died at once: the sweep is to announce it
        self.aws.annotations[job.job_id] = to_record(job)
        if not self.premium:
            self.aws.messages.append(Message("archive", ArchiveJob(user_id=ADA, job_id=job.job_id).to_json(),
                                             now + 300))

    @rule(fault=faults)
    def upgrade(self, fault: Any) -> None:
        self.change_role(subscribe, fault)

    @rule(fault=faults)
    def downgrade(self, fault: Any) -> None:
        self.change_role(unsubscribe, fault)

    def change_role(self, how: Callable[[Services, str], object], fault: Any = None) -> None:
        if self.run(lambda: how(self.services, ADA), fault, SHORT_LIFE) is not None:
            self.helpless = True

    @rule(seconds=st.sampled_from([1, 60, 300, 900, 1100, 2000, 3600, DAY + 1, 2 * DAY]))
    def time_moves(self, seconds: int) -> None:
        self.wait(seconds)

    @rule(queue=st.sampled_from(["archive", "archive", "restore", "restore", "thaw", "thaw", "notify"]),
          which=st.integers(0, 5), fault=faults, once_more=st.booleans())
    def deliver(self, queue: str, which: int, fault: Any, once_more: bool) -> None:
        """A message, in any order; `once_more` leaves it in the queue although it was dealt with."""
        visible = self.visible(queue)
        if visible:
            self.hand_over(visible[which % len(visible)], fault, once_more)

    @rule()
    def deliver_all(self) -> None:
        """What is due is dealt with, and nothing comes in between."""
        self.deliver_all_now()

    @rule(fault=faults, lost=st.booleans())
    def goes_cold(self, fault: Any, lost: bool) -> None:
        """A job is completed and due, and something happens while it is archived; its message may never come again."""
        self.complete_one()
        self.wait(RETENTION + GRACE)
        if message := self.hand_over_first("archive", fault):
            self.lose_again(message, lost)

    @rule(fault=faults)
    def goes_cold_again(self, fault: Any) -> None:
        """Premium ends, everything is to go cold, and something happens while the first one does."""
        self.change_role(unsubscribe)
        self.wait(GRACE + ROLE_CHANGE_SECONDS)
        for message in self.visible("archive"):
            if "job_id" not in message.body:
                self.hand_over(message, None, False)
        self.hand_over_first("archive", fault)

    @rule(at=st.integers(1, 20), seconds=st.sampled_from([0, 1, 400]))
    def overtaken_by_upgrade(self, at: int, seconds: int) -> None:
        """The user subscribes, and gets back what there is, while an archiving stands still."""
        self.goes_cold(("meanwhile", at, "comes back", seconds, None), False)

    @rule(at=st.integers(1, 20), seconds=st.sampled_from([0, 1, 400]))
    def overtaken_by_downgrade(self, at: int, seconds: int) -> None:
        """Premium ends, and what there is goes cold, while a return stands still."""
        self.comes_back(("meanwhile", at, "goes cold", seconds, None), False)

    @rule(at=st.integers(8, 18))
    def sweep_meets_archiving(self, at: int) -> None:
        """What an archiving left is just being swept away when the same archiving comes again."""
        self.leave_something(9, ("meanwhile", at, "archive", 0, None))

    @rule(at=st.integers(4, 16), pause=st.one_of(pauses, st.tuples(
        st.just("meanwhile"), st.integers(1, 16), st.just("archive"), st.just(0), st.none())))
    def leaves_something(self, at: int, pause: Any) -> None:
        """An archiving is cut off and comes again a day later, while the sweep looks at what the first one left."""
        self.leave_something(at, pause)

    def leave_something(self, at: int, pause: Any) -> None:
        self.complete_one()
        self.wait(RETENTION + GRACE)
        if message := self.hand_over_first("archive", ("cut off", at)):
            self.lose_again(message, True)
            self.wait(DAY + 1)
            self.run(lambda: sweep_files(self.services, lambda: True), pause, SWEEP_STEP)

    @rule(fault=faults, again=st.booleans())
    def comes_back(self, fault: Any, again: bool) -> None:
        """The user subscribes, everything is sent for, and something happens while the first one is thawed."""
        self.change_role(subscribe)
        self.deliver_all_now()
        self.retrievals_now(1 + again)
        self.hand_over_first("thaw", fault)

    @rule(queue=st.sampled_from(["archive", "restore", "thaw"]), which=st.integers(0, 20))
    def lose(self, queue: str, which: int) -> None:
        """A message ends in the dead-letter queue."""
        if which > 5:
            return
        waiting = [message for message in self.aws.messages if message.queue == queue]
        if waiting:
            self.lose_again(waiting[which % len(waiting)], True)

    def lose_again(self, message: Message, lost: bool) -> None:
        if lost and message in self.aws.messages:
            self.aws.messages.remove(message)
            self.helpless = True

    @rule(times=st.integers(1, 3))
    def retrievals(self, times: int) -> None:
        """What was sent for is out now; S3 tells of it once or more."""
        self.retrievals_now(times)

    @rule(which=st.integers(0, 3 * MOST_JOBS), fault=faults)
    def delete(self, which: int, fault: Any) -> None:
        ids = sorted(self.aws.jobs)
        if which < len(ids):
            self.delete_one(ids[which % len(ids)], fault)

    @rule(fault=faults, batches=st.integers(0, 3))
    def sweep(self, fault: Any = None, batches: int = 3) -> None:
        """The sweep's walk through files ends in time, or stops after so many batches and is continued later."""
        left = iter([True] * batches) if batches < 3 else itertools.repeat(True)
        self.run(lambda: sweep_jobs(self.services), fault, SWEEP_STEP)
        self.run(lambda: sweep_files(self.services, lambda: next(left, False)), fault, SWEEP_STEP)

    # ---- how it happens --------------------------------------------------------------------------------------
    def meanwhile(self, what: str, seconds: int, fault: Any) -> None:
        self.wait(seconds)
        match what:
            case "upgrade":
                self.change_role(subscribe, fault)
            case "downgrade":
                self.change_role(unsubscribe, fault)
            case "delete":
                if self.aws.jobs:
                    self.delete_one(min(self.aws.jobs), fault)
            case "retrievals":
                self.retrievals_now(2)
            case "sweep":
                self.run(lambda: sweep_files(self.services, lambda: True), fault, SWEEP_STEP)
            case "comes back":
                self.change_role(subscribe)
                self.once_more("restore", None)
                for _ in range(2):  # the second look, too, comes before the run goes on
                    for message in self.visible("restore"):
                        self.hand_over(message, None, False)
                    self.wait(LOOK_AGAIN_SECONDS)
                self.retrievals_now()
                for message in self.visible("thaw"):
                    self.hand_over(message, fault, False)
            case "goes cold":
                self.change_role(unsubscribe)
                self.wait(GRACE)
                for message in self.visible("archive"):
                    self.hand_over(message, None, False)
                self.once_more("archive", fault)
            case _:
                self.once_more(what, fault)

    def once_more(self, queue: str, fault: Any) -> None:
        """Every job's message, delivered once more beside the run that stands still."""
        for which in sorted(self.aws.jobs):
            message = Message(queue, ONE_JOB[queue](user_id=ADA, job_id=which).to_json(), self.aws.now)
            self.aws.messages.append(message)
            self.hand_over(message, fault, False)
            if message in self.aws.messages:
                self.aws.messages.remove(message)  # one more than there were: what matters must not hang on it

    def hand_over_first(self, queue: str, fault: Any) -> Message | None:
        if not (visible := self.visible(queue)):
            return None
        self.hand_over(visible[0], fault, False)
        return visible[0]

    def deliver_all_now(self) -> None:
        for queue in ("archive", "restore", "restore"):
            for message in self.visible(queue):
                self.hand_over(message, None, False)

    def hand_over(self, message: Message, fault: Any, once_more: bool) -> None:
        message.visible = self.aws.now + INVISIBLE
        ended = self.run(lambda: self.work_on(message), fault, MOVE_LIFE)
        if ended is None and not once_more and message in self.aws.messages:
            self.aws.messages.remove(message)
        if ended is None and once_more:
            message.visible = self.aws.now

    def work_on(self, message: Message) -> None:
        if message.queue == "archive":
            archive_results(self.services, decode(message.body, ArchiveMessage), self.new_id())
        elif message.queue == "restore":
            restore_results(self.services, decode(message.body, RestoreMessage))
        elif message.queue == "notify":
            notify_user(self.services, decode(message.body, NotifyMessage))
        elif message.queue == "uploads":
            # The sweep saw the file, and then it was deleted: `submit` finds nothing.
            assert not any(key in message.body for key in self.aws.buckets["inputs"]), message
        else:
            for ready in read_retrievals(message.body):
                thaw_results(self.services, ready, self.new_id())

    def delete_one(self, which: str, fault: Any) -> None:
        before = which in self.doomed
        self.doomed.add(which)
        ended = self.run(lambda: delete_job(self.services, ADA, which), fault, SHORT_LIFE)
        if ended is None:
            self.deleted.add(which)
        elif isinstance(ended, FilesOnTheMoveError) and not before:
            self.doomed.discard(which)

    @property
    def premium(self) -> bool:
        return bool(self.aws.profiles[ADA]["role"] == Role.PREMIUM.value)

    # ---- what must be so -------------------------------------------------------------------------------------
    @invariant()
    def nothing_is_lost(self) -> None:
        for which, record in self.aws.jobs.items():
            if which in self.doomed:
                continue
            live, cold = record.get("s3_key_result_file"), record.get("results_file_archive_id")
            assert (live is None) != (cold is None), record
            found = self.aws.buckets["results"].get(live) if live else self.aws.buckets["archive"].get(str(cold))
            assert found is not None, f"the record points nowhere: {record}"
            assert found.body == self.bytes[which]
            bucket, archived = ("results", "") if live else ("archive", "archived_")
            for kind in ("index", "variants")[:len(self.companions(which))]:
                key = record.get(f"s3_key_{archived}{kind}_file")
                assert key in self.aws.buckets[bucket], f"the {kind} file is lost: {record}"

    @invariant()
    def no_mark_goes_before_the_announcement(self) -> None:
        assert {which for which, record in self.aws.jobs.items() if "open" not in record} <= self.topics.ended

    def companions(self, which: str) -> list[str]:
        return [NAMES["index"], NAMES["variants"]] if int(which[-1]) % 2 == 0 else [NAMES["index"]]

    @invariant()
    def nothing_is_left_of_what_was_deleted(self) -> None:
        for which in self.deleted:
            left = [key for files_ in self.aws.buckets.values() for key in files_ if f"/{which}/" in key]
            assert left == [], f"deleted, and yet there: {left}"

    def everything_is_where_the_role_wants_it(self) -> None:
        """By itself: nothing was lost, and so nothing has to wait for the sweep."""
        for which, record in self.aws.jobs.items():
            assert ("s3_key_result_file" in record) is self.premium, record
            assert which in self.bytes
            assert not (self.premium and "restore_status" in record), record

    def settle(self) -> None:
        """Deliver everything that waits, as time goes by."""
        for _ in range(2000):
            if not self.aws.messages:
                retrieving = any(found.retrieving for found in self.aws.buckets["archive"].values())
                if not retrieving:
                    return
            self.retrievals_now()
            waiting = sorted(self.aws.messages, key=lambda message: message.visible)
            if waiting:
                self.aws.now = max(self.aws.now, waiting[0].visible)
                self.hand_over(waiting[0], None, False)
        pytest.fail(f"messages go round for ever: {self.aws.messages[:3]}")

    def retrievals_now(self, times: int = 1) -> None:
        for key, found in self.aws.buckets["archive"].items():
            if found.retrieving:
                found.retrieving, found.out_until = False, self.aws.now + DAY
                self.aws.messages += [Message("thaw", restored_event(key), self.aws.now) for _ in range(times)]

    def teardown(self) -> None:
        """Let everything come to rest, with the sweep's help, and look where it is."""
        self.aws.fault = None
        self.lives.clear()
        self.aws.now += 1000
        for which in sorted(self.doomed & set(self.aws.jobs)):
            self.delete_one(which, None)
        self.nothing_is_left_of_what_was_deleted()
        self.settle()
        if not self.helpless:
            self.everything_is_where_the_role_wants_it()
        for _ in range(4):  # the first may be the end of a walk that was cut off
            self.settle()
            self.aws.now += 2 * DAY
            sweep_jobs(self.services)
            sweep_files(self.services, lambda: True)
        self.settle()
        assert not any("open" in record for record in self.aws.jobs.values()), "an end was never announced"
        results, archive = set(self.aws.buckets["results"]), set(self.aws.buckets["archive"])
        wanted_results, wanted_archive = set(), set()
        for which, record in self.aws.jobs.items():
            prefix = key_prefix(ADA, which)
            wanted_results |= {prefix + NAMES["log"], prefix + NAMES["summary"]}
            if self.premium:
                wanted_results |= {prefix + name for name in (NAMES["results"], *self.companions(which))}
                assert "restore_status" not in record
            else:
                wanted_archive |= set(from_record(record).archive_bucket_keys)
        assert results == wanted_results
        assert archive == wanted_archive
        assert {key.split("/")[1] for key in self.aws.buckets["inputs"]} == set(self.aws.jobs)
        self.nothing_is_lost()


def test_any_interleaving_ends_in_the_right_place(monkeypatch: pytest.MonkeyPatch) -> None:
    run_life(ResultsLife, 400, monkeypatch)
