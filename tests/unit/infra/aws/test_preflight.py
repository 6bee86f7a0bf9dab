"""What a deployment needs, looked for before anything is made: AWS by moto, its quotas by botocore's Stubber."""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from infra.aws import preflight as module
from infra.aws.deploy import require_preflight
from infra.aws.preflight import CHECKS, FARGATE_VCPUS, SERVICE_ROLES, DeploymentPlan, PreflightFinding, preflight
from infra.aws.service_stack import Deployment
from infra.errors import OperatorError
from infra.template.cloudformation_yaml import SERVICE, WORKER, defaults

REGION = "eu-central-1"
CERTIFICATE = f"arn:aws:acm:{REGION}:123456789012:certificate/00000000-0000-0000-0000-000000000000"


class AnAccount(Deployment):
    """An account of moto's, with answers of Stubber's where moto has none."""

    answers: dict[str, list[tuple[str, dict[str, Any]]]]

    def client(self, service: str) -> Any:
        made = super().client(service)
        if service in self.answers:
            stubber = Stubber(made)
            for operation, answer in self.answers[service]:
                if "Error" in answer:
                    stubber.add_client_error(operation, answer["Error"])
                else:
                    stubber.add_response(operation, answer)
            stubber.activate()
        return made


def concurrency(limit: int) -> list[tuple[str, dict[str, Any]]]:
    return [("get_account_settings", {"AccountLimit": {"ConcurrentExecutions": limit}})]


def processors(quota: float) -> list[tuple[str, dict[str, Any]]]:
    return [("get_service_quota", {"Quota": {"QuotaCode": FARGATE_VCPUS, "Value": quota}})]


def ses(production: bool, *verified: bool) -> list[tuple[str, dict[str, Any]]]:
    known = [("get_email_identity", {"VerifiedForSendingStatus": True} if one else {"Error": "NotFoundException"})
             for one in verified]
    return [*known, ("get_account", {"ProductionAccessEnabled": production})]


def put_docker(directory: Path, monkeypatch: pytest.MonkeyPatch, fails_at: str = "nothing") -> None:
    """Have a command `docker` that fails with one first argument."""
    command = directory / "docker"
    command.write_text(f'#!/bin/sh\ntest "$1" != {fails_at}\n', encoding="ascii")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(directory), prepend=":")


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[AnAccount]:
    """An account in which nothing is missing."""
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    put_docker(tmp_path, monkeypatch)
    with mock_aws():
        place = AnAccount(session=boto3.Session(region_name=REGION), stage="test")
        object.__setattr__(place, "answers", {
            "lambda": concurrency(1000), "service-quotas": processors(30), "sesv2": ses(True, True),
            "apigateway": [("get_account", {"cloudwatchRoleArn": "arn:aws:iam::123456789012:role/logs"})]})
        place.client("secretsmanager").create_secret(
            Name="gas/globus", SecretString='{"client_id": "x", "client_secret": "y"}')
        for service in SERVICE_ROLES.values():
            place.client("iam").create_service_linked_role(AWSServiceName=service)
        monkeypatch.setattr(module, "SERVICE_ROLES", {
            role["RoleName"]: "x" for role in place.client("iam").list_roles()["Roles"]})
        yield place


@pytest.fixture
def plan(account: AnAccount) -> Callable[..., DeploymentPlan]:
    def make(image: str = "", **parameters: str) -> DeploymentPlan:
        return DeploymentPlan(
            account, {**defaults(SERVICE, WORKER), "AlarmMail": "ops@example.org", **parameters}, image, exists=False
        )
    return make


def messages(findings: list[PreflightFinding], blocks: bool = True) -> list[str]:
    return [finding.message for finding in findings if finding.blocks == blocks]


def test_nothing_is_missing_where_everything_is_there(plan: Callable[..., DeploymentPlan]):
    assert preflight(plan()) == []


def test_everything_that_is_missing_is_listed_at_once(plan: Callable[..., DeploymentPlan], account: AnAccount,
                                                      monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module.shutil, "which", lambda _: None)
    monkeypatch.setattr(module, "SERVICE_ROLES", {"AWSServiceRoleForECS2": "ecs.amazonaws.com"})
    account.answers.update({"lambda": concurrency(10), "service-quotas": processors(6),
                            "sesv2": ses(False, False, False), "apigateway": [("get_account", {})]})
    account.client("secretsmanager").delete_secret(SecretId="gas/globus", ForceDeleteWithoutRecovery=True)
    found = preflight(plan(WorkerSize="large", WorkerDiskGiB="49", AlarmMail="", Domain="gas.example.org"))
    text = "\n".join(messages(found))
    for words in ("Docker is not installed", "SES does not know the sender gas@example.org", "no secret gas/globus",
                  "AWSServiceRoleForECS2", "needs 50 GiB of disk", "needs a certificate of ACM in eu-central-1",
                  "no role to write access logs"):
        assert words in text
    assert len(messages(found)) == 7
    warnings = "\n".join(messages(found, blocks=False))
    for words in ("10 functions at a time; 22 are needed",
                  "6 Fargate processors; LargestWorkerCount and WorkerSize ask for 16", "in its sandbox",
                  "Nobody gets the alarms"):
        assert words in warnings
    said: list[str] = []
    account.answers["sesv2"] = ses(False, False, False)
    with pytest.raises(OperatorError, match="7 things are missing"):
        require_preflight(plan(WorkerSize="large", WorkerDiskGiB="49", AlarmMail="", Domain="gas.example.org"),
                          said.append)
    assert len(said) == len(found)
    require_preflight(plan(WorkerDiskGiB="49"), said.append, ignore=True)


