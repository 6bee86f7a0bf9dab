"""What each function and the annotator may do, compared with what they did in all tests of the running service.

A permission that nothing uses is taken away, or `UNSEEN` says why no test sees it used. A permission that is missing
shows as a denial, whatever the test that met it made of that.
"""
from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from infra.local.emulator import USED_PERMISSIONS
from infra.local.stack import LocalStack
from tests.conftest import PROJECT, real_template
from tests.packaged_stack import HOMES

pytestmark = pytest.mark.e2e

BY_AWS_ITSELF = ("logs:", "xray:", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
                 "sqs:ChangeMessageVisibility")
"""What Lambda's runtime and its pollers do with a function's role; the emulator has neither."""
MISSING = "without it S3 answers 403 for an object that is not there; the emulator answers 404 all the same"
INTERRUPTED = "abandons a copy or an upload in parts that failed"
REPAIRS = "the sweep repairs what was lost; the integration tests lose it"
UNSEEN: dict[tuple[str, str], str] = {
    **{(role, "s3:ListBucket"): MISSING
       for role in ("ApiRole", "ArchiveRole", "RestoreRole", "SubmitRole", "ThawRole", "WorkerRole")},
    **{(role, "s3:AbortMultipartUpload"): INTERRUPTED
       for role in ("ApiRole", "ArchiveRole", "SubmitRole", "ThawRole", "WorkerRole")},
    **{("SweepRole", action): REPAIRS
       for action in ("dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "s3:DeleteObject",
                      "s3:GetObject", "sqs:SendMessage", "sns:Publish")},
    ("ApiRole", "dynamodb:Query"): "the place in the queue of a job that still waits when its page is shown",
    ("ArchiveRole", "s3:DeleteObject"): "removes a copy whose bytes differ from the original",
    ("NotifyRole", "ses:SendEmail"): "the emulator asks for another resource (infra/local/adaptations.py)",
    ("ThawRole", "dynamodb:GetItem"): "a result that was out of the archive already is named by its job",
    ("ThawRole", "s3:DeleteObject"): "removes a copy whose bytes differ from those in the archive",
    ("WorkerRole", "s3:DeleteObject"): "removes results that were written when the job was cancelled",
    ("WorkerRole", "s3:DeleteObjectVersion"): "as s3:DeleteObject",
    ("WorkerRole", "ecs:UpdateTaskProtection"): "the local stack has no ECS; tests/ecs_agent.py stands in for it",
}
"""Permissions, by role and action, that the end-to-end tests may not need, with the reason why the service does."""


def declared() -> Iterator[tuple[str, str, str]]:
    """Role, statement and action of everything that the template allows."""
    for name, resource in real_template()["Resources"].items():
        if resource.get("Type") != "AWS::IAM::Role":
            continue
        for policy in resource["Properties"].get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                if "Fn::If" in statement:
                    continue  # of an option that the local stack does not have
                actions = statement["Action"]
                for action in [actions] if isinstance(actions, str) else actions:
                    if not action.startswith(BY_AWS_ITSELF) or name == "WorkerRole":
                        yield name, statement["Sid"], action


def logical_role(physical: str) -> str:
    """The template's name of a role."""
    rest = physical.split("-", 2)[2]
    return "WorkerRole" if rest.startswith("worker") else rest.rsplit("-", 1)[0]


@pytest.fixture
def noted(stack: LocalStack, request: pytest.FixtureRequest) -> list[dict[str, str]]:
    """What the emulator noted, once all modules of end-to-end tests have run."""
    modules = {path.name for path in (PROJECT / "tests" / "e2e").glob("test_*.py")}
    ran = {item.path.name for item in request.session.items if item.path.parent.name == "e2e"}
    if ran != modules:
        pytest.skip("only the whole of the end-to-end tests shows which permissions are used")
    files = [home / "aws" / USED_PERMISSIONS for home in HOMES]
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def test_nothing_was_denied(noted: list[dict[str, str]]) -> None:
    assert [one for one in noted if one["decision"] != "Allow"] == []


def test_every_permission_is_used(noted: list[dict[str, str]]) -> None:
    used = {(logical_role(one["role"]), one["sid"], one["action"]) for one in noted if one["decision"] == "Allow"}
    unused = {one for one in declared() if one not in used and (one[0], one[2]) not in UNSEEN}
    assert unused == set()


def test_no_reason_outlives_its_permission() -> None:
    assert set(UNSEEN) <= {(role, action) for role, _, action in declared()}
