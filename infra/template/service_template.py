"""The CloudFormation template of the service, from `infra/resources.yaml` and the rows of `infra/functions.yaml`.

`resources.yaml` is plain CloudFormation: parameters, conditions and the resources that exist once. A row stands for the
resources of one function, queue or alarm. What all of them have is here and in the rows' defaults; the head of
`functions.yaml` explains the keys of a row. `chalice package` merges the result with the site's API into
`out/package/sam.yaml`, which cfn-lint and checkov check and CloudFormation gets.
"""
from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.errors import OperatorError
from infra.template.cloudformation_yaml import INFRA, load

RESOURCES = "resources.yaml"
FUNCTIONS = "functions.yaml"

Row = Mapping[str, Any]


def service_template(infra: Path = INFRA) -> dict[str, Any]:
    """Put the template together.

    Args:
        infra: Directory of the two files.

    Returns:
        The template, with the long forms of CloudFormation's functions (`{"Ref": ...}`) and without values that are one
        object, which YAML would write as aliases: CloudFormation does not support them
        (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html).

    Raises:
        OperatorError: A file cannot be read, a row lacks something, or two resources have one name.
    """
    template, rows = load(infra / RESOURCES), load(infra / FUNCTIONS)
    expansion = _Expansion(template, rows)
    for section, expand in (("Functions", expansion.function), ("Queues", expansion.queue),
                            ("Alarms", expansion.alarm)):
        for name, row in rows.get(section, {}).items():
            try:
                expand(name, row)
            except KeyError as error:
                raise OperatorError(f"{FUNCTIONS}, {section}, {name}: there is no {error}.") from error
    plain: dict[str, Any] = json.loads(json.dumps(template))
    return plain