@pytest.mark.parametrize(("secret", "said"), [
    ('{"client_id": "x"}', "has no client_secret"), ("secret", "is not a JSON object"), ("[]", "is not a JSON object")])
def test_a_secret_must_hold_its_keys(plan: Callable[..., DeploymentPlan], account: AnAccount, secret: str, said: str):
    account.client("secretsmanager").put_secret_value(SecretId="gas/globus", SecretString=secret)
    assert any(said in message for message in messages(preflight(plan())))


def test_stripe_needs_its_keys_and_its_price(plan: Callable[..., DeploymentPlan], account: AnAccount):
    found = messages(preflight(plan(BillingProvider="stripe")))
    assert found == ["BillingProvider stripe needs the parameter StripePrice.", "There is no secret gas/stripe."]
    account.client("secretsmanager").create_secret(
        Name="gas/stripe", SecretString=json.dumps({"secret_key": "x", "webhook_secret": "y"}))
    assert preflight(plan(BillingProvider="stripe", StripePrice="price_1")) == []


@pytest.mark.parametrize("verified", [(True,), (False, True), (False, False, True)])
def test_a_sender_is_covered_by_its_address_its_domain_or_one_above(
    plan: Callable[..., DeploymentPlan], account: AnAccount, verified: tuple[bool, ...]
):
    account.answers["sesv2"] = ses(True, *verified)
    assert preflight(plan(MailSender="gas@mail.example.org")) == []


@pytest.mark.parametrize(("fails_at", "said"), [
    ("info", "Docker is not running"), ("buildx", "Docker has no BuildKit")])
def test_docker_must_run_and_build(plan: Callable[..., DeploymentPlan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                   fails_at: str, said: str):
    put_docker(tmp_path, monkeypatch, fails_at)
    assert [message.startswith(said) for message in messages(preflight(plan()))] == [True]


def test_a_quota_that_was_never_changed_is_the_regions_default(plan: Callable[..., DeploymentPlan], account: AnAccount):
    account.answers["service-quotas"] = [
        ("get_service_quota", {"Error": "NoSuchResourceException"}),
        ("get_aws_default_service_quota", {"Quota": {"QuotaCode": FARGATE_VCPUS, "Value": 0.0}})]
    assert any("not one annotator could start" in message for message in messages(preflight(plan())))


def test_the_disk_must_hold_the_largest_upload(plan: Callable[..., DeploymentPlan]):
    assert preflight(plan(PremiumUploadLimit=str(2**30), WorkerDiskGiB="26")) == []
    assert "needs 26 GiB of disk" in messages(preflight(plan(PremiumUploadLimit=str(2**30), WorkerDiskGiB="25")))[0]
    with pytest.raises(OperatorError, match="WorkerDiskGiB must be a whole number"):
        preflight(plan(WorkerDiskGiB="much"))


def test_a_certificate_must_be_issued(plan: Callable[..., DeploymentPlan], account: AnAccount):
    found = messages(preflight(plan(Domain="gas.example.org", CertificateArn=CERTIFICATE)))
    assert found == [f"The certificate {CERTIFICATE} is not there."]
    arn = account.client("acm").request_certificate(DomainName="gas.example.org")["CertificateArn"]
    found = messages(preflight(plan(Domain="gas.example.org", CertificateArn=arn)))
    assert found == [f"The certificate {arn} is pending validation."]


def test_an_image_must_be_in_the_repository(plan: Callable[..., DeploymentPlan], account: AnAccount):
    assert "is not in the repository" in messages(preflight(plan(image="somewhere/else:1")))[0]
    image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/gas-annotator:1"
    assert messages(preflight(plan(image=image))) == [f"There is no image {image}."]


def test_a_vault_must_be_there(plan: Callable[..., DeploymentPlan], account: AnAccount):
    assert "needs the parameter ArchiveVault" in messages(preflight(plan(ArchiveStore="vault")))[0]
    account.answers["glacier"] = [("describe_vault", {"Error": "ResourceNotFoundException"})]
    assert messages(preflight(plan(ArchiveVault="cold"))) == ["There is no Glacier vault cold in eu-central-1."]


def test_a_stage_of_another_region_has_the_names_already(plan: Callable[..., DeploymentPlan], account: AnAccount):
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="gas-test-inputs-123456789012")
    assert "gas-test-inputs-123456789012" in messages(preflight(plan()))[0]
    assert preflight(replace(plan(), exists=True)) == [], "an update finds its own buckets"


def test_a_check_that_is_not_allowed_stops_nothing(plan: Callable[..., DeploymentPlan], account: AnAccount):
    account.answers["lambda"] = [("get_account_settings", {"Error": "AccessDeniedException"})]
    found = preflight(plan())
    assert [finding.blocks for finding in found] == [False]
    assert found[0].message.startswith("Lambda's quota could not be checked")
    assert "Lambda's quota" in CHECKS
