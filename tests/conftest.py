"""Fixtures that every kind of test shares: AWS by moto, made from the real template, and time and ids held still."""
from __future__ import annotations

import copy
import functools
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from moto import mock_aws

from chalicelib.aws import clients
from chalicelib.domain.profiles import Profile, Role
from chalicelib.services import Services
from infra.template.service_template import service_template

PROJECT = Path(__file__).resolve().parent.parent
REGION = "us-east-1"
MADE_BY_MOTO = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SNS::Topic")
START = 1_790_000_000


_make_loader = functools.cache(botocore.session.create_loader)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Runs tests that depend on the time other processes leave them once more when they fail; others never."""
    for item in items:
        if any(item.get_closest_marker(name) for name in ("browser", "e2e", "performance")):
            item.add_marker(pytest.mark.flaky(reruns=1))


def shared_loader(paths: str | None = None) -> Any:
    """One loader for all sessions, so that the descriptions of AWS's services, megabytes of JSON, are read once."""
    loader = _make_loader(paths)
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)  # each session of boto3 adds its own once more
    return loader


botocore.session.create_loader = shared_loader


class HeldClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, seconds: int) -> None:
        self.now += seconds


@functools.cache
def real_template() -> dict[str, Any]:
    """The service's template, without the site's API; copy it before you change it."""
    return service_template()


@functools.cache
def moto_template() -> str:
    """The part of the real template that moto makes, as JSON: tables, buckets, queues and topics."""
    template = copy.deepcopy(real_template())
    resources = {name: resource for name, resource in template["Resources"].items()
                 if resource.get("Type") in MADE_BY_MOTO}
    for resource in resources.values():
        # S3 events are the end-to-end tests' matter; the site's address comes from an API that is not made here.
        resource.get("Properties", {}).pop("NotificationConfiguration", None)
        resource.get("Properties", {}).pop("CorsConfiguration", None)
        resource.pop("DependsOn", None)
    wanted = {name: output for name, output in template["Outputs"].items()
              if name in resources or name.removesuffix("Url") in resources or name.removesuffix("Name") in resources}
    return json.dumps({"AWSTemplateFormatVersion": template["AWSTemplateFormatVersion"],
                       "Parameters": template["Parameters"], "Conditions": template["Conditions"],
                       "Resources": resources, "Outputs": wanted})


def subscribe_queues(stack_name: str) -> None:
    """Make the template's SNS subscriptions of queues, which moto's CloudFormation leaves out."""
    described = boto3.client("cloudformation").describe_stack_resources(StackName=stack_name)["StackResources"]
    physical = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in described}
    sqs = boto3.client("sqs")
    for resource in real_template()["Resources"].values():
        properties = resource.get("Properties", {})
        if resource.get("Type") != "AWS::SNS::Subscription" or properties["Protocol"] != "sqs":
            continue
        queue_url = physical[properties["Endpoint"]["Fn::GetAtt"][0]]
        arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        attributes = {"RawMessageDelivery": "true" if properties.get("RawMessageDelivery") else "false"}
        if "FilterPolicy" in properties:
            attributes["FilterPolicy"] = json.dumps(properties["FilterPolicy"])
        boto3.client("sns").subscribe(TopicArn=physical[properties["TopicArn"]["Ref"]], Protocol="sqs", Endpoint=arn,
                                      Attributes=attributes)


def keep_versions(stack_name: str) -> None:
    """Switch on the versions that the template's buckets keep, which moto's CloudFormation leaves out."""
    described = boto3.client("cloudformation").describe_stack_resources(StackName=stack_name)["StackResources"]
    for resource in described:
        properties = real_template()["Resources"][resource["LogicalResourceId"]].get("Properties", {})
        if "VersioningConfiguration" in properties:
            boto3.client("s3").put_bucket_versioning(Bucket=resource["PhysicalResourceId"],
                                                     VersioningConfiguration=properties["VersioningConfiguration"])


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """AWS by moto with the real template's tables, buckets, queues and topics; gives the stack's outputs."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        clients.client.cache_clear()
        clients._session.cache_clear()
        cloudformation = boto3.client("cloudformation", region_name=REGION)
        cloudformation.create_stack(StackName="gas-test", TemplateBody=moto_template(),
                                    Parameters=[{"ParameterKey": "Stage", "ParameterValue": "test"}])
        stack = cloudformation.describe_stacks(StackName="gas-test")["Stacks"][0]
        assert stack["StackStatus"] == "CREATE_COMPLETE", stack
        boto3.client("secretsmanager", region_name=REGION).create_secret(
            Name="gas/globus", SecretString=json.dumps({"client_id": "8f0b7e3c-0000-4000-8000-000000000001",
                                                        "client_secret": "not-a-secret"}))
        boto3.client("sesv2", region_name=REGION).create_email_identity(EmailIdentity="gas@example.org")
        subscribe_queues(stack["StackName"])
        keep_versions(stack["StackName"])
        yield {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    clients.client.cache_clear()
    clients._session.cache_clear()


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def services(aws: dict[str, str], clock: HeldClock, monkeypatch: pytest.MonkeyPatch) -> Services:
    """The services of a function that may use everything, with time and ids held."""
    environment = {
        "STAGE": "test", "SITE_URL": "https://gas.example.org", "ANNOTATIONS_TABLE": aws["AnnotationsTable"],
        "PROFILES_TABLE": aws["ProfilesTable"], "SESSIONS_TABLE": aws["SessionsTable"],
        "INPUTS_BUCKET": aws["InputsBucket"], "RESULTS_BUCKET": aws["ResultsBucket"],
        "REFERENCES_BUCKET": aws["ReferencesBucket"],
        "JOB_REQUESTS_TOPIC": aws["JobRequestsTopic"], "JOB_RESULTS_TOPIC": aws["JobResultsTopic"],
        "JOB_REQUESTS_QUEUE_URL": aws["JobRequestsQueueUrl"], "GLOBUS_SECRET_NAME": "gas/globus",
        "ARCHIVE_BUCKET": aws["ArchiveBucket"], "JOB_THAW_TOPIC": aws["JobThawTopic"],
        "ARCHIVE_QUEUE_URL": aws["ArchiveQueueUrl"], "RESTORE_QUEUE_URL": aws["RestoreQueueUrl"],
        "THAW_QUEUE_URL": aws["ThawQueueUrl"], "NOTIFY_QUEUE_URL": aws["NotifyQueueUrl"],
        "ERASE_QUEUE_URL": aws["EraseQueueUrl"],
        "UPLOADS_QUEUE_URL": aws["UploadsQueueUrl"], "MAIL_SENDER": "gas@example.org",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    numbers = itertools.count(1)
    tokens = itertools.count(1)
    return replace(Services.from_environment(), clock=clock,
                   new_id=lambda: f"00000000-0000-4000-8000-{next(numbers):012d}",
                   new_token=lambda: f"token-{next(tokens):032d}")


@pytest.fixture
def make_profile(services: Services) -> Callable[..., Profile]:
    """Makes profiles in the table."""
    def make(identity_id: str = "11111111-1111-4111-8111-111111111111", name: str = "Ada Lovelace",
             role: Role = Role.FREE) -> Profile:
        boto3.client("dynamodb").put_item(
            TableName=services.profiles.name,
            Item={"identity_id": {"S": identity_id}, "name": {"S": name}, "email": {"S": "ada@example.org"},
                  "institution": {"S": "Analytical Engines"}, "role": {"S": role.value},
                  "created": {"N": str(services.clock())}})
        profile = services.profiles.get(identity_id)
        assert profile is not None
        return profile
    return make
