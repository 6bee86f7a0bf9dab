"""The artifact: what is in the zip, what CloudFormation makes of the template, and whom its policies let do what."""
from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from infra.aws.artifact import Artifact
from infra.local.adaptations import IDENTITY_VARIABLE
from infra.template import cloudformation_yaml as templates
from infra.template.deployer_policy import RIGHTS
from infra.template.package import LARGEST_ZIP
from tests.conftest import PROJECT

pytestmark = pytest.mark.e2e

NO_RESOURCES = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
"""Actions that IAM gives on `*` only."""


@pytest.fixture(scope="module")
def names(artifact: Artifact) -> list[str]:
    with zipfile.ZipFile(artifact.code) as code:
        return code.namelist()


@pytest.fixture(scope="module")
def template(artifact: Artifact) -> dict[str, Any]:
    """The template as it is deployed, before SAM's macro."""
    loaded: dict[str, Any] = yaml.safe_load(artifact.deployable_template("s3://bucket/code.zip"))
    return loaded


@pytest.fixture(scope="module")
def expanded(artifact: Artifact) -> dict[str, Any]:
    """What CloudFormation's SAM macro makes of it."""
    return templates.expanded(artifact)


def functions(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: resource["Properties"] for name, resource in template["Resources"].items()
            if resource["Type"] in ("AWS::Serverless::Function", "AWS::Lambda::Function")}


