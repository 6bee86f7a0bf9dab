"""Deploying one stack: what is asked of CloudFormation, and what its answers become for the operator."""
# ruff: noqa: N803 - boto3 names its parameters so
from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.aws.cloudformation import Stack, StackFailedError
from infra.errors import OperatorError

PAGE = 2
"""Events of one page; CloudFormation's has 100."""


class FakeCloudFormation:
    """CloudFormation with one stack, whose next answers a test lays out."""

    def __init__(self, status: str | None = None) -> None:
        self.status = status
        self.held = {"Domain": "gas.example.org"}
        self.declared = ["Stage", "Domain"]
        self.change_set_status: dict[str, str] = {"Status": "CREATE_COMPLETE"}
        self.coming: list[list[dict[str, str]]] = []  # events, one list for each look, oldest first
        self.events: list[dict[str, str]] = []
        self.created: dict[str, Any] = {}
        self.executed: dict[str, Any] = {}
        self.calls: list[str] = []
        self.replacement = "False"

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        if self.status is None:
            raise ClientError({"Error": {"Code": "ValidationError", "Message": f"{StackName} does not exist"}}, "x")
        return {"Stacks": [{"StackStatus": self.status, "Outputs": [{"OutputKey": "Site", "OutputValue": "here"}],
                            "Parameters": [{"ParameterKey": key, "ParameterValue": value}
                                           for key, value in self.held.items()]}]}

    def get_template_summary(self, TemplateURL: str) -> dict[str, Any]:
        return {"Parameters": [{"ParameterKey": key} for key in self.declared]}

    def create_change_set(self, **request: Any) -> None:
        self.created = request
        self.calls.append("create")

    def describe_change_set(self, **_: Any) -> dict[str, Any]:
        return {**self.change_set_status, "Changes": [{"ResourceChange": {
            "Action": "Modify", "LogicalResourceId": "Table", "ResourceType": "AWS::DynamoDB::Table",
            "Replacement": self.replacement}}]}

    def delete_change_set(self, **_: Any) -> None:
        self.calls.append("delete")

    def execute_change_set(self, **request: Any) -> None:
        self.executed = request
        self.calls.append("execute")

    def get_paginator(self, operation: str) -> Any:
        assert operation == "describe_stack_events"
        return SimpleNamespace(paginate=self._pages_of_events)

    def _pages_of_events(self, StackName: str) -> Iterator[dict[str, Any]]:
        if "execute" in self.calls and self.coming:
            self.events = [*reversed(self.coming.pop(0)), *self.events]
            if self.events[0]["LogicalResourceId"] == StackName:
                self.status = self.events[0]["ResourceStatus"]
        for start in range(0, len(self.events), PAGE):
            yield {"StackEvents": self.events[start:start + PAGE]}


def event(number: int, resource: str, status: str, reason: str = "") -> dict[str, str]:
    return {"EventId": str(number), "LogicalResourceId": resource, "ResourceType": "AWS::X::Y",
            "ResourceStatus": status, "ResourceStatusReason": reason}


@pytest.fixture
def said() -> list[str]:
    return []


def stack(client: FakeCloudFormation, said: list[str]) -> Stack:
    return Stack(client, "gas-prod", say=said.append, sleep=lambda _: None, poll=0)


def test_a_new_stack_is_made(said):
    client = FakeCloudFormation()
    client.coming = [[event(1, "Table", "CREATE_IN_PROGRESS")],
                     [event(2, "Table", "CREATE_COMPLETE"), event(3, "gas-prod", "CREATE_COMPLETE")]]
    assert stack(client, said).deploy("https://t", {"Stage": "prod"}, "gas-1") == {"Site": "here"}
    assert client.created["ChangeSetType"] == "CREATE"
    assert client.created["Parameters"] == [{"ParameterKey": "Stage", "ParameterValue": "prod"}]
    assert client.calls == ["create", "execute"]
    assert client.executed["RetainExceptOnCreate"] is True, "what a failed creation made must not stand in the way"


def test_changes_are_told_before_they_are_made(said):
    client = FakeCloudFormation("UPDATE_COMPLETE")
    client.coming = [[event(1, "gas-prod", "UPDATE_COMPLETE")]]
    stack(client, said).deploy("https://t", {"Stage": "prod"}, "gas-1")
    assert "RetainExceptOnCreate" not in client.executed, "an update keeps what holds data"
    assert said[0] == "gas-prod: ~ change  Table  AWS::DynamoDB::Table"


