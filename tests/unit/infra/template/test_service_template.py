"""The service's template: what must hold for every resource of a kind, and what a row of infra/functions.yaml adds."""
from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from chalicelib.domain.plans import Plans
from infra.errors import OperatorError
from infra.template.cloudformation_yaml import INFRA, WORKER, load
from infra.template.service_template import FUNCTIONS, RESOURCES, service_template
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


def queue_functions(resources: dict[str, Any]) -> dict[str, str]:
    """The functions that queues drive, by the logical id without `Function`, and their queues by the logical id."""
    return {name.removesuffix("Function"): event["Properties"]["Queue"]["Fn::GetAtt"][0]
            for name, function in of_type(resources, "AWS::Serverless::Function").items()
            for event in function["Events"].values() if event["Type"] == "SQS"}


def check_queue_function(resources: dict[str, Any], name: str, queue_name: str) -> None:
    """What every function behind a queue must have."""
    function, queue, role = (resources[one]["Properties"] for one in (f"{name}Function", queue_name, f"{name}Role"))
    event, = function["Events"].values()
    assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert event["Properties"]["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "QueueConcurrency"}}
    assert queue["VisibilityTimeout"] > function["Timeout"], "a message must be hidden while its function may run"

    dead = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
    for one in (queue, resources[dead]["Properties"]):
        assert one["MessageRetentionPeriod"] == 14 * 24 * 3600
        assert one["SqsManagedSseEnabled"] is True
    watched = {(alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0], alarm["MetricName"])
               for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()
               if alarm["Namespace"] == "AWS/SQS" and alarm["AlarmActions"] == [{"Ref": "AlarmsTopic"}]}
    assert {(queue_name, "ApproximateAgeOfOldestMessage"), (dead, "ApproximateNumberOfMessagesVisible")} <= watched

    group = resources[f"{name}LogGroup"]["Properties"]
    assert group["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/{function['FunctionName']['Fn::Sub']}"}
    assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}

    assert function["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}
    users = [one for one in resources.values() if one.get("Properties", {}).get("Role") == function["Role"]]
    assert len(users) == 1, "a role belongs to one function"
    assert role["AssumeRolePolicyDocument"]["Statement"] == [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]
    by_sid = {one["Sid"]: one for statement in role["Policies"][0]["PolicyDocument"]["Statement"]
              for one in [statement.get("Fn::If", [None, statement])[1]]}
    for sid, statement in by_sid.items():
        assert "*" not in json.dumps(statement["Action"]), sid
        assert sid == "Traces" or statement["Resource"] != "*", sid
    assert by_sid["Logs"]["Resource"] == {"Fn::GetAtt": [f"{name}LogGroup", "Arn"]}
    assert by_sid["Messages"]["Resource"] == {"Fn::GetAtt": [queue_name, "Arn"]}


def test_every_queue_function_has_all_that_it_needs(resources: dict[str, Any]):
    found = queue_functions(resources)
    assert found == {"Submit": "UploadsQueue", "Notify": "NotifyQueue", "Archive": "ArchiveQueue",
                     "Restore": "RestoreQueue", "Thaw": "ThawQueue", "Erase": "EraseQueue"}
    for name, queue in found.items():
        check_queue_function(resources, name, queue)


def test_functions_behind_queues_leave_room_for_the_site():
    """A new account may run ten functions at a time."""
    assert real_template()["Parameters"]["QueueConcurrency"]["Default"] == 2, "the least that Lambda takes"


def test_the_dashboard_and_the_alarm_on_errors_have_every_queue_function(resources: dict[str, Any]):
    """They are in the annotator's stack, which is written by hand."""
    worker = load(WORKER)["Resources"]
    widgets = json.loads(worker["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])["widgets"]
    shown = {tuple(metric[1:4]) for widget in widgets for metric in widget["properties"]["metrics"] if len(metric) > 3}
    alarmed = {metric["Dimensions"][0]["Value"]["Fn::Sub"]
               for metric in metrics_of(worker["QueueFunctionErrorsAlarm"]["Properties"])}
    alarmed |= {resources[dimension["Value"]["Ref"]]["Properties"]["FunctionName"]["Fn::Sub"]
                for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values() if alarm["MetricName"] == "Errors"
                for dimension in alarm["Dimensions"]}
    for name, queue in queue_functions(resources).items():
        properties = resources[f"{name}Function"]["Properties"]
        function = properties["FunctionName"]["Fn::Sub"]
        service = properties["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
        dead = f"{resources[queue]['Properties']['QueueName']['Fn::Sub']}-dead"
        assert {("Errors", "FunctionName", function), ("Throttles", "FunctionName", function),
                ("ApproximateNumberOfMessagesVisible", "QueueName", dead),
                ("MessageAge", "service", service)} <= shown, name
        assert function in alarmed


EIGHTH = {
    "Description": "Counts what was counted.", "Timeout": 60,
    "Queue": {"VisibilityTimeout": 120, "maxReceiveCount": 5, "BatchSize": 10,
              "Subscription": {"TopicArn": {"Ref": "JobResultsTopic"}},
              "AgeAlarm": {"AlarmDescription": "Counts wait longer than an hour.", "Threshold": 3600},
              "DeadLetterAlarm": {"AlarmDescription": "A count failed."}},
    "Environment": ["ANNOTATIONS_TABLE"],
    "Statements": {"Jobs": {"Action": "dynamodb:GetItem", "Resource": {"Fn::GetAtt": ["AnnotationsTable", "Arn"]}}},
}


def with_row(directory: Path, section: str, name: str, row: dict[str, Any]) -> dict[str, Any]:
    """The template with one more row, as it is made from files in a directory."""
    rows = load(INFRA / FUNCTIONS)
    rows[section][name] = row
    (directory / FUNCTIONS).write_text(yaml.safe_dump(rows), encoding="utf-8")
    shutil.copyfile(INFRA / RESOURCES, directory / RESOURCES)
    return service_template(directory)


def test_one_row_makes_a_function_behind_a_queue(tmp_path: Path):
    before, after = service_template(), with_row(tmp_path, "Functions", "CountAll", EIGHTH)
    assert {section: set(after[section]) - set(before[section]) for section in ("Resources", "Outputs")} == {
        "Resources": {"CountAllQueue", "CountAllDeadLetterQueue", "CountAllAgeAlarm", "CountAllDeadLetterAlarm",
                      "CountAllQueuePolicy", "CountAllSubscription", "CountAllLogGroup", "CountAllRole",
                      "CountAllFunction"},
        "Outputs": {"CountAllQueueUrl", "CountAllDeadLetterQueueUrl"}}
    check_queue_function(after["Resources"], "CountAll", "CountAllQueue")
    assert after["Resources"]["CountAllQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"] == [{
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": {"Fn::GetAtt": ["CountAllQueue", "Arn"]},
        "Condition": {"ArnEquals": {"aws:SourceArn": {"Ref": "JobResultsTopic"}}}}]
    function = after["Resources"]["CountAllFunction"]["Properties"]
    assert function["Handler"] == "lambdas.count_all.handler"
    variables = function["Environment"]["Variables"]
    assert variables == {"STAGE": {"Ref": "Stage"}, "ANNOTATIONS_TABLE": {"Ref": "AnnotationsTable"},
                         "POWERTOOLS_SERVICE_NAME": "count-all", "POWERTOOLS_LOG_LEVEL": {"Ref": "LogLevel"},
                         "POWERTOOLS_METRICS_NAMESPACE": {"Fn::Sub": f"GAS/{STAGE}"}}


@pytest.mark.parametrize(("section", "name", "row", "message"), [
    ("Functions", "CountAll", EIGHTH | {"Environment": ["ANNOTATION_TABLE"]},
     r"functions\.yaml, Functions, CountAll: there is no 'ANNOTATION_TABLE'"),
    ("Queues", "Counts", {"maxReceiveCount": 5, "DeadLetterAlarm": {"AlarmDescription": "A count failed."}},
     "Queues, Counts: there is no 'AgeAlarm'"),
    ("Alarms", "NotifyAge", {"AlarmDescription": "Mails wait."}, "two Resources called NotifyAgeAlarm"),
])
def test_a_row_that_cannot_be_expanded_is_named(tmp_path: Path, section: str, name: str, row: dict[str, Any],
                                                message: str):
    with pytest.raises(OperatorError, match=message):
        with_row(tmp_path, section, name, row)


@pytest.mark.parametrize("text", [
    yaml.safe_dump(service_template()),
    *((INFRA / f"{name}.yaml").read_text(encoding="utf-8") for name in ("worker", "edge", "pipeline")),
], ids=["service", "worker", "edge", "pipeline"])
def test_no_template_has_an_alias(text: str):
    """CloudFormation refuses aliases."""
    assert not [event for event in yaml.parse(text) if isinstance(event, yaml.AliasEvent)]


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