def statements(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role":
            for policy in resource["Properties"].get("Policies", []):
                for statement in policy["PolicyDocument"]["Statement"]:
                    # one that depends on a condition: both forms of it
                    for form in statement["Fn::If"][1:] if "Fn::If" in statement else [statement]:
                        if "Action" in form:
                            yield name, form


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_the_zip_is_small(artifact: Artifact):
    assert artifact.code.stat().st_size < LARGEST_ZIP


def test_the_zip_holds_the_functions_and_what_they_need(names: list[str]):
    for needed in ("app.py", "chalice/app.py", "chalicelib/settings.py", "lambdas/submit.py",
                   "chalicelib/web/static/dist/manifest.json", "globus_sdk/__init__.py",
                   "aws_lambda_powertools/__init__.py", "cryptography/__init__.py"):
        assert needed in names


def test_the_zip_holds_nothing_else_of_the_project(names: list[str]):
    unwanted = re.compile(r"(^|/)(node_modules|frontend|__pycache__|tests|infra|annotator|reference|\.chalice|\.git)/"
                          r"|\.(pyc|ts|scss|map|md)$")
    ours = [name for name in names if name.split("/")[0] in ("app.py", "chalicelib", "lambdas", "frontend", "infra",
                                                             "annotator", "reference", "tests", "vendor")]
    assert [name for name in ours if unwanted.search(name)] == []


def test_every_handler_is_in_the_zip(template: dict[str, Any], names: list[str]):
    handlers = {properties["Handler"] for properties in functions(template).values()}
    assert "app.app" in handlers
    for handler in handlers:
        module = handler.rpartition(".")[0].replace(".", "/")
        assert f"{module}.py" in names, handler


def test_every_function_runs_the_same_code_on_the_same_python(template: dict[str, Any]):
    assert {properties["CodeUri"] for properties in functions(template).values()} == {"s3://bucket/code.zip"}
    assert {properties["Runtime"] for properties in functions(template).values()} == {"python3.11"}


def test_the_template_expands(template: dict[str, Any], expanded: dict[str, Any]):
    assert set(functions(expanded)) == set(functions(template))
    assert not [name for name, resource in expanded["Resources"].items() if "Serverless" in resource["Type"]]
    # the template's body goes to CloudFormation by way of S3, which takes 1 MB
    assert len(json.dumps(template)) < 1_000_000


def test_cloudformation_gets_no_yaml_alias(artifact: Artifact):
    """It refuses them, and PyYAML writes one for every value that occurs twice as one object."""
    assert not [event for event in yaml.parse(artifact.deployable_template("s3://bucket/code.zip"))
                if isinstance(event, yaml.AliasEvent)]


def test_nobody_reaches_a_stage_of_the_api_that_nothing_throttles(expanded: dict[str, Any]):
    """SAM makes a second public stage, called Stage, of an API without OpenApiVersion."""
    resources = expanded["Resources"].values()
    stages = [one["Properties"] for one in resources if one["Type"] == "AWS::ApiGateway::Stage"]
    assert [stage["StageName"] for stage in stages] == ["gas"]
    assert stages[0]["MethodSettings"]
    deployments = [one["Properties"] for one in resources if one["Type"] == "AWS::ApiGateway::Deployment"]
    assert not [one for one in deployments if "StageName" in one]
    api = next(one["Properties"]["Body"] for one in resources if one["Type"] == "AWS::ApiGateway::RestApi")
    assert api["x-amazon-apigateway-endpoint-configuration"] == {
        "disableExecuteApiEndpoint": {"Fn::If": ["HasDomain", True, False]}}


def test_a_deployer_may_make_every_type_of_the_expansion(expanded: dict[str, Any]):
    assert {one["Type"] for one in expanded["Resources"].values()} <= set(RIGHTS)


def test_the_template_waits_for_the_stage_that_sam_makes(expanded: dict[str, Any]):
    """`DependsOn` on a resource that only the macro makes: a changed stage name would break it unseen."""
    for resource in expanded["Resources"].values():
        for needed in listed(resource.get("DependsOn", [])):
            assert needed in expanded["Resources"]


def test_no_function_can_be_led_to_the_development_sign_in(artifact: Artifact, template: dict[str, Any]):
    for properties in functions(template).values():
        variables = properties["Environment"]["Variables"]
        assert not [name for name in variables if name.startswith(("GLOBUS_SDK", "AWS_ENDPOINT"))]
    texts = [artifact.template, PROJECT / "infra" / "worker.yaml", *(PROJECT / "infra" / "aws").glob("*.py"),
             *(PROJECT / "chalicelib").rglob("*.py"), *(PROJECT / "lambdas").rglob("*.py"), PROJECT / "app.py"]
    assert not [path for path in texts if IDENTITY_VARIABLE in path.read_text(encoding="utf-8")]


def test_no_policy_allows_every_action(expanded: dict[str, Any]):
    seen = 0
    for role, statement in statements(expanded):
        for action in listed(statement["Action"]):
            assert "*" not in action, (role, action)
            seen += 1
    assert seen > 20


def test_no_policy_allows_an_action_on_everything(expanded: dict[str, Any]):
    for role, statement in statements(expanded):
        if "*" in listed(statement["Resource"]):
            assert set(listed(statement["Action"])) <= NO_RESOURCES, (role, statement)


def test_every_function_has_a_role_of_its_own(expanded: dict[str, Any]):
    roles = [json.dumps(properties["Role"]) for properties in functions(expanded).values()]
    assert len(set(roles)) == len(roles)


def test_every_queue_has_a_dead_letter_queue_with_an_alarm(expanded: dict[str, Any]):
    queues = {name: resource["Properties"] for name, resource in expanded["Resources"].items()
              if resource["Type"] == "AWS::SQS::Queue"}
    dead = {properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
            for properties in queues.values() if "RedrivePolicy" in properties}
    assert [name for name, properties in queues.items() if "RedrivePolicy" not in properties and name not in dead] == []
    watched = {dimension["Value"]["Fn::GetAtt"][0] for resource in expanded["Resources"].values()
               if resource["Type"] == "AWS::CloudWatch::Alarm"
               for dimension in resource["Properties"].get("Dimensions", []) if dimension["Name"] == "QueueName"}
    assert dead <= watched


def test_every_function_logs_into_a_group_with_retention(expanded: dict[str, Any]):
    groups = {json.dumps(resource["Properties"]["LogGroupName"]) for resource in expanded["Resources"].values()
              if resource["Type"] == "AWS::Logs::LogGroup" and resource["Properties"].get("RetentionInDays")}
    for properties in functions(expanded).values():
        name = properties["FunctionName"]
        assert json.dumps({"Fn::Sub": f"/aws/lambda/{name['Fn::Sub']}"}) in groups
