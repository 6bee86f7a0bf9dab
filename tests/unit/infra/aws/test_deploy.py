"""The deployment to AWS, up to the calls: parameters, artifacts, the order of stacks, the annotator's stack."""
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import yaml
from moto import mock_aws

from infra.aws import deploy as deployment
from infra.aws.artifact import Artifact, ArtifactsBucket
from infra.aws.deploy import (
    FROM_SERVICE,
    Options,
    deploy_worker,
    read_parameters,
    split_parameters,
)
from infra.aws.service_stack import Deployment
from infra.aws.worker_image import ImageRepository
from infra.cli import main
from infra.errors import OperatorError

REGION = "eu-west-1"


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield Deployment(session=boto3.Session(region_name=REGION), stage="test")


def test_parameters_come_from_yaml_and_json(tmp_path: Path):
    (tmp_path / "p.yaml").write_text("Domain: gas.example.org\nFreeUploadLimit: 153600\n"
                                     "SubnetIds: [subnet-1, subnet-2]\nAlarmMail:\n")
    assert read_parameters(tmp_path / "p.yaml") == {"Domain": "gas.example.org", "FreeUploadLimit": "153600",
                                                    "SubnetIds": "subnet-1,subnet-2", "AlarmMail": ""}
    (tmp_path / "p.json").write_text('{"Domain": "gas.example.org"}')
    assert read_parameters(tmp_path / "p.json") == {"Domain": "gas.example.org"}


@pytest.mark.parametrize("text", ["- a\n- b\n", "Domain: {a: b}\n", "Yes: yes\n", "a: [", "Domain: on\n"])
def test_anything_else_in_the_file_is_refused(tmp_path: Path, text: str):
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(OperatorError):
        read_parameters(tmp_path / "p.yaml")


def test_parameters_go_to_the_stack_that_has_them():
    service, worker = split_parameters({"Domain": "d", "WorkerSize": "large", "LogLevel": "DEBUG"})
    assert service == {"Domain": "d", "LogLevel": "DEBUG"}
    assert worker == {"WorkerSize": "large", "LogLevel": "DEBUG"}


