"""Results in a Glacier vault: on moto's vaults, with what moto lacks of them put in at boto3's boundary."""
from __future__ import annotations

import datetime
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.utils import calculate_tree_hash

from chalicelib.aws.archive.glacier import GlacierArchive
from chalicelib.domain.jobs import Job, RestoreStatus, RestoreTier
from chalicelib.domain.messages import ArchiveJob
from chalicelib.domain.names import in_archive_bucket
from chalicelib.domain.profiles import Profile
from chalicelib.services import Services, _archive_store
from chalicelib.usecases.archive.archive_results import archive_results
from chalicelib.usecases.jobs.user_jobs import delete_job
from infra.aws.move_vault import show, start
from infra.aws.service_stack import Deployment
from infra.errors import OperatorError
from tests.conftest import REGION, HeldClock
from tests.integration.support.cold import (
    RETENTION,
    Faults,
    Functions,
    error,
    live_sha256,
    make_completed,
    reload,
    request,
    result_message,
)
from tests.integration.support.jobs_made import ADA, EVE, keys_in

pytestmark = pytest.mark.writes_once("glacier")
"""The vault of these tests takes each part once; that a completed upload may be completed again, it knows."""

MIB = 1024**2
PART = 8 * MIB
CONTENT = bytes(range(256)) * (PART // 256) + b"and some more" * 100_000


class Vault:
    """Moto's vault, with uploads in parts, ranges, sizes, and refusals on request."""

    def __init__(self) -> None:
        self.parts: dict[str, bytearray] = {}
        self.completed: dict[str, str] = {}
        self.asked: list[dict[str, Any]] = []
        self.aborted = 0
        self.no_capacity = False
        self._original = BaseClient._make_api_call

    @property
    def _moto(self) -> Any:
        from moto.glacier.models import glacier_backends

        return glacier_backends["123456789012"]["us-east-1"].vaults["cold"]

    @property
    def archives(self) -> list[str]:
        return list(self._moto.archives)

    def call(self, client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        handler = getattr(self, f"_{operation}", None)
        if client.meta.service_model.service_name != "glacier" or handler is None:
            return self._original(client, operation, arguments)
        return handler(client, arguments)

    def _InitiateMultipartUpload(self, _: Any, arguments: dict[str, Any]) -> Any:  # noqa: N802
        assert int(arguments["partSize"]) == PART
        upload = f"u-{len(self.parts) + len(self.completed) + self.aborted}"
        self.parts[upload] = bytearray()
        return {"uploadId": upload}

    def _UploadMultipartPart(self, _: Any, arguments: dict[str, Any]) -> Any:  # noqa: N802
        body, written = arguments["body"], self.parts[arguments["uploadId"]]
        assert arguments["range"] == f"bytes {len(written)}-{len(written) + len(body) - 1}/*"
        assert arguments["checksum"] == calculate_tree_hash(io.BytesIO(body))
        written += body
        return {"checksum": arguments["checksum"]}

    def _CompleteMultipartUpload(self, client: Any, arguments: dict[str, Any]) -> Any:  # noqa: N802
        upload = arguments["uploadId"]
        if upload in self.completed:  # as AWS documents it: the same answer once more
            return {"archiveId": self.completed[upload], "checksum": arguments["checksum"]}
        if upload not in self.parts:
            raise error("ResourceNotFoundException", "CompleteMultipartUpload", 404)
        body = bytes(self.parts.pop(upload))
        assert int(arguments["archiveSize"]) == len(body)
        assert arguments["checksum"] == calculate_tree_hash(io.BytesIO(body))
        made = self._original(client, "UploadArchive", {"vaultName": "cold", "body": body, "accountId": "-"})
        self.completed[upload] = made["archiveId"]
        return {"archiveId": made["archiveId"], "checksum": arguments["checksum"]}

    def _AbortMultipartUpload(self, _: Any, arguments: dict[str, Any]) -> Any:  # noqa: N802
        self.aborted += 1
        self.parts.pop(arguments["uploadId"], None)
        return {}

    def _InitiateJob(self, client: Any, arguments: dict[str, Any]) -> Any:  # noqa: N802
        self.asked.append(arguments["jobParameters"])
        if self.no_capacity and arguments["jobParameters"]["Tier"] == "Expedited":
            raise error("InsufficientCapacityException", "InitiateJob")
        answer = self._original(client, "InitiateJob", arguments)
        self._moto.jobs[answer["jobId"]].et = datetime.datetime(2020, 1, 1)  # noqa: DTZ001 - as moto keeps it
        return answer

    def _DescribeJob(self, client: Any, arguments: dict[str, Any]) -> Any:  # noqa: N802
        if arguments["jobId"] not in self._moto.jobs:
            raise error("ResourceNotFoundException", "DescribeJob", 404)
        answer = self._original(client, "DescribeJob", arguments)
        return {**answer, "ArchiveSizeInBytes": self._moto.archives[answer["ArchiveId"]]["size"]}

    def _GetJobOutput(self, _: Any, arguments: dict[str, Any]) -> Any:  # noqa: N802
        first, last = (int(part) for part in arguments["range"].removeprefix("bytes=").split("-"))
        body = self._moto.get_job_output(arguments["jobId"])
        return {"body": io.BytesIO(body[first:last + 1]), "status": 206}

    def _DeleteArchive(self, client: Any, arguments: dict[str, Any]) -> Any:  # noqa: N802
        if arguments["archiveId"] not in self._moto.archives:
            raise error("ResourceNotFoundException", "DeleteArchive", 404)
        return self._original(client, "DeleteArchive", arguments)

    def message(self, number: int = -1, status: str = "Succeeded") -> str:
        """What Glacier sends to the topic, in the form that AWS documents."""
        job_id, job = list(self._moto.jobs.items())[number]
        return json.dumps({
            "Action": "ArchiveRetrieval", "ArchiveId": job.archive_id, "ArchiveSizeInBytes": len(CONTENT),
            "Completed": True, "CompletionDate": "2026-11-24T12:00:00.000Z",
            "CreationDate": "2026-11-24T08:00:00.000Z", "InventorySizeInBytes": None,
            "JobDescription": self.asked[number]["Description"], "JobId": job_id, "SHA256TreeHash": "0" * 64,
            "SNSTopic": self.asked[number]["SNSTopic"], "StatusCode": status, "StatusMessage": status,
            "VaultARN": "arn:aws:glacier:us-east-1:123456789012:vaults/cold"})


@pytest.fixture
def vault(services: Services, functions: Functions, monkeypatch: pytest.MonkeyPatch) -> Vault:
    boto3.client("glacier").create_vault(vaultName="cold")
    made = Vault()
    store = GlacierArchive(services.settings.results_bucket, "cold", services.settings.job_thaw_topic, PART)
    functions.services = replace(services, archive_store=store)
    for module in functions.modules.values():
        monkeypatch.setattr(module, "services", functions.services)
    monkeypatch.setattr(BaseClient, "_make_api_call", lambda *arguments: made.call(*arguments))
    return made


@pytest.fixture
def cold_job(vault: Vault, services: Services, functions: Functions, clock: HeldClock,
             make_profile: Callable[..., Profile]) -> Job:
    make_profile()
    job = make_completed(services, content=CONTENT)
    clock.advance(RETENTION)
    cold = functions.archive(job)
    services.profiles.subscribe(ADA)
    return cold


def test_the_same_bytes_come_back_from_the_vault(vault: Vault, services: Services, functions: Functions,
                                                 cold_job: Job) -> None:
    assert [cold_job.archive_id] == vault.archives
    assert cold_job.archived
    assert functions.deliver("restore", request("restore", job_id=cold_job.job_id)) == []
    (asked,) = vault.asked
    assert (asked["Tier"], asked["SNSTopic"]) == ("Expedited", services.settings.job_thaw_topic)
    message = vault.message()
    boto3.client("sns").publish(TopicArn=services.settings.job_thaw_topic, Message=message)
    assert functions.deliver_waiting("thaw") == 1
    assert live_sha256(services, cold_job) == hashlib.sha256(CONTENT).hexdigest()
    assert vault.archives == []
    assert keys_in(services.files.archive_bucket) == []
    assert functions.deliver("thaw", message, message) == []
    assert live_sha256(services, cold_job) == cold_job.file("results").sha256


def test_without_capacity_standard_is_asked_for_and_not_twice(vault: Vault, services: Services, functions: Functions,
                                                              cold_job: Job) -> None:
    vault.no_capacity = True
    for _ in range(2):
        assert functions.deliver("restore", request("restore", job_id=cold_job.job_id)) == []
    assert [asked["Tier"] for asked in vault.asked] == ["Expedited", "Standard", "Expedited"]
    now = reload(services, cold_job)
    assert (now.archive.restore_status, now.archive.restore_tier) == (RestoreStatus.RESTORING, RestoreTier.STANDARD)


def test_a_retrieval_that_failed_is_reported_and_leaves_the_archive(vault: Vault, services: Services,
                                                                    functions: Functions, cold_job: Job) -> None:
    functions.deliver("restore", request("restore", job_id=cold_job.job_id))
    assert functions.deliver("thaw", vault.message(status="Failed")) == ["0"]
    assert vault.archives == [cold_job.archive_id]


def test_an_output_that_is_gone_is_retrieved_again(vault: Vault, services: Services, functions: Functions,
                                                   cold_job: Job) -> None:
    functions.deliver("restore", request("restore", job_id=cold_job.job_id))
    message = vault.message()
    vault._moto.jobs.clear()
    assert functions.deliver("thaw", message) == []
    assert functions.deliver_waiting("restore") == 1
    assert len(vault.asked) == 2
    assert functions.deliver("thaw", vault.message()) == []
    assert live_sha256(services, cold_job) == cold_job.file("results").sha256


def test_what_the_annotator_did_not_write_is_not_archived(
        vault: Vault, services: Services, functions: Functions, clock: HeldClock,
        make_profile: Callable[..., Profile]) -> None:
    make_profile()
    job = make_completed(services, results_file_sha256="0" * 64)
    clock.advance(RETENTION)
    assert functions.deliver("archive", request("archive", job_id=job.job_id)) == ["0"]
    assert (vault.archives, vault.aborted) == ([], 1)
    assert reload(services, job).file("results").key == job.file("results").key


def test_deleting_removes_the_archive(vault: Vault, services: Services, functions: Functions, cold_job: Job) -> None:
    delete_job(functions.services, ADA, cold_job.job_id)
    assert vault.archives == []
    assert keys_in(services.files.archive_bucket) == []


@pytest.mark.parametrize(("code", "after"), [("ThrottlingException", False), ("ServiceUnavailableException", True)],
                         ids=["refused", "answer lost"])
def test_every_call_of_an_archiving_may_fail_once_and_leaves_one_archive(
        vault: Vault, services: Services, functions: Functions, clock: HeldClock,
        make_profile: Callable[..., Profile], monkeypatch: pytest.MonkeyPatch, after: bool, code: str) -> None:
    make_profile()
    faults, number, hit = Faults(code), 0, True
    faults.after = after
    faults.install(monkeypatch)
    while hit:
        number += 1
        job = make_completed(services, number, content=b"results of %d" % number)  # moto's ids come from the content
        clock.advance(RETENTION)
        faults.calls.clear()
        faults.fail_at = number
        functions.deliver("archive", result_message(job))
        hit = len(faults.calls) >= number
        faults.fail_at = 0
        clock.advance(1100)  # the queue's time of invisibility
        assert functions.deliver("archive", result_message(job)) == []
        now = reload(services, job)
        assert now.archived
        assert (now.archive.upload, now.archive.hold_owner) == (None, None)
        assert len(vault.archives) == number, faults.calls
    assert number > 12


@pytest.mark.parametrize("after", [False, True], ids=["refused", "answer lost"])
def test_every_call_of_a_return_may_fail_once(
        vault: Vault, services: Services, functions: Functions, clock: HeldClock,
        make_profile: Callable[..., Profile], monkeypatch: pytest.MonkeyPatch, after: bool) -> None:
    make_profile()
    faults, number, hit = Faults("ServiceUnavailableException"), 0, True
    faults.after = after
    faults.install(monkeypatch)
    while hit:
        number += 1
        services.profiles.unsubscribe(ADA, clock())
        job = make_completed(services, number)
        clock.advance(RETENTION)
        cold = functions.archive(job)
        services.profiles.subscribe(ADA)
        faults.calls.clear()
        faults.fail_at = number
        functions.deliver("restore", request("restore", job_id=cold.job_id))
        hit = len(faults.calls) >= number
        faults.fail_at = 0
        assert functions.deliver("restore", request("restore", job_id=cold.job_id)) == []
        message = vault.message()
        faults.calls.clear()
        faults.fail_at = number
        functions.deliver("thaw", message)
        hit = hit or len(faults.calls) >= number
        faults.fail_at = 0
        clock.advance(1100)
        assert functions.deliver("thaw", message) == []
        assert live_sha256(services, job) == job.file("results").sha256
        assert vault.archives == []
    assert number > 12


class KilledError(BaseException):
    """The function ends by force: nothing of it runs any more."""


@pytest.fixture
def half_archived(vault: Vault, services: Services, functions: Functions, clock: HeldClock,
                  make_profile: Callable[..., Profile], monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job whose archiving was killed after the vault had taken it, and before that was recorded."""
    make_profile()
    job = make_completed(services)
    clock.advance(RETENTION)

    def killed(*_: Any) -> None:
        raise KilledError

    with monkeypatch.context() as now:
        now.setattr(services.archive_table, "record_archived", killed)
        with pytest.raises(KilledError):
            archive_results(functions.services, ArchiveJob(user_id=ADA, job_id=job.job_id), "run-1")
    assert len(vault.archives) == 1
    clock.advance(1100)
    return job


def test_an_archive_that_was_not_recorded_is_found_by_the_next_run(vault: Vault, services: Services,
                                                                   functions: Functions, half_archived: Job) -> None:
    assert functions.archive(half_archived).archive_id == vault.archives[0]
    assert len(vault.archives) == 1


def test_an_archive_that_was_not_recorded_goes_with_its_job(vault: Vault, functions: Functions,
                                                            half_archived: Job) -> None:
    delete_job(functions.services, ADA, half_archived.job_id)
    assert vault.archives == []


def test_an_upload_that_the_vault_has_forgotten_is_made_anew(vault: Vault, services: Services, functions: Functions,
                                                             half_archived: Job) -> None:
    vault.completed.clear()
    assert functions.archive(half_archived).archive_id in vault.archives
    assert len(vault.completed) == 1  # a new one; the log names the upload of the other


# ---- from the vault to S3 ----------------------------------------------------------------------------------------
@pytest.fixture
def emptied(vault: Vault, services: Services, functions: Functions, clock: HeldClock,
            make_profile: Callable[..., Profile], monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Two free users' results in the vault; new ones go to S3 from now on."""
    make_profile()
    make_profile(EVE)
    jobs = [make_completed(services, 1, content=CONTENT), make_completed(services, 2, EVE)]
    clock.advance(RETENTION)
    cold = [functions.archive(job) for job in jobs]
    settings = replace(services.settings, archive_store="s3", archive_vault="cold")
    functions.services = replace(services, settings=settings, archive_store=_archive_store(settings))
    for module in functions.modules.values():
        monkeypatch.setattr(module, "services", functions.services)
    boto3.client("cloudformation").update_stack(
        StackName="gas-test", UsePreviousTemplate=True, Parameters=[
            {"ParameterKey": "Stage", "ParameterValue": "test"},
            {"ParameterKey": "ArchiveVault", "ParameterValue": "cold"}])
    return cold


@pytest.fixture
def place(aws: dict[str, str]) -> Deployment:
    return Deployment(session=boto3.Session(region_name=REGION), stage="test")


def test_everything_moves_from_the_vault_to_s3(
    vault: Vault, services: Services, functions: Functions, place: Deployment, emptied: list[Job]
) -> None:
    said: list[str] = []
    assert show(place, said.append) == 2
    assert start(place, said.append) == 2
    assert {asked["Tier"] for asked in vault.asked} == {"Bulk"}
    assert start(place, said.append) == 0  # both are on their way
    assert said[0] == "2 results are in the vault cold; 0 of them are on their way."

    messages = [vault.message(number) for number in range(2)]
    assert functions.deliver("thaw", *messages, *messages) == []
    assert vault.archives == []
    assert functions.deliver_waiting("archive") >= 2
    for before in emptied:
        now = reload(services, before)
        assert now.archived
        assert in_archive_bucket(str(now.archive_id))
        stored = boto3.client("s3").head_object(Bucket=services.files.archive_bucket, Key=now.archive_id)
        assert stored["StorageClass"] == "GLACIER"
    assert functions.waiting("notify") == functions.waiting("restore") == []
    assert functions.deliver("thaw", *messages) == []  # late once more
    assert all(reload(services, job).archived for job in emptied)
    assert show(place, said.append) == 0


def test_who_subscribes_while_results_move_gets_them_back(vault: Vault, services: Services, functions: Functions,
                                                          place: Deployment, emptied: list[Job]) -> None:
    assert start(place, lambda _: None, most=1) == 1
    assert start(place, lambda _: None, tier="Standard") == 1
    services.profiles.subscribe(ADA)
    assert functions.deliver("restore", request("restore", job_id=emptied[0].job_id)) == []
    assert [asked["Tier"] for asked in vault.asked] == ["Bulk", "Standard", "Expedited"]
    assert functions.deliver("thaw", *(vault.message(number) for number in range(3))) == []
    assert live_sha256(services, emptied[0]) == emptied[0].file("results").sha256
    assert {message["job_id"] for message in functions.waiting("archive")} == {emptied[1].job_id}


def test_results_in_the_vault_can_be_deleted_after_the_change(vault: Vault, functions: Functions,
                                                              emptied: list[Job]) -> None:
    delete_job(functions.services, ADA, emptied[0].job_id)
    assert vault.archives == [emptied[1].archive_id]


def test_nothing_moves_before_new_results_go_to_s3(place: Deployment) -> None:
    with pytest.raises(OperatorError, match="no vault"):
        start(place, lambda _: None)
    boto3.client("cloudformation").update_stack(
        StackName="gas-test", UsePreviousTemplate=True, Parameters=[
            {"ParameterKey": "Stage", "ParameterValue": "test"},
            {"ParameterKey": "ArchiveStore", "ParameterValue": "vault"},
            {"ParameterKey": "ArchiveVault", "ParameterValue": "cold"}])
    with pytest.raises(OperatorError, match="still go to the vault"):
        start(place, lambda _: None)
    with pytest.raises(OperatorError, match="no stack"):
        show(Deployment(session=place.session, stage="nowhere"), lambda _: None)
