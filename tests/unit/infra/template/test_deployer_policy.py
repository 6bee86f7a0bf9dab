"""infra/deployer-policy.json follows from the templates: what they make, a deployer may make, and nothing else."""
from __future__ import annotations

import json

from infra.template.cloudformation_yaml import WORKER, load
from infra.template.deployer_policy import LONGEST, POLICY, RIGHTS, policy
from infra.template.service_template import service_template

BY_SAM = {
    "AWS::Serverless::Function": {"AWS::Lambda::Function", "AWS::Lambda::EventSourceMapping", "AWS::Lambda::Permission",
                                  "AWS::Events::Rule"},
    "AWS::Serverless::Api": {"AWS::ApiGateway::RestApi", "AWS::ApiGateway::Deployment", "AWS::ApiGateway::Stage",
                             "AWS::Lambda::Permission"},
}
"""What the SAM macro makes of the types that it knows (`tests/e2e/test_packaging.py` expands the real template)."""


def types() -> set[str]:
    found = set(BY_SAM["AWS::Serverless::Api"])  # chalice's API, to which the template only adds properties
    for template in (service_template(), load(WORKER)):
        for resource in template["Resources"].values():
            kind = resource.get("Type", "AWS::Serverless::Api")
            found |= BY_SAM.get(kind, {kind})
    return found


def test_every_type_of_the_templates_has_its_rights_and_no_other_has():
    assert set(RIGHTS) == types()


def test_the_file_is_what_the_templates_ask_for():
    written = json.loads(POLICY.read_text(encoding="utf-8"))
    assert written == policy(types()), "run python -m infra deployer-policy"


def test_it_fits_into_one_managed_policy():
    assert len(json.dumps(policy(types()), separators=(",", ":"))) <= LONGEST


def test_no_service_is_given_away_as_a_whole():
    for statement in policy(types())["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not [action for action in actions if action.partition(":")[2] in ("*", "")]
        for action in actions:
            if action.startswith(("iam:", "s3:", "dynamodb:", "sqs:", "sns:")):
                assert statement["Resource"] != "*", action


def test_roles_are_passed_to_the_services_of_the_templates_only():
    passing = [statement for statement in policy(types())["Statement"] if statement["Action"] == "iam:PassRole"]
    assert [statement["Condition"] for statement in passing] == [{"StringEquals": {
        "iam:PassedToService": ["lambda.amazonaws.com", "ecs-tasks.amazonaws.com"]}}]


def test_what_the_deployment_does_itself_is_allowed():
    allowed = {action for statement in policy(types())["Statement"] for action in (
        statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])}
    assert {"cloudformation:ExecuteChangeSet", "cloudformation:UpdateTerminationProtection", "ecr:PutImage",
            "ecr:BatchDeleteImage", "s3:PutObject", "servicequotas:GetServiceQuota"} <= allowed