def test_a_table_is_not_replaced_unless_the_operator_says_so(said):
    client = FakeCloudFormation("UPDATE_COMPLETE")
    client.replacement = "True"
    client.coming = [[event(1, "gas-prod", "UPDATE_COMPLETE")]]
    with pytest.raises(OperatorError, match=r"would replace Table.*--allow-replacement"):
        stack(client, said).deploy("https://t", {"Stage": "prod"}, "gas-1")
    assert client.calls == ["create", "delete"]
    assert "is replaced" in said[0]
    stack(client, said).deploy("https://t", {"Stage": "prod"}, "gas-2", allow_replacement=True)
    assert client.calls[-1] == "execute"


def test_what_may_be_replaced_is_marked(said):
    client = FakeCloudFormation("UPDATE_COMPLETE")
    client.replacement = "Conditional"
    client.coming = [[event(1, "gas-prod", "UPDATE_COMPLETE")]]
    stack(client, said).deploy("https://t", {"Stage": "prod"}, "gas-1")
    assert "may be replaced" in said[0]


def test_parameters_that_are_not_given_keep_their_values(said):
    client = FakeCloudFormation("CREATE_COMPLETE")
    client.coming = [[event(1, "gas-prod", "UPDATE_COMPLETE")]]
    stack(client, said).deploy("https://t", {"Stage": "prod"}, "gas-1")
    assert client.created["ChangeSetType"] == "UPDATE"
    assert {"ParameterKey": "Domain", "UsePreviousValue": True} in client.created["Parameters"]


def test_the_status_of_the_change_before_is_not_taken_for_the_end_of_this_one(said):
    client = FakeCloudFormation("UPDATE_COMPLETE")
    client.events = [event(0, "gas-prod", "UPDATE_COMPLETE")]
    client.coming = [[], [event(1, "gas-prod", "UPDATE_IN_PROGRESS")], [],
                     [event(2, "Api", "UPDATE_FAILED", "no such role"),
                      event(3, "gas-prod", "UPDATE_ROLLBACK_COMPLETE")]]
    with pytest.raises(StackFailedError):
        stack(client, said).deploy("https://t", {}, "gas-1")
    assert client.coming == []


def test_a_failure_names_its_causes_and_not_what_was_only_cancelled(said):
    client = FakeCloudFormation()
    client.coming = [[event(1, "Bucket", "CREATE_FAILED", "gas-inputs already exists"),
                      event(2, "Table", "CREATE_FAILED", "Resource creation cancelled"),
                      event(3, "gas-prod", "ROLLBACK_COMPLETE")]]
    with pytest.raises(StackFailedError, match="not deployed") as failed:
        stack(client, said).deploy("https://t", {}, "gas-1")
    assert failed.value.causes == ("Bucket (AWS::X::Y): gas-inputs already exists",)


@pytest.mark.parametrize("reason", ["The submitted information didn't contain changes. Submit different information.",
                                    "No updates are to be performed."])
def test_nothing_to_change_is_no_failure(said, reason):
    client = FakeCloudFormation("UPDATE_COMPLETE")
    client.change_set_status = {"Status": "FAILED", "StatusReason": reason}
    assert stack(client, said).deploy("https://t", {}, "gas-1") == {"Site": "here"}
    assert client.calls == ["create", "delete"]
    assert said == ["gas-prod: nothing to change"]


def test_a_refused_change_set_says_why(said):
    client = FakeCloudFormation()
    client.change_set_status = {"Status": "FAILED", "StatusReason": "Template error: no such thing"}
    with pytest.raises(StackFailedError, match="no such thing"):
        stack(client, said).deploy("https://t", {}, "gas-1")


@pytest.mark.parametrize(("status", "remedy"), [("UPDATE_IN_PROGRESS", "Wait"), ("ROLLBACK_COMPLETE", "delete"),
                                                ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback")])
def test_a_stack_that_cannot_be_changed_is_left_alone(said, status, remedy):
    client = FakeCloudFormation(status)
    with pytest.raises(OperatorError) as refused:
        stack(client, said).deploy("https://t", {}, "gas-1")
    assert remedy in refused.value.remedy
    assert client.calls == []


def test_an_unknown_parameter_is_refused_with_the_known_ones(said):
    with pytest.raises(OperatorError, match=r"no parameter Doman.*Domain, Stage"):
        stack(FakeCloudFormation(), said).deploy("https://t", {"Doman": "x"}, "gas-1")


def test_outputs_of_a_stack_that_is_not_there(said):
    with pytest.raises(OperatorError, match="no stack gas-prod"):
        stack(FakeCloudFormation(), said).outputs()
