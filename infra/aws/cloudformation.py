"""Deploys one CloudFormation stack through a change set, and says in plain words what happens.

The same code serves AWS and the local stack; a client with another endpoint is the only difference.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.errors import OperatorError

Say = Callable[[str], None]
"""Takes one line for the operator."""
Sleep = Callable[[float], None]
"""Waits for seconds."""

CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
"""The stack makes roles with names of their own, and the template is one of SAM's."""

_NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed", "no changes")
_NOT_THE_CAUSE = ("Resource creation cancelled", "Resource update cancelled",
                  "The following resource(s) failed to")
HOLDS_DATA = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue")
"""Types whose replacement loses sight of what is in them."""
_REPLACEMENTS = {"True": "  (is replaced: a new one is made, the old one goes)",
                 "Conditional": "  (may be replaced, which CloudFormation decides on the way)"}
_VERBS = {"Add": "+ add", "Modify": "~ change", "Remove": "- remove", "Import": "> import", "Dynamic": "? decide"}


@dataclass(frozen=True, kw_only=True)
class ResourceChange:
    """One line of a change set.

    Attributes:
        replacement: "True", "False" or "Conditional", as CloudFormation says it.
    """

    action: str
    logical_id: str
    kind: str
    replacement: str

    @property
    def endangers_data(self) -> bool:
        """True when a table, bucket or queue is replaced."""
        return self.replacement == "True" and self.kind in HOLDS_DATA

    def __str__(self) -> str:
        verb = _VERBS.get(self.action, self.action)
        return f"{verb:9} {self.logical_id}  {self.kind}{_REPLACEMENTS.get(self.replacement, '')}"


class StackFailedError(OperatorError):
    """CloudFormation gave up.

    Args:
        causes: `resource: reason`, the first failures first.
    """

    def __init__(self, message: str, causes: Sequence[str] = (), remedy: str = "") -> None:
        super().__init__("\n  ".join([message, *causes]), remedy)
        self.causes = tuple(causes)