class _Expansion:
    """Adds to a template what rows stand for.

    Args:
        template: Gets the resources and outputs.
        rows: The whole of `functions.yaml`, for its sections `Defaults` and `Variables`.
    """

    def __init__(self, template: dict[str, Any], rows: Row) -> None:
        self._template = template
        self._defaults = rows.get("Defaults", {})
        self._variables = rows.get("Variables", {})

    def function(self, name: str, row: Row) -> None:
        """Add a function with its log group, its role and its queue."""
        properties = dict(row)
        service = _lower(name)
        chalice = properties.pop("MadeByChalice", None)
        statements = {
            "Logs": {"Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": _arn(f"{name}LogGroup")},
            # X-Ray has no resources that a statement could name.
            "Traces": {"Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "Resource": "*"},
        }
        if "Queue" in properties:
            queue = {"Name": name, **properties.pop("Queue")}
            queue_name = queue.pop("Name")
            statements["Messages"] = {"Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
                                      "Resource": _arn(f"{queue_name}Queue")}
            properties["Events"] = {queue_name: {"Type": "SQS", "Properties": {
                "Queue": _arn(f"{queue_name}Queue"), "BatchSize": queue.pop("BatchSize"),
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "ScalingConfig": {"MaximumConcurrency": {"Ref": "QueueConcurrency"}}}}}
            self.queue(queue_name, queue)
        self._add_resource(f"{name}LogGroup", "AWS::Logs::LogGroup", {
            "LogGroupName": {"Fn::Sub": f"/aws/lambda/gas-${{Stage}}-{service}"},
            "RetentionInDays": {"Ref": "LogRetentionDays"},
        }, DeletionPolicy="Delete", UpdateReplacePolicy="Delete")
        self._add_resource(f"{name}Role", "AWS::IAM::Role", {
            "AssumeRolePolicyDocument": _document({
                "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}),
            "Policies": [{"PolicyName": service, "PolicyDocument": _document(*(
                _statement(sid, one) for sid, one in (statements | properties.pop("Statements", {})).items()))}]})
        variables = {variable: self._variables[variable] for variable in properties.pop("Environment", ())}
        properties |= {
            "FunctionName": _named(service),
            "Role": _arn(f"{name}Role"),
            "Environment": {"Variables": {
                "STAGE": {"Ref": "Stage"}, **variables, **properties.pop("OwnEnvironment", {}),
                "POWERTOOLS_SERVICE_NAME": service,
                "POWERTOOLS_METRICS_NAMESPACE": {"Fn::Sub": "GAS/${Stage}"},
                "POWERTOOLS_LOG_LEVEL": {"Ref": "LogLevel"}}},
        }
        if chalice:
            self._add("Resources", chalice, {"Properties": properties})
        else:
            self._add_resource(f"{name}Function", "AWS::Serverless::Function", {
                **self._defaults["Function"], "Handler": f"lambdas.{service.replace('-', '_')}.handler",
                **properties})

    def queue(self, name: str, row: Row) -> None:
        """Add a queue with its dead-letter queue, an alarm on each, the subscription and the outputs."""
        properties = dict(row)
        age, dead = properties.pop("AgeAlarm"), properties.pop("DeadLetterAlarm")
        subscription = properties.pop("Subscription", None)
        redrive = {"deadLetterTargetArn": _arn(f"{name}DeadLetterQueue"),
                   "maxReceiveCount": properties.pop("maxReceiveCount")}
        for queue, queue_name, own in ((f"{name}Queue", _lower(name), {**properties, "RedrivePolicy": redrive}),
                                       (f"{name}DeadLetterQueue", f"{_lower(name)}-dead", {})):
            self._add_resource(queue, "AWS::SQS::Queue", {
                "QueueName": _named(queue_name), **self._defaults["Queue"], **own})
            self._add("Outputs", f"{queue}Url", {"Value": {"Ref": queue}})
        self.alarm(f"{name}Age", {
            "Dimensions": _queue_dimension(f"{name}Queue"), **self._defaults["AgeAlarm"], **age})
        self.alarm(f"{name}DeadLetter", {
            "AlarmName": f"{_lower(name)}-dead", "Dimensions": _queue_dimension(f"{name}DeadLetterQueue"),
            **self._defaults["DeadLetterAlarm"], **dead})
        if subscription:
            self._add_resource(f"{name}Subscription", "AWS::SNS::Subscription", {
                "Protocol": "sqs", "Endpoint": _arn(f"{name}Queue"), "RawMessageDelivery": True, **subscription})
            self._add_resource(f"{name}QueuePolicy", "AWS::SQS::QueuePolicy", {
                "Queues": [{"Ref": f"{name}Queue"}],
                "PolicyDocument": _document({
                    "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
                    "Resource": _arn(f"{name}Queue"),
                    "Condition": {"ArnEquals": {"aws:SourceArn": subscription["TopicArn"]}}})})

    def alarm(self, name: str, row: Row) -> None:
        """Add an alarm."""
        self._add_resource(f"{name}Alarm", "AWS::CloudWatch::Alarm", {
            **self._defaults["Alarm"], **row, "AlarmName": _named(row.get("AlarmName", _lower(name))),
            "AlarmDescription": f"{row['AlarmDescription']} See docs/operations.md."})

    def _add_resource(self, name: str, kind: str, properties: Row, **attributes: str) -> None:
        self._add("Resources", name, {"Type": kind, **attributes, "Properties": properties})

    def _add(self, section: str, name: str, value: Row) -> None:
        section_of_template = self._template.setdefault(section, {})
        if name in section_of_template:
            raise OperatorError(f"There are two {section} called {name} in {RESOURCES} and {FUNCTIONS}.")
        section_of_template[name] = value


def _lower(name: str) -> str:
    """`JobRequests` as `job-requests`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def _named(rest: str) -> dict[str, str]:
    return {"Fn::Sub": f"gas-${{Stage}}-{rest}"}


def _arn(resource: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [resource, "Arn"]}


def _queue_dimension(queue: str) -> list[dict[str, Any]]:
    return [{"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}]


def _document(*statements: Row) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _statement(sid: str, row: Row) -> dict[str, Any]:
    allowed = {"Sid": sid, "Effect": "Allow", **row}
    condition = allowed.pop("If", None)
    return {"Fn::If": [condition, allowed, {"Ref": "AWS::NoValue"}]} if condition else allowed