def test_the_artifacts_bucket_is_private_and_written_once(place: Deployment, tmp_path: Path):
    (tmp_path / "deployment.zip").write_bytes(b"PK")
    (tmp_path / "sam.yaml").write_text(yaml.safe_dump({"Resources": {
        "F": {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "./deployment.zip"}}}}))
    s3 = place.client("s3")
    bucket = ArtifactsBucket(s3, place.account(), REGION)
    bucket.ensure()
    bucket.ensure()
    block = s3.get_public_access_block(Bucket=bucket.name)["PublicAccessBlockConfiguration"]
    assert all(block.values())
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket.name)["Policy"])["Statement"][0]
    assert (policy["Effect"], policy["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket.name)["Rules"]
    assert not [rule for rule in rules if "Expiration" in rule], "CloudFormation rolls back to old code"
    s3.delete_bucket_policy(Bucket=bucket.name)  # moto refuses everything that a policy denies under any condition
    artifact = Artifact(tmp_path)
    address = bucket.put_code(artifact)
    assert address == bucket.put_code(artifact)
    assert address.startswith(f"s3://{bucket.name}/deployment-")
    assert yaml.safe_load(artifact.deployable_template(address))["Resources"]["F"]["Properties"]["CodeUri"] == address
    assert bucket.put_template("x").startswith(f"https://s3.{REGION}.amazonaws.com/{bucket.name}/template-")


@pytest.mark.parametrize("text", ["", "a: [", "Resources: 3", "[]"])
def test_a_broken_package_is_told_in_one_line(tmp_path: Path, text: str):
    with pytest.raises(OperatorError, match="make package"):
        Artifact(tmp_path).check()
    (tmp_path / "sam.yaml").write_text(text)
    with pytest.raises(OperatorError, match="cannot be read"):
        Artifact(tmp_path).deployable_template("s3://b/k")


def test_the_annotators_stack_gets_its_parameters_from_the_services(place: Deployment):
    outputs = dict.fromkeys(FROM_SERVICE, "x") | {
        "WorkerRoleArn": "arn:aws:iam::123456789012:role/w", "InputsBucket": "the-inputs",
        "AlarmsTopic": f"arn:aws:sns:{REGION}:123456789012:alarms"}
    ArtifactsBucket(place.client("s3"), place.account(), REGION).ensure(tls_only=False)
    deploy_worker(place, outputs, {"WorkerSize": "large"}, "repository:tag", say=lambda _: None,
                  sleep=lambda _: None, new_id=lambda: "1", poll=0)
    described = place.client("cloudformation").describe_stacks(StackName="gas-test-worker")["Stacks"][0]
    given = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in described["Parameters"]}
    assert given["Image"] == "repository:tag"
    assert given["InputsBucket"] == "the-inputs"
    task = place.client("ecs").describe_task_definition(taskDefinition="gas-test-annotator")["taskDefinition"]
    container = task["containerDefinitions"][0]
    assert {"name": "INPUTS_BUCKET", "value": "the-inputs"} in container["environment"]
    assert {"name": "MEMORY_LIMIT_BYTES", "value": "16106127360"} in container["environment"]


def test_no_credentials_no_region_and_a_bad_stage_are_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert main(["deploy", "--stage", "Prod!"]) == 1
    assert main(["deploy", "--stage", "prod"]) == 1
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    assert main(["deploy", "--stage", "prod"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert "stage" in lines[0]
    assert "region" in lines[1]
    assert "credentials" in lines[2]


def test_every_parameter_of_the_annotators_template_is_filled_by_somebody():
    template = deployment.WORKER_TEMPLATE.read_text(encoding="utf-8")
    section = template[template.index("\nParameters:"):template.index("\nMappings:")]
    declared = {line.strip().rstrip(":") for line in section.splitlines()
                if line.startswith("  ") and not line.startswith("   ") and line.endswith(":")}
    filled = {"Stage", "Image", *FROM_SERVICE, *deployment.WORKER_ONLY, *deployment.BOTH}
    assert declared == filled


def test_the_first_deployment_protects_tables_once_they_are_there(
    monkeypatch: pytest.MonkeyPatch, place: Deployment, tmp_path: Path
):
    """A first deployment that fails could not take back tables that DynamoDB protects."""
    seen: list[dict[str, str]] = []

    def service(_: Deployment, __: Artifact, parameters: dict[str, str], **___: object) -> dict[str, str]:
        seen.append(dict(parameters))
        return {"SiteAddress": "https://gas.example.org"}

    protected: list[str] = []
    monkeypatch.setattr(deployment, "require_preflight", lambda *_: None)
    monkeypatch.setattr(deployment, "deploy_service", service)
    monkeypatch.setattr(deployment, "deploy_worker", lambda *_, **__: {})
    monkeypatch.setattr(deployment.Stack, "protect", lambda stack: protected.append(stack.name))
    monkeypatch.setattr(deployment, "IMAGE_FILE", tmp_path / "image.txt")
    ImageRepository(place.client("ecr")).ensure()
    options = Options(image="repository:tag")
    deployment.deploy(place, {"LogLevel": "DEBUG"}, options, say=lambda _: None, sleep=lambda _: None,
                      new_id=lambda: "1")
    assert [one["DeletionProtection"] for one in seen] == ["false", "true"]
    assert protected == ["gas-test", "gas-test-worker"]
    assert (tmp_path / "image.txt").read_text() == "repository:tag\n"

    seen.clear()
    monkeypatch.setattr(deployment.Stack, "parameters", lambda _: {"Stage": "test"})
    deployment.deploy(place, {"DeletionProtection": "false"}, options, say=lambda _: None, sleep=lambda _: None,
                      new_id=lambda: "1")
    assert [one["DeletionProtection"] for one in seen] == ["false"], "what the operator says"


def test_images_of_every_stage_are_in_use(place: Deployment):
    cloudformation = place.client("cloudformation")
    template = json.dumps({"Parameters": {"Image": {"Type": "String"}}, "Resources": {
        "Topic": {"Type": "AWS::SNS::Topic"}}})
    for name in ("gas-test-worker", "gas-prod-worker", "another"):
        cloudformation.create_stack(StackName=name, TemplateBody=template, Parameters=[
            {"ParameterKey": "Image", "ParameterValue": f"repository:{name}"}])
    assert sorted(deployment.images_in_use(place)) == ["repository:gas-prod-worker", "repository:gas-test-worker"]
