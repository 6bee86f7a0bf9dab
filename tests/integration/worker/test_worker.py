"""A worker brings each job to an end, or leaves it so that another worker can."""
from __future__ import annotations

import gzip
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from annotator.worker import loop as worker_module
from annotator.worker.engine_process import EngineRun
from annotator.worker.lease import Lease
from annotator.worker.loop import Worker
from annotator.worker.settings import WorkerSettings
from annotator.worker.workspace import alive
from chalicelib.aws.clients import client
from chalicelib.aws.dynamodb.throughput import ThroughputRecord
from chalicelib.aws.job_request_queue import JobRequestsQueue, ReceivedMessage
from chalicelib.domain.job_reason import JobReason
from chalicelib.domain.job_record import to_record
from chalicelib.domain.jobs import Job, JobProgress, JobStatus, Stage
from chalicelib.domain.messages import JobRequest
from chalicelib.domain.profiles import Profile
from chalicelib.domain.result_files import RESULT_FILES
from chalicelib.domain.throughput import Throughput
from chalicelib.exceptions import LeaseLostError
from chalicelib.services import Services
from chalicelib.usecases.jobs.user_jobs import delete_job
from tests.conftest import HeldClock
from tests.integration.support.jobs_made import ADA, bodies_in, job_id, keys_in, make_job

pytestmark = pytest.mark.writes_once("sqs", "sns")
"""These tests count messages, and deliver some twice themselves."""

VCF = (b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
       b"MT\t73\t.\tA\tG\t.\t.\t.\nMT\t263\t.\tA\tG\t.\t.\t.\nMT\t750\t.\tA\tG\t.\t.\t.\n")
BROKEN_VCF = VCF + b"MT\t800\t.\tA\n"


@pytest.fixture
def results_queue(services: Services) -> str:
    """A queue that hears what the topic `job_results` says."""
    url: str = boto3.client("sqs").create_queue(QueueName="hear-results")["QueueUrl"]
    boto3.client("sns").subscribe(TopicArn=services.settings.job_results_topic, Protocol="sqs",
                                  Endpoint="arn:aws:sqs:us-east-1:123456789012:hear-results",
                                  Attributes={"RawMessageDelivery": "true"})
    return url


@pytest.fixture
def make_worker(services: Services, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    made: list[Worker] = []

    def make(owner: str = "w1", **values: Any) -> Worker:
        standard = WorkerSettings(work_dir=tmp_path / "work", references_dir=tmp_path / "references", lease=60,
                                  heartbeat=0.05, pause=0, time_limit=60)
        settings = replace(standard, **values)
        worker = Worker(services, JobRequestsQueue(services.settings.job_requests_queue_url), settings, owner)
        made.append(worker)
        return worker

    yield make
    for worker in made:
        worker.workspace.close()


def request(services: Services, job: Job) -> None:
    services.topics.request_job(JobRequest(job_id=job.job_id, user_id=job.user_id))


def now(services: Services, job: Job) -> Job:
    found = services.jobs.get(job.job_id)
    assert found is not None
    return found


def messages_left(services: Services) -> tuple[int, int]:
    """Visible and hidden messages of the queue of requests."""
    attributes = boto3.client("sqs").get_queue_attributes(
        QueueUrl=services.settings.job_requests_queue_url, AttributeNames=["All"])["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"]), int(attributes["ApproximateNumberOfMessagesNotVisible"])