class Stack:
    """One stack of one account and region.

    Args:
        client: boto3 client of CloudFormation.
        name: The stack's name.
        sleep: Waits between two looks.
        poll: Seconds between two looks.
    """

    def __init__(self, client: Any, name: str, *, say: Say, sleep: Sleep, poll: float = 5.0) -> None:
        self._client = client
        self.name = name
        self._say = say
        self._sleep = sleep
        self._poll = poll

    def describe(self) -> dict[str, Any] | None:
        """What CloudFormation knows of the stack, or None when there is none."""
        try:
            stacks = self._client.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return stacks[0] if stacks and stacks[0]["StackStatus"] != "DELETE_COMPLETE" else None

    def outputs(self) -> dict[str, str]:
        """The stack's outputs by name.

        Raises:
            OperatorError: There is no such stack.
        """
        known = self.describe()
        if known is None:
            raise OperatorError(f"There is no stack {self.name}.", "Deploy it first.")
        return {output["OutputKey"]: output["OutputValue"] for output in known.get("Outputs", [])}

    def parameters(self) -> dict[str, str]:
        """The values that the stack's parameters have; none when there is no stack."""
        return {parameter["ParameterKey"]: parameter.get("ParameterValue", "")
                for parameter in (self.describe() or {}).get("Parameters", [])}

    def deploy(self, template_url: str, parameters: Mapping[str, str], change_set: str,
               allow_replacement: bool = False) -> dict[str, str]:
        """Makes the stack what the template says; a parameter that is not given keeps the value it has.

        Args:
            template_url: S3 address of the template.
            change_set: Name of the change set, never used before for this stack.
            allow_replacement: Carry the change out even if it replaces a table, bucket or queue.

        Returns:
            The stack's outputs.

        Raises:
            StackFailedError: CloudFormation refused or rolled back.
            OperatorError: The stack is in a state that it cannot be changed in, or would lose sight of data.
        """
        existing = self._changeable()
        known_events = self._event_ids() if existing else set()
        try:
            self._client.create_change_set(
                StackName=self.name, ChangeSetName=change_set, TemplateURL=template_url, Capabilities=CAPABILITIES,
                ChangeSetType="UPDATE" if existing else "CREATE",
                Parameters=self._parameters(template_url, parameters, existing))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            raise StackFailedError(f"CloudFormation refused the change to {self.name}: "
                                   f"{error.response['Error']['Message']}") from error
        if not self._wait_for_change_set(change_set):
            self._say(f"{self.name}: nothing to change")
            self._client.delete_change_set(StackName=self.name, ChangeSetName=change_set)
            return self.outputs()
        changes = self.changes(change_set)
        for change in changes:
            self._say(f"{self.name}: {change}")
        endangered = [change.logical_id for change in changes if change.endangers_data]
        if endangered and not allow_replacement:
            self._client.delete_change_set(StackName=self.name, ChangeSetName=change_set)
            raise OperatorError(f"The change to {self.name} would replace {', '.join(endangered)}, and what is in "
                                "there would no longer be found.",
                                "Nothing was changed. If that is what you want: --allow-replacement.")
        # What a first deployment made before it failed goes again; what exists and holds data stays.
        self._client.execute_change_set(StackName=self.name, ChangeSetName=change_set,
                                        **({} if existing else {"RetainExceptOnCreate": True}))
        self._wait_for_stack(known_events)
        return self.outputs()

    def changes(self, change_set: str) -> list[ResourceChange]:
        """What a change set would do."""
        found: list[ResourceChange] = []
        token: dict[str, str] = {}
        while True:
            page = self._client.describe_change_set(StackName=self.name, ChangeSetName=change_set, **token)
            for change in page.get("Changes", []):
                resource = change["ResourceChange"]
                found.append(
                    ResourceChange(
                        action=resource["Action"],
                        logical_id=resource["LogicalResourceId"],
                        kind=resource["ResourceType"],
                        replacement=resource.get("Replacement", "False"),
                    )
                )
            if not page.get("NextToken"):
                return found
            token = {"NextToken": page["NextToken"]}

    def protect(self) -> None:
        """Have CloudFormation refuse to delete the stack until somebody takes this protection away."""
        self._client.update_termination_protection(StackName=self.name, EnableTerminationProtection=True)

    def _changeable(self) -> dict[str, Any] | None:
        known = self.describe()
        if known is None or known["StackStatus"] == "REVIEW_IN_PROGRESS":  # a first change set never carried out
            return None
        status = known["StackStatus"]
        if status.endswith("_IN_PROGRESS"):
            raise OperatorError(f"The stack {self.name} is being changed by somebody else ({status}).",
                                "Wait until that has ended and deploy again.")
        if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"):
            raise OperatorError(
                f"The stack {self.name} never came up ({status}) and cannot be changed.",
                "Look at its events, delete the stack (and the empty tables and buckets that it leaves), "
                "and deploy again.")
        if status == "UPDATE_ROLLBACK_FAILED":
            raise OperatorError(
                f"The last rollback of the stack {self.name} failed.",
                f"Run `aws cloudformation continue-update-rollback --stack-name {self.name}` and deploy again.")
        return known

    def _parameters(self, template_url: str, given: Mapping[str, str],
                    existing: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        summary = self._client.get_template_summary(TemplateURL=template_url)
        declared = [parameter["ParameterKey"] for parameter in summary.get("Parameters", [])]
        unknown = sorted(set(given) - set(declared))
        if unknown:
            raise OperatorError(f"The template has no parameter {', '.join(unknown)}.",
                                f"It has: {', '.join(sorted(declared))}.")
        held = {parameter["ParameterKey"] for parameter in (existing or {}).get("Parameters", [])}
        parameters: list[dict[str, Any]] = []
        for key in declared:
            if key in given:
                parameters.append({"ParameterKey": key, "ParameterValue": given[key]})
            elif key in held:
                parameters.append({"ParameterKey": key, "UsePreviousValue": True})
        return parameters

    def _wait_for_change_set(self, change_set: str) -> bool:
        """True when it is ready, False when there is nothing to do."""
        while True:
            found = self._client.describe_change_set(StackName=self.name, ChangeSetName=change_set)
            if found["Status"] == "CREATE_COMPLETE":
                return True
            if found["Status"] == "FAILED":
                reason = found.get("StatusReason", "")
                if any(words in reason for words in _NOTHING_TO_DO):
                    return False
                raise StackFailedError(f"CloudFormation refused the change to {self.name}: {reason}")
            self._sleep(self._poll)

    def _wait_for_stack(self, known_events: set[str]) -> None:
        seen = set(known_events)
        status = ""
        # The stack's own event, not its status, shows that this change is over: just after the change was set in
        # motion the status is still that of the one before.
        while not status:
            self._sleep(self._poll)
            for event in self._new_events(seen):
                if event["LogicalResourceId"] == self.name and _is_end(event["ResourceStatus"]):
                    status = event["ResourceStatus"]
                elif event["ResourceStatus"].endswith("_FAILED"):
                    self._say(f"{self.name}: {_failure(event)}")
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            causes = [_failure(event) for event in self._new_events(set(known_events))
                      if event["ResourceStatus"].endswith("_FAILED")
                      and not event.get("ResourceStatusReason", "").startswith(_NOT_THE_CAUSE)]
            raise StackFailedError(f"The stack {self.name} was not deployed ({status}):",
                                   causes or ["no reason is in its events"])
        self._say(f"{self.name}: {status.lower().replace('_', ' ')}")

    def _events(self) -> list[dict[str, Any]]:
        """Newest first, as CloudFormation gives them."""
        pages = self._client.get_paginator("describe_stack_events").paginate(StackName=self.name)
        return [event for page in pages for event in page["StackEvents"]]

    def _event_ids(self) -> set[str]:
        return {event["EventId"] for event in self._events()}

    def _new_events(self, seen: set[str]) -> list[dict[str, Any]]:
        """Events that are not in `seen`, oldest first; they are added to it."""
        fresh = [event for event in reversed(self._events()) if event["EventId"] not in seen]
        seen.update(event["EventId"] for event in fresh)
        return fresh


def _is_end(status: str) -> bool:
    return status.endswith(("_COMPLETE", "_FAILED"))


def _failure(event: Mapping[str, Any]) -> str:
    return (f"{event['LogicalResourceId']} ({event.get('ResourceType', '?')}): "
            f"{event.get('ResourceStatusReason') or event['ResourceStatus']}")
