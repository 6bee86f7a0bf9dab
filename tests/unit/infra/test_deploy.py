"""The deployment to AWS, up to the calls: parameters, the Globus client, the annotator's image and stack."""
from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import boto3
import pytest
import yaml
from moto import mock_aws

from infra import deploy as deployment
from infra.artifact import Artifact, ArtifactsBucket
from infra.deploy import (
    FROM_SERVICE,
    deploy_worker,
    main,
    read_parameters,
    require_globus_client,
    split_parameters,
)
from infra.errors import OperatorError
from infra.service import Place
from infra.worker_image import REPOSITORY, ImageRepository, docker, write_context

REGION = "eu-west-1"


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield Place(session=boto3.Session(region_name=REGION), stage="test")


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


def test_a_missing_or_empty_globus_client_is_told_before_anything_is_deployed(place: Place):
    with pytest.raises(OperatorError, match="create-secret --name gas/globus"):
        require_globus_client(place, "gas/globus")
    secrets = place.client("secretsmanager")
    secrets.create_secret(Name="gas/globus", SecretString='{"client_id": "x"}')
    with pytest.raises(OperatorError, match="no client_secret"):
        require_globus_client(place, "gas/globus")
    secrets.put_secret_value(SecretId="gas/globus", SecretString="secret")
    with pytest.raises(OperatorError, match="not JSON"):
        require_globus_client(place, "gas/globus")
    secrets.put_secret_value(SecretId="gas/globus", SecretString='{"client_id": "x", "client_secret": "y"}')
    require_globus_client(place, "gas/globus")


def test_the_artifacts_bucket_is_private_and_written_once(place: Place, tmp_path: Path):
    (tmp_path / "deployment.zip").write_bytes(b"PK")
    (tmp_path / "sam.yaml").write_text(yaml.safe_dump({"Resources": {
        "F": {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "./deployment.zip"}}}}))
    s3 = place.client("s3")
    bucket = ArtifactsBucket(s3, place.account(), REGION)
    bucket.ensure()
    bucket.ensure()
    block = s3.get_public_access_block(Bucket=bucket.name)["PublicAccessBlockConfiguration"]
    assert all(block.values())
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


def test_the_annotators_stack_gets_its_parameters_from_the_services(place: Place):
    outputs = dict.fromkeys(FROM_SERVICE, "x") | {
        "WorkerRoleArn": "arn:aws:iam::123456789012:role/w", "InputsBucket": "the-inputs"}
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


def test_the_image_is_built_once_for_what_is_in_it(place: Place, tmp_path: Path):
    calls: list[tuple[Sequence[str], str]] = []
    ecr = place.client("ecr")
    repository = ImageRepository(ecr, lambda arguments, given: calls.append((arguments, given)))
    image = repository.publish(tmp_path / "context", say=lambda _: None)
    assert [arguments[0] for arguments, _ in calls] == ["build", "login", "push"]
    assert calls[1][1]  # the password goes by standard input, not by the command line
    assert calls[1][1] not in calls[1][0]
    tag = image.rpartition(":")[2]
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                           "config": {"digest": base64.b16encode(tag.encode()).decode()}})
    ecr.put_image(repositoryName=REPOSITORY, imageManifest=manifest, imageTag=tag)
    calls.clear()
    assert repository.publish(tmp_path / "context", say=lambda _: None) == image
    assert calls == []


def test_the_image_holds_the_annotator_and_nothing_of_the_site(tmp_path: Path):
    tag = write_context(tmp_path / "context")
    names = {path.relative_to(tmp_path / "context").as_posix() for path in (tmp_path / "context").rglob("*")}
    assert {"Dockerfile", "requirements.txt", "annotator/__main__.py", "chalicelib/settings.py",
            "reference/rCRS/manifest.json"} <= names
    assert not [name for name in names if name.startswith("chalicelib/web") or "__pycache__" in name]
    assert write_context(tmp_path / "other") == tag


def test_without_docker_the_operator_is_told_of_the_other_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OperatorError, match="--image"):
        docker(["build"])


def test_no_credentials_no_region_and_a_bad_stage_are_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
                                                             capsys: pytest.CaptureFixture[str]):
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert main(["--stage", "Prod!"]) == 1
    assert main(["--stage", "prod"]) == 1
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    assert main(["--stage", "prod"]) == 1
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