def engine_is(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a script in the engine's place."""
    monkeypatch.setattr(EngineRun, "command", property(lambda run: [sys.executable, "-c", script, str(run.results)]))


SLEEPING_ENGINE = ("import json,time\n"
                   "print(json.dumps({'stage': 'annotating', 'records': 5, 'total': 10, 'warnings': 0}), flush=True)\n"
                   "time.sleep(60)")
DYING_ENGINE = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


def test_a_job_is_annotated_from_queue_to_announcement(
        services: Services, make_worker: Callable[..., Worker], results_queue: str, tmp_path: Path) -> None:
    job = make_job(services, content=VCF)
    request(services, job)
    assert make_worker().work_once(0)
    done = now(services, job)
    assert (done.job_status, done.run.attempt) == (JobStatus.COMPLETED, 1)
    assert done.summary is not None
    assert done.summary["records"] == 3
    assert done.file("results").key == f"{ADA}/{job_id()}/free_1.annot.vcf.gz"
    assert all(done.file(kind).size for kind in RESULT_FILES), "pages say how large each file is"
    assert sorted(key.rsplit("/", 1)[1] for key in keys_in(services.files.results_bucket)) == [
        "free_1.annot.vcf.gz", "free_1.annot.vcf.gz.tbi", "free_1.count.log", "free_1.summary.json",
        "free_1.variants.parquet"]
    assert bodies_in(results_queue) == [{"type": "job_result", "job_id": job.job_id, "user_id": ADA,
                                         "job_status": "COMPLETED", "role": "free_user",
                                         "complete_time": services.clock()}]
    assert messages_left(services) == (0, 0)
    assert [path.name for path in (tmp_path / "work" / "worker-w1").iterdir()] == ["lock"]


@pytest.mark.parametrize("shift", [True, False])
def test_the_chosen_placement_reaches_the_engine(services: Services, make_worker: Callable[..., Worker],
                                                 monkeypatch: pytest.MonkeyPatch, shift: bool) -> None:
    commands: list[list[str]] = []
    command = EngineRun.command.fget  # type: ignore[attr-defined]

    def seen(run: EngineRun) -> list[str]:
        commands.append(command(run))
        return command(replace(run, shift_3prime=False))

    monkeypatch.setattr(EngineRun, "command", property(seen))
    job = make_job(services, content=VCF, shift_3prime=shift)
    request(services, job)
    assert make_worker().work_once(0)
    assert now(services, job).job_status is JobStatus.COMPLETED
    assert commands
    assert all(("--shift-3prime" in one) is shift for one in commands)


def test_results_beyond_the_reach_of_a_tabix_index_have_another(
        services: Services, make_worker: Callable[..., Worker]) -> None:
    job = make_job(services, content=VCF + b"long\t2147483647\t.\tA\tC\t.\t.\t.\n")
    request(services, job)
    assert make_worker().work_once(0)
    done = now(services, job)
    assert done.job_status is JobStatus.COMPLETED
    assert done.file("index").key == f"{done.file('results').key}.csi"
    keys = keys_in(services.files.results_bucket)
    assert done.file("index").key in keys
    assert f"{done.file('results').key}.tbi" not in keys
def test_every_stage_that_pages_know_occurs(services: Services, make_worker: Callable[..., Worker],
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Stage] = []
    report = Lease.report

    def noted(lease: Lease, progress: JobProgress) -> None:
        seen.append(progress.stage)
        report(lease, progress)

    monkeypatch.setattr(Lease, "report", noted)
    request(services, make_job(services, content=VCF))
    make_worker().work_once(0)
    assert list(dict.fromkeys(seen)) == list(Stage)


def test_a_broken_file_fails_with_line_and_hint(
        services: Services, make_worker: Callable[..., Worker], results_queue: str) -> None:
    job = make_job(services, content=BROKEN_VCF)
    request(services, job)
    make_worker().work_once(0)
    failed = now(services, job)
    assert failed.job_status is JobStatus.FAILED
    assert failed.error is not None
    assert failed.error.line == 6
    assert failed.error.hint
    assert bodies_in(results_queue)[0]["job_status"] == "FAILED"
    assert messages_left(services) == (0, 0)


def test_an_input_that_is_gone_fails_the_job(services: Services, make_worker: Callable[..., Worker]) -> None:
    job = make_job(services, content=VCF)
    services.files.delete_version(job.input.bucket, job.input.key, str(job.input.version))
    request(services, job)
    make_worker().work_once(0)
    error = now(services, job).error
    assert error is not None
    assert error.code == "input_missing"


def test_a_request_of_a_deleted_job_is_dropped(services: Services, make_worker: Callable[..., Worker]) -> None:
    job = make_job(services, content=VCF)
    request(services, job)
    delete_job(services, ADA, job.job_id)
    assert make_worker().work_once(0)
    assert messages_left(services) == (0, 0)


def test_a_message_that_is_no_request_is_left_for_the_dead_letters(
        services: Services, make_worker: Callable[..., Worker]) -> None:
    boto3.client("sqs").send_message(QueueUrl=services.settings.job_requests_queue_url, MessageBody="[]")
    assert make_worker().work_once(0)
    assert messages_left(services) == (0, 1)


def test_a_second_delivery_waits_while_the_job_is_held(services: Services, make_worker: Callable[..., Worker]) -> None:
    job = make_job(services, content=VCF)
    services.jobs.take(job.job_id, "another", services.clock(), 60)
    request(services, job)
    make_worker().work_once(0)
    assert now(services, job).run.lease_owner == "another"
    assert messages_left(services) == (0, 1)


def test_a_job_whose_worker_died_is_taken_over(
        services: Services, make_worker: Callable[..., Worker], clock: HeldClock) -> None:
    job = make_job(services, content=VCF)
    services.jobs.take(job.job_id, "dead", services.clock(), 60)
    clock.advance(61)
    request(services, job)
    make_worker().work_once(0)
    done = now(services, job)
    assert (done.job_status, done.run.attempt) == (JobStatus.COMPLETED, 2)


def test_a_file_that_kills_its_workers_three_times_fails(
        services: Services, make_worker: Callable[..., Worker], clock: HeldClock, results_queue: str) -> None:
    job = make_job(services, content=VCF)
    for number in range(3):
        services.jobs.take(job.job_id, f"dead-{number}", services.clock(), 60)
        clock.advance(61)
    request(services, job)
    make_worker().work_once(0)
    failed = now(services, job)
    assert failed.error is not None
    assert (failed.job_status, failed.error.code) == (JobStatus.FAILED, "worker_stopped_repeatedly")
    assert bodies_in(results_queue)[0]["job_status"] == "FAILED"


def test_an_engine_that_dies_is_tried_three_times(
        services: Services, make_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch) -> None:
    engine_is(monkeypatch, DYING_ENGINE)
    job = make_job(services, content=VCF)
    request(services, job)
    worker = make_worker()
    for attempt in (1, 2):
        assert worker.work_once(0)
        seen = now(services, job)
        assert (seen.job_status, seen.run.attempt) == (JobStatus.PENDING, attempt)
    assert worker.work_once(0)
    failed = now(services, job)
    assert failed.error is not None
    assert (failed.job_status, failed.error.code, failed.run.attempt) == (JobStatus.FAILED, "annotation_crashed", 3)
    assert messages_left(services) == (0, 0)


def test_a_file_that_takes_too_long_fails(
        services: Services, make_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch) -> None:
    engine_is(monkeypatch, SLEEPING_ENGINE)
    job = make_job(services, content=VCF)
    request(services, job)
    make_worker(time_limit=0).work_once(0)
    error = now(services, job).error
    assert error is not None
    assert error.code == "time_limit"


def failed_with(services: Services, make_worker: Callable[..., Worker], content: bytes, **plans: int) -> JobReason:
    """The reason for which a file fails under plans with other limits."""
    settings = replace(services.settings, plans=replace(services.plans, **plans))
    job = make_job(services, content=content)
    request(services, job)
    worker = make_worker()
    worker.services = replace(services, settings=settings)
    worker.work_once(0)
    failed = now(services, job)
    assert failed.job_status is JobStatus.FAILED
    assert failed.error is not None
    return failed.error


def test_more_records_than_the_plan_takes(services: Services, make_worker: Callable[..., Worker]) -> None:
    error = failed_with(services, make_worker, VCF, free_record_limit=2, premium_record_limit=1_000_000)
    assert error.code == "too_many_records"
    assert error.message == "The file has 3 records; 2 is the limit."
    assert error.hint.startswith("This is the limit of the Free plan. Split the file by chromosome or by region")
    assert "Premium, which takes 1,000,000 records" in error.hint


def test_more_bytes_than_the_plan_takes(services: Services, make_worker: Callable[..., Worker]) -> None:
    """What counts is the uncompressed size: few bytes of gzip may hold any number of records."""
    bomb = gzip.compress(VCF + b"MT\t750\t.\tA\tG\t.\t.\t.\n" * 100_000)
    assert len(bomb) < 20_000
    error = failed_with(services, make_worker, bomb, free_uncompressed_limit=1_000_000)
    assert error.code == "too_large"
    assert "1,000,000 bytes uncompressed" in error.message
    assert "Free plan" in error.hint


def test_larger_results_than_the_plan_takes(services: Services, make_worker: Callable[..., Worker]) -> None:
    error = failed_with(services, make_worker, VCF, free_results_limit=500, premium_results_limit=3 * 1024**2)
    assert error.code == "results_too_large"
    assert error.message == "The results would take more than 500 bytes, which is the limit."
    assert error.hint.startswith("This is the limit of the Free plan. Split the file by chromosome or by region")
    assert "and 3\N{NO-BREAK SPACE}MB of results." in error.hint


def test_premium_takes_more(services: Services, make_worker: Callable[..., Worker]) -> None:
    services.profiles.sign_in(Profile(identity_id=ADA, name="Ada", email="ada@example.org", institution="", created=1))
    services.profiles.subscribe(ADA)
    error = failed_with(services, make_worker, VCF, free_record_limit=2, premium_record_limit=1)
    assert error.message == "The file has 3 records; 1 is the limit."
    assert error.hint == ("This is the limit of the Premium plan. Split the file by chromosome or by region and upload "
                          "the parts.")


def test_more_processor_time_than_the_plan_gives(
        services: Services, make_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch) -> None:
    engine_is(monkeypatch, "while True: pass")
    error = failed_with(services, make_worker, VCF, free_processor_limit=1, premium_processor_limit=7200)
    assert error.code == "processor_time_limit"
    assert error.message == (
        "The job needed more than 1\N{NO-BREAK SPACE}s of processor time, the limit of the Free plan.")
    assert error.hint.endswith("or annotate it with Premium, which gives 2\N{NO-BREAK SPACE}h.")


def test_the_engine_gets_no_credentials(
        services: Services, make_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/secret")
    engine_is(monkeypatch, f"import os; open({str(tmp_path / 'seen')!r}, 'w').write(' '.join(os.environ)); os.abort()")
    request(services, make_job(services, content=VCF))
    make_worker().work_once(0)
    assert "PATH" in (tmp_path / "seen").read_text().split()
    assert "AWS_" not in (tmp_path / "seen").read_text()


def test_a_word_with_many_dots_costs_nothing(services: Services, make_worker: Callable[..., Worker]) -> None:
    """Each of its endings would be a name of a build: 16 KB made 64 MB of them."""
    first, _, rest = VCF.partition(b"\n")
    content = b"\n".join([first, b"##reference=" + b"a." * 500_000, rest])
    job = make_job(services, content=content)
    request(services, job)
    make_worker().work_once(0)
    assert now(services, job).job_status is JobStatus.COMPLETED


def while_annotating(services: Services, worker: Worker, job: Job, deed: Callable[[], object]) -> None:
    """Let the worker take the job; when its progress shows, do the deed, and wait until the worker is through."""
    thread = threading.Thread(target=worker.work_once, args=(0,))
    thread.start()
    for _ in range(400):
        if (progress := now(services, job).run.progress) and progress.records == 5:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the engine's progress never reached the job")
    deed()
    thread.join(30)
    assert not thread.is_alive()


def test_progress_is_told_and_cancel_stops_a_running_job(
        services: Services, make_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch, results_queue: str
) -> None:
    engine_is(monkeypatch, SLEEPING_ENGINE)
    job = make_job(services, content=VCF)
    request(services, job)
    while_annotating(services, make_worker(), job, lambda: services.jobs.cancel(job.job_id, services.clock()))
    assert now(services, job).job_status is JobStatus.CANCELLED
    assert keys_in(services.files.results_bucket) == []
    assert messages_left(services) == (0, 0)
    assert bodies_in(results_queue) == []


def test_delete_stops_a_running_job_and_nothing_stays(
        services: Services, make_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch) -> None:
    engine_is(monkeypatch, SLEEPING_ENGINE)
    job = make_job(services, content=VCF)
    request(services, job)
    while_annotating(services, make_worker(), job, lambda: delete_job(services, ADA, job.job_id))
    assert services.jobs.get(job.job_id) is None
    assert keys_in(services.files.inputs_bucket) == []
    assert messages_left(services) == (0, 0)


def test_a_worker_told_to_stop_hands_its_job_back_at_once(
        services: Services, make_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job(services, content=VCF)
    request(services, job)
    with monkeypatch.context() as sleeping:
        engine_is(sleeping, SLEEPING_ENGINE)
        worker = make_worker()
        while_annotating(services, worker, job, worker.stop)
    waiting = now(services, job)
    assert (waiting.job_status, waiting.run.attempt) == (JobStatus.PENDING, 0)
    assert messages_left(services) == (1, 0)
    make_worker("w2").work_once(0)
    assert now(services, job).job_status is JobStatus.COMPLETED


def test_a_worker_that_lost_its_job_leaves_the_new_holder_alone(
        services: Services, make_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch, clock: HeldClock
) -> None:
    engine_is(monkeypatch, SLEEPING_ENGINE)
    job = make_job(services, content=VCF)
    request(services, job)

    def take_over() -> None:
        # The other worker's clock is an hour ahead of ours, so that our heartbeats cannot keep the lease.
        services.jobs.take(job.job_id, "w2", clock() + 3600, 60)

    while_annotating(services, make_worker(), job, take_over)
    assert now(services, job).run.lease_owner == "w2"


def test_trouble_with_s3_is_tried_again(
        services: Services, make_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch, clock: HeldClock
) -> None:
    job = make_job(services, content=VCF)
    request(services, job)

    def refuse(*_: object) -> None:
        raise ClientError({"Error": {"Code": "SlowDown", "Message": "Please reduce your request rate."}}, "PutObject")

    with monkeypatch.context() as slow:
        slow.setattr(services.files, "upload_result", refuse)
        make_worker().work_once(0)
    waiting = now(services, job)
    assert (waiting.job_status, waiting.run.attempt) == (JobStatus.PENDING, 0)
    assert messages_left(services) == (0, 1)
    clock.advance(worker_module.RETRY_SECONDS)
    request(services, job)
    make_worker("w2").work_once(0)
    assert now(services, job).job_status is JobStatus.COMPLETED


def test_trouble_that_goes_on_ends_the_job_with_a_reason(
        services: Services, make_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch, clock: HeldClock
) -> None:
    job = make_job(services, content=VCF)
    monkeypatch.setattr(worker_module, "annotate_job", lambda *_: (_ for _ in ()).throw(OSError("no network")))
    worker = make_worker()
    for times in range(1, worker_module.MOST_HAND_BACKS):
        request(services, job)
        worker.work_once(0)
        waiting = now(services, job)
        assert (waiting.job_status, waiting.run.attempt, waiting.run.hand_backs) == (JobStatus.PENDING, 0, times)
        request(services, job)
        assert worker.work_once(0)
        assert now(services, job).run.attempt == 0, "not before its time"
        clock.advance(worker_module.RETRY_SECONDS)
    request(services, job)
    worker.work_once(0)
    failed = now(services, job)
    assert failed.error is not None
    assert (failed.job_status, failed.error.code) == (JobStatus.FAILED, "service_trouble")


def test_a_full_disk_leaves_the_job_for_another_worker(
        services: Services, make_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job(services, content=VCF)
    request(services, job)
    usage = type("usage", (), {"total": 10**12, "free": 1000})
    monkeypatch.setattr("annotator.worker.workspace.shutil.disk_usage", lambda path: usage)
    make_worker().work_once(0)
    waiting = now(services, job)
    assert (waiting.job_status, waiting.run.attempt) == (JobStatus.PENDING, 0)


def test_a_file_larger_than_any_workers_disk_fails(
        services: Services, make_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job(services, content=VCF)
    request(services, job)
    usage = type("usage", (), {"total": 1000, "free": 1000})
    monkeypatch.setattr("annotator.worker.workspace.shutil.disk_usage", lambda path: usage)
    make_worker().work_once(0)
    error = now(services, job).error
    assert error is not None
    assert error.code == "too_large_for_worker"


def test_a_second_message_of_a_job_that_ended_is_dropped_and_nothing_is_announced_twice(
        services: Services, make_worker: Callable[..., Worker], results_queue: str) -> None:
    job = make_job(services, content=VCF)
    request(services, job)
    request(services, job)
    worker = make_worker()
    assert worker.work_once(0)
    assert worker.work_once(0)
    assert [body["job_status"] for body in bodies_in(results_queue)] == ["COMPLETED"]
    assert messages_left(services) == (0, 0)
    assert now(services, job).run.attempt == 1


def test_what_a_dead_worker_left_on_disk_is_removed(make_worker: Callable[..., Worker], tmp_path: Path) -> None:
    living = make_worker("w1")
    left = tmp_path / "work" / "worker-dead"
    (left / "job").mkdir(parents=True)
    (left / "lock").touch()
    other = make_worker("w2")
    assert other.workspace.remove_leftovers() == 1
    assert not left.exists()
    assert living.workspace.path.exists()


def test_the_sign_of_life_ages(make_worker: Callable[..., Worker], tmp_path: Path) -> None:
    assert not alive(tmp_path / "work", time.time(), 60)
    make_worker().workspace.touch_alive()
    assert alive(tmp_path / "work", time.time(), 60)
    assert not alive(tmp_path / "work", time.time() + 3600, 60)


def test_a_renewal_by_the_loser_is_refused(services: Services) -> None:
    job = make_job(services, content=VCF)
    services.jobs.take(job.job_id, "w1", services.clock(), 60)
    services.jobs.cancel(job.job_id, services.clock())
    with pytest.raises(LeaseLostError):
        services.jobs.hand_back(now(services, job), "w1", True)
    assert json.dumps(to_record(now(services, job)))


# ---- a worker survives any message and any job ---------------------------------------------------------------
@pytest.mark.parametrize(
    "body",
    [
        '{"job_id": "pace", "user_id": "x"}',
        '{"job_id": 1, "user_id": 2}',
        '{"job_id": ["a"]}',
        "null",
        "",
        "{",
        "\x00",
        "[" * 3000,
        '{"job_id": "aaaaaaaa-0000-4000-8000-000000000001", "user_id": null}',
        "1e999",
        '"' + "x" * 200_000 + '"',
    ],
    ids=[
        "no job's id",
        "numbers",
        "half",
        "null",
        "empty",
        "cut off",
        "zero byte",
        "deep",
        "no user",
        "infinite",
        "long",
    ],
)
def test_no_message_ends_the_worker(services: Services, make_worker: Callable[..., Worker],
                                    monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    ThroughputRecord(services.jobs).add(100, 1.0)  # the record that `pace` names, which is no job
    monkeypatch.setattr(worker_module, "PAUSE_SECONDS", 0)
    worker = make_worker()
    delivered = [ReceivedMessage(body=body, receipt="none", receive_count=1), None]

    def receive(*_: object) -> ReceivedMessage | None:
        if len(delivered) == 1:
            worker.stop()
        return delivered.pop(0)

    monkeypatch.setattr(worker.queue, "receive", receive)
    worker.run()
    assert delivered == [], "the worker went on to the next message"
    assert ThroughputRecord(services.jobs).get().to_record() != Throughput().to_record(), "the message changed nothing"


def test_an_error_of_ours_costs_attempts_and_not_the_worker(
        services: Services, make_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job(services, content=VCF)
    monkeypatch.setattr(worker_module, "annotate_job", lambda *_: (_ for _ in ()).throw(KeyError("a bug")))
    worker = make_worker()
    for attempt in (1, 2):
        request(services, job)
        assert worker.work_once(0)
        assert (now(services, job).job_status, now(services, job).run.attempt) == (JobStatus.PENDING, attempt)
    request(services, job)
    worker.work_once(0)
    failed = now(services, job)
    assert failed.error is not None
    assert (failed.job_status, failed.error.code) == (JobStatus.FAILED, "annotation_crashed")


def test_what_aws_refuses_for_good_ends_the_job_at_once_with_its_reason(
        services: Services, make_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch,
        results_queue: str) -> None:
    job = make_job(services, content=VCF)
    request(services, job)

    def refuse(*_: object) -> None:
        raise ClientError({"Error": {"Code": "KeyTooLongError", "Message": "Your key is too long"}}, "PutObject")

    monkeypatch.setattr(services.files, "upload_result", refuse)
    make_worker().work_once(0)
    failed = now(services, job)
    assert failed.error is not None
    assert (failed.job_status, failed.error.code, failed.run.attempt) == (JobStatus.FAILED, "result_refused", 1)
    assert "Your key is too long" in failed.error.message
    assert [body["job_status"] for body in bodies_in(results_queue)] == ["FAILED"]


def test_a_record_that_is_too_large_ends_the_job_at_once(
        services: Services, make_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job(services, content=VCF)
    request(services, job)
    monkeypatch.setattr("annotator.worker.annotate_job.key_figures", lambda _: {"contigs": ["x" * 1000] * 500})
    make_worker().work_once(0)
    failed = now(services, job)
    assert failed.error is not None
    assert (failed.job_status, failed.error.code, failed.run.attempt) == (JobStatus.FAILED, "record_too_large", 1)


@pytest.mark.parametrize("operation", ["PutObject", "GetObject"])
def test_s3_that_slows_down_on_the_wire_is_tried_again(
        services: Services, make_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch, clock: HeldClock,
        operation: str) -> None:
    """The fault is in the HTTP layer, so that boto3's own exceptions surface, which are none of botocore's."""
    job = make_job(services, content=VCF)
    request(services, job)
    events = client("s3").meta.events
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)

    def slow_down(**_: object) -> AWSResponse:
        body = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
        response = AWSResponse("https://s3", 503, {}, None)
        response._content = body
        return response

    events.register_first(f"before-send.s3.{operation}", slow_down)
    make_worker().work_once(0)
    events.unregister(f"before-send.s3.{operation}", slow_down)
    waiting = now(services, job)
    assert (waiting.job_status, waiting.run.attempt) == (JobStatus.PENDING, 0)
    clock.advance(worker_module.RETRY_SECONDS)
    request(services, job)
    make_worker("w2").work_once(0)
    assert now(services, job).job_status is JobStatus.COMPLETED
