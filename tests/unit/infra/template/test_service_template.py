"""infra/resources.yaml: what must hold for every resource of a kind, whoever adds the next one."""
from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.domain.plans import Plans
from infra.template.cloudformation_yaml import WORKER, load
from tests.conftest import PROJECT, real_template

STAGE = "${Stage}"


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    return dict(real_template()["Resources"])


def of_type(resources: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: resource["Properties"] for name, resource in resources.items() if resource.get("Type") == kind}


def metrics_of(alarm: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The metrics that an alarm reads."""
    if "MetricName" in alarm:
        yield alarm
    for metric in alarm.get("Metrics", []):
        if "MetricStat" in metric:
            yield metric["MetricStat"]["Metric"]


def statements(resources: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement


def test_no_two_stages_share_a_metric(resources: dict[str, Any]):
    """Each metric is that of a resource of the stack, or the stage is in its namespace or its dimensions.

    SES alone measures the reputation of the whole account.
    """
    seen = 0
    for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items():
        for metric in metrics_of(alarm):
            if metric["Namespace"] == "AWS/SES":
                continue
            own = json.dumps([metric["Namespace"], metric.get("Dimensions", [])])
            assert STAGE in own or any(f'"{resource}"' in own for resource in resources), name
            seen += 1
    assert seen > 20
    functions = [*of_type(resources, "AWS::Serverless::Function").values(), resources["APIHandler"]["Properties"]]
    assert {json.dumps(function["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"])
            for function in functions} == {json.dumps({"Fn::Sub": f"GAS/{STAGE}"})}


def test_every_alarm_is_explained_to_operators(resources: dict[str, Any]):
    documented = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    alarms = [*of_type(resources, "AWS::CloudWatch::Alarm").values(),
              *of_type(load(WORKER)["Resources"], "AWS::CloudWatch::Alarm").values()]
    names = {alarm["AlarmName"]["Fn::Sub"].removeprefix(f"gas-{STAGE}") for alarm in alarms}
    assert len(names) == len(alarms) > 30
    assert [name for name in sorted(names) if f"`…{name}`" not in documented] == []


def test_every_parameter_is_described(resources: dict[str, Any]):
    assert [name for name, declared in real_template()["Parameters"].items() if name != "LogLevel"
            and not declared.get("Description")] == []


def test_the_api_is_named_after_its_stage(resources: dict[str, Any]):
    """The title in its definition is its name, and with that a dimension of its metrics."""
    title = resources["RestAPI"]["Properties"]["DefinitionBody"]["info"]["title"]
    assert title == {"Fn::Sub": f"gas-{STAGE}"}
    dimensions = {one["Name"]: one["Value"] for one in resources["ApiErrorsAlarm"]["Properties"]["Dimensions"]}
    assert dimensions == {"ApiName": title, "Stage": "gas"}


def test_alarms_may_publish(resources: dict[str, Any]):
    """A topic's own policy takes the place of the one that lets the account's services publish."""
    allowed = resources["AlarmsTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert {statement["Principal"]["Service"] for statement in allowed} == {"cloudwatch.amazonaws.com",
                                                                           "events.amazonaws.com"}


def test_functions_behind_queues_leave_room_for_the_site(resources: dict[str, Any]):
    """A new account may run ten functions at a time."""
    assert real_template()["Parameters"]["QueueConcurrency"]["Default"] == 2, "the least that Lambda takes"
    sources = [event["Properties"] for function in of_type(resources, "AWS::Serverless::Function").values()
               for event in function["Events"].values() if event["Type"] == "SQS"]
    assert len(sources) == 6
    assert all(source["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "QueueConcurrency"}} for source in sources)


def test_queues_hide_a_message_for_longer_than_its_function_may_run(resources: dict[str, Any]):
    for name, function in of_type(resources, "AWS::Serverless::Function").items():
        for event in function["Events"].values():
            if event["Type"] == "SQS":
                queue = resources[event["Properties"]["Queue"]["Fn::GetAtt"][0]]["Properties"]
                assert queue["VisibilityTimeout"] > function["Timeout"], name


def test_no_role_may_what_nothing_of_it_does(resources: dict[str, Any]):
    allowed = {(role, action) for role, statement in statements(resources) if "Action" in statement
               for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])}
    changers = {role for role, action in allowed if action == "sqs:ChangeMessageVisibility"}
    assert changers == {"WorkerRole"}, "Lambda's pollers do not change visibility"
    profiles = [statement["Action"] for role, statement in statements(resources)
                if statement.get("Sid") == "Profiles" and role == "ApiRole"]
    assert profiles == [["dynamodb:GetItem", "dynamodb:UpdateItem"]]


def test_tables_with_users_data_cannot_be_deleted_by_mistake(resources: dict[str, Any]):
    tables = of_type(resources, "AWS::DynamoDB::Table")
    for name, table in tables.items():
        if resources[name]["DeletionPolicy"] == "Retain":
            assert table["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}, name
    assert real_template()["Parameters"]["DeletionProtection"]["Default"] == "true"


def test_the_age_of_jobs_is_that_of_waiting_ones(resources: dict[str, Any]):
    """SQS counts the message of a running job as old as the job."""
    assert resources["JobRequestsAgeAlarm"]["Properties"]["MetricName"] == "SweepOldestWaitingJob"


def test_the_largest_upload_is_the_plans(resources: dict[str, Any]):
    parameters = real_template()["Parameters"]
    assert int(parameters["FreeUncompressedLimit"]["Default"]) == Plans.free_uncompressed_limit
    assert int(parameters["PremiumUncompressedLimit"]["Default"]) == Plans.premium_uncompressed_limit
