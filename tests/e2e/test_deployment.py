"""The deployment that AWS gets, into the emulator: a stage of its own with the template's defaults, and its updates."""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from chalicelib.clock import random_id
from infra.aws.artifact import Artifact
from infra.aws.cloudformation import StackFailedError
from infra.aws.deploy import deploy_worker
from infra.aws.service_stack import Deployment, deploy_service
from infra.cli import main
from infra.local.adaptations import IDENTITY_VARIABLE
from infra.local.stack import LocalStack

pytestmark = pytest.mark.e2e

Deploy = Callable[..., tuple[dict[str, str], list[str]]]


@pytest.fixture(scope="module")
def place(stack: LocalStack) -> Iterator[Deployment]:
    """A stage beside the local one, in the same account."""
    there = replace(stack.place, stage="prod")
    yield there
    there.client("cloudformation").delete_stack(StackName=there.stack_name)


@pytest.fixture(scope="module")
def deploy(place: Deployment, artifact: Artifact) -> Deploy:
    """Deploys with parameters; gives the outputs and what was said."""
    def deployed(**parameters: str) -> tuple[dict[str, str], list[str]]:
        said: list[str] = []
        outputs = deploy_service(place, artifact, parameters, say=said.append, sleep=lambda _: None, new_id=random_id)
        return outputs, said
    return deployed


def variables(place: Deployment, outputs: dict[str, str]) -> dict[str, str]:
    configured = place.client("lambda").get_function_configuration(FunctionName=outputs["APIHandlerName"])
    return dict(configured["Environment"]["Variables"])


def test_a_stage_with_the_defaults_comes_up_and_is_updated(place: Deployment, deploy: Deploy):
    outputs, said = deploy()
    assert said[-1] == "gas-prod: create complete"
    assert outputs["SiteAddress"] == outputs["EndpointURL"].rstrip("/")
    assert IDENTITY_VARIABLE not in variables(place, outputs)

    again, said = deploy()
    assert again == outputs
    assert said == ["gas-prod: nothing to change"]

    changed, said = deploy(FreeUploadLimit="1000")
    assert said[-1] == "gas-prod: update complete"
    assert variables(place, changed)["FREE_UPLOAD_LIMIT"] == "1000"

    kept, _ = deploy(LogLevel="DEBUG")
    assert variables(place, kept)["FREE_UPLOAD_LIMIT"] == "1000"
    assert variables(place, kept)["POWERTOOLS_LOG_LEVEL"] == "DEBUG"


def test_a_stage_without_its_globus_client_is_refused_before_anything_is_made(
        stack: LocalStack, monkeypatch: pytest.MonkeyPatch, tmp_path, capsys: pytest.CaptureFixture[str]):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", stack.place.region)
    (tmp_path / "parameters.yaml").write_text("GlobusSecretName: gas/none\n")
    assert main(["deploy", "--stage", "other", "--endpoint-url", stack.settings.endpoint, "--image", "repository:tag",
                 "--parameters", str(tmp_path / "parameters.yaml")]) == 1
    said = capsys.readouterr()
    assert "missing: There is no secret gas/none" in said.out
    assert "nothing was changed" in said.err
    names = [found["StackName"] for found in stack.client("cloudformation").describe_stacks()["Stacks"]]
    assert "gas-other" not in names


def test_the_sweep_may_count_what_annotators_are_scaled_on(stack: LocalStack):
    answer = stack.client("lambda").invoke(FunctionName="gas-local-sweep", Payload=json.dumps({"walk": "requests"}))
    assert "FunctionError" not in answer, answer["Payload"].read()
    assert set(json.loads(answer["Payload"].read())) == {"requests_waiting", "requests_in_flight"}


def test_what_cloudformation_refuses_is_told_in_its_words(stack: LocalStack):
    """The emulator has no Application Auto Scaling, and so stands for whatever a region may lack."""
    with pytest.raises(StackFailedError, match="ApplicationAutoScaling"):
        deploy_worker(stack.place, stack.outputs, {}, "repository:tag", say=lambda _: None, sleep=lambda _: None,
                      new_id=random_id, poll=0.1)


def test_who_takes_the_money_gets_its_keys_and_nobody_else(place: Deployment, deploy: Deploy):
    outputs, _ = deploy(BillingProvider="stripe", StripePrice="price_1")
    configured = variables(place, outputs)
    assert (configured["BILLING_PROVIDER"], configured["STRIPE_PRICE"]) == ("stripe", "price_1")
    assert "STRIPE_API" not in configured
    assert {name for name in roles_of(place) if "gas/stripe" in roles_of(place)[name]} == {"api"}
    outputs, _ = deploy(BillingProvider="none")
    assert not any("gas/stripe" in policy for policy in roles_of(place).values())


def roles_of(place: Deployment) -> dict[str, str]:
    """The policies of the functions' roles, by the policies' names."""
    iam, found = place.client("iam"), {}
    for resource in place.client("cloudformation").describe_stack_resources(
            StackName=place.stack_name)["StackResources"]:
        if resource["ResourceType"] == "AWS::IAM::Role":
            role = resource["PhysicalResourceId"]
            for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
                found[name] = str(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
    return found
